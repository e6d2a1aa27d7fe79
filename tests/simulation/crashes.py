"""Sudden death: the process ends at a chosen commit or exchange; nothing of it goes on, nothing is tidied up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.mortal import mortal

POINTS = ("commit", "committed", "sent", "received")
"""Before and after a commit that writes; before a request is sent, and after its answer has come."""


class Crash(BaseException):
    """The process is gone: no code of the product may catch this for good."""


class Lightning:
    """Strikes at the n-th point of a kind from now on; from then on every further point dies at once, too."""

    def __init__(self) -> None:
        self._kind = ""
        self._left = 0
        self._sheltered = 0
        self.dead = False
        self.struck = 0

    @property
    def armed(self) -> bool:
        """Whether it will strike."""
        return bool(self._kind)

    def arm(self, kind: str, points: int) -> None:
        """Let the process die at the ``points``-th point of ``kind`` (one of ``POINTS``) from now."""
        self._kind, self._left = kind, points

    def clear(self) -> None:
        """Let it live: a new process begins, or nothing strikes any more."""
        self._kind, self._left, self.dead = "", 0, False

    def point(self, kind: str) -> None:
        """Pass a point; raises ``Crash``."""
        if self._sheltered:
            return
        if self.dead:
            raise Crash
        if kind == self._kind:
            self._left -= 1
            if self._left <= 0:
                self._kind, self.dead = "", True
                self.struck += 1
                raise Crash

    @contextmanager
    def shelter(self) -> Iterator[None]:
        """Pass no points: what is done meanwhile is done by another process, or by nobody."""
        self._sheltered += 1
        try:
            yield
        finally:
            self._sheltered -= 1

    @contextmanager
    def over_commits(self) -> Iterator[None]:
        """Make both ends of every commit a point, for all stores that are opened inside."""
        with mortal(lambda: self.point("commit"), lambda: self.point("committed")):
            yield
