"""Time in the simulation: it passes only when somebody lets it pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Clock:
    """The world's own clock, and the machine's, which may be wrong by ``error``."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self._settings = [(now, timedelta())]
        self._stopped = False

    @property
    def error(self) -> timedelta:
        """How far the machine's clock is ahead at present."""
        return self._settings[-1][1]

    @error.setter
    def error(self, error: timedelta) -> None:
        self._settings.append((self._now, error))

    def __call__(self) -> datetime:
        """Return the present instant as trackers and people know it."""
        return self._now

    def machine(self) -> datetime:
        """Return the present instant as the daemon's machine believes it to be."""
        return self._now + self.error

    def when(self, stamp: int) -> Iterator[datetime]:
        """Yield the instants at which the machine's clock told ``stamp`` (microseconds since 1970 UTC).

        There may be several where it was set back, and none where it leapt.
        """
        told = EPOCH + timedelta(microseconds=stamp)
        ends = [since for since, _ in self._settings[1:]] + [self._now]
        for (since, error), end in zip(self._settings, ends, strict=True):
            if since <= told - error <= end:
                yield told - error

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
