"""How each goal stands: its work in numbers, its outcomes as they were measured, and what links to it came when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vindaris_sync.domain.findings import Work
from vindaris_sync.domain.leading import Effort
from vindaris_sync.store.figures import Tally
from vindaris_sync.store.goal_work import Finished, WorkGroup
from vindaris_sync.store.store import Store

WEEK = timedelta(days=7)
"""What ``last week`` is: the seven days before now."""

UnitOf = Callable[[str], str]
"""In which unit a tracker's issues are estimated; empty where it has none."""


@dataclass(slots=True)
class Standing:
    """The work on one goal itself, in numbers of issues."""

    work: Work = field(default_factory=Work)
    suspect: int = 0
    efforts: dict[str, Effort] = field(default_factory=dict)
    """By unit."""
    nearby: int = 0
    """Open issues that serve no goal, in the places where the goal's work is."""
    finished: int = 0
    """Issues finished in the last week."""


@dataclass(frozen=True, slots=True)
class Standings:
    """How all goals stand, by id, and what was finished in the last week by all: ``finished`` (0 beside goals)."""

    goals: Mapping[int, Standing]
    finished: int
    open: int
    """All open work, whatever it serves."""
    by_primary: Mapping[int, int]
    """Issues finished in the last week by their primary goal; under 0 those that serve none."""


def standings(store: Store, now: datetime, unit_of: UnitOf) -> Standings:
    """Return how every goal stands now. An issue on several goals counts on each, and once in totals."""
    found: dict[int, Standing] = defaultdict(Standing)
    places: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for group in store.work_groups():
        for goal in group.goals:
            _add(found[goal], group, unit_of(group.tracker))
            places[goal].add((group.tracker, group.place))
    tallies = store.tallies()
    unlinked, everything = _unlinked(tallies), sum(each.count for each in tallies if not each.due)
    for goal, where in places.items():
        found[goal].nearby = sum(unlinked[place] for place in where)
    done = store.finished(now - WEEK)
    for each in done:
        for goal in each.goals:
            found[goal].finished += each.count
    return Standings(found, sum(each.count for each in done), everything, _by_primary(done))


def _add(standing: Standing, group: WorkGroup, unit: str) -> None:
    inherited = group.count if group.inherited else 0
    standing.work += Work(0, group.count, inherited) if group.closed else Work(group.count, 0, inherited)
    standing.suspect += group.suspect
    if unit and group.estimated:
        done = group.estimate if group.closed else 0.0
        effort = Effort(unit, done, group.estimate, group.estimated)
        standing.efforts[unit] = standing.efforts.get(unit, Effort(unit)) + effort


def _unlinked(tallies: Iterable[Tally]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for each in tallies:
        if each.state == "unlinked" and not each.due:
            found[each.tracker, each.place] += each.count
    return found


def _by_primary(done: Sequence[Finished]) -> Counter[int]:
    found: Counter[int] = Counter()
    for each in done:
        found[each.goals[0] if each.goals else 0] += each.count
    return found
