"""From goals down to all their work, as it is and as it was: the past is what the history takes back of the present."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from vindaris_sync.domain.goals import Contents, fold
from vindaris_sync.store.codec import load, load_ids, to_instant, to_micros
from vindaris_sync.store.goal_issues import HOLDING, carried_then
from vindaris_sync.store.parents import named_then
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

ISSUE_COLUMNS = (
    "i.id, i.tracker, i.ext_id, i.key, i.title, i.url, i.place, i.type, i.closed, i.presence, i.tracked, i.state, "
    "i.carrier_id, i.rule_id, i.parent_id, i.goals, i.estimate, "
    "coalesce((SELECT c.suspect FROM issue c WHERE c.id = i.carrier_id), "
    "(SELECT r.suspect FROM rule r WHERE r.id = i.rule_id), FALSE), i.review_open"
)
"""What of an issue a trace shows, of ``issue i``."""


@dataclass(frozen=True, slots=True)
class TracedIssue:
    """One issue that serves goals, by itself, through ``carrier`` or by ``rule`` (numbers); ``parent`` as stated."""

    id: int
    tracker: str
    ext_id: str
    key: str
    title: str
    url: str
    place: str
    type: str
    closed: bool
    presence: str
    counted: bool
    """Whether it is tracked and there: what output counts."""
    state: str
    carrier: int | None
    rule: int | None
    parent: int | None
    goals: tuple[int, ...]
    estimate: float | None
    suspect: bool = False
    reviewed: bool = False
    """Whether its review is open."""


@dataclass(frozen=True, slots=True)
class GoalThen:
    """A goal as it was in force then: the revision of that time, and key and status as the history tells them."""

    id: int
    key: str
    status: str
    revision: int
    since: datetime
    contents: Contents


@dataclass(slots=True)
class _Past:
    """What the history takes back of one issue: what stood before the first change after the instant asked for."""

    link: tuple[str, ...] | None = None
    parent: tuple[str, ...] | None = None
    rule: tuple[str, ...] | None = None
    closed: bool | None = None
    presence: str | None = None
    key: str | None = None
    place: str | None = None


class Traces(Part):
    """Traces from goals downwards."""

    def serving(self, goals: Collection[int]) -> tuple[TracedIssue, ...]:
        """Return all issues on these goals, those not gone, the first seen first."""
        carried = (
            f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.presence <> 'gone' AND i.carrier_id IN "  # noqa: S608 - fixed names
            f"(SELECT h.issue_id FROM {HOLDING} h WHERE h.goal_id IN ({{}}))"
        )
        own = (
            f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.presence <> 'gone' AND i.id IN "  # noqa: S608 - fixed names
            "(SELECT issue_id FROM link WHERE goal_id IN ({}))"
        )
        ruled = (
            f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.presence <> 'gone' AND i.rule_id IN "  # noqa: S608 - fixed names
            "(SELECT id FROM rule WHERE goal_id IN ({}))"
        )
        with self._db.read() as sql:
            held = _links(sql, goals)
            rows = (row for query in (own, carried, ruled) for row in sql.rows_in(query, goals))
            found = {row[0]: traced_issue(row, held.get(row[0], ())) for row in rows}
        wanted = set(goals)
        return tuple(found[number] for number in sorted(found) if wanted.intersection(found[number].goals))

    def serving_then(self, goals: Collection[int], names: Mapping[str, int], at: datetime) -> tuple[TracedIssue, ...]:
        """Return the issues that were on these goals ``at``, as far as they were known then.

        ``names`` are all names of goals, folded, with their numbers. Titles, types, estimates and goals of rules are
        those of today: no history is kept of them.
        """
        with self._db.read() as sql:
            return _Then(sql, set(goals), names, to_micros(at)).found()

    def goals_themselves(self, at: datetime) -> dict[int, int]:
        """Return, by issue, the goal that it was itself ``at``."""
        with self._db.read() as sql:
            return carried_then(sql, to_micros(at))

    def review_reasons(self, issues: Collection[int]) -> dict[int, list[str]]:
        """Return why the reviews of these issues are open."""
        found: dict[int, list[str]] = defaultdict(list)
        with self._db.read() as sql:
            query = "SELECT issue_id, reason FROM cause WHERE is_open AND issue_id IN ({}) ORDER BY id"
            for issue, reason in sql.rows_in(query, issues):
                found[issue].append(reason)
        return found

    def goals_then(self, at: datetime) -> tuple[GoalThen, ...]:
        """Return the goals that were in force ``at``, each as it was."""
        micros = to_micros(at)
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT g.id, g.key, g.status, r.revision, r.at, r.contents FROM goal g JOIN goal_revision r "
                "ON r.goal_id = g.id AND r.revision = (SELECT max(o.revision) FROM goal_revision o "
                "WHERE o.goal_id = g.id AND o.at <= ?) ORDER BY g.position, g.id",
                (micros,),
            )
            told = sql.rows(
                "SELECT goal_id, event, before FROM history WHERE goal_id IS NOT NULL AND at > ? AND event IN "
                "('goal_renamed', 'goal_restated', 'goal_retired') ORDER BY at DESC, id DESC",
                (micros,),
            )
        keys = {goal: load(before)[0] for goal, event, before in told if event == "goal_renamed"}
        statuses = {goal: load(before)[0] for goal, event, before in told if event != "goal_renamed"}
        return tuple(
            GoalThen(goal, keys.get(goal, key), statuses.get(goal, status), revision, to_instant(since), load(contents))
            for goal, key, status, revision, since, contents in rows
        )


def _links(sql: Sql, goals: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return the goals that issues hold a link to, of ``goals``: what is not decided yet counts, too."""
    held: dict[int, tuple[int, ...]] = defaultdict(tuple)
    for issue, goal in sql.rows_in("SELECT issue_id, goal_id FROM link WHERE goal_id IN ({})", goals):
        held[issue] += (goal,)
    return held


