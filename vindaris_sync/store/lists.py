"""Lists for people: who is asked about what, what is held, why goals were refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from types import MappingProxyType
from typing import Any

from vindaris_sync.domain.records import Reason
from vindaris_sync.domain.text import priority_rank
from vindaris_sync.domain.urgency import stated_priority, urgency
from vindaris_sync.store.codec import load_ids, load_traits, to_instant, to_micros
from vindaris_sync.store.mutes import MUTED
from vindaris_sync.store.part import Part


@dataclass(frozen=True, slots=True)
class Asked:
    """One issue in a list: its identity, what people call it, what is asked, and since when."""

    tracker: str
    id: str
    key: str
    title: str
    url: str
    note: str
    since: datetime
    priority: str = ""
    """As a label on the issue states it; else its goal's."""


@dataclass(frozen=True, slots=True)
class AskedList:
    """The beginning of a list, what matters most first, and the identities of all of it."""

    items: tuple[Asked, ...]
    members: frozenset[str]
    muted: int = 0
    """How many more are muted, and not among them."""


HERE = "issue.presence = 'present' AND NOT issue.closed"
"""What nobody is alerted about without: the issue is open, and where it can be seen."""

_FROM = (
    "FROM cause JOIN issue ON issue.id = cause.issue_id WHERE cause.is_open AND cause.answer IS NULL "
    f"AND {HERE} AND cause.reason = ? AND cause.subject = ? "
    "AND NOT (cause.reason = 'unlinked' AND issue.parent_unknown) AND "
)
_BY_NOW = " AND cause.surface_at IS NOT NULL AND cause.surface_at <= ?"
_TOLD = f"SELECT cause.id, issue.tracker, issue.ext_id, cause.opened, issue.traits, issue.goals, {MUTED} {_FROM}"
_SHOWN = (
    "SELECT cause.id, issue.key, issue.title, issue.url, cause.detail FROM cause "
    "JOIN issue ON issue.id = cause.issue_id WHERE cause.id IN ({})"
)
_OVERDUE = (
    "SELECT DISTINCT issue.tracker, issue.place, cause.subject FROM cause "  # noqa: S608 - fixed texts
    "JOIN issue ON issue.id = cause.issue_id WHERE cause.is_open AND cause.answer IS NULL "
    f"AND {HERE} AND cause.reason IN ('goal_changed', 'goal_closed') AND cause.surface_at <= ? ORDER BY 1, 2, 3"
)
_HELD = f"SELECT tracker, ext_id, key, title, url, '', updated FROM issue WHERE {HERE} AND id IN ({{}})"  # noqa: S608 - fixed texts


class _Told:
    """One cause on a list, in the order in which they matter."""

    def __init__(self, row: Any, priorities: Mapping[int, str]) -> None:  # noqa: ANN401 - a row's types are its query's
        self.cause, self.tracker, self.id, opened, traits, goals, _ = row
        self.since = to_instant(opened)
        self.member = f"{self.tracker}:{self.id}"
        stated = stated_priority(load_traits(traits).labels)
        of_goals = [word for goal in load_ids(goals) if (word := priorities.get(goal))]
        self.priority = stated or min(of_goals, key=priority_rank, default="")
        self._order = (urgency(stated, of_goals, self.since), self.cause)

    def __lt__(self, other: _Told) -> bool:
        return self._order < other._order

    def asked(self, key: str, title: str, url: str, note: str) -> Asked:
        """Return it as it is shown."""
        return Asked(self.tracker, self.id, key, title, url, note, self.since, self.priority)


