"""The daemon's life: start, tick, watchdog, and a clean end within ten seconds of a signal."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from types import FrameType

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.notify_socket import NotifySocket
from vindaris_sync.engine.progress import Progress

log = structlog.get_logger("vindaris_sync.daemon")

DRAIN = timedelta(seconds=8)
"""How long running work may take to reach a safe point once a stop was asked for; then it is left, and found again."""

_TICK = 1.0
_SILENCE = timedelta(minutes=10)  # work without a step for this long is stuck: systemd restarts us


def run_until_stopped(  # noqa: PLR0913 - what a life is made of
    clockwork: Clockwork,
    progress: Progress,
    pool: ThreadPoolExecutor,
    now: Callable[[], datetime],
    *,
    stop: Event | None = None,
    socket: NotifySocket | None = None,
) -> None:
    """Tick every second until SIGTERM, SIGINT or ``stop``; then let running work reach a safe point and return.

    Raises:
        StoreError: the database is not there any more; what it would be told now would be lost.

    """
    stop, socket = stop or Event(), socket or NotifySocket()
    previous = _on_signals(stop)
    scheduler = _scheduler(lambda: _tick(clockwork, progress, socket, now))
    scheduler.start()
    socket.ready("watching")
    log.info("started", trackers=sorted(clockwork.context.trackers))
    try:
        while clockwork.lost is None and not stop.wait(0.5):
            continue
    finally:
        socket.stopping("draining")
        scheduler.shutdown(wait=False)
        progress.stop()
        _drain(progress, pool)
        for number, former in previous.items():
            signal.signal(number, former)
        log.info("stopped", left=list(progress.running()))
    if clockwork.lost is not None:
        raise clockwork.lost


def _on_signals(stop: Event) -> dict[int, signal.Handlers]:
    def ask(number: int, _frame: FrameType | None) -> None:
        log.info("signal", name=signal.Signals(number).name)
        stop.set()

    return {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}  # type: ignore[misc]


def _scheduler(tick: Callable[[], None]) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        tick,
        "interval",
        seconds=_TICK,
        next_run_time=datetime.now(UTC),  # a start is no reason to wait
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.add_listener(_missed, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    return scheduler


def _missed(event: JobExecutionEvent) -> None:
    log.error("tick failed", error=repr(event.exception))


def _tick(clockwork: Clockwork, progress: Progress, socket: NotifySocket, now: Callable[[], datetime]) -> None:
    clockwork.tick(now())
    if progress.longest_silence() < _SILENCE.total_seconds():
        socket.watchdog()


def _drain(progress: Progress, pool: ThreadPoolExecutor) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    waiter = Event()
    for _ in range(int(DRAIN.total_seconds() * 20)):
        if not progress.running():
            return
        waiter.wait(0.05)
