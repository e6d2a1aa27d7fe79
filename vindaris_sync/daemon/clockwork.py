"""The daemon's clockwork: ``tick(now)`` finds what is due and starts it; a scheduler only calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

import structlog

from vindaris_sync.daemon.timetable import (
    BACKUP_LOOK_EVERY,
    BACKUP_RETRY_AFTER,
    EARLY_PULL,
    ESCALATE_EVERY,
    LOOK_MOST,
    OUTCOMES_LOOK_EVERY,
    RELAY_EVERY,
    SETTLE_EVERY,
    SHORTEST_LOOK_PAUSE,
    Bounds,
    Nightly,
    Rhythm,
    goals_every,
    look_pause,
    next_pull,
    next_try,
)
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.backups import BackupPlace, back_up
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.courtesy import NextPull
from vindaris_sync.engine.escalating import escalate
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.outcomes import OutcomeReader
from vindaris_sync.engine.passes import PassReport, look, run_pass, settle
from vindaris_sync.engine.pausing import heed
from vindaris_sync.engine.progress import Interrupted
from vindaris_sync.engine.relay import relay, remind
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.sdk.clock import Steady
from vindaris_sync.sdk.errors import VindarisError
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.store.errors import StoreError, Trouble

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
    backups: BackupPlace | None = None
    """Where the database is backed up to, and how often; None: never."""
    outcomes: OutcomeReader | None = None
    """Reads what outcomes are measured at; None: nothing is read."""
    random: Random = field(default_factory=Random)
    observe: Callable[[PassReport], None] = lambda _: None
    lost: StoreError | None = None
    """Why nothing can be kept any more in this process; it must end."""
    _next: dict[str, datetime] = field(default_factory=dict)
    _steady: Steady = field(default_factory=Steady)
    _looked: bool = False
    _failures: dict[str, int] = field(default_factory=dict)
    _rhythms: dict[str, Rhythm] = field(default_factory=dict)
    _looks: dict[str, tuple[timedelta, datetime]] = field(default_factory=dict)
    """By tracker the pause after the last look at what was rung for, and when that look ended."""

    def tick(self, now: datetime) -> None:
        """Start everything that is due at ``now`` and does not run already; paused trackers are left alone."""
        self.context.progress.tick()
        self._follow(now)
        heed(self.context.store, self.context.trackers, now)
        self._every("goals", now, goals_every(self.context.rules.debounce), self._goals)
        for name, tracker in self.context.trackers.items() if self._looked else ():
            if not tracker.conduct.paused and self._pull_due(name, now):
                self._start(f"pull {name}", lambda name=name: self._pull(name))  # type: ignore[misc]
        self._heed_nudges(now)
        self._every("settle", now, SETTLE_EVERY, self._settle)
        self._every("relay", now, RELAY_EVERY, self._relay)
        self._every("escalate", now, ESCALATE_EVERY, lambda: escalate(self.context))
        if self.outcomes:
            self._every("outcomes", now, OUTCOMES_LOOK_EVERY, self._outcomes)
        if self.backups and self.backups.every:
            self._every("backup", now, BACKUP_LOOK_EVERY, self._back_up)
        if self._night(now) is not None:
            self._start("nightly", self._nightly)

    def _pull_due(self, name: str, now: datetime) -> bool:
        """Whether a pull is due, or rung for and not too soon after the last one."""
        if now >= self._next.get(f"pull {name}", now):
            return True
        rung = self.context.nudges.wants_all(name) and now >= self._next.get(f"early {name}", now)
        return rung and not self._rests(name)

    def _heed_nudges(self, now: datetime) -> None:
        """Start what was rung for: what people decided is carried out, and issues that were named are looked at."""
        if self.context.nudges.take_decided():
            self._next["settle"] = self._next["relay"] = now
        for name in self.context.nudges.waiting():
            if name in self.context.trackers and now >= self._next.get(f"look {name}", now) and not self._rests(name):
                self._start(f"look {name}", lambda name=name: self._look(name))  # type: ignore[misc]

    def _follow(self, now: datetime) -> None:
        """Keep waits as long as they were where our clock was set back: no hour is waited for twice (fault 14)."""
        if back := self._steady.back(now):
            self._next = {name: at - back for name, at in self._next.items()}

    def _now(self) -> datetime:
        """Return the present instant to plan by: the clock may be wrong between two ticks only."""
        now = self.context.now()
        self._follow(now)
        return now

    def _every(self, name: str, now: datetime, every: timedelta, work: Callable[[], None]) -> None:
        if now >= self._next.get(name, now):
            self._next[name] = now + every
            self._start(name, work)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        progress = self.context.progress
        if not progress.begin(name):
            return
        try:
            future = self.executor.submit(self._guarded, name, work)
        except RuntimeError:
            progress.end(name)
            if not progress.stopping:  # else the pool was closed in the middle of this tick
                raise
        else:
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
                if isinstance(error, StoreError) and error.trouble is Trouble.REPLACED:
                    self.lost = error
            except Exception:
                log.exception("defect", work=name)

    # --- the work -------------------------------------------------------------------------------------------------

    def _goals(self) -> None:
        """Look at the goals; a tracker that states some is asked for them before its first, long pull holds it."""
        try:
            refresh_goals(self.context)
        finally:
            self._looked = True

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

    def _look(self, name: str) -> None:
        """Look again at issues of a tracker that were rung for; where that fails, an early pull does it."""
        with self._free(name) as free:
            if not free:  # the next tick tries again
                return
            named, began = self.context.nudges.take(name, LOOK_MOST), self._now()
            report = None
            try:
                if self.context.store.tracker(name).loaded_at:
                    report = look(self.context, name, named)
            finally:
                if report is None or report.outcome != "ok":
                    self.context.nudges.ring(name, whole=True)
                self._pause_looks(name, began)
        if report is not None:
            self._observed(report)

    def _pause_looks(self, name: str, began: datetime) -> None:
        last, ended = self._looks.get(name, (SHORTEST_LOOK_PAUSE, datetime.min.replace(tzinfo=UTC)))
        pause, now = look_pause(last, began - ended), self._now()
        self._looks[name] = (pause, now)
        self._next[f"look {name}"] = now + pause

    def _observed(self, report: PassReport) -> None:
        """Let others know of a pass; what it decided is told now, and not at the relay's next turn."""
        if report.actions:
            self._next["relay"] = self._now()
        self.observe(report)

    def _pass(self, name: str) -> None:
        self.context.nudges.take_all(name)
        busy = {each[5:] for each in self.context.progress.running() if each.startswith("pull ")} - {name}
        try:
            report = run_pass(self.context, name, busy=busy, plan=self._plan)
        except BaseException:
            self._next[f"pull {name}"] = self._try_again(name, None)
            raise
        self.observe(report)

    def _plan(self, report: PassReport) -> NextPull:
        """Plan the next pull after one that ended as ``report`` says."""
        planned = self._planned(report)
        self._next[f"pull {report.tracker}"] = planned.at
        self._next[f"early {report.tracker}"] = self._now() + min(self._bounds(report.tracker).least, EARLY_PULL)
        return planned

    def _planned(self, report: PassReport) -> NextPull:
        name, now = report.tracker, self._now()
        if report.rests:
            wait = max(report.retry_after, self._bounds(name).least) if report.retry_after else SETTLE_EVERY
            return NextPull(now + wait, report.error)
        if report.outcome != "ok":
            again = self._try_again(name, report.retry_after)
            return NextPull(again, f"it failed {counted(self._failures[name], 'time')} in a row")
        self._failures[name] = 0
        changed = report.counts["new"] + report.counts["changed"] > 0
        rhythm = self._rhythms[name] = self._rhythms.get(name, Rhythm()).after(changed=changed)
        interval = rhythm.interval(self._bounds(name))
        return NextPull(next_pull(now, interval, self._bounds(name), self.random), rhythm.why())

    def _try_again(self, name: str, retry_after: timedelta | None) -> datetime:
        self._failures[name] = self._failures.get(name, 0) + 1
        return next_try(self._now(), self._bounds(name).base, self._failures[name], retry_after)

    def _bounds(self, name: str) -> Bounds:
        settings = self.context.trackers[name].settings
        return Bounds(settings.poll, settings.poll_min, settings.poll_max)

    def _settle(self) -> None:
        """Decide and write what time, goals, people and other passes made due, without a pull."""
        store = self.context.store
        for name in store.trackers_due(self.context.waking()):
            if name not in self.context.trackers or self._rests(name) or not store.tracker(name).loaded_at:
                continue
            with self._free(name) as free:
                if free:
                    self._settle_one(name)

    def _rests(self, name: str) -> bool:
        """Whether a tracker is left alone: paused, it failed, we keep away from it, or settling failed a moment ago."""
        now, conduct = self.context.now(), self.context.trackers[name].conduct
        rests = bool(conduct.paused) or conduct.rests_until(now, Urgency.DECIDED) is not None
        return rests or self._failures.get(name, 0) > 0 or now < self._next.get(f"settle {name}", now)

    def _settle_one(self, name: str) -> None:
        report = settle(self.context, name)
        if report.outcome != "ok":  # what could not be written stays due: no hot loop until the next pull
            wait = max(self._bounds(name).base, report.retry_after or timedelta())
            self._next[f"settle {name}"] = self._now() + wait
        self._observed(report)

    def _relay(self) -> None:
        self._remind()
        relay(self.context, self.channels)

    def _outcomes(self) -> None:
        if self.outcomes:
            self.outcomes.read(self.context)

    def _back_up(self) -> None:
        if self.backups and not back_up(self.context, self.backups):
            self._next["backup"] = self._now() + BACKUP_RETRY_AFTER

    def _remind(self) -> None:
        store, now = self.context.store, self.context.now()
        day = self._reminding(now)
        if day is not None and store.begin_run("reminders", day, now):
            remind(self.context)
            store.end_run("reminders", day, self.context.now())

    def _reminding(self, now: datetime) -> date | None:
        """Return the local date whose reminders are due, as ``_night`` does for the night."""
        if self.reminders is None or self.context.astray() is not None:
            return None
        return self.reminders.due(now, self.context.store.last_run("reminders"))

    def _nightly(self) -> None:
        day = self._night(self.context.now())
        if day is not None:
            self.run_nightly(day)

    def _night(self, now: datetime) -> date | None:
        """Return the local date whose nightly run is due; none while a tracker's clock contradicts ours."""
        if self.context.astray() is not None:
            return None
        return self.nightly.due(now, self.context.store.last_run("nightly"))
