"""Does strategy lead the work? How links came to be, what was measured, and where work is against the priorities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from vindaris_sync.domain.text import UNRANKED, priority_rank


@dataclass(frozen=True, slots=True)
class Effort:
    """Output by estimate: what issues that have one add up to, in one unit; ``issues`` is how many have one."""

    unit: str
    done: float = 0.0
    total: float = 0.0
    issues: int = 0

    @property
    def share(self) -> float | None:
        """The share that is done; ``None`` where nothing was estimated above zero."""
        return self.done / self.total if self.total else None

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.unit, self.done + other.done, self.total + other.total, self.issues + other.issues)


def added_up(efforts: Iterable[Effort]) -> tuple[Effort, ...]:
    """Return the sum of each unit."""
    found: dict[str, Effort] = {}
    for each in efforts:
        found[each.unit] = found.get(each.unit, Effort(each.unit)) + each
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Measured:
    """What an outcome's metric was measured at, oldest first, and by which means the newest value came."""

    metric: str
    at: tuple[datetime, ...]
    values: tuple[float, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Birth:
    """When effective links came to be; each issue counts once: created from a goal, linked at birth, later, unknown."""

    created: int = 0
    at_birth: int = 0
    later: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.created + self.at_birth + self.later + self.unknown

    @property
    def share(self) -> float | None:
        """The part born linked among those whose timing is known."""
        known = self.created + self.at_birth + self.later
        return (self.created + self.at_birth) / known if known else None

    def __add__(self, other: Birth) -> Birth:
        return Birth(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class BirthRow:
    """How the links of one ``team`` came to be, or those that came in one ``week``, named by its Monday."""

    kind: str
    name: str
    birth: Birth


@dataclass(frozen=True, slots=True)
class PriorityRow:
    """One priority, its goals' descendants without one included; an empty ``priority`` is work that serves no goal.

    ``expected`` is the share of the work that the priorities ask for, ``actual`` its share of what was finished.
    """

    priority: str
    goals: int = 0
    """Active goals that work hangs on, or could: those with own work, or with no goal below."""
    expected: float = 0.0
    open: int = 0
    finished: int = 0
    actual: float | None = None
    """``None`` where nothing was finished at all."""


NO_PRIORITY = "no priority"
"""What the row of goals without a priority is called."""


def contrast(
    goals: Iterable[tuple[str, int, int]], finished: Mapping[str, int], aside: tuple[int, int]
) -> tuple[PriorityRow, ...]:
    """Return where the priorities say that work should be, beside where it was.

    ``goals`` are (priority, 1 where the goal counts and 0 where not, open issues), ``finished`` issues by priority,
    each under its primary goal's, ``aside`` (open, finished) of work that serves no goal. A goal weighs twice as much
    as one of the next priority that any goal has; goals without one come after all others.
    """
    goals, known = tuple(goals), dict[tuple[int, str], str]()
    for priority in (*(goal[0] for goal in goals), *finished):
        known.setdefault(_rank(priority), priority)
    counts, opened, done = (Counter[str]() for _ in range(3))
    for priority, counted, work in goals:
        counts[known[_rank(priority)]] += counted
        opened[known[_rank(priority)]] += work
    for priority, number in finished.items():
        done[known[_rank(priority)]] += number
    names = [known[rank] for rank in sorted(known)]
    levels = {rank: place for place, rank in enumerate(sorted({rank for rank, _ in known}))}
    weights = {name: counts[name] * 0.5 ** levels[_rank(name)[0]] for name in names}
    weight, total = sum(weights.values()), done.total() + aside[1]
    rows = [
        PriorityRow(
            name or NO_PRIORITY,
            counts[name],
            weights[name] / weight if weight else 0.0,
            opened[name],
            done[name],
            done[name] / total if total else None,
        )
        for name in names
    ]
    if any(aside):
        rows.append(PriorityRow("", 0, 0.0, *aside, aside[1] / total if total else None))
    return tuple(rows)


def _rank(priority: str) -> tuple[int, str]:
    """Return the same for words that rank the same, P1 and high for instance; other words stand for themselves."""
    rank, word = priority_rank(priority)
    return rank, word if rank >= UNRANKED else ""
