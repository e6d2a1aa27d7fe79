"""What pages list, a page at a time: each costs what it shows, however much there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from vindaris_sync.store.codec import load, load_ids, to_instant
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql
from vindaris_sync.store.tracing import ISSUE_COLUMNS, TracedIssue, traced_issue

_CARRIERS = (
    "SELECT l.issue_id FROM link l WHERE l.goal_id = ? AND l.issue_id >= ? AND NOT EXISTS (SELECT 1 FROM goal_issue g "
    "JOIN goal o ON o.id = g.goal_id AND o.missing_since IS NULL JOIN issue i ON i.tracker = g.tracker "
    "AND i.ext_id = g.ext_id WHERE i.id = l.issue_id) ORDER BY l.issue_id LIMIT ?"
)
_ITSELF = (
    "SELECT i.id FROM goal_issue g JOIN issue i ON i.tracker = g.tracker AND i.ext_id = g.ext_id "
    "JOIN goal o ON o.id = g.goal_id AND o.missing_since IS NULL WHERE g.goal_id = ?"
)
_THERE = "i.presence <> 'gone' AND i.tracked"
_CARRIED = f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.carrier_id = ? AND i.id > ? AND {_THERE}"  # noqa: S608 - fixed names
_RULED = f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.rule_id = ? AND i.closed = ? AND i.id > ? AND {_THERE}"  # noqa: S608 - fixed names
_BELOW = f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.parent_id = ? AND i.id > ? AND i.presence <> 'gone'"  # noqa: S608 - fixed names
_NEXT = " ORDER BY i.id LIMIT ?"


class Place(NamedTuple):
    """Where a page of a goal's work ends: at which carrier or rule, and after which issue there."""

    kind: int = 0
    """0: what carriers hold, 1: the issue that is the goal itself, 2: rules, open work first."""
    holder: int = 0
    closed: int = 0
    issue: int = 0

    @classmethod
    def read(cls, text: str) -> Place:
        """Return the place that ``str`` wrote; the beginning for anything else."""
        parts = text.split(".")
        fits = len(parts) == len(cls._fields) and all(each.isdecimal() and len(each) < 18 for each in parts)  # noqa: PLR2004
        return cls(*map(int, parts)) if fits else cls()

    def __str__(self) -> str:
        return ".".join(map(str, self))


