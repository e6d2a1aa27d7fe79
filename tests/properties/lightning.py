"""Sudden death: the process ends at a chosen commit or exchange, and starts again on what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.mortal import mortal


class Crash(BaseException):
    """The process is gone: nothing catches it, nothing is tidied up."""


class Lightning:
    """Counts the points at which a crash tells: both ends of every commit and of every exchange with a tracker."""

    def __init__(self) -> None:
        self._left = 0
        self.struck = False
        self._commits = False

    def strike_after(self, points: int) -> None:
        """Let the process die at the ``points``-th point from now."""
        self._left, self.struck = points, False

    def clear(self) -> None:
        """Let it live on."""
        self._left, self.struck = 0, False

    def point(self) -> None:
        """Pass a point."""
        if self._left:
            self._left -= 1
            if not self._left:
                self.struck = True
                raise Crash

    @contextmanager
    def over_commits(self) -> Iterator[None]:
        """Make both ends of every commit a point, in the stores opened by ``watching``."""
        self._commits = True
        try:
            yield
        finally:
            self._commits = False

    def watching(self) -> AbstractContextManager[None]:
        """Let the commits of the stores that are opened inside be seen."""
        return mortal(self._commit, self._commit)

    def _commit(self) -> None:
        if self._commits:
            self.point()
