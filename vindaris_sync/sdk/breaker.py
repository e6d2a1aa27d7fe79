"""The circuit breaker's rule: a tracker that keeps failing is left alone, then asked once whether it is back.

Pure functions of a value, so that it can be stored, shown and tested; ``Conduct`` applies it to requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

OPENS_AFTER = 3
"""Passes in a row that failed without an answer, after which the breaker opens."""
FIRST_PAUSE = timedelta(minutes=4)
LONGEST_PAUSE = timedelta(minutes=30)
"""Pauses between two probes double from the first to the longest."""


class Phase(StrEnum):
    """Closed: asked as usual. Open: not asked. Half open: asked once, and the answer decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """How often in a row a tracker has failed, and until when it is left alone for that."""

    failures: int = 0
    until: datetime | None = None

    def phase(self, now: datetime) -> Phase:
        """Return what may be asked at ``now``."""
        if self.until is None:
            return Phase.CLOSED
        return Phase.OPEN if now < self.until else Phase.HALF_OPEN

    def failed(self, now: datetime) -> Breaker:
        """Return the breaker after one more failure: from ``OPENS_AFTER`` on it is open, longer each time."""
        failures = self.failures + 1
        if failures < OPENS_AFTER:
            return Breaker(failures)
        pause: timedelta = min(FIRST_PAUSE * (1 << min(failures - OPENS_AFTER, 10)), LONGEST_PAUSE)
        return Breaker(failures, now + pause)
