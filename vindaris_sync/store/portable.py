"""The portable form of the store: JSON lines, one for each row, the same bytes for the same content.

Derived from the tables, so that a table or a column that is added is exported, too. ``docs/export.md`` is for readers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, Text

from vindaris_sync.store.codec import dump
from vindaris_sync.store.restored import CHAT, RESTORED
from vindaris_sync.store.tables import schema

FORMAT = "export"
VERSION = 1
END = "end"
IMPORTED = "imported"
"""The note that holds up to which row the history was imported; gaps among those say nothing."""

_LEFT_OUT = frozenset({"counter", "token"})
"""Tables that count what one database went through, or that open one installation's page."""

_STRUCTURED = frozenset({"basis", "conflict", "pending", "content", "contents", "conditions", "living", "findings"})
"""Columns of JSON text, beside those whose default shows it."""
_STEERING = re.compile("[\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff]")
"""Beside what JSON escapes in any case: other control characters, and those that turn the direction of reading."""


@dataclass(frozen=True)
class Kind:
    """How the rows of one table are written and read."""

    name: str
    columns: tuple[Column[Any], ...]
    key: tuple[str, ...]
    """The columns by which rows are ordered."""

    def field(self, column: str) -> str:
        """Return under which name a column is written: ``kind`` is taken."""
        return f"{self.name}_kind" if column == "kind" else column

    @cached_property
    def fields(self) -> Mapping[str, Column[Any]]:
        """The columns by the names under which they are written."""
        return {self.field(column.name): column for column in self.columns}

    @cached_property
    def _shown(self) -> tuple[tuple[str, str, Callable[[Any], Any] | None], ...]:
        """Field, column, and what makes the field's value of the column's; None: it is the same."""
        return tuple((name, column.name, _converter(column)) for name, column in self.fields.items())

    def line(self, row: Mapping[str, Any]) -> bytes:
        """Return a row as a line, with escapes for what would steer the terminal that somebody prints it on."""
        line: dict[str, Any] = {"kind": self.name}
        for name, column, convert in self._shown:
            value = row[column]
            line[name] = value if convert is None or value is None else convert(value)
        written = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        if written.isascii() and b"\x7f" not in written:
            return written
        return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", written.decode()).encode()

    def row(self, line: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of a line in the order of ``columns``; what is missing has its default.

        Raises:
            ValueError: a field is unknown, missing without a default, or of another type.

        """
        if unknown := sorted(line.keys() - self.fields.keys() - {"kind"}):
            raise ValueError(f"{self.name} has no field {unknown[0]!r}")
        return tuple(_stored(name, column, line) for name, column in self.fields.items())


def kinds() -> dict[str, Kind]:
    """Return every kind of line, in an order in which no row refers to a later kind."""
    found = {}
    for table in schema.sorted_tables:
        if table.name not in _LEFT_OUT:
            key = tuple(column.name for column in table.primary_key.columns)
            found[table.name] = Kind(table.name, tuple(table.columns), key)
    return found


def passing(kind: str, row: Mapping[str, Any]) -> bool:
    """Return whether a row says something of this one database only: every import sets these notes itself."""
    return kind == "note" and (row["name"] in (CHAT, IMPORTED) or row["name"].startswith(RESTORED))


def header(schema_step: str, team: str | None) -> bytes:
    """Return the first line."""
    first = {"kind": FORMAT, "version": VERSION, "schema": schema_step, "team": team}
    return orjson.dumps(first, option=orjson.OPT_APPEND_NEWLINE)


def footer(lines: int, digest: str) -> bytes:
    """Return the last line: how many lines stand before it, and the SHA-256 of their bytes."""
    return orjson.dumps({"kind": END, "lines": lines, "sha256": digest}, option=orjson.OPT_APPEND_NEWLINE)


# --- values -----------------------------------------------------------------------------------------------------------


def _structured(column: Column[Any]) -> bool:
    default = getattr(column.server_default, "arg", None)
    return column.name in _STRUCTURED or (default is not None and str(default) in ("'{}'", "'[]'"))


def _converter(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Boolean):
        return bool
    return _parsed if _structured(column) else None


@lru_cache(4096)  # most issues show one of few things
def _parsed(text: str) -> Any:  # noqa: ANN401 - as JSON
    """Return what JSON text holds; the text itself where writing that would give another text."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return found if isinstance(found, list | dict) and dump(found) == text else text


def _stored(name: str, column: Column[Any], line: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a column's value
    if name not in line:
        return _default(name, column)
    value = line[name]
    if value is None and column.nullable:
        return None
    if isinstance(value, list | dict) and _structured(column):
        return dump(value)
    if type(value) is not _type(column):
        raise ValueError(f"{name} is {orjson.dumps(value)[:40].decode(errors='replace')}")
    return value


def _type(column: Column[Any]) -> type:
    if isinstance(column.type, Boolean):
        return bool
    if isinstance(column.type, Double):
        return float
    return int if isinstance(column.type, Integer | BigInteger) else str


def _default(name: str, column: Column[Any]) -> Any:  # noqa: ANN401 - a column's value
    if column.nullable:
        return None
    default = getattr(column.server_default, "arg", None)
    if default is None:
        raise ValueError(f"{name} is missing")
    text = str(default)
    if isinstance(column.type, Text):
        return text.strip("'")
    return text == "TRUE" if isinstance(column.type, Boolean) else int(text)


def select(kind: Kind, *, after: bool) -> str:
    """Return the query of the next rows of a kind in order, ``after`` a key or from the first one on."""
    names, key = ", ".join(column.name for column in kind.columns), ", ".join(kind.key)
    marks = ", ".join("?" * len(kind.key))
    where = f"WHERE ({key}) > ({marks}) " if after else ""
    return f"SELECT {names} FROM {kind.name} {where}ORDER BY {key} LIMIT ?"  # noqa: S608 - names of our own tables


def insert(kind: Kind) -> str:
    """Return the statement that puts a row in."""
    names = ", ".join(column.name for column in kind.columns)
    return f"INSERT INTO {kind.name} ({names}) VALUES ({', '.join('?' * len(kind.columns))})"  # noqa: S608 - as above
