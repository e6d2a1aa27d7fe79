"""A damaged file read as far as it can be, into a new one that takes its place.

What cannot be read is taken from the newest backup. An issue that is not in there either keeps its identity, as the
index has it, and is hidden until its tracker shows it again: links and history never lose what they are about.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Table, create_engine

from vindaris_sync.store.backup import Beat, new_beside, sweep, verified
from vindaris_sync.store.codec import to_micros
from vindaris_sync.store.engine import Database
from vindaris_sync.store.errors import StoreError, Trouble, store_error, told_as_store_error
from vindaris_sync.store.generation import generation_file
from vindaris_sync.store.migrations import HEAD
from vindaris_sync.store.place import claim, place
from vindaris_sync.store.restore import RestoreFacts, put_in_place
from vindaris_sync.store.stubs import referred, stub
from vindaris_sync.store.tables import schema

_CHUNK = 1_000
_BEYOND = 2_000  # numbers above the highest known one that are tried too
_INDEXES_ONLY = re.compile(r"row \d+ missing from index|wrong # of entries in index|non-unique entry in index")
_RESTORE = "restore the newest backup: `vindaris-sync db restore`"

Range = tuple[int, int]


@dataclass(slots=True)
class Salvaged:
    """What became of the tables that were not whole, by name, in rows."""

    restored: RestoreFacts | None = None
    """Where the new and the damaged file lie; None: nothing was changed."""
    backup: Path | None = None
    """The backup that was used."""
    unreadable: dict[str, int] = field(default_factory=dict)
    """Numbers that could not be read; there need not have been a row of each."""
    from_backup: dict[str, int] = field(default_factory=dict)
    stubs: dict[str, int] = field(default_factory=dict)
    """Rows of which only the identity is left, or not even that."""


def state_of(url: str) -> str:
    """Return ``sound``, ``indexes`` (only they are damaged) or ``damaged`` for the file at ``url``."""
    database = Database(url, busy=5)
    try:
        found = database.integrity()
        if found:
            return "indexes" if all(_INDEXES_ONLY.search(line) for line in found) else "damaged"
        with database.read() as sql:
            names = {row[0] for row in sql.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return "sound" if set(schema.tables) <= names else "damaged"
    finally:
        database.close()


def reindex(url: str) -> None:
    """Make all indexes anew from their tables."""
    database = Database(url, busy=5)
    try:
        with database.write() as sql:
            sql.run("REINDEX")
            sql.wrote = True
    finally:
        database.close()


def salvage(
    url: str, backups: Sequence[Path], now: datetime, *, dry_run: bool = False, beat: Beat = lambda: None
) -> Salvaged:
    """Put what can be read of a damaged database, filled up from the newest of ``backups``, in its place.

    The damaged file stays beside it. The next start treats the store as restored: each tracker is read whole again
    and its word is taken once. A kill leaves the damaged file or the new one.

    Raises:
        StoreError: a daemon or another program uses the database, or nothing of it can be read.

    """
    path = place(url)
    with told_as_store_error():
        handle = claim(path)
        try:
            sweep(path, now)
            with new_beside(path) as partial:
                _empty(partial)
                found = _Salvage(path, partial, _usable(backups), to_micros(now), beat).carry_out()
                facts = verified(partial, beat)
                if not dry_run:
                    found.restored = put_in_place(path, partial, facts, now, whole=False)
                return found
        finally:
            os.close(handle)


def _empty(partial: Path) -> None:
    engine = create_engine(f"sqlite:///{partial}")
    schema.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(partial)) as sql, sql:
        sql.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
                    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))")  # fmt: skip
        sql.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))


def _usable(backups: Sequence[Path]) -> Path | None:
    """Return the newest backup that is sound and of today's schema."""
    for path in reversed(backups):
        with suppress(StoreError):
            if verified(path).schema == HEAD:
                return path
    return None


