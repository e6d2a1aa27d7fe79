"""Readings of outcomes: to whose outcomes a measured value belongs, and sources of values, asked on a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.goals import Goal, Outcome
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.readings import Reading, metric_of
from vindaris_sync.engine.context import Context
from vindaris_sync.sdk.errors import ConfigError, Transient, VindarisError
from vindaris_sync.store.store import Store

TROUBLES = "outcomes not read"
"""The note that holds why sources of outcomes could not be read last; an empty list: all could."""

log = structlog.get_logger("vindaris_sync.outcomes")


class NoOutcome(ConfigError):
    """A value can be given to no outcome, or it is not said to which."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An outcome, and the goal that states it."""

    id: int
    goal: Goal
    outcome: Outcome


def stated(store: Store) -> tuple[Stated, ...]:
    """Return all outcomes that goals state, in the goals' order."""
    return tuple(Stated(each.id, each.goal, outcome) for each in store.goals() for outcome in each.goal.outcomes)


def meant(outcomes: Iterable[Stated], metric: str, goal: int | None = None) -> tuple[Stated, ...]:
    """Return whose outcome ``metric`` is: ``goal``'s, or that of all goals that state it, where the units agree.

    Raises:
        NoOutcome: no goal states it, or several do in different units and none is named.

    """
    wanted = metric_of(metric)
    known = tuple(outcomes)
    found = tuple(each for each in known if metric_of(each.outcome.metric) == wanted and goal in (None, each.id))
    if not found:
        there = dict.fromkeys(each.outcome.metric for each in known if goal in (None, each.id))
        named = ", ".join(list(there)[:5]) or "none"
        raise NoOutcome(f"no outcome is called {metric!r}", advice=f"goals state these: {named}")
    if len({metric_of(each.outcome.unit) for each in found}) > 1:
        units = ", ".join(f"{each.goal.key} in {each.outcome.unit or 'no unit'}" for each in found)
        raise NoOutcome(f"{metric!r} is stated in different units: {units}", advice="name the goal")
    return found


def readings(found: Iterable[Stated], value: float, at: datetime, how: str, who: str = "") -> list[Reading]:
    """Return one reading for each of the outcomes."""
    return [Reading(each.id, each.outcome.metric, value, at, how, who) for each in found]


# --- sources ------------------------------------------------------------------------------------------------------


class OutcomeSource(Protocol):
    """Where the value of a metric is read; ``goal`` is the key of the goal that it is for, empty: all that state it."""

    name: str
    metric: str
    goal: str
    every: timedelta

    def read(self) -> float:
        """Return the present value. Raises ``VindarisError`` where there is none: it is asked again next time."""
        ...


class OutcomeReader:
    """Asks sources in turn, each as often as it says, and keeps the values that differ from the last ones."""

    def __init__(self, sources: Sequence[OutcomeSource]) -> None:
        self._sources = sources
        self._next: dict[str, datetime] = {}
        self._troubles: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._sources)

    def read(self, context: Context) -> int:
        """Ask the sources that are due; return how many readings were kept.

        A source that cannot be read is told of in chat and asked again next time; what it said before stays in force.
        """
        now = context.now()
        due = [each for each in self._sources if now >= self._next.get(each.name, now)]
        kept = sum(self._one(context, each, now) for each in due)
        if due and context.store.put_note(TROUBLES, list(self._troubles.values())):
            context.store.announce(Announce("", "", Kind.OUTCOMES, "", now), now=now)
        return kept

    def _one(self, context: Context, source: OutcomeSource, now: datetime) -> int:
        self._next[source.name] = now + source.every
        try:
            found = _new(context, source, source.read(), now)
        except VindarisError as error:
            if isinstance(error, Transient) and error.retry_after is not None:
                self._next[source.name] = now + max(source.every, error.retry_after)
            self._troubles[source.name] = f"outcome source {source.name}: {error}"
            log.warning("outcome source", source=source.name, error=str(error), advice=error.advice)
            return 0
        self._troubles.pop(source.name, None)
        return context.store.put_readings(found, now) if found else 0


def _new(context: Context, source: OutcomeSource, value: float, now: datetime) -> list[Reading]:
    """Return the readings that tell something: where the value is the last one, nothing is added."""
    store = context.store
    goal = context.book().find(source.goal) if source.goal else None
    if source.goal and goal is None:
        raise NoOutcome(f"no goal is called {source.goal!r}", advice="correct its block's goal")
    last: Mapping[tuple[int, str], float] = {
        (number, metric): found[-1].value for number, each in store.series(1).items() for metric, found in each.items()
    }
    found = meant(stated(store), source.metric, goal)
    fresh = [each for each in found if last.get((each.id, metric_of(each.outcome.metric))) != value]
    return readings(fresh, value, now, f"source {source.name}")
