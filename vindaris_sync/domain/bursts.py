"""Retrofit bursts: many links made in a short time, to work that had none, when a planning period ends.

Such links say what a report needed, and seldom what led the work (goal theatre). What is called a burst is stated in
numbers here, so that nobody has to guess; the thresholds are fixed, since a report is only compared with itself where
they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from vindaris_sync.domain.periods import quarter_ends

PAUSE = timedelta(hours=4)
"""Links with no longer pause between them belong together: a working day with its lunch, and not two of them."""

LEAST = 20
"""Fewer links than this are an afternoon's tidying up."""

TIMES_USUAL = 5
"""A burst is at least so many times what is usual in a day: teams that always link late have no bursts."""

USUAL_OVER = timedelta(days=60)
"""What is usual is looked at in the days before."""

BEFORE_END, AFTER_END = timedelta(days=14), timedelta(days=7)
"""How long before and after its last day a planning period is ending."""


@dataclass(frozen=True, slots=True)
class Retrofit:
    """A link that somebody made to work that was older and had none: when, who, and on which goal (its key)."""

    at: datetime
    who: str
    goal: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Burst:
    """Retrofits that belong together; ``ends`` is the last day of the planning period that most of them stand at."""

    start: datetime
    end: datetime
    links: int
    usual: float
    """Links a day in the time before."""
    ends: date
    people: Mapping[str, int]
    """Links by who made them, the most first; so ``goals`` and ``teams``."""
    goals: Mapping[str, int]
    teams: Mapping[str, int]


def bursts(
    retrofits: Iterable[Retrofit], ends: Mapping[str, date], day: Callable[[datetime], date]
) -> tuple[Burst, ...]:
    """Return the retrofit bursts, oldest first.

    Links without a pause of more than ``PAUSE`` between them are one, if there are ``LEAST`` of them and
    ``TIMES_USUAL`` times what was usual a day over ``USUAL_OVER`` before, and most of them were made while the period
    of their goal was ending. ``ends`` are last days of goals' periods by key; for other goals calendar quarters count.
    ``day`` tells the local date of an instant.
    """
    made = sorted(retrofits, key=lambda each: each.at)
    found = []
    for first, last in _together(made):
        group = made[first:last]
        usual = _usual(made[:first], group[0].at)
        days = max((group[-1].at - group[0].at) / timedelta(days=1), 1.0)
        ending = [end for each in group if (end := _ending(day(each.at), ends.get(each.goal))) is not None]
        if len(group) >= LEAST and len(group) / days >= TIMES_USUAL * usual and len(ending) * 2 > len(group):
            found.append(_burst(group, usual, Counter(ending).most_common(1)[0][0]))
    return tuple(found)


def _together(made: Sequence[Retrofit]) -> Iterable[tuple[int, int]]:
    """Yield (first, after the last) of each run of links without a long pause."""
    first = 0
    for number in range(1, len(made) + 1):
        if number == len(made) or made[number].at - made[number - 1].at > PAUSE:
            yield first, number
            first = number


def _usual(before: Sequence[Retrofit], start: datetime) -> float:
    return sum(each.at >= start - USUAL_OVER for each in before) / (USUAL_OVER / timedelta(days=1))


def _ending(on: date, end: date | None) -> date | None:
    """Return the last day of the period that is ending ``on`` this day, where one is."""
    ends = (end,) if end is not None else quarter_ends(on)
    return next((each for each in ends if each - BEFORE_END <= on <= each + AFTER_END), None)


def _burst(group: Sequence[Retrofit], usual: float, ends: date) -> Burst:
    def by(name: str) -> dict[str, int]:
        return dict(Counter(getattr(each, name) for each in group if getattr(each, name)).most_common())

    return Burst(group[0].at, group[-1].at, len(group), usual, ends, by("who"), by("goal"), by("team"))
