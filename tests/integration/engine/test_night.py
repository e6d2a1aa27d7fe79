"""The night: everything is read again, drift is repaired or explained, a report is written, teams are told once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.engine.desks import JIRA_TOKEN, Desk
from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.domain.findings import Findings
from vindaris_sync.domain.models import Presence
from vindaris_sync.engine.nightly import ReportPlace, run_nightly
from vindaris_sync.sandbox.faults import Fault

BERLIN = ZoneInfo("Europe/Berlin")


def place(site: Site) -> ReportPlace:
    """Return where the site's reports go."""
    return ReportPlace(site.folder / "reports", timezone="Europe/Berlin")


def night(site: Site) -> Findings:
    """Run the night of the present date."""
    return run_nightly(site.context, site.channels, place(site), site.clock().astimezone(BERLIN).date())


def drifted(findings: Findings, tracker: str) -> dict[str, int]:
    """Return what was found in a tracker, by kind."""
    return {row.kind: row.found for row in findings.drift if row.tracker == tracker}


class Here(Executor):
    """Does the work at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def test_what_no_incremental_pull_can_see_is_found_and_repaired(site: Site) -> None:
    """An option renamed back and forth, a label stripped without a stamp: drift, named and set right (R2, R3)."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    hit = site.github.create("One step", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=2)
    issue = site.jira.world.find(key)
    goal = site.jira.world.field("Goal")
    assert issue is not None
    assert goal is not None
    site.jira.create("Something newer", "goal:GROW-2")
    ok(site.turn())
    site.jira.world.rewrite(issue, {goal.id: goal.contexts[0].options[4]})
    ok(site.turn())
    assert site.serves(key) == "linked GROW-1"
    findings = night(site)
    assert drifted(findings, "jira")["changed unnoticed"] == 1
    assert site.serves(key) == f"linked {goal.contexts[0].options[4].value}"
    assert site.jira.labels(key) == {f"goal:{goal.contexts[0].options[4].value}"}
    assert drifted(findings, "github") == {}
    assert site.serves(hit) == "linked GROW-1"
    assert drifted(night(site), "jira") == {}
    site.sound()


def test_issues_that_are_gone_or_moved_are_told_apart(site: Site) -> None:
    """The census misses them, the tracker is asked about each, and nothing is guessed (L6)."""
    keys = {name: site.github.create(name, "goal:GROW-1") for name in ("stays", "deleted", "transferred")}
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=2)
    site.github.delete(keys["deleted"])
    new = site.github.move(keys["transferred"], "acme/api")
    findings = night(site)
    assert drifted(findings, "github") == {"gone": 1, "moved": 1, "not as decided": 1}
    assert site.record(keys["stays"]).presence is Presence.PRESENT
    assert site.record(keys["deleted"]).presence is Presence.GONE
    assert site.serves(new) == "linked GROW-1"
    ok(site.turn(rounds=2))
    assert drifted(night(site), "github") == {}
    site.sound()


@pytest.mark.parametrize("service", ["jira", "github"])
def test_what_leaves_the_scope_keeps_its_link_and_is_left_alone(site: Site, service: str) -> None:
    """Moved to a place that nobody tracks: link kept, no write, no question; on return all goes on (R6)."""
    site.jira.world.add_project("LAB")
    site.github.world.create_repository("acme/lab")
    desk: Desk = site.jira if service == "jira" else site.github
    lab, home = {"jira": ("LAB", "APP"), "github": ("acme/lab", "acme/web")}[service]
    key = desk.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    away = desk.move(key, lab)
    site.clock.pass_(hours=2)
    assert drifted(night(site), service) == {"out of scope": 1}
    assert site.record(away).presence is Presence.OUT_OF_SCOPE
    assert [link.goal for link in site.record(away).links] == [site.goal("GROW-1")]
    shown = desk.labels(away)
    site.change_goal("GROW-1", title="Checkout in a second")
    site.link(away, "COST-1")
    ok(site.turn(rounds=2))
    assert (desk.labels(away), site.told()) == (shown, ["Goal report: no open work"])
    assert drifted(night(site), service) == {}
    back = desk.move(away, home)
    site.clock.pass_(hours=2)
    night(site)
    ok(site.turn(rounds=2))
    assert (site.serves(back), desk.labels(back)) == ("linked COST-1", {"goal:COST-1"})
    site.sound()


