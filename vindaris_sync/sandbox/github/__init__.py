"""A stateful look-alike of GitHub's REST and GraphQL API, of github.com or of an Enterprise Server."""

from vindaris_sync.sandbox.github.access import Account
from vindaris_sync.sandbox.github.service import GitHub
from vindaris_sync.sandbox.github.world import World

__all__ = ["Account", "GitHub", "World"]
