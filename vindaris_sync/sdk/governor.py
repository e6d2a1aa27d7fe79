"""The governor: how many exchanges one credential has under way, and when the next may start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock

from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.protocol import Surroundings

PATIENCE = 60.0
"""Seconds that are slept through; a longer wait ends the pass instead and is left to the timetable."""


class Governor:
    """Bounds the exchanges of one credential; shared by all threads that use it.

    At most ``surroundings.in_flight`` exchanges are under way. Writes start at least ``write_interval`` seconds apart
    and, where that is not 0, one after another. After ``hold`` nobody starts before the tracker's "wait until".
    """

    def __init__(self, surroundings: Surroundings, *, write_interval: float = 0.0) -> None:
        self._around = surroundings
        self._interval = timedelta(seconds=write_interval)
        self._slots = BoundedSemaphore(surroundings.in_flight)
        self._writing = Lock()
        self._state = Lock()
        self._until: datetime | None = None
        self._next_write: datetime | None = None

    def hold(self, until: datetime) -> None:
        """Let nobody start an exchange before ``until``; an earlier instant than the present hold changes nothing."""
        with self._state:
            if self._until is None or until > self._until:
                self._until = until

    @contextmanager
    def turn(self, *, write: bool = False) -> Iterator[None]:
        """Wait for a turn and keep it during the exchange.

        Raises ``Transient`` with ``retry_after`` where the tracker's hold is longer than ``PATIENCE``.
        """
        serial = self._writing if write and self._interval else nullcontext()
        with serial, self._slots:
            self._wait_for_hold()
            if write and self._interval:
                self._pace()
            yield

    def _wait_for_hold(self) -> None:
        waited: datetime | None = None
        while True:
            with self._state:
                until = self._until
            if until is None or until == waited:  # a sleep that does not move an injected clock is believed
                return
            left = (until - self._around.now()).total_seconds()
            if left <= 0:
                return
            if left > PATIENCE:
                raise Transient("the tracker asked to wait", retry_after=timedelta(seconds=left))
            self._around.sleep(left)
            waited = until

    def _pace(self) -> None:
        now = self._around.now()
        start = max(now, self._next_write or now)
        if start > now:
            self._around.sleep((start - now).total_seconds())
        self._next_write = start + self._interval
