"""Many histories: on all cores, each in a fresh world, until so many tracker-days were lived through or time is up."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from time import monotonic

from tests.blank import blank
from tests.simulation.auditor import audit
from tests.simulation.history import Result, live
from tests.simulation.script import Script, draw
from vindaris_sync.engine.collector import spare_imports

_APART = 1_000_003
"""Between the seeds of two soaks, so that their histories differ."""
MOST_FAILURES = 5
"""Failed histories after which a soak ends."""


@dataclass(slots=True)
class Totals:
    """What many histories came to."""

    histories: int = 0
    days: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one more history."""
        self.histories += 1
        self.days += result.days
        self.counts += result.counts
        if result.breaches:
            self.failed.append(result)

    @property
    def violations(self) -> int:
        """How many breaches of a law were found."""
        return sum(len(result.breaches) for result in self.failed)

    def lines(self) -> Iterator[str]:
        """Yield the totals, a line each."""
        shown = {
            "tracker-days": self.days,
            "histories": self.histories,
            "passes": self.counts["passes"],
            "acts of people": self.counts["acts"],
            "faults": self.counts["faults"],
            "crashes": self.counts["crashes"],
            "requests": self.counts["requests"],
            "audits": self.counts["audits"],
            "violations": self.violations,
        }
        for name, number in shown.items():
            yield f"{name:>15}  {number:,}"
        minutes = self.seconds / 60 or 1
        yield f"{'speed':>15}  {self.days / minutes:,.0f} tracker-days a minute ({self.seconds:,.0f} s)"


_KEPT = {"PATH", "HOME", "TZ"}


@contextmanager
def spare() -> Iterator[None]:
    """Hide most of the environment: ``requests`` looks through the whole of it, more than once for every request."""
    former = dict(os.environ)
    for name in former.keys() - _KEPT:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(former)


def one(seed: int) -> Result:
    """Live through the history of one seed, audited."""
    with spare():
        return live(draw(seed), audit)


def seeds_of(seed: int) -> Iterator[int]:
    """Yield the seeds of a soak's histories."""
    return count(seed * _APART)


def until(days: int, seed: int) -> Iterator[Script]:
    """Yield scripts until they make up ``days`` tracker-days."""
    for each in seeds_of(seed):
        if days <= 0:
            return
        script = draw(each)
        days -= script.tracker_days
        yield script


def here(seed: int, seconds: float) -> Totals:
    """Live through histories in this process until time is up; the one that is going on then is finished."""
    blank()
    totals, began = Totals(), monotonic()
    for each in seeds_of(seed):
        totals.add(one(each))
        totals.seconds = monotonic() - began
        if totals.seconds >= seconds or totals.failed:
            return totals
    raise AssertionError  # pragma: no cover - there are seeds without end


@dataclass(slots=True)
class Soak:
    """A run on all cores; ``seconds`` 0: no limit but ``days``."""

    seed: int
    days: int = 0
    seconds: float = 0.0
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)

    def run(self) -> Iterator[Totals]:
        """Yield the totals after each history; the last ones are all."""
        began, totals = monotonic(), Totals()
        scripts = iter(until(self.days or 10**9, self.seed))
        blank()  # made once, inherited by all
        with ProcessPoolExecutor(self.workers, mp_context=get_context("fork"), initializer=spare_imports) as pool:
            waiting: set[Future[Result]] = set()
            while True:
                late = self.seconds and monotonic() - began >= self.seconds
                while not late and len(totals.failed) < MOST_FAILURES and len(waiting) < 2 * self.workers:
                    script = next(scripts, None)
                    if script is None:
                        break
                    waiting.add(pool.submit(one, script.seed))
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    totals.add(future.result())
                totals.seconds = monotonic() - began
                yield totals
