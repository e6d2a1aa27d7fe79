"""Sudden death: the process ends at a chosen commit or exchange, and starts again on what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


class Crash(BaseException):
    """The process is gone: nothing catches it, nothing is tidied up."""


class Lightning:
    """Counts the points at which a crash tells: both ends of every commit and of every exchange with a tracker."""

    def __init__(self) -> None:
        self._left = 0
        self.struck = False

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
        """Make both ends of every commit that writes a point, for all engines of this process."""

        def before(connection: Any, _c: Any, statement: str, *_: Any) -> None:
            if statement == "BEGIN IMMEDIATE":
                connection.info["writing"] = True
            elif statement == "COMMIT" and connection.info.get("writing"):
                self.point()

        def after(connection: Any, _c: Any, statement: str, *_: Any) -> None:
            if statement in {"COMMIT", "ROLLBACK"} and connection.info.pop("writing", False) and statement == "COMMIT":
                self.point()

        event.listen(Engine, "before_cursor_execute", before)
        event.listen(Engine, "after_cursor_execute", after)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", before)
            event.remove(Engine, "after_cursor_execute", after)