class Lists(Part):
    """Lists for people."""

    def asked(  # noqa: PLR0913, PLR0917 - what a list is chosen by
        self,
        places: Sequence[tuple[str, str]],
        others: Collection[tuple[str, str]],
        reason: Reason,
        subject: str,
        now: datetime,
        most: int,
        priorities: Mapping[int, str] = MappingProxyType({}),
    ) -> AskedList:
        """Return the issues of ``places`` that are asked about for ``reason`` (and ``subject``, a goal's id) by now.

        Each stands there once, whatever the number of its causes. Backlog, acknowledged causes, and issues that are
        closed, hidden, moved or gone are left out; muted ones are counted. A place ``*`` is every place of the tracker
        that is not among ``others``.
        ``priorities`` are the goals', by number.
        """
        where, values = in_places(places, others)
        at = to_micros(now)
        with self._db.read() as sql:
            rows = sql.rows(_TOLD + where + _BY_NOW, (at, str(reason), subject, *values, at))
            told = _by_issue(_Told(row, priorities) for row in rows if not row[6])
            first = nsmallest(most, told.values())
            shown = {row[0]: row[1:] for row in sql.rows_in(_SHOWN, [each.cause for each in first])}
        items = tuple(each.asked(*shown[each.cause]) for each in first)
        return AskedList(items, frozenset(told), len({(row[1], row[2]) for row in rows if row[6]}))

    def surfacing(
        self,
        places: Sequence[tuple[str, str]],
        others: Collection[tuple[str, str]],
        reason: Reason,
        subject: str,
        now: datetime,
    ) -> tuple[tuple[str, str, datetime], ...]:
        """Return when the list that ``asked`` gives will grow by itself: tracker, place, and the next instant there."""
        where, values = in_places(places, others)
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT issue.tracker, issue.place, min(cause.surface_at) "
                + _FROM
                + where
                + " AND cause.surface_at > ? GROUP BY issue.tracker, issue.place",
                (str(reason), subject, *values, to_micros(now)),
            )
        return tuple((tracker, place, to_instant(at)) for tracker, place, at in rows)

    def overdue(self, before: datetime) -> tuple[tuple[str, str, str], ...]:
        """Return where questions about goals have been told before then and wait: tracker, place, the goal's id."""
        with self._db.read() as sql:
            rows = sql.rows(_OVERDUE, (to_micros(before),))
        return tuple((tracker, place, goal) for tracker, place, goal in rows)

    def asked_about(self, goal: int) -> tuple[int, ...]:
        """Return the issues whose open review is about this goal: it has changed, or was closed; lowest first."""
        text = (
            "SELECT DISTINCT issue_id FROM cause WHERE is_open AND reason IN ('goal_closed', 'goal_changed') "
            "AND subject = ? AND issue_id IS NOT NULL ORDER BY 1"
        )
        with self._db.read() as sql:
            return tuple(row[0] for row in sql.rows(text, (str(goal),)))

    def held_list(self, tracker: str, most: int) -> AskedList:
        """Return the issues of ``tracker`` whose edits by absence wait for a person (R2)."""
        with self._db.read() as sql:
            held = load_ids(sql.value("SELECT held FROM tracker WHERE name = ?", (tracker,)) or "[]")
            rows = list(sql.rows_in(_HELD, held))
        items = _items(rows)
        return AskedList(items[:most], frozenset(f"{item.tracker}:{item.id}" for item in items))


def _by_issue(causes: Iterable[_Told]) -> dict[str, _Told]:
    """Return what is asked about each issue; of several causes, that which matters most."""
    found: dict[str, _Told] = {}
    for each in causes:
        found[each.member] = min(each, found.get(each.member, each))
    return found


def _items(rows: Iterable[Any]) -> tuple[Asked, ...]:
    return tuple(
        Asked(tracker, ext_id, key, title, url, note, to_instant(since))
        for tracker, ext_id, key, title, url, note, since in rows
    )


def in_places(places: Sequence[tuple[str, str]], others: Collection[tuple[str, str]]) -> tuple[str, tuple[str, ...]]:
    """Return a condition on ``issue`` that holds in ``places``, and its values."""
    parts, values = [], []
    single: dict[str, list[str]] = defaultdict(list)
    for tracker, place in places:
        if place == "*":
            named = sorted(each for other, each in others if other == tracker)
            parts.append(f"(issue.tracker = ? AND issue.place NOT IN ({','.join('?' * len(named))}))")
            values += [tracker, *named]
        else:
            single[tracker].append(place)
    for tracker, named in single.items():  # in one list: SQLite refuses a thousand alternatives
        parts.append(f"(issue.tracker = ? AND issue.place IN ({','.join('?' * len(named))}))")
        values += [tracker, *named]
    return f"({' OR '.join(parts) or '1 = 0'})", tuple(values)
