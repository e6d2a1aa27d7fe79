"""The work on goals in numbers: how much there is, how much was finished lately, and when links came to be.

Each is one query that adds up in the database: what it returns grows with goals and places, not with issues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vindaris_sync.store.codec import load_ids, to_instant, to_micros
from vindaris_sync.store.goal_issues import HOLDING
from vindaris_sync.store.part import Part

_COUNTED = "i.tracked AND i.presence = 'present'"
_FLOW = "h.event IN ('closed', 'linked')"  # as the index on them says it


@dataclass(frozen=True, slots=True)
class WorkGroup:
    """Issues of one place that serve the same goals (the primary first), open or closed."""

    goals: tuple[int, ...]
    tracker: str
    place: str
    closed: bool
    inherited: bool
    count: int
    suspect: int
    estimated: int
    """How many of them have an estimate."""
    estimate: float
    """The sum of those, in the tracker's unit."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Issues on the same goals (none: they serve none) that were finished and still are."""

    goals: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Births:
    """Issues by when their first effective link came: ``created`` (from a goal), ``at_birth``, ``later``, ``unknown``.

    ``since`` is the last of the boundaries asked for before it came; None: it is older than all.
    """

    goals: tuple[int, ...]
    tracker: str
    place: str
    timing: str
    since: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class LateLink:
    """A link that an issue got, when it had none, after its birth: when, by whom, on which goal."""

    at: datetime
    who: str
    goal: int
    tracker: str
    place: str


class GoalWork(Part):
    """Numbers on the work that serves goals."""

    def work_groups(self) -> tuple[WorkGroup, ...]:
        """Return the tracked work that serves goals, by goals and place; ``suspect`` are among the open."""
        text = (
            "SELECT i.goals, i.tracker, i.place, i.closed, i.state = 'inherited', count(*), "  # noqa: S608 - fixed texts
            "sum(CASE WHEN NOT i.closed AND (coalesce(c.suspect, FALSE) OR coalesce(r.suspect, FALSE)) THEN 1 ELSE 0 "
            "END), count(i.estimate), coalesce(sum(i.estimate), 0.0) FROM issue i "
            "LEFT JOIN issue c ON c.id = i.carrier_id LEFT JOIN rule r ON r.id = i.rule_id "
            f"WHERE {_COUNTED} AND i.decided AND i.state IN ('linked', 'inherited') GROUP BY 1, 2, 3, 4, 5"
        )
        with self._db.read() as sql:
            return tuple(
                WorkGroup(load_ids(goals), tracker, place, bool(closed), bool(inherited), *numbers)
                for goals, tracker, place, closed, inherited, *numbers in sql.rows(text)
            )

    def finished(self, since: datetime) -> tuple[Finished, ...]:
        """Return the tracked work that was closed from ``since`` on, by goals.

        What was closed when it was first seen counts if it is no backlog: it was made and finished between two pulls.
        """
        text = (
            "SELECT CASE WHEN i.state IN ('linked', 'inherited') THEN i.goals ELSE '[]' END, count(*) FROM issue i "  # noqa: S608 - fixed texts
            f"WHERE i.closed AND {_COUNTED} AND (i.id IN (SELECT h.issue_id FROM history h WHERE {_FLOW} "
            "AND h.event = 'closed' AND h.at >= ?) OR (NOT i.backlog AND i.first_seen_at >= ? AND NOT EXISTS "
            "(SELECT 1 FROM history h WHERE h.issue_id = i.id AND h.event = 'closed'))) GROUP BY 1"
        )
        at = to_micros(since)
        with self._db.read() as sql:
            return tuple(Finished(load_ids(goals), count) for goals, count in sql.rows(text, (at, at)))

    def births(self, boundaries: Sequence[datetime]) -> tuple[Births, ...]:
        """Return when first effective links came, rules aside, by goals and place.

        ``boundaries``, oldest first, cut time into weeks. A link came when it was made, or with the issue that inherits
        it.
        """
        marks = [to_micros(each) for each in boundaries]
        cases = " ".join(f"WHEN came >= ? THEN {number}" for number in range(len(marks) - 1, -1, -1))
        week = f"CASE {cases} END" if cases else "NULL"
        text = (
            f"SELECT goals, tracker, place, timing, {week}, count(*) FROM (SELECT "  # noqa: S608 - fixed texts
            "CASE WHEN i.state IN ('linked', 'inherited') THEN i.goals ELSE '[]' END AS goals, i.tracker, i.place, "
            "CASE WHEN EXISTS (SELECT 1 FROM link WHERE issue_id = i.id AND provenance = 'born') THEN 'created' "
            "ELSE i.timing END AS timing, "
            "CASE WHEN coalesce(l.at, 0) > i.created THEN l.at ELSE i.created END AS came FROM issue i LEFT JOIN "
            f"(SELECT h.issue_id, min(h.at) AS at FROM {HOLDING} h GROUP BY h.issue_id) AS l "
            f"ON l.issue_id = i.carrier_id WHERE {_COUNTED} AND i.timing IS NOT NULL) AS born GROUP BY 1, 2, 3, 4, 5"
        )
        with self._db.read() as sql:
            return tuple(
                Births(load_ids(goals), tracker, place, timing, None if cut is None else boundaries[cut], count)
                for goals, tracker, place, timing, cut, count in sql.rows(text, tuple(reversed(marks)))
            )

    def late_links(self, since: datetime) -> tuple[LateLink, ...]:
        """Return the links that people made from ``since`` on, to work that was older and had none, oldest first.

        Left out is what no person did then: links that stood when their place was first seen, imports, and keys that
        stood on issues before a goal had them. What was found in a tracker was made when the issue last changed.
        """
        text = (
            "SELECT CASE WHEN h.how = 'tracker' AND i.updated < h.at THEN i.updated ELSE h.at END, h.who, h.goal_id, "  # noqa: S608 - fixed texts
            "i.tracker, i.place FROM history h JOIN issue i ON i.id = h.issue_id "
            f"WHERE {_FLOW} AND h.event = 'linked' AND h.at >= ? AND h.before IN ('[]', '[\"no-goal\"]') "
            f"AND h.goal_id IS NOT NULL AND h.how <> 'import' AND i.timing = 'later' AND {_COUNTED} "
            "AND NOT EXISTS (SELECT 1 FROM cause c WHERE c.issue_id = i.id AND c.reason = 'unknown_goal' "
            "AND c.answered_at = h.at) ORDER BY 1"
        )
        with self._db.read() as sql:
            return tuple(LateLink(to_instant(row[0]), *row[1:]) for row in sql.rows(text, (to_micros(since),)))