class _Salvage:
    """One salvage: from ``path``, then ``backup``, into ``partial``."""

    def __init__(self, path: Path, partial: Path, backup: Path | None, now: int, beat: Beat) -> None:
        self._path, self._partial, self._backup, self._now, self._beat = path, partial, backup, now, beat
        self._found = Salvaged(backup=backup)

    def carry_out(self) -> Salvaged:
        """Fill the new file, and return what was found."""
        with (
            closing(self._open(f"file:{quote(str(self._path.absolute()))}")) as damaged,
            closing(sqlite3.connect(self._partial)) as new,
            new,
        ):
            self._check(damaged)
            for table in schema.sorted_tables:
                gaps = self._copy(damaged, new, table)
                self._fill(new, table, gaps)
            self._stand_in(damaged, new)
            self._end(new)
        return self._found

    @staticmethod
    def _open(uri: str) -> sqlite3.Connection:
        opened = sqlite3.connect(uri, uri=True)
        opened.text_factory = lambda text: text.decode("utf-8", "replace")
        return opened

    def _check(self, damaged: sqlite3.Connection) -> None:
        try:
            names = {row[0] for row in damaged.execute("SELECT name FROM sqlite_master")}
            [[step]] = damaged.execute("SELECT version_num FROM alembic_version").fetchall() or [[HEAD]]
        except sqlite3.Error as error:
            known = store_error(error)
            raise StoreError(f"nothing can be read of {self._path}: {known}", Trouble.CORRUPT, _RESTORE) from error
        if not names & set(schema.tables) or step != HEAD:
            raise StoreError(f"{self._path} has schema {step}, not {HEAD}", Trouble.CORRUPT, _RESTORE)

    # --- rows -----------------------------------------------------------------------------------------------------

    def _copy(self, damaged: sqlite3.Connection, new: sqlite3.Connection, table: Table) -> list[Range]:
        """Copy what can be read of a table; return the ranges of row numbers that cannot."""
        names, gaps, last = ", ".join(table.columns.keys()), list[Range](), self._last(damaged, table)
        if last is None:
            return [(0, 1 << 62)]
        query = f"SELECT {names} FROM {table.name} WHERE rowid BETWEEN ? AND ?"  # noqa: S608 - our own names
        put = _put(table)
        ranges = [(low, min(low + _CHUNK - 1, last)) for low in range(last // _CHUNK * _CHUNK, -1, -_CHUNK)]
        while ranges:
            low, high = ranges.pop()
            self._beat()
            try:
                new.executemany(put, damaged.execute(query, (low, high)).fetchall())
            except sqlite3.DatabaseError:
                if low == high:
                    gaps.append((low, high))
                else:
                    middle = (low + high) // 2
                    ranges += [(middle + 1, high), (low, middle)]
        return _joined(gaps)

    def _last(self, damaged: sqlite3.Connection, table: Table) -> int | None:
        """Return the highest row number that the table may have; None: there is no such table."""
        known, failed = 0, False
        for query in _highest(damaged, table):
            try:
                known = max(known, damaged.execute(query).fetchone()[0] or 0)
            except sqlite3.DatabaseError as error:
                if "no such table" in str(error):
                    return None
                failed = True
        if failed and self._backup is not None:
            with closing(self._open(_frozen(self._backup))) as backup:
                query = f"SELECT max(rowid) FROM {table.name}"  # noqa: S608 - our own names
                known = max(known, backup.execute(query).fetchone()[0] or 0)
        return known + _BEYOND if failed else known

    def _fill(self, new: sqlite3.Connection, table: Table, gaps: Iterable[Range]) -> None:
        """Take the rows of ``gaps`` from the backup."""
        gaps = tuple(gaps)
        if not gaps:
            return
        self._found.unreadable[table.name] = sum(high - low + 1 for low, high in gaps if high < 1 << 62)
        if self._backup is None:
            return
        names, before = ", ".join(table.columns.keys()), new.total_changes
        query = f"SELECT {names} FROM {table.name} WHERE rowid BETWEEN ? AND ?"  # noqa: S608 - our own names
        with closing(self._open(_frozen(self._backup))) as backup:
            for gap in gaps:
                new.executemany(_put(table), backup.execute(query, gap))
        self._found.from_backup[table.name] = new.total_changes - before

    def _stand_in(self, damaged: sqlite3.Connection, new: sqlite3.Connection) -> None:
        """Put something in the place of every row that others refer to and that is not there."""
        identities = dict(_identities(damaged)) if "issue" in self._found.unreadable else {}
        there = {row[0] for row in new.execute("SELECT id FROM issue")}
        for name, lost in referred(new).items():
            numbers = lost | (identities.keys() - there if name == "issue" else set())
            brought = self._brought(new, schema.tables[name], numbers)
            for number in sorted(numbers - brought):
                row = stub(name, number, identities.get(number), self._now)
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                new.execute(f"INSERT INTO {name} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
                self._found.stubs[name] = self._found.stubs.get(name, 0) + 1

    def _brought(self, new: sqlite3.Connection, table: Table, numbers: Iterable[int]) -> set[int]:
        """Take these rows from the backup; return the numbers of those that were in it."""
        if self._backup is None or not numbers:
            return set()
        names, brought = ", ".join(table.columns.keys()), set[int]()
        query = f"SELECT {names} FROM {table.name} WHERE id = ?"  # noqa: S608 - our own names
        with closing(self._open(_frozen(self._backup))) as backup:
            for number in numbers:
                if row := backup.execute(query, (number,)).fetchone():
                    new.execute(_put(table), row)
                    brought.add(number)
        self._found.from_backup[table.name] = self._found.from_backup.get(table.name, 0) + len(brought)
        return brought

    def _end(self, new: sqlite3.Connection) -> None:
        """Let everything be read and decided again, and the history tell why."""
        noted = generation_file(self._path)
        new.execute("UPDATE counter SET value = max(value, ?) WHERE name = 'generation'", (noted.get(),))
        new.execute("UPDATE counter SET value = (SELECT max(value) + 1 FROM counter) WHERE name = 'goals'")
        new.execute("UPDATE issue SET due = TRUE WHERE presence = 'present'")
        if self._found.unreadable:
            new.execute("DELETE FROM cursor")
        where = ", ".join(self._found.unreadable) or "references"
        told = ", ".join(f"{count} of {name}" for name, count in self._found.stubs.items()) or "none"
        new.execute(
            "INSERT INTO history (at, event, who, how, why) VALUES (?, 'repaired', 'vindaris-sync', 'salvage', ?)",
            (self._now, f"the file was damaged. Not whole: {where}. Rows of which only the identity is left: {told}"),
        )
        astray = new.execute("PRAGMA foreign_key_check").fetchone()
        if astray is not None:
            raise StoreError(f"{astray[0]} {astray[1]} refers to a missing {astray[2]}", Trouble.CORRUPT, _RESTORE)


def _frozen(backup: Path) -> str:
    return f"file:{quote(str(backup.absolute()))}?immutable=1"


def _put(table: Table) -> str:
    verb = "INSERT OR REPLACE" if table.name == "counter" else "INSERT OR IGNORE"
    marks = ", ".join("?" * len(table.columns))
    return f"{verb} INTO {table.name} ({', '.join(table.columns.keys())}) VALUES ({marks})"


def _highest(damaged: sqlite3.Connection, table: Table) -> Iterator[str]:
    """Yield queries for the highest row number: of the table, and of those of its indexes that hold every row."""
    yield f"SELECT max(rowid) FROM {table.name}"  # noqa: S608 - our own names
    for row in damaged.execute(f"PRAGMA index_list({table.name})").fetchall():
        if not row[4]:  # no partial one
            yield f'SELECT max(number) FROM (SELECT rowid AS number FROM {table.name} INDEXED BY "{row[1]}")'  # noqa: S608


def _identities(damaged: sqlite3.Connection) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield (number, (tracker, id)) of issues, from the index alone, which may be whole where the table is not."""
    for order in ("", "DESC"):
        query = (
            "SELECT rowid, tracker, ext_id FROM issue INDEXED BY sqlite_autoindex_issue_1 "  # noqa: S608 - two orders
            f"ORDER BY ext_id {order}, tracker {order}"
        )
        with suppress(sqlite3.DatabaseError):
            for number, tracker, ext_id in damaged.execute(query):
                yield number, (tracker, ext_id)


def _joined(gaps: Iterable[Range]) -> list[Range]:
    joined: list[Range] = []
    for low, high in sorted(gaps):
        if joined and joined[-1][1] + 1 >= low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined
