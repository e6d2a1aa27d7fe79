"""The daemon is killed again and again at random moments, while people act; then it comes to rest and is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import mean, median
from time import monotonic, sleep

from tests.chaos.judge import Verdict
from tests.chaos.lives import STEP, Life, eventually
from tests.chaos.trial import Trial

REST = 180.0
"""Seconds in which everything must have come to rest after the last kill."""


@dataclass(slots=True)
class Tally:
    """What happened, and the verdict on it."""

    kills: int = 0
    cold: int = 0
    lives: list[float] = field(default_factory=list)
    acts: int = 0
    requests: int = 0
    seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    def __str__(self) -> str:
        verdict, lives = self.verdict, sorted(self.lives) or [0.0]
        told = [
            f"kills        {self.kills} ({self.cold} of a process with an interpreter of its own)",
            f"lives        {lives[0]:.2f} to {lives[-1]:.2f} s, median {median(lives):.2f} s, mean {mean(lives):.2f} s",
            f"acts         {self.acts} of people",
            f"requests     {self.requests}",
            f"time         {self.seconds:.0f} s",
            f"asked        {verdict.conflicts} issues on which a person must decide",
            f"lost         {len(verdict.lost)}",
            f"duplicated   {len(verdict.duplicated)}",
            f"overwritten  {len(verdict.overwritten)}",
        ]
        return "\n".join([*told, *verdict.lost, *verdict.duplicated, *verdict.overwritten])


class Killer:
    """Kills the daemons of one company."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.people, self.random = trial, trial.people, trial.random
        self.tally = Tally()

    def run(self, kills: int, cold: int = 0, told: Callable[[str], object] = lambda _: None) -> Tally:
        """Kill, and judge; ``told`` hears how far it is. ``cold`` lives, evenly spread, begin from nothing."""
        began = monotonic()
        self.trial.settle_in()
        every = kills // cold if cold else kills + 1
        for number in range(1, kills + 1):
            self._life(cold=number % every == 0)
            if number % 25 == 0:
                told(f"{number} kills, {self.people.acts} acts, {len(self.people.works)} issues")
        self._count()
        self.tally.verdict = self.trial.checked(self.trial.rest(patience=REST))
        self._count()
        self.tally.acts, self.tally.seconds = self.people.acts, monotonic() - began
        return self.tally

    def _life(self, *, cold: bool) -> None:
        for _ in range(self.random.randint(0, 2)):
            self.people.act()
        self._count()
        life = self.trial.start(cold=cold)
        self._wait_for_the_moment(life)
        assert life.code is None, (life.code, life.said()[-4000:])
        life.kill()
        self.trial.nursery.lives.remove(life)
        self.tally.kills += 1
        self.tally.cold += cold
        self.tally.lives.append(monotonic() - life.began)

    def _wait_for_the_moment(self, life: Life) -> None:
        """Wait for a moment while it starts, after one of its requests or writes, or any; people act meanwhile."""
        random, kind = self.random, self.random.random()
        if kind < 0.15:
            self._pass_time(random.uniform(0.0, 1.0))
            return
        asked = self.trial.asked
        eventually(lambda: asked() or life.code is not None, "the daemon asks somebody")
        if kind < 0.65:
            writes = random.random() < 0.6
            number, end = random.randint(1, 4 if writes else 15), monotonic() + 2.5
            self.people.act()
            while (self.trial.wrote() if writes else asked()) < number and monotonic() < end:
                sleep(STEP)
            sleep(random.choice([0.0, 0.0, 0.01, 0.03]))
        else:
            self._pass_time(random.choice([1.0, 1.0, 6.0]) * random.random())

    def _pass_time(self, seconds: float) -> None:
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            if self.random.random() < 0.2:
                self.people.act()
            sleep(min(left, 0.1))

    def _count(self) -> None:
        self.tally.requests += self.trial.asked()
        self.trial.company.server.requests.clear()
