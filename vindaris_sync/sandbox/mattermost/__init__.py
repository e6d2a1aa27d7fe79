"""A stateful look-alike of the part of Mattermost's API that posts, edits and reads posts, and of its webhooks."""

from vindaris_sync.sandbox.mattermost.service import Mattermost, world_of

__all__ = ["Mattermost", "world_of"]
