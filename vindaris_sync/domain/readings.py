"""Readings: what the metric of a goal's outcome was measured at, and when. The newest one is the current value.

A metric's name is a goal's own: goals that state the same metric, in the same unit, are measured together and keep a
series each, so that a goal may get its own readings, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite

from vindaris_sync.domain.goals import Goal, Outcome, fold

STATED = "goals"
"""By which means a value came that a goal's source states as ``current``."""

_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value of a goal's metric, in the outcome's unit; ``at`` is when it was measured.

    ``how``: ``goals`` (its source states it), ``command line``, ``csv``, or ``source NAME``. A later reading of the
    same instant corrects an earlier one.
    """

    goal: int
    metric: str
    value: float
    at: datetime
    how: str
    who: str = ""


Series = Mapping[str, Sequence[Reading]]
"""A goal's readings by folded metric, oldest first; of each instant the one that counts."""


def metric_of(name: str) -> str:
    """Return what two names of a metric share iff they mean the same one: case and white space do not count."""
    return fold(" ".join(name.split()))


def measured(goal: Goal, series: Series) -> Goal:
    """Return the goal with each outcome's ``current`` as it was read last; where nothing was, as it is stated."""
    return replace(goal, outcomes=tuple(current_of(outcome, series) for outcome in goal.outcomes))


def current_of(outcome: Outcome, series: Series) -> Outcome:
    """Return the outcome with ``current`` as it was read last; where nothing was, as it is."""
    found = series.get(metric_of(outcome.metric))
    return replace(outcome, current=found[-1].value) if found else outcome


def newly_stated(before: Iterable[Outcome], after: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes whose source states another current value than it did: these are readings."""
    known = {metric_of(each.metric): each.current for each in before}
    return [
        each
        for each in after
        if each.current is not None and isfinite(each.current) and known.get(metric_of(each.metric)) != each.current
    ]


def sparkline(values: Sequence[float]) -> str:
    """Return the values as a line of blocks, the lowest ``▁``, the highest ``█``; all ``▄`` where they are the same."""
    if not values:
        return ""
    low, high = min(values), max(values)
    if not isfinite(high - low) or high == low:
        return "▄" * len(values)
    return "".join(_BLOCKS[round((value - low) / (high - low) * (len(_BLOCKS) - 1))] for value in values)
