"""The daemon as a process: asked to stop, killed, started twice; asserted is what people see afterwards."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Event
from typing import Self

from tests.integration.daemon import lives
from tests.integration.daemon.company import Company
from tests.integration.engine.desks import Desk
from vindaris_sync.app import App, open_app
from vindaris_sync.cli.passes import go_round
from vindaris_sync.config.load import load
from vindaris_sync.engine.passes import Round
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.store.store import Store

REVIEW = "goal-review"
SEED = 20261122
LIVES = 10
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


def settled(app: App, rounds: int = 4) -> Round:
    """Run rounds and return the last."""
    for _ in range(rounds):
        done = go_round(app, ()).round
    return done


def test_a_stop_in_the_middle_of_a_pass_keeps_what_was_recorded(company: Company) -> None:
    """SIGTERM while slow answers come in: a clean end, the pages so far kept, and the next start reads the rest."""
    for number in range(900):
        company.github.create(f"Old work {number}")
    company.server.faults.add(Fault("latency", "github", path="/issues", seconds=0.7))
    with company.daemon() as daemon:
        eventually(lambda: recorded(company) > 100, "a page is recorded")
        daemon.send_signal(signal.SIGTERM)
        _, said = daemon.communicate(timeout=20)
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


class Lives:
    """A process that starts the engine and kills it when told."""

    def __init__(self, config: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": ""}
        self._process = subprocess.Popen(
            [sys.executable, lives.__file__, str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE)
        self._process.stdout.close()

    def tell(self, what: str) -> None:
        """Say it and wait until it is done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline().strip() == what


class People:
    """What everybody does between two kills, and what must be seen in the end."""

    def __init__(self, company: Company, random: Random) -> None:
        self.company, self.random = company, random
        self.wanted: dict[str, str] = {}

    def act(self) -> None:
        """Create an issue with or without a goal, or set another goal on one."""
        company, random = self.company, self.random
        desks: list[Desk] = [company.jira, company.jira, company.github]
        desk = random.choice(desks)
        goal = random.choice(["GROW-1", "COST-1", ""])
        key = desk.create("Some work", *([f"goal:{goal}"] if goal else []))
        self.wanted[key] = goal
        old = random.choice(sorted(key for key, goal in self.wanted.items() if goal) or [key])
        desk = company.github if "#" in old else company.jira
        new = random.choice(["GROW-2", "SAFE-1"])
        shown = [label for label in desk.labels(old) if label.startswith("goal:")]
        if shown != [f"goal:{new}"]:
            desk.add_label(old, f"goal:{new}")
            for label in shown:
                desk.remove_label(old, label)
            self.wanted[old] = new


def test_kills_at_any_moment_lose_nothing_and_repeat_nothing(company: Company) -> None:
    """Ten lives, killed while people act: every issue once, labels right, one message, nobody's act overwritten."""
    random = Random(SEED)  # noqa: S311 - a seed, no secret
    people = People(company, random)
    pause, requests = Event(), company.server.requests
    for _ in range(6):
        people.act()
    with open_app(load(company.config)) as app:
        settled(app)
    with Lives(company.config) as engine:
        for _ in range(LIVES):
            requests.clear()
            people.act()
            engine.tell("start")
            eventually(lambda: requests.entries() != [], "the engine asks somebody")
            for _ in range(2):
                people.act()
                pause.wait(random.uniform(0.0, 0.5))
            engine.tell("kill")
    with open_app(load(company.config)) as app:
        assert settled(app).planned == []
        assert app.store.check() == ()
        assert len(app.store.ids("jira")) + len(app.store.ids("github")) == len(people.wanted)
        found = {key: app.store.view_records(app.store.find(key)) for key in people.wanted}
    assert [key for key, records in found.items() if len(records) != 1] == []
    backlog = {key for key, records in found.items() for record in records.values() if record.backlog}
    asked = {key for key, goal in people.wanted.items() if not goal} - backlog
    for key, goal in people.wanted.items():
        desk = company.github if "#" in key else company.jira
        expected = {f"goal:{goal}"} if goal else {REVIEW} if key in asked else set()
        assert (key, desk.labels(key)) == (key, expected)
        assert desk.field(key) == (goal if goal and "#" not in key else None)
    number = len(asked)
    assert number > 1, "the seed makes people ask too little"
    assert company.told() == [f"{number} issues serve no goal"]
