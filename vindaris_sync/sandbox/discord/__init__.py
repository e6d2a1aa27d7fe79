"""A stateful look-alike of the part of Discord's API that posts, edits and reads messages, and of its webhooks."""

from vindaris_sync.sandbox.discord.service import Discord, world_of

__all__ = ["Discord", "world_of"]
