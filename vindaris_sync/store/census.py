"""What is remembered of censuses: how far one is, what the last one found, and what is missing (fault 56)."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.census import Census, CensusFacts, Numbers
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.models import Presence
from vindaris_sync.store.codec import dump, load, maybe_instant, to_instant, to_micros
from vindaris_sync.store.outbox import announce
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_CHUNK = 50_000
_FACTS = (
    "SELECT tracker, began_at, listed, ended_at, found, scopes, error, failed_at, missing, known, missing_at, accepted "
    "FROM census"
)
_LEFT_ABOVE = (
    "WITH RECURSIVE carrying (id, parent_id) AS (SELECT id, parent_id FROM issue WHERE tracker = ? "
    "AND presence = 'out_of_scope' "
    "AND EXISTS (SELECT 1 FROM issue below WHERE below.parent_id = issue.id AND below.presence = 'present') "
    "UNION SELECT above.id, above.parent_id FROM carrying JOIN issue above ON above.id = carrying.parent_id "
    "WHERE above.tracker = ? AND above.presence = 'out_of_scope') SELECT id FROM carrying"
)
"""What left the scope and has an issue in scope somewhere below."""


class Numbered(NamedTuple):
    """What a census compares an id on a list with."""

    id: int
    presence: str
    key: str

    def is_listed_as(self, key: str) -> bool:
        """Whether the issue is held for present under the key on the list; an empty one tells nothing."""
        return self.presence == Presence.PRESENT and (not key or key.casefold() == self.key.casefold())


class Censuses(Part):
    """What is remembered of censuses."""

    def census(self, tracker: str) -> CensusFacts:
        """Return how the tracker's censuses are doing."""
        with self._db.read() as sql:
            row = sql.row(f"{_FACTS} WHERE tracker = ?", (tracker,))
        return CensusFacts(tracker) if row is None else _facts(row)

    def missing(self) -> frozenset[str]:
        """Return the trackers in which nothing is decided, because too many of their issues are missing."""
        with self._db.read() as sql:
            return frozenset(row[0] for row in sql.rows("SELECT tracker FROM census WHERE missing > 0"))

    def census_under_way(self, tracker: str) -> Census | None:
        """Return the census that was begun and is not whole yet."""
        with self._db.read() as sql:
            text = "SELECT began_at, done, scope, position, counted, listed FROM census WHERE tracker = ?"
            row = sql.row(text, (tracker,))
        if row is None or row[0] is None:
            return None
        began, done, scope, position, counted, listed = row
        numbers = Numbers(zlib.decompress(b64decode(counted)) if counted else b"")
        return Census(to_instant(began), set(load(done)), scope, position, numbers, listed)

    def put_census(self, tracker: str, census: Census) -> None:
        """Remember how far a census is."""
        counted = b64encode(zlib.compress(bytes(census.counted), 1)).decode()
        values = {
            "began_at": to_micros(census.began),
            "done": dump(sorted(census.done)),
            "scope": census.scope,
            "position": census.position,
            "counted": counted,
            "listed": census.listed,
            "error": "",
            "failed_at": None,
        }
        with self._db.write() as sql:
            _put(sql, tracker, values)

    def fail_census(self, tracker: str, error: str, now: datetime) -> None:
        """Remember why a census does not go on."""
        with self._db.write() as sql:
            _put(sql, tracker, {"error": error, "failed_at": to_micros(now)})

    def end_census(self, tracker: str, found: Mapping[str, int], scopes: Collection[str], now: datetime) -> None:
        """Remember that everything was counted, and what was found."""
        over = {"began_at": None, "done": "[]", "scope": "", "position": "", "counted": "", "listed": 0}
        last = {"ended_at": to_micros(now), "found": dump(dict(found)), "scopes": dump(sorted(scopes))}
        with self._db.write() as sql:
            _put(sql, tracker, {**over, **last, "error": "", "failed_at": None})

    # --- what is missing -----------------------------------------------------------------------------------------

    def numbered(self, tracker: str, ext_ids: Collection[str]) -> dict[str, Numbered]:
        """Return number, presence and key of the tracker's issues by the tracker's ids."""
        query = "SELECT ext_id, id, presence, key FROM issue WHERE tracker = ? AND ext_id IN ({})"
        with self._db.read() as sql:
            return {row[0]: Numbered(*row[1:]) for row in sql.rows_in(query, ext_ids, tracker)}

    def present(self, tracker: str) -> int:
        """Return how many of the tracker's issues are held for present."""
        with self._db.read() as sql:
            text = "SELECT count(*) FROM issue WHERE tracker = ? AND presence = 'present'"
            return int(sql.value(text, (tracker,)))

    def absent(self, tracker: str, counted: Numbers, began: datetime, now: datetime) -> tuple[int, list[int]]:
        """Return how many issues are held for present and were known by ``began``, and those of them not counted.

        What is said to be first seen after ``now`` was so before, by a clock that was ahead (fault 14).
        """
        text = (
            "SELECT id FROM issue WHERE tracker = ? AND presence = 'present' "
            "AND (first_seen_at <= ? OR first_seen_at > ?) AND id > ? ORDER BY id LIMIT ?"
        )
        known, last, absent = 0, 0, list[int]()
        with self._db.read() as sql:
            while rows := sql.rows(text, (tracker, to_micros(began), to_micros(now), last, _CHUNK)):
                known, last = known + len(rows), rows[-1][0]
                absent += [row[0] for row in rows if row[0] not in counted]
        return known, absent

    def above(self, tracker: str) -> list[int]:
        """Return what may carry links and is on no list.

        That is context, what is hidden or gone and has issues below, and what left the scope above issues in it.
        """
        text = (
            "SELECT id FROM issue WHERE tracker = ? AND (presence = 'context' OR presence IN ('hidden', 'gone') "
            "AND EXISTS (SELECT 1 FROM issue below WHERE below.parent_id = issue.id))"
        )
        with self._db.read() as sql:
            left = sql.rows(_LEFT_ABOVE, (tracker, tracker))
            return sorted({row[0] for row in (*sql.rows(text, (tracker,)), *left)})

    def put_missing(self, tracker: str, missing: int, known: int, now: datetime) -> None:
        """Remember, and announce, that ``missing`` of ``known`` issues are missing, too many to decide anything.

        ``missing`` 0: there are as many as there should be, and whatever a person accepted was acted on.
        """
        with self._db.write() as sql:
            row = sql.row("SELECT missing, missing_at FROM census WHERE tracker = ?", (tracker,))
            before, since = row or (0, None)
            at = (since if before else to_micros(now)) if missing else None
            values: dict[str, Any] = {"missing": missing, "known": known, "missing_at": at, "accepted": False}
            _put(sql, tracker, values)
            if missing != before:
                announce(sql, [Announce(tracker, "", Kind.MISSING, "", now)], to_micros(now))

    def accept_missing(self, tracker: str, now: datetime) -> int:
        """Let decisions go on, since a person says that issues may be missing; return how many were said to be.

        The next census asks about each of them, however many they are.
        """
        with self._db.write() as sql:
            missing = int(sql.value("SELECT missing FROM census WHERE tracker = ?", (tracker,)) or 0)
            if missing:
                _put(sql, tracker, {"missing": 0, "missing_at": None, "accepted": True})
                announce(sql, [Announce(tracker, "", Kind.MISSING, "", now)], to_micros(now))
        return missing


def _put(sql: Sql, tracker: str, values: Mapping[str, Any]) -> None:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    changes = ", ".join(f"{name} = excluded.{name}" for name in values)
    sql.run(
        f"INSERT INTO census (tracker, {names}) VALUES (?, {marks}) "  # noqa: S608 - our own names
        f"ON CONFLICT (tracker) DO UPDATE SET {changes}",
        (tracker, *values.values()),
    )


def _facts(row: Iterable[Any]) -> CensusFacts:
    tracker, began, listed, ended, found, scopes, error, failed, missing, known, since, accepted = row
    return CensusFacts(
        tracker, maybe_instant(began), listed, maybe_instant(ended), load(found), frozenset(load(scopes)), error,
        maybe_instant(failed), missing, known, maybe_instant(since), bool(accepted),
    )  # fmt: skip