def traced_issue(row: Any, held: tuple[int, ...] = ()) -> TracedIssue:  # noqa: ANN401 - a row's types are its query's
    """Return a row of ``ISSUE_COLUMNS``; ``held`` are the goals of links that are not decided yet."""
    (
        number, tracker, ext_id, key, title, url, place, kind, closed, presence, tracked, state, carrier, rule, parent,
        goals, estimate, suspect, reviewed,
    ) = row  # fmt: skip
    serves = load_ids(goals) or held
    counted = bool(tracked) and presence == "present" and state in ("linked", "inherited")
    return TracedIssue(
        number, tracker, ext_id, key, title, url, place, kind, bool(closed), presence, counted,
        state if load_ids(goals) else "linked", carrier, rule, parent, serves, estimate, bool(suspect), bool(reviewed),
    )  # fmt: skip


# --- the past ---------------------------------------------------------------------------------------------------------

_KINDS = (
    "CASE WHEN h.event IN ('key_changed', 'place_changed', 'presence_changed', 'parent_changed') THEN h.event "
    "WHEN h.event IN ('closed', 'reopened') THEN 'closed' "
    "WHEN h.event IN ('linked_by_rule', 'left_rule') THEN 'rule' "
    "WHEN h.event IN ('linked', 'unlinked', 'exempted', 'exemption_expired') OR "
    "h.event IN ('confirmed', 'undone') AND h.before <> h.after THEN 'link' END"
)
_FIRST = (
    "SELECT h.issue_id, h.event, h.before FROM history h JOIN (SELECT h.issue_id AS issue_id, "  # noqa: S608 - fixed texts
    f"{_KINDS} AS kind, min(h.id) AS first FROM history h JOIN issue i ON i.id = h.issue_id "
    "WHERE h.at > ? AND i.first_seen_at <= ? GROUP BY 1, 2) AS earliest ON earliest.first = h.id "
    "WHERE earliest.kind IS NOT NULL"
)
_NO_GOAL = ("no-goal",)