@dataclass(frozen=True, slots=True)
class WorkPage:
    """Some of the issues on a goal, carriers with what inherits from them, and where the next page begins."""

    issues: tuple[TracedIssue, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class AskedIssue:
    """An issue with an open review on a goal: what people call it, why it is asked, and since when."""

    tracker: str
    key: str
    title: str
    url: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class WaitingAlert:
    """A subject that waits to be told: what about, since when, until when, how often it was tried and why it failed."""

    kind: str
    tracker: str
    place: str
    since: datetime
    due: datetime
    attempts: int
    error: str


class Pages(Part):
    """Lists of bounded length."""

    def work_on(self, goal: int, after: Place, most: int, *, closed: bool = True) -> WorkPage:
        """Return the next issues on this goal itself, what is gone left out; without ``closed`` the open ones alone."""
        found: list[TracedIssue] = []
        places: list[Place] = []
        with self._db.read() as sql:
            for place, row in _work(sql, goal, after, most + 1, "" if closed else " AND NOT i.closed"):
                if goal in load_ids(row[15]):  # what is being decided may show another goal already
                    found.append(traced_issue(row))
                    places.append(place)
                if len(found) > most:
                    return WorkPage(tuple(found[:most]), places[most - 1])
        return WorkPage(tuple(found), None)

    def below(self, issue: int, after: int, most: int) -> tuple[TracedIssue, ...]:
        """Return the issues whose parent this one is, those not gone, numbers above ``after``."""
        with self._db.read() as sql:
            return tuple(traced_issue(row) for row in sql.rows(_BELOW + _NEXT, (issue, after, most)))

    def provenances(self) -> Mapping[int, Mapping[str, int]]:
        """Return how explicit links came to be: counts by provenance, by goal."""
        found: dict[int, dict[str, int]] = defaultdict(dict)
        with self._db.read() as sql:
            for goal, provenance, count in sql.rows(
                "SELECT goal_id, provenance, count(*) FROM link GROUP BY 1, 2 ORDER BY 1, 3 DESC"
            ):
                found[goal][provenance] = count
        return dict(found)

    def asked_on(self, goal: int, most: int) -> tuple[int, tuple[AskedIssue, ...]]:
        """Return how many issues' reviews are open since this goal has changed or ended, and the longest waiting."""
        where = "FROM cause c WHERE c.is_open AND c.reason IN ('goal_changed', 'goal_closed') AND c.subject = ?"
        with self._db.read() as sql:
            total = int(sql.value(f"SELECT count(*) {where}", (str(goal),)))
            rows = sql.rows(
                "SELECT i.tracker, i.key, i.title, i.url, a.reason, a.opened FROM (SELECT c.id, c.issue_id, c.reason, "  # noqa: S608 - fixed texts
                f"c.opened {where} ORDER BY c.opened, c.id LIMIT ?) AS a JOIN issue i ON i.id = a.issue_id "
                "ORDER BY a.opened, a.id",
                (str(goal), most),
            )
        return total, tuple(_asked(*row) for row in rows)

    def waiting_alerts(self, most: int) -> tuple[WaitingAlert, ...]:
        """Return the first alerts that wait, the next due first."""
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT subject, created, due_at, attempts, last_error FROM outbox ORDER BY due_at, id LIMIT ?", (most,)
            )
        return tuple(_alert(load(subject), *rest) for subject, *rest in rows)


def _alert(subject: Sequence[str], created: int, due: int, attempts: int, error: str) -> WaitingAlert:
    tracker, place, kind = subject[:3]
    return WaitingAlert(kind, tracker, place, to_instant(created), to_instant(due), attempts, error)


def _asked(  # noqa: PLR0913, PLR0917 - a row's columns
    tracker: str, key: str, title: str, url: str, reason: str, since: int
) -> AskedIssue:
    return AskedIssue(tracker, key, title, url, reason, to_instant(since))


def _work(sql: Sql, goal: int, after: Place, most: int, only: str) -> Iterator[tuple[Place, Any]]:
    """Yield issues with the place that a page ends at which ends with them; each query is bounded by ``most``."""
    if after.kind == 0:
        first = after.holder
        while carriers := [row[0] for row in sql.rows(_CARRIERS, (goal, first, most))]:
            for carrier in carriers:
                seen = after.issue if carrier == after.holder else 0
                yield from _run(sql, _CARRIED + only + _NEXT, (carrier,), Place(0, carrier, 0, seen), most)
            first = carriers[-1] + 1
    itself = sql.value(_ITSELF, (goal,)) if after.kind <= 1 else None
    if itself is not None:
        begun = after if after.kind == 1 else Place(1, itself)
        yield from _run(sql, _CARRIED + only + _NEXT, (itself,), begun, most)
    for (rule,) in sql.rows("SELECT id FROM rule WHERE goal_id = ? ORDER BY id", (goal,)):
        for closed in (0, 1):
            begun = Place(2, rule, closed)
            if begun[:3] >= after[:3]:
                begun = after if begun[:3] == after[:3] else begun
                yield from _run(sql, _RULED + only + _NEXT, (rule, bool(closed)), begun, most)


def _run(sql: Sql, text: str, values: tuple[Any, ...], begun: Place, most: int) -> Iterator[tuple[Place, Any]]:
    """Yield all rows of one holder from ``begun`` on."""
    while rows := sql.rows(text, (*values, begun.issue, most)):
        for row in rows:
            begun = begun._replace(issue=row[0])
            yield begun, row
        if len(rows) < most:
            return