def test_a_label_edited_while_the_daemon_was_down_counts(site: Site) -> None:
    """Days later the first pass adopts it: nothing is overwritten, and nothing is drift."""
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.shut()
    site.clock.pass_(days=3)
    site.github.add_label(key, "goal:COST-1")
    site.github.remove_label(key, "goal:GROW-1")
    site.context = site.open()
    findings = night(site)
    assert (site.serves(key), site.github.labels(key)) == ("linked COST-1", {"goal:COST-1"})
    assert drifted(findings, "github") == {}


@pytest.mark.parametrize("names", [("jira",), ("github",)], ids=["jira", "github"])
def test_half_of_all_issues_vanish_and_nothing_is_taken_for_gone(names: tuple[str, ...], tmp_path: Path) -> None:
    """A permission scheme changed: held, said, links kept; when they are back all is as before (fault 56)."""
    site = Site(tmp_path, Setup(names=names))
    try:
        ok(site.turn())
        desk = site.jira if names == ("jira",) else site.github
        keys = [desk.create(f"Step {n}", "goal:GROW-1", place=(desk.place, desk.other)[n % 2]) for n in range(60)]
        ok(site.turn(rounds=2))
        site.clock.pass_(hours=1)
        desk.hide()
        findings = night(site)
        assert findings.not_checked != ()
        assert [site.record(key).presence for key in keys] == [Presence.PRESENT] * 60
        assert {site.serves(key) for key in keys} == {"linked GROW-1"}
        desk.hide(hidden=False)
        ok(site.turn(minutes=40, rounds=2))
        findings = night(site)
        assert findings.not_checked == ()
        assert {site.serves(key) for key in keys} == {"linked GROW-1"}
        assert [site.asks(key) for key in keys] == [[]] * 60
        site.sound()
    finally:
        site.close()


@pytest.mark.parametrize("site", [Setup(names=("jira",))], indirect=True)
def test_more_than_a_few_that_the_census_misses_wait_for_a_person(site: Site) -> None:
    """Thirty of sixty are nowhere: said with the number and the way out, frozen until they return (fault 56)."""
    keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(60)]
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=1)
    for key in keys[:30]:
        site.jira.alice.hide_issue(key, JIRA_TOKEN)
    findings = night(site)
    assert [(each.what, each.issues) for each in findings.not_checked if each.issues] == [("jira", 30)]
    assert {site.record(key).presence for key in keys} == {Presence.PRESENT}
    ok(site.turn(rounds=2))
    assert {site.serves(key) for key in keys} == {"linked GROW-1"}
    for key in keys[3:30]:
        site.jira.alice.show_issue(key, JIRA_TOKEN)
    night(site)
    absent = [site.record(key).presence for key in keys[:3]]
    assert set(absent) <= {Presence.HIDDEN, Presence.GONE}
    assert {site.record(key).presence for key in keys[3:]} == {Presence.PRESENT}
    assert all(site.record(key).links for key in keys)
    for key in keys[:3]:
        site.jira.alice.show_issue(key, JIRA_TOKEN)
    assert drifted(night(site), "jira") == {"back again": 3}
    assert {site.serves(key) for key in keys} == {"linked GROW-1"}
    assert {site.record(key).presence for key in keys} == {Presence.PRESENT}
    site.sound()


def test_a_tracker_that_is_down_at_night_is_reported_as_not_checked(site: Site) -> None:
    """The other one is compared all the same, and the report says what was not looked at and why (L11)."""
    site.server.faults.add(Fault("status", "jira", status=503))
    findings = night(site)
    assert [each.what for each in findings.not_checked] == ["jira"]
    assert findings.not_checked[0].why
    assert (place(site).directory / "latest.html").exists()


