"""The numbers and lists behind the reconciliation report; each is one query over what the store holds now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vindaris_sync.domain.outcome import BY_LABEL, UNKNOWN
from vindaris_sync.store import astray
from vindaris_sync.store.codec import load, to_instant, to_micros
from vindaris_sync.store.goal_issues import HOLDING
from vindaris_sync.store.part import Part

_ISSUE = "SELECT tracker, place, key, title, url, NULL, created FROM issue WHERE id = ?"
_OPEN = "tracked AND presence = 'present' AND NOT closed"


@dataclass(frozen=True, slots=True)
class Tally:
    """Open tracked issues of one place by state; ``due`` are not decided yet, ``backlog`` among the unlinked.

    ``ruled`` are among the linked, by a rule.
    """

    tracker: str
    place: str
    state: str
    due: bool
    backlog: bool
    ruled: bool
    count: int


@dataclass(frozen=True, slots=True)
class Noted:
    """One issue in a list."""

    tracker: str
    place: str
    key: str
    title: str
    url: str
    goal: int | None
    since: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Reviews since a moment: causes opened, causes closed by answer."""

    opened: int
    answers: Mapping[str, int]


class Figures(Part):
    """Numbers for the report."""

    def tallies(self) -> tuple[Tally, ...]:
        """Return open tracked issues by place and state."""
        text = (
            "SELECT tracker, place, state, due, backlog AND state = 'unlinked', rule_id IS NOT NULL, count(*) "  # noqa: S608 - fixed texts
            f"FROM issue WHERE {_OPEN} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3"
        )
        with self._db.read() as sql:
            return tuple(
                Tally(tracker, place, state, bool(due), bool(backlog), bool(ruled), count)
                for tracker, place, state, due, backlog, ruled, count in sql.rows(text)
            )

    def on_goals(self, goals: Iterable[int], most: int) -> tuple[int, tuple[Noted, ...]]:
        """Return how many open issues serve these goals, and the first of them, by goal."""
        where = (
            f"FROM (SELECT i.id, l.goal_id, l.at FROM issue i JOIN {HOLDING} l ON l.issue_id = i.carrier_id UNION ALL "  # noqa: S608 - fixed texts
            "SELECT i.id, r.goal_id, r.at FROM issue i JOIN rule r ON r.id = i.rule_id) l JOIN issue i ON i.id = l.id "
            "WHERE i.tracked AND i.presence = 'present' AND NOT i.closed AND i.state IN ('linked', 'inherited') "
            "AND l.goal_id = ?"
        )
        total = 0
        found: list[Noted] = []
        with self._db.read() as sql:
            for goal in goals:
                total += int(sql.value(f"SELECT count(*) {where}", (goal,)))
                rows = sql.rows(
                    f"SELECT i.tracker, i.place, i.key, i.title, i.url, l.goal_id, l.at, '' {where} "
                    "ORDER BY i.created LIMIT ?",
                    (goal, most - len(found)),
                )
                found += [_noted(row) for row in rows]
        return total, tuple(found)

    def suspects(self, most: int) -> tuple[int, tuple[Noted, ...]]:
        """Return how many open issues stand on a suspect link, and those that are asked about it, oldest first."""
        with self._db.read() as sql:
            open_ = "i.tracked AND i.presence = 'present' AND NOT i.closed"
            carried = f"SELECT count(*) FROM issue i JOIN issue c ON c.id = i.carrier_id WHERE c.suspect AND {open_}"  # noqa: S608 - fixed texts
            ruled = f"SELECT count(*) FROM issue i JOIN rule r ON r.id = i.rule_id WHERE r.suspect AND {open_}"  # noqa: S608 - fixed texts
            total = int(sql.value(carried)) + int(sql.value(ruled))
        return total, self.causes("goal_changed", most)[1]

    def causes(self, reason: str, most: int, *, fresh: bool = False) -> tuple[int, tuple[Noted, ...]]:
        """Return how many open causes of this reason there are, and the first of them, oldest first.

        ``fresh``: without backlog, newest first.
        """
        where = "FROM cause c JOIN issue i ON i.id = c.issue_id WHERE c.is_open AND c.reason = ?"
        where += " AND c.surface_at IS NOT NULL" if fresh else ""
        order = "c.opened DESC, c.id DESC" if fresh else "c.opened, c.id"
        with self._db.read() as sql:
            total = int(sql.value(f"SELECT count(*) {where}", (reason,)))
            rows = sql.rows(
                "SELECT i.tracker, i.place, i.key, i.title, i.url, "
                f"CASE WHEN c.subject = '' THEN NULL ELSE CAST(c.subject AS INTEGER) END, c.opened, c.detail {where} "
                f"ORDER BY {order} LIMIT ?",
                (reason, most),
            )
        return total, tuple(_noted(row) for row in rows)

    def exemptions(self, most: int) -> tuple[int, tuple[Noted, ...]]:
        """Return how many open issues are exempt by themselves, and the first of them, what ends soonest first."""
        where = (
            "FROM exemption e JOIN issue i ON i.id = e.issue_id "
            "WHERE i.tracked AND i.presence = 'present' AND NOT i.closed"
        )
        with self._db.read() as sql:
            total = int(sql.value(f"SELECT count(*) {where}"))
            rows = sql.rows(
                f"SELECT i.tracker, i.place, i.key, i.title, i.url, NULL, e.at, e.reason, e.author, e.expires {where} "
                "ORDER BY e.expires IS NULL, e.expires, i.id LIMIT ?",
                (most,),
            )
        return total, tuple(_noted((*row[:7], _exemption(*row[7:]))) for row in rows)

    def astray(self, most: int) -> tuple[int, tuple[Noted, ...]]:
        """Return how many open issues have a parent that cannot be followed, and the first of them, circles first.

        A circle counts once. Issues further down are not named: they wait for the same parent.
        """
        with self._db.read() as sql:
            found = [
                (*sql.row(_ISSUE, (issue,)), f"its parents go round in a circle: {keys}")
                for issue, keys in astray.circles(sql)
            ]
            total = len(found)
            for text in (astray.LEFT, astray.UNREAD):
                total += int(sql.value(f"SELECT count(*) FROM ({text}) AS found"))  # noqa: S608 - fixed texts
                if len(found) < most:
                    found += sql.rows(f"{text} ORDER BY i.id LIMIT ?", (most - len(found),))
        return total, tuple(map(_noted, found[:most]))

    def lost_parent(self, issue: int) -> str:
        """Return why the parent that the issue states is not known."""
        with self._db.read() as sql:
            ext, key, elsewhere, tracker, reason = sql.row(astray.ONE, (issue,))
        return f"its parent {key or ext}{f' in {tracker}' if elsewhere else ''}: {reason or 'not read yet'}"

    def open_causes(self) -> tuple[tuple[str, datetime], ...]:
        """Return reason and opening of every open cause."""
        with self._db.read() as sql:
            rows = sql.rows("SELECT reason, opened FROM cause WHERE is_open")
        return tuple((reason, to_instant(opened)) for reason, opened in rows)

    def review_flow(self, since: datetime) -> Flow:
        """Return what was opened and closed since."""
        at = to_micros(since)
        with self._db.read() as sql:
            opened = int(sql.value("SELECT count(*) FROM cause WHERE opened >= ?", (at,)))
            rows = sql.rows(
                "SELECT answer, count(*) FROM cause WHERE NOT is_open AND answered_at >= ? GROUP BY 1", (at,)
            )
        return Flow(opened, {row[0]: row[1] for row in rows})

    def parents_unknown(self, *, closed: bool = False) -> int:
        """Return how many open (or all present) issues are undecided and name a parent that could not be read."""
        where = "tracked AND presence = 'present'" if closed else _OPEN
        with self._db.read() as sql:
            text = f"SELECT count(*) FROM issue WHERE parent_unknown AND parent_id IS NULL AND {where}"  # noqa: S608 - fixed texts
            return int(sql.value(text))

    def present_count(self, tracker: str) -> int:
        """Return how many issues of the tracker are present."""
        with self._db.read() as sql:
            text = "SELECT count(*) FROM issue WHERE tracker = ? AND presence = 'present'"
            return int(sql.value(text, (tracker,)))

    def pass_counts(self, since: datetime) -> dict[str, Counter[str]]:
        """Return, by tracker, what its passes since then counted, added up."""
        found: dict[str, Counter[str]] = {}
        with self._db.read() as sql:
            for tracker, counts in sql.rows("SELECT tracker, counts FROM pass WHERE started >= ?", (to_micros(since),)):
                found.setdefault(tracker, Counter()).update(_numbers(load(counts)))
        return found


def _exemption(reason: str, author: str, expires: int | None) -> str:
    until = f"until {to_instant(expires).date()}" if expires is not None else "without end"
    told = "by label" if reason == BY_LABEL else reason
    return f"{told}{f' ({author})' if author != UNKNOWN else ''}, {until}"


def _numbers(counts: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(count) for name, count in counts.items()}


def _noted(row: Any) -> Noted:  # noqa: ANN401 - a row's types are its query's
    tracker, place, key, title, url, goal, since, note = row
    return Noted(tracker, place, key, title, url, goal, None if since is None else to_instant(since), note)
