"""A company at rest: a day of people's work done, everything decided and told, the daemon stopped."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.simulation import company
from tests.simulation.auditor import CHECKS, audit
from tests.simulation.clock import Clock
from tests.simulation.crashes import Lightning
from tests.simulation.desks import desk_of
from tests.simulation.machine import Machine, Network
from tests.simulation.network import ChatWire, Exchanges, TrackerWire
from tests.simulation.site import Site
from tests.simulation.truth import scene_of
from vindaris_sync.sandbox import github, jira, slack
from vindaris_sync.sandbox.jira.model import Issue

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Company:
    """A site at rest, and the issues that the tests speak of, by what they are (Jira ids, but for the transferred)."""

    site: Site
    issue: dict[str, str]

    @property
    def jira(self) -> jira.World:
        """The Jira."""
        world = self.site.trackers["jira"].world
        assert isinstance(world, jira.World)
        return world

    def there(self, name: str) -> Issue:
        """Return one of the issues as Jira has it."""
        return self.jira.issues[int(self.issue[name])]

    def on(self, database: Path) -> Company:
        """Return the same company with another copy of the database, and what the auditor remembers."""
        shutil.copy(self.site.database, database)
        shutil.copy(f"{self.site.database}.generation", f"{database}.generation")
        remembered = {name: copy(value) for name, value in self.site.memory.items()}
        return replace(self, site=replace(self.site, database=database, memory=remembered, requests=[]))

    def sql(self, *statements: str) -> None:
        """Change the database behind the product's back; ``:name`` stands for the issue of that name."""
        with closing(sqlite3.connect(self.site.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement, self.issue if ":" in statement else {})

    def found(self) -> dict[str, list[str]]:
        """Return what each check finds, by the check's name; checks that find nothing are left out."""
        scene = scene_of(self.site)
        told = {check.__name__: [str(each) for each in check(scene)] for check in CHECKS}
        return {name: texts for name, texts in told.items() if texts}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Give a company that has lived through a day with a bit of everything, and whose daemon was stopped."""
    folder = tmp_path_factory.mktemp("company")
    clock = Clock()
    site = company.found(("jira", "github"), folder / "vindaris.db", clock)
    exchanges = Exchanges(clock, Lightning(), lambda _: None)
    services = company.services(site)
    network = Network(TrackerWire(services, exchanges), ChatWire(slack.Slack(site.slack), exchanges))
    machine = Machine(site, network, 1, lambda _: None)
    try:
        clock.sleep(2)  # what there was before is a backlog
        machine.tick()
        clock.sleep(2 * HOUR)
        made = Company(site, _work(site))
        for _ in range(3):
            clock.sleep(HOUR)
            machine.tick()
        desk_of(site.trackers["jira"]).delete(made.issue["gone"])
        note(site, "jira", "delete", made.issue["gone"])
        goals = site.goals
        goals.goals = tuple(replace(one, title="Grow a lot") if one.key == "GROW-2" else one for one in goals.goals)
        while clock.monotonic() < DAY:
            clock.sleep(2 * HOUR)
            machine.tick()
    finally:
        machine.stop()
    assert audit(site) == []
    return made


def _work(site: Site) -> dict[str, str]:
    """Let people open issues in every state, and do to others what people do."""
    desk, hub = desk_of(site.trackers["jira"]), desk_of(site.trackers["github"])
    made = {
        "linked": desk.create("APP", "Linked", ["goal:GROW-1", "bug"], ""),
        "changed": desk.create("APP", "Its goal changes", ["goal:GROW-2"], ""),
        "exempt": desk.create("OPS", "Not goal work", ["no-goal"], ""),
        "unlinked": desk.create("APP", "Whatever for", [], ""),
        "gone": desk.create("OPS", "Never mind", [], ""),
    }
    labels = {"linked": "goal:GROW-1\nbug", "changed": "goal:GROW-2", "exempt": "no-goal"}
    for name, issue in made.items():
        note(site, "jira", "create", issue, labels=labels.get(name, ""))
    made["child"] = desk.create("APP", "A part of it", [], made["linked"])
    note(site, "jira", "create", made["child"])
    made["old"] = hub.issues()[1]
    made["new"] = hub.move(made["old"], "acme/api")
    note(site, "github", "transfer", made["old"], new=made["new"], place="acme/api")
    world = site.trackers["github"].world
    assert isinstance(world, github.World)
    made["pull"] = world.issue("acme/web", 1).node_id
    made["backlog"] = next(one for one in desk.issues() if not desk.labels(one) and one not in made.values())
    return made


def note(site: Site, tracker: str, kind: str, issue: str, **detail: str) -> None:
    site.journal.note(site.clock(), "alice", kind, tracker=tracker, issue=issue, **detail)


@pytest.fixture
def one(built: Company, tmp_path: Path) -> Company:
    """Give the company with a database of its own."""
    return built.on(tmp_path / "vindaris.db")
