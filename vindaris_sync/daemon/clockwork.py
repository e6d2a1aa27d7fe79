"""The daemon's clockwork: ``tick(now)`` finds what is due and starts it; a scheduler only calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

import structlog

from vindaris_sync.daemon.timetable import (
    RELAY_EVERY,
    SETTLE_EVERY,
    Nightly,
    goals_every,
    next_pull,
    next_try,
)
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import PassReport, run_pass, settle
from vindaris_sync.engine.progress import Interrupted
from vindaris_sync.engine.relay import relay, remind
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.sdk.errors import VindarisError

log = structlog.get_logger("vindaris_sync.daemon")


@dataclass(slots=True)
class Clockwork:
    """What is due when, and what runs. One piece of work of a name runs at a time; a late one runs once (fault 51).

    ``executor`` carries the work out; ``observe`` is called with every pass report (the demo prints them).
    """

    context: Context
    channels: Mapping[str, Channel]
    nightly: Nightly
    run_nightly: Callable[[date], None]
    executor: Executor
    reminders: Nightly | None = None
    """When open lists are posted anew, once per local date; None: never."""
    random: Random = field(default_factory=Random)
    observe: Callable[[PassReport], None] = lambda _: None
    _next: dict[str, datetime] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)

    def tick(self, now: datetime) -> None:
        """Start everything that is due at ``now`` and does not run already."""
        self._every("goals", now, goals_every(self.context.rules.debounce), self._goals)
        for name in self.context.trackers:
            if now >= self._next.get(f"pull {name}", now):
                self._start(f"pull {name}", lambda name=name: self._pull(name))  # type: ignore[misc]
        self._every("settle", now, SETTLE_EVERY, self._settle)
        self._every("relay", now, RELAY_EVERY, self._relay)
        if self._night(now) is not None:
            self._start("nightly", self._nightly)

        if self.reminders and self.reminders.due(now, self.context.store.last_run("reminders")) is not None:
            self._start("reminders", self._remind)

    def _every(self, name: str, now: datetime, every: timedelta, work: Callable[[], None]) -> None:
        if now >= self._next.get(name, now):
            self._next[name] = now + every
            self._start(name, work)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        progress = self.context.progress
        if progress.begin(name):
            future = self.executor.submit(self._guarded, name, work)
            future.add_done_callback(lambda done: progress.end(name) if done.cancelled() else None)

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """Run one piece of work; whatever fails in it is logged and stays its own (L11)."""
        with self.context.progress.working(name):
            try:
                work()
            except Interrupted:
                log.info("interrupted", work=name)
            except VindarisError as error:
                log.warning("failed", work=name, error=str(error), advice=error.advice)
            except Exception:
                log.exception("defect", work=name)

    # --- the work -------------------------------------------------------------------------------------------------

    def _goals(self) -> None:
        refresh_goals(self.context)

    def _pull(self, name: str) -> None:
        """Run a pass, unless the nightly one is at work on the tracker; then after it."""
        with self._free(name) as free:
            if free:
                self._pass(name)

    @contextmanager
    def _free(self, name: str) -> Iterator[bool]:
        """Hold the tracker if nobody else does; nobody waits for it, so that what stands still is really stuck."""
        lock = self.context.lock(name)
        free = lock.acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                lock.release()

    def _pass(self, name: str) -> None:
        busy = {each[5:] for each in self.context.progress.running() if each.startswith("pull ")} - {name}
        key, poll = f"pull {name}", self.context.trackers[name].settings.poll
        try:
            report = run_pass(self.context, name, busy=busy)
        except BaseException:
            self._failures[name] = self._failures.get(name, 0) + 1
            self._next[key] = next_try(self.context.now(), poll, self._failures[name], None)
            raise
        if report.outcome == "ok":
            self._failures[name] = 0
            self._next[key] = next_pull(self.context.now(), poll, self.random)
        else:
            self._failures[name] = self._failures.get(name, 0) + 1
            self._next[key] = next_try(self.context.now(), poll, self._failures[name], report.retry_after)
        self.observe(report)

    def _settle(self) -> None:
        """Decide and write what time, goals, people and other passes made due, without a pull."""
        store = self.context.store
        for name in store.trackers_due(self.context.waking()):
            stopped = self._failures.get(name, 0) > 0
            if name not in self.context.trackers or stopped or not store.tracker(name).loaded_at:
                continue
            with self._free(name) as free:
                if free:
                    self.observe(settle(self.context, name))

    def _relay(self) -> None:
        relay(self.context, self.channels)

    def _remind(self) -> None:
        store, now = self.context.store, self.context.now()
        day = self.reminders.due(now, store.last_run("reminders")) if self.reminders else None
        if day is not None and store.begin_run("reminders", day, now):
            remind(self.context, self.channels)
            store.end_run("reminders", day, self.context.now())

    def _nightly(self) -> None:
        day = self._night(self.context.now())
        if day is not None:
            self.run_nightly(day)

    def _night(self, now: datetime) -> date | None:
        """Return the local date whose nightly run is due; none while a tracker's clock contradicts ours."""
        if self.context.astray() is not None:
            return None
        return self.nightly.due(now, self.context.store.last_run("nightly"))
