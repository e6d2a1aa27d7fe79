"""Hunting mutants: days on which a planted fault should be noticed, and whether it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from random import Random

from tests.simulation.auditor import audit
from tests.simulation.history import Breach, live
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.script import AWAKE, PEOPLE, Script, Step, draw


@dataclass(frozen=True, slots=True)
class Catch:
    """Where a mutant was found: after how many simulated days, in which seed's history, and what was found."""

    days: int
    seed: int
    breach: Breach


def day_of(mutant: Mutant, seed: int) -> Script:
    """Return the day on which a mutant is hunted: all that happens to its tracker on the first days of some seeds."""
    tracker = mutant.tracker
    drawn = (script for each in count(seed * 1000) if tracker in (script := draw(each, 1)).trackers)
    steps = [step for script in islice(drawn, mutant.crowd) for step in script.steps if step.tracker == tracker]
    steps += _trouble(mutant, Random(seed))  # noqa: S311 - one seed is one day
    steps.sort(key=lambda step: step.at)
    return Script(seed, (tracker,), 1, tuple(replace(step, number=n) for n, step in enumerate(steps)))


def _trouble(mutant: Mutant, random: Random) -> Iterator[Step]:
    for kind in mutant.trouble:
        sort, late = ("people", random.randint(1, 12)) if kind in PEOPLE else ("fault", 0)
        at = round(random.uniform(60, AWAKE), 3)
        yield Step(0, at, sort, kind, mutant.tracker, random.getrandbits(62), late)


def hunt(mutant: Mutant, seed: int, days: int) -> Catch | None:
    """Live through at most ``days`` days with the mutant on; ``None`` where neither auditor nor simulation minds.

    Only what the unchanged product does not show on the same day counts.
    """
    for day in range(days):
        script = day_of(mutant, seed + day)
        with mutant.applied():
            breaches = live(script, audit).breaches
        if breaches and not live(script, audit).breaches:
            return Catch(day + 1, seed + day, breaches[0])
    return None


def table() -> int:
    """Print after how many days each mutant is found, beginning with the first seed; return 1 where one is not."""
    missed = 0
    for mutant in MUTANTS:
        found = hunt(mutant, 1, mutant.within)
        missed += found is None
        told = f"{found.days:>3}  {found.breach}" if found else f"  -  not within {mutant.within} days"
        sys.stdout.write(f"{mutant.name:<38} {told.splitlines()[0][:120]}\n")
        sys.stdout.flush()
    return 1 if missed else 0
