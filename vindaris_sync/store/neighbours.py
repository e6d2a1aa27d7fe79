"""What candidates for an unlinked issue are found from: the issue, what hangs beside it, and the work on each goal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vindaris_sync.domain.ranking import Ground, Work
from vindaris_sync.store.codec import load_ids, load_traits, to_instant
from vindaris_sync.store.goal_issues import HOLDING
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_WORK = "id, substr(title, 1, 300), traits, author, assignee, created"
"""Of a title no more than trackers take for one: strangers write them, and thirty for each goal are held in memory."""

_SERVING = (
    f"SELECT {_WORK}, carrier_id, rule_id FROM issue WHERE id IN (SELECT id FROM issue WHERE carrier_id IN "  # noqa: S608 - fixed texts
    f"(SELECT h.issue_id FROM {HOLDING} h WHERE h.goal_id = ?) UNION SELECT id FROM issue "
    "WHERE rule_id IN (SELECT id FROM rule WHERE goal_id = ?) ORDER BY 1 DESC LIMIT ?) "
    "AND tracked AND presence = 'present' ORDER BY id DESC"
)
_SERVES = "presence <> 'gone' AND decided AND state IN ('linked', 'inherited')"


class Touched(NamedTuple):
    """What an entry of the history is about; None where it is not about such."""

    issue: int | None
    goal: int | None
    rule: int | None


@dataclass(frozen=True, slots=True)
class Serving:
    """The newest work on a goal; whatever happens to ``issues`` or ``rules`` may change which it is."""

    work: tuple[Work, ...] = ()
    issues: frozenset[int] = frozenset()
    rules: frozenset[int] = frozenset()


@dataclass(slots=True)
class Surroundings:
    """An issue, and how many of its neighbours serve each goal."""

    work: Work
    near: dict[Ground, dict[int, int]] = field(default_factory=dict)


class Neighbours(Part):
    """What stands near an issue, and near a goal."""

    def last_touched(self) -> int:
        """Return the number of the history's newest entry."""
        with self._db.read() as sql:
            return int(sql.value("SELECT coalesce(max(id), 0) FROM history"))

    def touched(self, after: int, most: int) -> tuple[Touched, ...]:
        """Return what the entries of the history above number ``after`` are about, at most ``most`` of them."""
        text = "SELECT issue_id, goal_id, rule_id FROM history WHERE id > ? ORDER BY id LIMIT ?"
        with self._db.read() as sql:
            return tuple(Touched(*row) for row in sql.rows(text, (after, most)))

    def newest_on(self, goals: Iterable[int], most: int) -> dict[int, Serving]:
        """Return, per goal, the ``most`` issues last seen first that serve it by a link, through others or by a rule.

        It costs the goals asked for, and a step for each issue on them, of which it reads no more than ``most``.
        """
        with self._db.read() as sql:
            return {goal: _serving(sql.rows(_SERVING, (goal, goal, most))) for goal in goals}

    def surroundings(self, ids: Iterable[int]) -> dict[int, Surroundings]:
        """Return these issues, each with which goals its parent and the others below that serve; unknown ids are not.

        A parent out of scope counts as any other does.
        """
        query = f"SELECT {_WORK}, parent_id FROM issue WHERE id IN ({{}})"  # noqa: S608 - fixed names
        with self._db.read() as sql:
            rows = list(sql.rows_in(query, ids))
            parents = {row[0]: row[-1] for row in rows if row[-1] is not None}
            above, beside = _parents(sql, set(parents.values())), _beside(sql, set(parents.values()))
        found = {row[0]: Surroundings(_work(row)) for row in rows}
        for issue, parent in parents.items():
            near = {Ground.PARENT: above.get(parent, {}), Ground.SIBLING: beside.get(parent, {})}
            found[issue].near = {ground: dict(goals) for ground, goals in near.items() if goals}
        return found


def _serving(rows: Iterable[Any]) -> Serving:
    rows = tuple(rows)
    issues = frozenset(number for row in rows for number in (row[0], row[-2]) if number is not None)
    return Serving(tuple(map(_work, rows)), issues, frozenset(row[-1] for row in rows if row[-1] is not None))


def _work(row: Any) -> Work:  # noqa: ANN401 - a row's types are its query's
    return Work(row[1], load_traits(row[2]), row[3], row[4], to_instant(row[5]))


def _parents(sql: Sql, ids: Iterable[int]) -> Mapping[int, Mapping[int, int]]:
    query = f"SELECT id, goals FROM issue WHERE {_SERVES} AND id IN ({{}})"  # noqa: S608 - fixed names
    return {issue: dict.fromkeys(load_ids(goals), 1) for issue, goals in sql.rows_in(query, ids)}


def _beside(sql: Sql, parents: Iterable[int]) -> Mapping[int, Mapping[int, int]]:
    query = (
        f"SELECT parent_id, goals, count(*) FROM issue WHERE {_SERVES} AND parent_id IN ({{}}) "  # noqa: S608 - fixed names
        "GROUP BY parent_id, goals"
    )
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for parent, goals, count in sql.rows_in(query, parents):
        for goal in load_ids(goals):
            found[parent][goal] += count
    return found
