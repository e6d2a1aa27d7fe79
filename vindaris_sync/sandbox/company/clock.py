"""A clock for stories: it stands where it was set while the past is told, and then shows the present."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock


class StoryClock:
    """An instant that only ``at`` and ``sleep`` move, until ``present`` lets it run with the machine's clock.

    Safe to use from any thread.
    """

    def __init__(self, start: datetime) -> None:
        self._at: datetime | None = start
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the instant, aware, in UTC."""
        with self._lock:
            return self._at or datetime.now(UTC)

    def at(self, instant: datetime) -> None:
        """Stand at ``instant``; where the story has gone past it already, it stays where it is."""
        with self._lock:
            self._at = max(instant, self._at or instant)

    def sleep(self, seconds: float, really: Callable[[float], None]) -> None:
        """Let ``seconds`` pass: at once while the story is told, by ``really`` in the present."""
        with self._lock:
            if self._at is not None:
                self._at += timedelta(seconds=seconds)
                return
        really(seconds)

    def present(self) -> None:
        """Show the machine's time from now on."""
        with self._lock:
            self._at = None
