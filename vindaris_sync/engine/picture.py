"""Everything in numbers, gathered once for all who look: adding up all issues takes longer than a page may.

A picture is as old as it says; while a newer one is gathered, the last one is shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock, Thread

import structlog

from vindaris_sync.domain.findings import Coverage, GoalRow, Slice
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.leading import Birth
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.findings import coverage_of, goal_rows, slices_of
from vindaris_sync.engine.leading import Born
from vindaris_sync.engine.standing import standings
from vindaris_sync.sdk.errors import VindarisError
from vindaris_sync.store.figures import Tally

log = structlog.get_logger("vindaris_sync.web")

FRESH = timedelta(seconds=15)
"""For so long a picture is shown as it is, whatever happens."""
LONGEST = timedelta(minutes=10)
"""After so long it is gathered anew, though nothing was committed: weeks go by."""


@dataclass(frozen=True)
class Picture:
    """What the store held ``at``: coverage, coverage by team, tracker and place, and the goals as a tree."""

    at: datetime
    generation: int
    coverage: Coverage
    slices: tuple[Slice, ...]
    states: Mapping[str, Mapping[str, int]]
    """Open issues by tracker and link state."""
    goals: tuple[GoalRow, ...]
    provenances: Mapping[str, Mapping[str, int]]
    """How explicit links came to be, by goal."""

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each goal stands in ``goals``, by its folded key."""
        return {fold(row.key): number for number, row in enumerate(self.goals)}

    def goal(self, key: str) -> GoalRow | None:
        """Return a goal by its key, in any case; None for one that came since."""
        place = self.places.get(fold(key))
        return None if place is None else self.goals[place]

    def above(self, key: str) -> Sequence[GoalRow]:
        """Return all goals above one, the topmost first."""
        found: list[GoalRow] = []
        row = self.goal(key)
        while row is not None and row.parent and row.depth:
            row = self.goal(row.parent)
            found += [row] if row is not None else []
        return found[::-1]

    def below(self, key: str) -> Sequence[GoalRow]:
        """Return all goals below one, parents first."""
        start = self.places.get(fold(key))
        if start is None:
            return ()
        depth = self.goals[start].depth
        end = next((n for n in range(start + 1, len(self.goals)) if self.goals[n].depth <= depth), len(self.goals))
        return self.goals[start + 1 : end]


def gather(context: Context) -> Picture:
    """Return the state of everything now; takes as long as adding up all issues."""
    store, now = context.store, context.now()
    generation = store.generation
    tallies = store.tallies()
    coverage = coverage_of(tallies)
    stand = standings(store, now, context.unit_of)
    goals, keys = context.book().goals, store.provenances()
    return Picture(
        now,
        generation,
        coverage,
        tuple(slices_of(context, tallies)),
        _states(tallies),
        goal_rows(context, stand, Born(Birth(), {}, ()), coverage.total),
        {goals[number].key: counts for number, counts in keys.items() if number in goals},
    )


def _states(tallies: Sequence[Tally]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for tally in tallies:
        found[tally.tracker][tally.state] += tally.count
    return dict(found)


@dataclass(slots=True)
class Pictures:
    """The newest picture, for as many as look at once; safe to use from several threads."""

    context: Context
    _last: Picture | None = None
    _gathering: Lock = field(default_factory=Lock)

    def now(self) -> Picture:
        """Return the newest picture. The first is waited for; a newer one is gathered beside, where there is one."""
        last = self._last
        if last is None:
            with self._gathering:
                return self._last or self._gather()
        if self._is_old(last) and self._gathering.acquire(blocking=False):
            Thread(target=self._renew, name="picture", daemon=True).start()
        return last

    def warm(self) -> None:
        """Begin to gather the first picture, so that nobody waits for it."""
        if self._last is None and self._gathering.acquire(blocking=False):
            Thread(target=self._renew, name="picture", daemon=True).start()

    def _is_old(self, last: Picture) -> bool:
        age = self.context.now() - last.at
        if age > LONGEST or age < timedelta():  # our clock was set back
            return True
        return age > FRESH and self.context.store.generation != last.generation

    def _gather(self) -> Picture:
        self._last = gather(self.context)
        return self._last

    def _renew(self) -> None:
        """Gather in a thread of its own, which holds the lock; what fails leaves the last picture."""
        try:
            self._gather()
        except VindarisError as error:  # a store that is being closed, or busy: whoever looks next tries again
            log.info("picture failed", error=str(error))
        finally:
            self._gathering.release()