def test_the_report_lies_in_every_format_and_chat_is_told_once_a_date(site: Site) -> None:
    """HTML, Markdown, JSON and CSV; a second run of the same date edits the summary instead of posting another."""
    site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(minutes=16))
    night(site)
    names = {path.name for path in place(site).directory.iterdir()}
    assert {"latest.html", "latest.md", "latest.json", "2026-03-02.html"} <= names
    assert json.loads((place(site).directory / "latest.json").read_text())["coverage"]["linked"] == 1
    assert site.told("growth") == ["100 % of open work serves a goal"]
    night(site)
    assert len(site.told("growth")) == 1
    site.clock.pass_(days=1)
    night(site)
    assert len(site.told("growth")) == len(site.told("platform")) == 2


def clockwork(site: Site, ran: list[date]) -> Clockwork:
    """Return a clockwork whose nights are only noted, as run."""

    def run(day: date) -> None:
        site.store.begin_run("nightly", day, site.clock())
        ran.append(day)
        site.store.end_run("nightly", day, site.clock())

    return Clockwork(site.context, site.channels, Nightly(time(2, 30), BERLIN), run, Here())


@pytest.mark.parametrize(
    ("start", "first"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 6, 1, 12, tzinfo=UTC), datetime(2026, 6, 2, 0, 30, tzinfo=UTC)),
    ],
    ids=["02:30 does not exist", "02:30 comes twice", "an ordinary night"],
)
def test_the_night_runs_once_a_date_also_when_clocks_are_changed(site: Site, start: datetime, first: datetime) -> None:
    """Due at the first instant whose local time is not before 02:30, and once (fault 15)."""
    ran: list[date] = []
    site.store.end_run("nightly", start.date(), start)
    site.store.begin_run("nightly", start.date(), start)
    site.store.end_run("nightly", start.date(), start)
    works, at = clockwork(site, ran), []
    now = start
    while now < start + timedelta(hours=36):
        site.clock.set(now)
        before = len(ran)
        works.tick(now)
        at += [now] if len(ran) > before else []
        now += timedelta(minutes=30)
    assert ran == [first.astimezone(BERLIN).date()]
    assert at == [first]


def test_a_night_that_was_slept_through_is_made_up_once(site: Site) -> None:
    """The machine slept over four dates: one run on waking, for the date it is (fault 16)."""
    ran: list[date] = []
    works = clockwork(site, ran)
    site.clock.set(datetime(2026, 3, 3, 12, tzinfo=UTC))
    works.tick(site.clock())
    site.clock.set(datetime(2026, 3, 7, 12, tzinfo=UTC))
    for _ in range(5):
        works.tick(site.clock())
        site.clock.pass_(minutes=10)
    assert ran == [date(2026, 3, 3), date(2026, 3, 7)]


def test_a_night_that_was_killed_is_begun_again(site: Site) -> None:
    """It never ended, so the next tick of the same date runs it whole; a date that ended is done."""
    ran: list[date] = []
    works = clockwork(site, ran)
    site.clock.set(datetime(2026, 3, 3, 12, tzinfo=UTC))
    site.store.begin_run("nightly", date(2026, 3, 3), site.clock())
    works.tick(site.clock())
    works.tick(site.clock())
    assert ran == [date(2026, 3, 3)]


_WRITER = """
import os, signal, sys
from pathlib import Path
from vindaris_sync.domain.findings_json import from_json
from vindaris_sync.report.write import write

directory, left = Path(sys.argv[1]), int(sys.argv[2])
findings = from_json((directory / "latest.json").read_text())
real = os.fsync

def dying(handle):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(handle)

os.fsync = dying
write(findings, directory)
"""


@pytest.mark.parametrize("syncs", [0, 3, 7])
def test_a_kill_while_the_report_is_written_leaves_the_old_one_whole(site: Site, syncs: int) -> None:
    """Every file is the old or the new one, never half of it, and the next night writes them all (fault 53)."""
    night(site)
    directory = place(site).directory
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    script = [sys.executable, "-c", _WRITER, str(directory), str(syncs)]
    killed = subprocess.run(script, check=False, env={**os.environ, "PYTHONWARNINGS": ""})
    assert killed.returncode == -signal.SIGKILL
    assert {name: (directory / name).read_bytes() for name in before} == before
    site.clock.pass_(days=1)
    night(site)
    assert not [path.name for path in directory.iterdir() if path.name.startswith(".report")]
    assert (directory / "2026-03-03.html").exists()
