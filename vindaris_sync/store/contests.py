"""What we wrote lately and how often it was undone, and the issues that are set aside for it (fault 59)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.contest import REST, WINDOW, Contest, Flip, recent, told
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.models import Done, Failed, Write
from vindaris_sync.store.codec import dump, load, load_observed, to_instant, to_micros
from vindaris_sync.store.lists import HERE, Asked, AskedList, in_places
from vindaris_sync.store.outbox import announce
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

CONTESTED = str(Kind.CONTESTED)
"""The subject of announcements about issues that are set aside."""


@dataclass(frozen=True, slots=True)
class Aside:
    """An issue that nothing is written to any more, which surface of it was fought for, and until when."""

    id: int
    tracker: str
    place: str
    key: str
    title: str
    url: str
    surface: str
    wrote: str
    found: str
    flips: int
    since: datetime
    until: datetime

    @property
    def why(self) -> str:
        """Why, in one line."""
        found = self.found or "nothing"
        kind, _, name = self.surface.partition(":")
        return f"{kind} {name!r}: we wrote {self.wrote}, somebody made it {found}, {self.flips} times within an hour"


_ASIDE = (
    "SELECT issue.id, issue.tracker, issue.place, issue.key, issue.title, issue.url, contest.surface, contest.wrote, "
    "contest.found, contest.flips, contest.since, contest.until, issue.ext_id FROM contest "
    "JOIN issue ON issue.id = contest.issue_id WHERE contest.until IS NOT NULL"
)


class Contests(Part):
    """Writes that may be undone, and issues that are set aside."""

    def has_contests(self) -> bool:
        """Return whether anything was written lately, or is set aside."""
        with self._db.read() as sql:
            return sql.row("SELECT 1 FROM contest LIMIT 1") is not None

    def contests(self, tracker: str) -> tuple[Contest, ...]:
        """Return what was written lately on those issues of ``tracker`` that are due."""
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT contest.issue_id, contest.surface, contest.added, contest.removed, issue.observed, "
                "contest.flips FROM issue JOIN contest ON contest.issue_id = issue.id "
                "WHERE issue.due AND issue.tracker = ? AND contest.pending ORDER BY 1, 2",
                (tracker,),
            )
        return tuple(_contest(row) for row in rows if row[1] in load(row[4]))

    def put_flips(self, flips: Collection[Flip]) -> None:
        """Note that writes were undone; each counts once."""
        if not flips:
            return
        with self._db.write() as sql:
            put_flips(sql, flips)

    def flipped(self, tracker: str) -> dict[tuple[int, str], tuple[datetime, ...]]:
        """Return when writes were undone, by issue and surface, where the issue is not set aside yet."""
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT contest.issue_id, contest.surface, contest.flips FROM contest "
                "JOIN issue ON issue.id = contest.issue_id "
                "WHERE contest.flips <> '[]' AND issue.tracker = ? AND NOT EXISTS (SELECT 1 FROM contest other "
                "WHERE other.issue_id = contest.issue_id AND other.until IS NOT NULL)",
                (tracker,),
            )
        return {(issue, surface): _instants(flips) for issue, surface, flips in rows}

    def set_aside(self, contested: Mapping[int, str], now: datetime) -> None:
        """Write nothing more to these issues for ``REST``, each for one surface; who is told of it is announced."""
        if not contested:
            return
        with self._db.write() as sql:
            sql.many(
                "UPDATE contest SET since = ?, until = ? WHERE issue_id = ? AND surface = ?",
                [(to_micros(now), to_micros(now + REST), issue, surface) for issue, surface in contested.items()],
            )
            _tell(sql, contested.keys(), now)

    def aside(self, tracker: str) -> frozenset[int]:
        """Return the issues of ``tracker`` that nothing is written to."""
        with self._db.read() as sql:
            text = (
                "SELECT contest.issue_id FROM contest JOIN issue ON issue.id = contest.issue_id "
                "WHERE contest.until IS NOT NULL AND issue.tracker = ?"
            )
            return frozenset(row[0] for row in sql.rows(text, (tracker,)))

    def asides(self) -> tuple[Aside, ...]:
        """Return all issues that are set aside, the newest first."""
        with self._db.read() as sql:
            return tuple(_aside(row) for row in sql.rows(f"{_ASIDE} ORDER BY contest.since DESC, issue.id"))

    def aside_list(
        self, places: Sequence[tuple[str, str]], others: Collection[tuple[str, str]], most: int
    ) -> AskedList:
        """Return the issues of ``places`` that are set aside, as ``Lists.asked`` chooses them."""
        where, values = in_places(places, others)
        with self._db.read() as sql:
            rows = sql.rows(f"{_ASIDE} AND {HERE} AND {where} ORDER BY contest.since DESC, issue.id", values)
        items = tuple(_asked(row) for row in rows)
        return AskedList(items[:most], frozenset(f"{one.tracker}:{one.id}" for one in items))

    def release_aside(self, issues: Collection[int], now: datetime) -> int:
        """Let issues be written again, since a person says so; return how many were set aside."""
        with self._db.write() as sql:
            return _release(sql, set(issues), now)

    def tidy_contests(self, now: datetime) -> None:
        """Let issues go on whose time aside is over, and forget what was written too long ago to be undone."""
        old = (to_micros(now - WINDOW),)
        with self._db.read() as sql:
            over = sql.rows("SELECT issue_id FROM contest WHERE until IS NOT NULL AND until <= ?", (to_micros(now),))
            stale = sql.row("SELECT 1 FROM contest WHERE until IS NULL AND last_at <= ? LIMIT 1", old)
        if over or stale:
            with self._db.write() as sql:
                _release(sql, {row[0] for row in over}, now)
                sql.run("DELETE FROM contest WHERE until IS NULL AND last_at <= ?", old)


def note_written(sql: Sql, tracker: str, done: Iterable[Done], undone: Iterable[Failed], now: datetime) -> None:
    """Note, with their recording, writes that were made and those that were undone before they could be read back."""
    changes = [(each.write.address.id, each.write) for each in done]
    lost = [(each.write.address.id, each.write) for each in undone]
    query = "SELECT ext_id, id FROM issue WHERE tracker = ? AND ext_id IN ({})"
    numbers = dict(map(tuple, sql.rows_in(query, {ext for ext, _ in (*changes, *lost)}, tracker)))
    at = to_micros(now)
    sql.many(_WRITTEN, [row for ext, write in changes if ext in numbers for row in _rows(numbers[ext], write, at)])
    put_flips(sql, [flip for ext, write in lost if ext in numbers for flip in _flips(numbers[ext], write, now)])


_WRITTEN = (
    "INSERT INTO contest (issue_id, surface, added, removed, last_at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (issue_id, surface) DO UPDATE SET added = excluded.added, removed = excluded.removed, "
    "last_at = excluded.last_at, pending = TRUE"
)
_FLIPPED = (
    "INSERT INTO contest (issue_id, surface, flips, wrote, found, last_at, pending) VALUES (?, ?, ?, ?, ?, ?, FALSE) "
    "ON CONFLICT (issue_id, surface) DO UPDATE SET flips = excluded.flips, wrote = excluded.wrote, "
    "found = excluded.found, last_at = excluded.last_at, pending = FALSE"
)


def put_flips(sql: Sql, flips: Collection[Flip]) -> None:
    """Note in this transaction that writes were undone."""
    query = "SELECT issue_id, surface, flips FROM contest WHERE issue_id IN ({})"
    held = {(row[0], row[1]): _instants(row[2]) for row in sql.rows_in(query, {flip.issue for flip in flips})}
    rows = []
    for flip in flips:
        times = (*recent(held.get((flip.issue, flip.surface), ()), flip.at), flip.at)
        text = dump([to_micros(at) for at in times])
        rows.append((flip.issue, flip.surface, text, flip.wrote, flip.found, to_micros(flip.at)))
    sql.many(_FLIPPED, rows)


def _rows(issue: int, write: Write, at: int) -> list[tuple[object, ...]]:
    return [(issue, one.surface.key, dump(one.add), dump(one.remove), at) for one in write.changes]


def _flips(issue: int, write: Write, now: datetime) -> list[Flip]:
    return [
        Flip(issue, one.surface.key, now, told(one.add, one.remove), ", ".join(write.expected.get(one.surface.key, ())))
        for one in write.changes
    ]


def _release(sql: Sql, issues: Collection[int], now: datetime) -> int:
    freed = {row[0] for row in sql.rows_in("SELECT issue_id FROM contest WHERE until IS NOT NULL AND issue_id IN ({})",
                                           issues)}  # fmt: skip
    sql.run_in("DELETE FROM contest WHERE issue_id IN ({})", freed)
    sql.run_in("UPDATE issue SET due = TRUE WHERE id IN ({})", freed)
    _tell(sql, freed, now)
    return len(freed)


def _tell(sql: Sql, issues: Collection[int], now: datetime) -> None:
    places = set(map(tuple, sql.rows_in("SELECT tracker, place FROM issue WHERE id IN ({})", issues)))
    announce(sql, [Announce(tracker, place, CONTESTED, "", now) for tracker, place in sorted(places)], to_micros(now))


def _contest(row: Any) -> Contest:  # noqa: ANN401 - a row's types are its query's
    issue, surface, added, removed, observed, flips = row
    shown = load_observed(observed)[surface]
    return Contest(issue, surface, tuple(load(added)), tuple(load(removed)), shown, _instants(flips))


def _aside(row: Any) -> Aside:  # noqa: ANN401 - as above
    *told_, flips, since, until, _ = row
    issue, tracker, place, key, title, url, surface, wrote, found = told_
    flipped = len(load(flips))
    since, until = to_instant(since), to_instant(until)
    return Aside(issue, tracker, place, key, title, url, surface, wrote, found, flipped, since, until)


def _asked(row: Any) -> Asked:  # noqa: ANN401 - as above
    one = _aside(row)
    return Asked(one.tracker, row[12], one.key, one.title, one.url, one.why, one.since)


def _instants(text: str) -> tuple[datetime, ...]:
    return tuple(map(to_instant, load(text)))
