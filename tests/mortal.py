"""Connections whose commits can be watched, and at whose ends the process can die."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


class Mortal(sqlite3.Connection):
    """A writer's connection whose commits have a beginning and an end at which something may happen."""

    before: Callable[[], object]
    after: Callable[[], object]

    def commit(self) -> None:
        """Commit, with a point before and after."""
        self.before()
        super().commit()
        self.after()


@contextmanager
def mortal(before: Callable[[], object], after: Callable[[], object]) -> Iterator[None]:
    """Call both at the ends of every commit of the stores that are opened inside."""
    kind = type("Mortal", (Mortal,), {"before": staticmethod(before), "after": staticmethod(after)})

    def connect(_dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> sqlite3.Connection:
        return sqlite3.connect(*arguments, **options, factory=kind)

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)
