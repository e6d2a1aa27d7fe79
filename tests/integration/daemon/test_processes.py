"""The daemon as a process: asked to stop, killed, started twice; asserted is what people see afterwards."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from threading import Event

from tests.integration.daemon.company import Company
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.store.store import Store

PATIENCE = 60.0


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until ``holds``."""
    pause, waited = Event(), 0.0
    while not holds():
        assert waited < PATIENCE, f"never happened: {what}"
        pause.wait(0.02)
        waited += 0.02


def recorded(company: Company) -> int:
    """Return how many issues the store holds, as another process sees it."""
    if not company.database.exists():
        return 0
    with closing(sqlite3.connect(company.database)) as sql:
        try:
            return int(sql.execute("SELECT count(*) FROM issue").fetchone()[0])
        except sqlite3.OperationalError:  # not migrated yet
            return 0


def test_a_stop_in_the_middle_of_a_pass_keeps_what_was_recorded(company: Company) -> None:
    """SIGTERM while slow answers come in: a clean end, the pages so far kept, and the next start reads the rest."""
    for number in range(900):
        company.github.create(f"Old work {number}")
    company.server.faults.add(Fault("latency", "github", path="/issues", seconds=0.7))
    with company.daemon() as daemon:
        eventually(lambda: recorded(company) > 100, "a page is recorded")
        daemon.send_signal(signal.SIGTERM)
        said = company.said(daemon)
    kept = recorded(company)
    assert daemon.returncode == 0, said
    assert 0 < kept < 900, kept
    assert "Traceback" not in said
    company.server.faults.clear()
    company.server.requests.clear()
    once = company.run("run", "--once", "--json")
    assert once.returncode == 0, once.stderr
    passes = json.loads(once.stdout)["trackers"]
    assert sum(each["counts"].get("new", 0) for each in passes) == 900 - kept
    assert recorded(company) == 900


def test_a_second_daemon_is_refused_with_advice(company: Company) -> None:
    """One process at a time works on a store; the other one is told so, and touches nothing."""
    (company.folder / "state").mkdir(exist_ok=True)
    with Store.open(f"sqlite:///{company.database}") as store:
        store.claim()
        refused = company.run("run")
        assert refused.returncode != 0
        assert "another daemon" in refused.stderr
        assert "one daemon per database" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert company.server.requests.entries() == []
