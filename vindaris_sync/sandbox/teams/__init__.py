"""A look-alike of a Teams workflow that posts a card when its address is called."""

from vindaris_sync.sandbox.teams.service import Teams, world_of

__all__ = ["Teams", "world_of"]
