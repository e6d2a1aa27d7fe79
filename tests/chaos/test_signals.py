"""Signals at every phase of the daemon's work: asked to end, frozen, and watched by a service manager."""

from __future__ import annotations

import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.chaos.judge import rows
from tests.chaos.lives import Nursery, eventually
from tests.chaos.trial import Trial
from tests.integration.daemon.company import Company
from vindaris_sync.sandbox.faults import Fault

IN_TIME = 10.0
WATCHDOG = 3.0
"""Seconds of silence after which the service manager of these tests ends the daemon; it speaks once a second."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the daemon's work: what tells that it has been reached, and what makes it last until the signal."""

    name: str
    reached: Callable[[Trial], object]
    slow: Fault | None = None


def some(trial: Trial, query: str) -> bool:
    """Whether the database holds such a row."""
    return trial.company.database.exists() and bool(rows(trial.company.database, query))


PHASES = (
    Phase("pull", lambda on: on.asked("jira", path="/search"), Fault("latency", "jira", path="/search", seconds=1)),
    Phase(
        "decide",
        lambda on: (
            on.asked("jira", path="/search") and some(on, "SELECT 1 FROM issue WHERE due OR unwritten OR review_open")
        ),
    ),
    Phase("write", lambda on: on.asked("jira", path="/bulk/issues|/issue/"), Fault("latency", "jira", seconds=0.3)),
    Phase("relay", lambda on: on.asked("slack", "POST"), Fault("latency", "slack", seconds=1)),
    Phase(
        "nightly",
        lambda on: on.asked("github") and some(on, "SELECT 1 FROM run WHERE ended IS NULL"),
        Fault("latency", "github", seconds=0.3),
    ),
)


def forget_nights(company: Company) -> None:
    """Let the night of this date be due again."""
    with closing(sqlite3.connect(company.database)) as connection, connection:
        connection.execute("DELETE FROM run")


@pytest.mark.long
def test_sigterm_ends_every_phase_in_time_and_the_next_start_goes_on(tmp_path: Path, nursery: Nursery) -> None:
    """Asked to end while it opens, pulls, decides, writes, tells and compares: exit code 0, nothing lost (5, 6)."""
    company = Company(tmp_path, nightly="00:00")
    trial = Trial(company, nursery, 6)
    try:
        life = trial.start()
        eventually(company.database.exists, "the database is made", told=life.said)
        assert life.stop() < IN_TIME
        trial.settle_in()
        for phase in PHASES:
            trial.people.create("GROW-1", "jira")
            trial.people.create("")
            company.server.faults.add(phase.slow or Fault("latency", seconds=0.0))
            company.server.requests.clear()
            if phase.name == "nightly":
                forget_nights(company)  # an earlier life may have had this one's
            life = trial.start()
            eventually(lambda phase=phase: phase.reached(trial), phase.name, told=life.said)  # type: ignore[misc]
            took = life.stop()
            assert took < IN_TIME, (phase, took)
            company.server.faults.clear()
        verdict = trial.rest()
    finally:
        company.close()
    assert verdict, verdict


def test_a_frozen_daemon_is_ended_by_its_watchdog_and_nothing_is_lost(trial: Trial, tmp_path: Path) -> None:
    """Stopped by SIGSTOP in the middle of a pass for longer than the watchdog: aborted, started again, goes on (52)."""
    trial.settle_in()
    with service_manager(tmp_path / "notify") as (heard, environ):
        trial.act(3)
        trial.company.server.faults.add(Fault("latency", "jira", seconds=0.3))
        life = trial.start(environ=environ)
        eventually(lambda: trial.asked("jira") > 1 and "WATCHDOG=1" in heard(), "the daemon says that it goes on")
        life.send(signal.SIGSTOP)
        trial.act(2)
        heard()
        silent = monotonic()
        eventually(lambda: heard() or monotonic() - silent > WATCHDOG, "the watchdog's time passes")
        assert life.code is None
        assert monotonic() - silent > WATCHDOG, "a frozen process speaks"
        for number in (signal.SIGABRT, signal.SIGCONT):  # as systemd does: what is frozen hears no other signal
            life.send(number)
        assert life.end() == -signal.SIGABRT
    trial.company.server.faults.clear()
    verdict = trial.rest()
    assert verdict, verdict


@contextmanager
def service_manager(path: Path) -> Iterator[tuple[Callable[[], str], dict[str, str]]]:
    """Listen as systemd does; give what was heard since it was asked last, and what the daemon is told by variables."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        ear.settimeout(0)

        def heard() -> str:
            words = []
            while True:
                try:
                    words.append(ear.recv(4096).decode())
                except BlockingIOError:
                    return "\n".join(words)

        yield heard, {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))}
