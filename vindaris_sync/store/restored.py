"""A database that was restored from a backup: noticed at once, treated until every tracker was read again (57)."""

from __future__ import annotations

from datetime import datetime

from vindaris_sync.store.codec import dump, to_micros
from vindaris_sync.store.engine import Database
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql
from vindaris_sync.store.tables import schema

CHAT = "searched chat"
"""The note that holds since when (microseconds) messages may have been sent that the database does not know."""

RESTORED = "restored "
"""What the names of the notes begin with that mark trackers."""


class Restored(Part):
    """Which trackers may know more than a database that was restored."""

    @property
    def restored(self) -> bool:
        """Whether a tracker was not read yet since the database was restored from a backup."""
        return bool(self.restored_trackers())

    def restored_trackers(self) -> frozenset[str]:
        """Return the trackers that were not read yet since the database was restored."""
        with self._db.read() as sql:
            return marked(sql)

    def end_restored(self, *trackers: str) -> None:
        """Note that these trackers were read, and that their word was taken where the two differed."""
        with self._db.write() as sql:
            sql.run_in("DELETE FROM note WHERE name IN ({})", (RESTORED + name for name in trackers))


def marked(sql: Sql) -> frozenset[str]:
    """Return the trackers that were not read yet since the database was restored."""
    rows = sql.rows("SELECT name FROM note WHERE name >= ? AND name < ?", (RESTORED, RESTORED[:-1] + "!"))
    return frozenset(row[0].removeprefix(RESTORED) for row in rows)


def mark(sql: Sql, own: int, reached: int) -> None:
    """Note that every known tracker, and the chat, may know more than a database of generation ``own``."""
    trackers = sql.rows("SELECT name FROM tracker UNION SELECT DISTINCT tracker FROM issue")
    last = sql.value("SELECT max(coalesce(ended, started)) FROM pass") or 0
    notes = {CHAT: last, **{RESTORED + row[0]: [own, reached] for row in trackers}}
    sql.many(
        "INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [(name, dump(value)) for name, value in notes.items()],
    )


def generations(database: Database) -> tuple[int, int]:
    """Return the generation that was reached here, and the database's own; lower: it was restored, or lost its end.

    A power failure may take the last commits (WAL, ``synchronous=NORMAL``): that is treated like a backup.
    """
    reached = database.kept_generation  # read first: a commit is noted after it was made
    with database.read() as sql:
        if sql.row("SELECT 1 FROM sqlite_master WHERE name = 'counter'") is None:
            return reached, 0
        return reached, _generation(sql)


def go_on(database: Database, reached: int, own: int, now: datetime) -> bool:
    """Go on from generation ``own`` as the newest, and mark every known tracker; once, whoever comes first.

    Return whether something was restored: a database that was just made knows nothing that could be old. What the
    chat may know of the one before it is looked for even then.
    """
    with database.write() as sql:
        if not sql.run("UPDATE counter SET value = ? WHERE name = 'generation' AND value < ?", (reached, reached)):
            return False
        new = _empty(sql)
        mark(sql, own, reached)
        if new:
            return False
        sql.run(
            "INSERT INTO history (at, event, who, how, why) VALUES (?, 'restored', 'vindaris-sync', 'backup', ?)",
            (to_micros(now), f"the database is of generation {own}, {reached} was reached here"),
        )
    return True


def _empty(sql: Sql) -> bool:
    names = (name for name in schema.tables if name != "counter")
    return all(sql.row(f"SELECT 1 FROM {name} LIMIT 1") is None for name in names)  # noqa: S608 - our own tables


def _generation(sql: Sql) -> int:
    return int(sql.value("SELECT value FROM counter WHERE name = 'generation'"))