@dataclass(slots=True)
class _Then:
    """The issues on some goals at an instant: those that held a link then, and what hung below them."""

    sql: Sql
    goals: set[int]
    names: Mapping[str, int]
    at: int
    pasts: dict[int, _Past] = field(default_factory=dict)
    parents: dict[int, int | None] = field(default_factory=dict)
    """The parents of then, of issues whose parent has changed since."""

    def found(self) -> tuple[TracedIssue, ...]:
        """Return them, the first seen first."""
        self._take_back()
        explicit = self._explicit()
        found: dict[int, tuple[int, tuple[int, ...]]] = {
            issue: (issue, goals) for issue, goals in explicit.items() if self.goals.intersection(goals)
        }
        frontier = set(found)
        while frontier:
            below = [
                (child, parent)
                for child, parent in self._children(frontier)
                if child not in found and child not in explicit
            ]
            for child, parent in below:
                found[child] = found[parent]
            frontier = {child for child, _ in below}
        rows = list(self._rows(found)) + list(self._ruled(found, explicit))
        return tuple(sorted((row for row in rows if row.presence != "gone"), key=lambda row: row.id))

    def _take_back(self) -> None:
        for issue, event, before in self.sql.rows(_FIRST, (self.at, self.at)):
            past, told = self.pasts.setdefault(issue, _Past()), tuple(map(str, load(before)))
            match event:
                case "parent_changed":
                    past.parent = told
                case "closed" | "reopened":
                    past.closed = event == "reopened"
                case "linked_by_rule" | "left_rule":
                    past.rule = told
                case "presence_changed":
                    past.presence = told[0]
                case "key_changed":
                    past.key = told[0]
                case "place_changed":
                    past.place = told[0]
                case _:
                    past.link = told
        self.parents = dict(self._former_parents())

    def _former_parents(self) -> Iterator[tuple[int, int | None]]:
        """Yield (issue, its parent then) of issues whose parent has changed; a parent is told by its id, or its key."""
        told = {issue: past.parent for issue, past in self.pasts.items() if past.parent is not None}
        trackers = dict(self.sql.rows_in("SELECT id, tracker FROM issue WHERE id IN ({})", told))
        changed = {issue: [named_then(name, trackers[issue]) for name in names] for issue, names in told.items()}
        wanted = {name for names in changed.values() for _, name in names}
        known: dict[tuple[str, str], int] = {}
        for query in (
            "SELECT tracker, key, issue_id FROM alias WHERE key IN ({})",
            "SELECT tracker, key, id FROM issue WHERE key IN ({}) ORDER BY presence = 'present', id",
            "SELECT tracker, ext_id, id FROM issue WHERE ext_id IN ({})",
        ):
            known |= {(row[0], row[1]): row[2] for row in self.sql.rows_in(query, wanted)}
        for issue, names in changed.items():
            yield issue, next((known[at] for at in names if at in known), None)

    def _explicit(self) -> dict[int, tuple[int, ...]]:
        """Return what held a link then, or an exemption (no goals), with its goals."""
        held: dict[int, tuple[int, ...]] = defaultdict(tuple)
        known = "IN (SELECT id FROM issue WHERE first_seen_at <= ?)"
        for issue, goal in self.sql.rows(
            f"SELECT issue_id, goal_id FROM link WHERE issue_id {known} ORDER BY is_primary DESC, at, goal_id",  # noqa: S608
            (self.at,),
        ):
            held[issue] += (goal,)
        for (issue,) in self.sql.rows(f"SELECT issue_id FROM exemption WHERE issue_id {known}", (self.at,)):  # noqa: S608
            held[issue] = ()
        found = dict(held)
        carried = carried_then(self.sql, self.at)
        for issue, past in self.pasts.items():
            if past.link is None:
                continue
            found.pop(issue, None)
            if past.link:
                found[issue] = () if past.link == _NO_GOAL else self._numbers(past.link)
        return found | {issue: (goal,) for issue, goal in carried.items()}

    def _numbers(self, keys: Iterable[str]) -> tuple[int, ...]:
        return tuple(self.names[fold(key)] for key in keys if fold(key) in self.names)

    def _children(self, parents: set[int]) -> Iterator[tuple[int, int]]:
        """Yield (child, parent) as they were then."""
        query = "SELECT id, parent_id FROM issue WHERE first_seen_at <= ? AND parent_id IN ({})"
        for child, parent in self.sql.rows_in(query, parents, self.at):
            if child not in self.parents:
                yield child, parent
        for child, above in self.parents.items():
            if above in parents:
                yield child, above

    def _rows(self, found: Mapping[int, tuple[int, tuple[int, ...]]]) -> Iterator[TracedIssue]:
        query = f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.id IN ({{}})"  # noqa: S608 - fixed names
        for row in self.sql.rows_in(query, found):
            carrier, goals = found[row[0]]
            state = "linked" if carrier == row[0] else "inherited"
            yield self._as_then(traced_issue(row), state, goals, carrier)

    def _ruled(self, found: Collection[int], explicit: Collection[int]) -> Iterator[TracedIssue]:
        """Yield what rules linked then, where nothing explicit stood on it or above it."""
        query = (
            f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.first_seen_at <= ? AND i.rule_id IN "  # noqa: S608 - fixed names
            "(SELECT id FROM rule WHERE goal_id IN ({}))"
        )
        now = {row[0]: row for row in self.sql.rows_in(query, self.goals, self.at)}
        since = {issue: self._numbers(past.rule) for issue, past in self.pasts.items() if past.rule is not None}
        left = {issue for issue, goals in since.items() if self.goals.intersection(goals)} - now.keys()
        again = f"SELECT {ISSUE_COLUMNS} FROM issue i WHERE i.id IN ({{}})"  # noqa: S608 - fixed names
        for row in (*now.values(), *self.sql.rows_in(again, left)):
            goals = since.get(row[0], load_ids(row[15]))
            if row[0] not in found and row[0] not in explicit and self.goals.intersection(goals):
                yield self._as_then(traced_issue(row), "linked", goals, None)

    def _as_then(self, issue: TracedIssue, state: str, goals: tuple[int, ...], carrier: int | None) -> TracedIssue:
        past = self.pasts.get(issue.id, _Past())
        presence = issue.presence if past.presence is None else past.presence
        return replace(
            issue,
            key=past.key or issue.key,
            place=past.place or issue.place,
            closed=issue.closed if past.closed is None else past.closed,
            presence=presence,
            counted=presence == "present",
            state=state,
            carrier=carrier,
            rule=issue.rule if carrier is None else None,
            parent=self.parents.get(issue.id, issue.parent),
            goals=goals,
            suspect=False,
            reviewed=False,
        )
