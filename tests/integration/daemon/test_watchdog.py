"""The watchdog is fed by progress alone: a life in the main thread, with a socket in the service manager's place."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Event, Timer

import pytest

from tests.integration.engine.world import Setup, Site
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.lifecycle import run_until_stopped
from vindaris_sync.daemon.notify_socket import NotifySocket
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.engine.progress import Progress


@pytest.mark.parametrize("silence", [0.0, 3600.0], ids=["work goes on", "work is stuck"])
def test_the_watchdog_is_fed_only_while_work_goes_on(tmp_path: Path, silence: float) -> None:
    """Ticks go on in both lives; where a pass has made no step for an hour nobody says that all is well (fault 52)."""
    site, life = Site(tmp_path, Setup()), Life(silence)
    context = site.open(progress=life.progress)
    with ThreadPoolExecutor(4) as pool, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "ear"))
        ear.settimeout(0)
        works = Clockwork(context, site.channels, Nightly(time(23, 59), UTC), life.no_night, pool)
        notify = NotifySocket({"NOTIFY_SOCKET": str(tmp_path / "ear")})
        run_until_stopped(works, life.progress, pool, life.now, stop=life.stop, socket=notify)
        heard = _heard(ear)
    context.store.close()
    site.close()
    assert heard[0].startswith("READY=1")
    assert any(line.startswith("STOPPING=1") for line in heard)
    assert ("WATCHDOG=1" in heard) is (silence == 0)


def test_work_that_never_began_holds_up_no_end(tmp_path: Path) -> None:
    """What still waits for a thread when the daemon stops is given up, and nobody waits for it."""
    site, go_on = Site(tmp_path, Setup()), Event()
    pool = ThreadPoolExecutor(1)
    pool.submit(go_on.wait)
    Clockwork(site.context, site.channels, Nightly(time(23, 59), UTC), print, pool).tick(site.clock())
    progress = site.context.progress
    assert "settle" in progress.running()
    pool.shutdown(wait=False, cancel_futures=True)
    assert progress.running() == ()
    go_on.set()
    pool.shutdown()
    site.close()


def test_a_stop_in_the_middle_of_a_tick_leaves_no_work_that_nobody_does(tmp_path: Path) -> None:
    """A tick that finds the pool closed, since the daemon ends, begins nothing: nobody waits for it."""
    site = Site(tmp_path, Setup())
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    clockwork = Clockwork(site.context, site.channels, Nightly(time(23, 59), UTC), print, pool)
    with pytest.raises(RuntimeError, match="shutdown"):
        clockwork.tick(site.clock())
    assert site.context.progress.running() == ()
    site.context.progress.stop()
    clockwork.tick(site.clock())
    assert site.context.progress.running() == ()
    site.close()


class Life:
    """A piece of work that has been silent for a while; the third tick asks the daemon to stop."""

    def __init__(self, silence: float) -> None:
        self._seconds, self._ticks = 0.0, 0
        self.progress = Progress(clock=lambda: self._seconds)
        self.progress.begin("a pass")
        self._seconds = silence
        self.stop = Event()

    def now(self) -> datetime:
        """Return an instant; called once a tick."""
        self._ticks += 1
        if self._ticks == 3:
            self.stop.set()
            Timer(1.0, self.progress.end, ("a pass",)).start()
        return datetime(2026, 3, 2, 12, tzinfo=UTC)

    def no_night(self, day: date) -> None:
        """Fail: no night is due."""
        raise AssertionError(day)


def _heard(ear: socket.socket) -> list[str]:
    heard: list[str] = []
    while True:
        try:
            heard.append(ear.recv(4096).decode())
        except BlockingIOError:
            return heard
