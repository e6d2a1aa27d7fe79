"""What the configuration calls a place that has another name by now: its team and its rules stay (L8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from vindaris_sync.store.codec import to_micros
from vindaris_sync.store.outbox import announce_asked
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_REST = "*"
_CALL = (
    "INSERT INTO place (tracker, place, first_seen_at, called) VALUES (?, ?, COALESCE("
    "(SELECT min(first_seen_at) FROM place WHERE tracker = ? AND lower(place) = lower(?)), ?), ?) "
    "ON CONFLICT (tracker, place) DO UPDATE SET called = excluded.called"
)


class Called(Part):
    """The places that were seen, by what the configuration calls them."""

    def keep_called(
        self, tracker: str, called: Mapping[str, str], now: datetime, *, watched: datetime | None = None
    ) -> None:
        """Remember what the configuration calls these places; ``watched`` is as with ``record_page``."""
        with self._db.read() as sql:
            if not _news(sql, tracker, called):
                return
        with self._db.write() as sql:
            call_places(sql, tracker, called, to_micros(now), to_micros(now if watched is None else watched))

    def called(self) -> dict[tuple[str, str], str]:
        """Return every (tracker, place) that was seen, with what the configuration calls it: itself, or as it was."""
        with self._db.read() as sql:
            return all_called(sql)


def all_called(sql: Sql) -> dict[tuple[str, str], str]:
    """Return what ``Called.called`` does."""
    rows = sql.rows("SELECT tracker, place, called FROM place ORDER BY 1, 2")
    return {(tracker, place): called or place for tracker, place, called in rows}


def call_places(sql: Sql, tracker: str, called: Mapping[str, str], now: int, seen: int) -> None:
    """Remember in this transaction what the configuration calls these places.

    Where that is news, the place's issues are due, and what is asked about them goes from the team that was asked so
    far to the one that is asked from now on. A new name was first seen when the former one was, else at ``seen`` (R9).
    """
    for place, (before, name) in _news(sql, tracker, called).items():
        sql.run(_CALL, (tracker, place, tracker, name, seen, name))
        sql.run("UPDATE issue SET due = TRUE WHERE NOT due AND tracker = ? AND place = ?", (tracker, place))
        issues = sql.rows("SELECT id FROM issue WHERE tracker = ? AND place = ?", (tracker, place))
        announce_asked(sql, tracker, {row[0]: (place, before or _REST) for row in issues}, now)


def _news(sql: Sql, tracker: str, called: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the places that are called otherwise now than is remembered, with both names; empty: as the place."""
    names = {place: "" if name.casefold() == place.casefold() else name for place, name in called.items()}
    held = dict(sql.rows_in("SELECT place, called FROM place WHERE tracker = ? AND place IN ({})", names, tracker))
    both = {place: (held.get(place, ""), names[place]) for place in sorted(names)}
    return {place: (before, name) for place, (before, name) in both.items() if before != name}
