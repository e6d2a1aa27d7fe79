"""Statements: portable SQL with ``?`` placeholders, on whichever connection a reader or the writer holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from vindaris_sync.store.errors import store_error

_BATCH = 500  # values in one IN list: far below SQLite's limit of 32,766, and the statement is prepared once


class Sql:
    """Statements on one connection. Texts are portable SQL with ``?`` placeholders, values are tuples.

    They go to the driver itself: SQLAlchemy's part of an execution takes ten times as long as SQLite's.
    """

    def __init__(self, driver: sqlite3.Connection, connection: Connection | None = None) -> None:
        self.driver = driver
        self.connection = connection
        """SQLAlchemy's view of the writer, for Alembic."""
        self.wrote = False
        self.broken = False

    def rows(self, text: str, values: tuple[Any, ...] = ()) -> Sequence[Any]:
        """Return all rows of a query as tuples."""
        try:
            return self.driver.execute(text, values).fetchall()
        except sqlite3.Error as error:
            raise store_error(error) from error

    def row(self, text: str, values: tuple[Any, ...] = ()) -> Any:  # noqa: ANN401 - a row's types are its query's
        """Return the first row, or None."""
        try:
            cursor = self.driver.execute(text, values)
            found = cursor.fetchone()
            cursor.close()
        except sqlite3.Error as error:
            raise store_error(error) from error
        return found

    def value(self, text: str, values: tuple[Any, ...] = ()) -> Any:  # noqa: ANN401 - as above
        """Return the first row's first column, or None without a row."""
        found = self.row(text, values)
        return None if found is None else found[0]

    def rows_in(self, text: str, values: Iterable[Any], *before: Any) -> Iterator[Any]:  # noqa: ANN401 - column values
        """Yield the rows of a query whose ``IN ({})`` list is filled from ``values``, in batches, after ``before``."""
        for batch in _batches(values):
            yield from self.rows(text.format(_marks(batch)), (*before, *batch))

    def run(self, text: str, values: tuple[Any, ...] = ()) -> int:
        """Execute one statement that writes; return how many rows it touched."""
        return self._touched(self.driver.execute, text, values)

    def many(self, text: str, values: Sequence[tuple[Any, ...]]) -> int:
        """Execute a statement that writes once per tuple; nothing for none. Return how many rows were touched."""
        return self._touched(self.driver.executemany, text, values) if values else 0

    def _touched(self, execute: Callable[[str, Any], sqlite3.Cursor], text: str, values: Sequence[Any]) -> int:
        try:
            count = execute(text, values).rowcount
        except sqlite3.Error as error:
            raise store_error(error) from error
        self.wrote |= count != 0
        return count

    def run_in(self, text: str, values: Iterable[Any], *before: Any) -> int:  # noqa: ANN401 - column values
        """Execute a statement that writes with its ``IN ({})`` list filled from ``values``, in batches."""
        return sum(self.run(text.format(_marks(batch)), (*before, *batch)) for batch in _batches(values))


def _batches(values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    every = tuple(values)
    for start in range(0, len(every), _BATCH):
        yield every[start : start + _BATCH]


def _marks(batch: Sequence[Any]) -> str:
    return ",".join("?" * len(batch))
