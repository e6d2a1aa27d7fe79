"""Making a failing history small: steps are left out as long as the same law is still broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from time import monotonic

from tests.simulation.history import Audit, Breach, live
from tests.simulation.script import DAY, Script, Step


def kind_of(breach: Breach) -> str:
    """Return what two breaches share that show the same defect: the law and the words, without names and numbers."""
    words = re.sub(r"'[^']*'|\"[^\"]*\"|[\w./:-]*\d[\w./:-]*", "", breach.text)
    return f"{breach.law} {' '.join(words.split()[:6])}"


class Minimiser:
    """Looks for a small script that breaks the same law; stops after ``seconds``."""

    def __init__(self, audit: Audit, seconds: float = 300.0) -> None:
        self._audit, self._until = audit, monotonic() + seconds
        self.tries = 0

    def smallest(self, script: Script, breach: Breach) -> Script:
        """Return the smallest script found; ``script`` itself where nothing can be left out."""
        wanted = kind_of(breach)

        def fails(candidate: Script) -> bool:
            self.tries += 1
            return any(kind_of(each) == wanted for each in live(candidate, self._audit).breaches)

        script = self._fewer_days(script, fails)
        for sort in ("fault", "crash", "people"):
            script = self._without(script, [step for step in script.steps if step.sort == sort], fails)
        return self._at_once(script, fails)

    def _fewer_days(self, script: Script, fails: Callable[[Script], bool]) -> Script:
        for days in range(1, script.days):
            shorter = Script(
                script.seed, script.trackers, days, tuple(step for step in script.steps if step.at < days * DAY)
            )
            if not self._late and fails(shorter):
                return shorter
        return script

    def _without(self, script: Script, steps: Sequence[Step], fails: Callable[[Script], bool]) -> Script:
        """Leave out as many of ``steps`` as can be, in ever smaller parts."""
        size = len(steps)
        while size and not self._late:
            for start in range(0, len(steps), size):
                part = set(steps[start : start + size])
                fewer = script.having([step for step in script.steps if step not in part])
                if len(fewer.steps) < len(script.steps) and not self._late and fails(fewer):
                    script = fewer
            steps = [step for step in steps if step in set(script.steps)]
            size = min(size // 2, len(steps))
        return script

    def _at_once(self, script: Script, fails: Callable[[Script], bool]) -> Script:
        """Let steps happen between two ticks where it need not be in the middle of an exchange."""
        for step in script.steps:
            plain = Step(step.number, step.at, step.sort, step.kind, step.tracker, step.draw)
            if step.late and not self._late:
                changed = script.having([plain if each is step else each for each in script.steps])
                script = changed if fails(changed) else script
        return script

    @property
    def _late(self) -> bool:
        return monotonic() >= self._until
