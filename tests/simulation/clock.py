"""Time in the simulation: it passes only when somebody lets it pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Clock:
    """The world's own clock, and the machine's, which may be wrong by ``error``."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self.error = timedelta()
        self._stopped = False

    def __call__(self) -> datetime:
        """Return the present instant as trackers and people know it."""
        return self._now

    def machine(self) -> datetime:
        """Return the present instant as the daemon's machine believes it to be."""
        return self._now + self.error

    def monotonic(self) -> float:
        """Return seconds that grow whatever becomes of the machine's clock."""
        return (self._now - MONDAY).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let time pass, unless it is stopped."""
        if not self._stopped:
            self._now += timedelta(seconds=max(seconds, 0))

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let no time pass: everything happens at one instant."""
        self._stopped = True
        try:
            yield
        finally:
            self._stopped = False
