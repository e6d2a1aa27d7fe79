"""What the configuration calls a place that has another name by now: its team and its rules stay (L8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from vindaris_sync.store.codec import to_micros
from vindaris_sync.store.outbox import announce_asked
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_REST = "*"


class Called(Part):
    """The places that were seen, by what the configuration calls them."""

    def keep_called(
        self, tracker: str, called: Mapping[str, str], now: datetime, *, watched: datetime | None = None
    ) -> None:
        """Remember what the configuration calls these places; ``watched`` is as with ``record_page``.

        Where that is news, the place's issues are due, and what is asked about them goes from the team that was asked
        so far to the one that is asked from now on.
        """
        names = {place: "" if name.casefold() == place.casefold() else name for place, name in called.items()}
        with self._db.read() as sql:
            if not _news(sql, tracker, names):
                return
        seen = to_micros(now if watched is None else watched)
        with self._db.write() as sql:
            for place, before in _news(sql, tracker, names).items():
                _call(sql, tracker, place, names[place], seen)
                issues = sql.rows("SELECT id FROM issue WHERE tracker = ? AND place = ?", (tracker, place))
                announce_asked(sql, tracker, {row[0]: (place, before or _REST) for row in issues}, to_micros(now))

    def called(self) -> dict[tuple[str, str], str]:
        """Return every (tracker, place) that was seen, with what the configuration calls it: itself, or as it was."""
        with self._db.read() as sql:
            return all_called(sql)


def all_called(sql: Sql) -> dict[tuple[str, str], str]:
    """Return what ``Called.called`` does."""
    rows = sql.rows("SELECT tracker, place, called FROM place ORDER BY 1, 2")
    return {(tracker, place): called or place for tracker, place, called in rows}


def _news(sql: Sql, tracker: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return the places that have another name now than the one that is remembered, with that one."""
    query = "SELECT place, called FROM place WHERE tracker = ? AND place IN ({})"
    held = dict(sql.rows_in(query, names, tracker))
    return {place: held.get(place, "") for place in sorted(names) if names[place] != held.get(place, "")}


def _call(sql: Sql, tracker: str, place: str, name: str, seen: int) -> None:
    sql.run(
        "INSERT INTO place (tracker, place, first_seen_at, called) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (tracker, place) DO UPDATE SET called = excluded.called",
        (tracker, place, seen, name),
    )
    sql.run("UPDATE issue SET due = TRUE WHERE NOT due AND tracker = ? AND place = ?", (tracker, place))
