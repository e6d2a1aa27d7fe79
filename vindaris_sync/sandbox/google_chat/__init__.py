"""A stateful look-alike of the part of Google Chat's API that posts, edits and reads messages, and of its webhooks."""

from vindaris_sync.sandbox.google_chat.service import GoogleChat, world_of

__all__ = ["GoogleChat", "world_of"]
