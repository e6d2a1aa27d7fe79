"""Reading the portable form into an empty store: looked through whole first, then one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import orjson

from vindaris_sync.store.backup import Beat
from vindaris_sync.store.codec import dump
from vindaris_sync.store.errors import StoreError, Trouble, told_as_store_error
from vindaris_sync.store.migrations import known
from vindaris_sync.store.part import Part
from vindaris_sync.store.portable import END, FORMAT, IMPORTED, VERSION, insert, kinds, passing
from vindaris_sync.store.restored import mark
from vindaris_sync.store.sql import Sql

_LONGEST = 1 << 28
"""Bytes of a line; a report of a million issues is far below."""

_ROWS = 500
_ADVICE = "export it again, with `vindaris-sync export`; nothing was changed"
_NEWER = "install the version that made it; nothing was changed"

Row = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class FillFacts:
    """What was imported: whose, and how many rows of each kind."""

    team: str | None
    rows: Mapping[str, int]


class Imports(Part):
    """Imports into the store."""

    def fill(self, file: Path, beat: Beat = lambda: None) -> FillFacts:
        """Take over an export, with every number in it, into this store, which must be empty.

        The file is read to its end before anything is written; then all of it is kept, or nothing. As after a restored
        backup, each tracker's word is taken once: it may know more than the file.

        Raises:
            StoreError: the store is not empty, or the file is cut, altered, contradictory, or of a newer program.

        """
        with told_as_store_error():
            reading = _Reading(file, beat)
            rows = Counter(kind for kind, _ in reading)
            try:
                with self._db.altering() as sql:
                    _refuse_unless_empty(sql)
                    _put(sql, reading)
            except StoreError as error:
                if error.trouble is not Trouble.REFUSED:
                    raise
                raise StoreError(f"{file} contradicts itself: {error}", Trouble.FOREIGN, _ADVICE) from error
        return FillFacts(reading.team, dict(rows))


def _refuse_unless_empty(sql: Sql) -> None:
    for name in kinds():
        if _holds(sql, name):
            raise StoreError(
                f"the database is not empty: there are rows in {name}",
                Trouble.OTHER,
                "give it an empty one: stop the daemon and move the database aside, or name another [store] url",
            )


def _holds(sql: Sql, name: str) -> bool:
    if name == "note":  # one that was just made may know that the chat must be searched
        return any(not passing(name, {"name": row[0]}) for row in sql.rows("SELECT name FROM note"))
    return sql.row(f"SELECT 1 FROM {name} LIMIT 1") is not None  # noqa: S608 - names of our own tables


def _put(sql: Sql, reading: _Reading) -> None:
    made = kinds()
    for name, rows in groupby(reading, key=lambda row: row[0]):
        values = (value for _, value in rows)
        while batch := list(islice(values, _ROWS)):
            sql.many(insert(made[name]), batch)
    own = int(sql.value("SELECT value FROM counter WHERE name = 'generation'"))
    sql.run("UPDATE counter SET value = ? WHERE name = 'goals'", (own + 1,))
    last = sql.value("SELECT max(id) FROM history") or 0
    sql.run("INSERT INTO note (name, value) VALUES (?, ?)", (IMPORTED, dump(last)))
    mark(sql, own, own)


class _Reading:
    """The rows of an export, in its order; whatever is wrong with the file is raised with its line."""

    def __init__(self, file: Path, beat: Beat) -> None:
        self._file, self._beat = file, beat
        self._number = 0
        self.team = self._first()

    def _first(self) -> str | None:
        with self._file.open("rb") as lines:
            first = self._parsed(lines.readline(_LONGEST))
        version = first.get("version")
        if first.get("kind") != FORMAT or not isinstance(version, int):
            raise self._wrong("this is no export")
        if version > VERSION:
            raise StoreError(f"{self._file} has version {version}, this program reads {VERSION}", Trouble.NEWER, _NEWER)
        try:
            known(str(first.get("schema")))
        except StoreError as error:
            raise StoreError(f"{self._file} has schema {first.get('schema')!r}", Trouble.NEWER, _NEWER) from error
        team = first.get("team")
        return team if isinstance(team, str) else None

    def __iter__(self) -> Iterator[Row]:
        made, digest = kinds(), sha256()
        with self._file.open("rb") as lines:
            digest.update(lines.readline(_LONGEST))
            self._number = 1
            while line := lines.readline(_LONGEST):
                self._number += 1
                found = self._parsed(line)
                if (kind := found.get("kind")) == END:
                    self._last(found, digest.hexdigest(), lines.read(1))
                    return
                digest.update(line)
                if kind not in made:
                    raise self._wrong(f"there is no kind {kind!r}")
                try:
                    yield str(kind), made[str(kind)].row(found)
                except ValueError as error:
                    raise self._wrong(str(error)) from None
                if not self._number % _ROWS:
                    self._beat()
        raise self._wrong("the file ends too early: its last line is missing")

    def _parsed(self, line: bytes) -> dict[str, Any]:
        if not line.endswith(b"\n"):
            raise self._wrong("the file ends in the middle of a line" if len(line) < _LONGEST else "too long")
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise self._wrong("this is no JSON") from None
        if not isinstance(found, dict):
            raise self._wrong("this is no object")
        return found

    def _last(self, found: Mapping[str, Any], digest: str, more: bytes) -> None:
        if found.get("lines") != self._number - 1 or found.get("sha256") != digest:
            raise self._wrong("lines were lost or altered since the export")
        if more:
            raise self._wrong("something follows the last line")

    def _wrong(self, what: str) -> StoreError:
        return StoreError(f"{self._file}:{max(self._number, 1)}: {what}", Trouble.FOREIGN, _ADVICE)
