"""A tracker whose stamps went back: its clock ran ahead and was corrected, or it was restored from a backup."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.engine.desks import Desk, GithubDesk, JiraDesk
from tests.integration.engine.test_census import later
from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain.models import Presence

AHEAD = timedelta(hours=24)


def touched_ahead(one: Site, desk: JiraDesk | GithubDesk) -> str:
    """Return an issue linked to GROW-1 that was changed while its tracker's clock was ahead, and is not any more."""
    key = desk.create("Pay by phone", "goal:GROW-1")
    ok(one.turn(rounds=2))
    desk.world.weather.clock_skew = AHEAD
    desk.retitle(key, "Pay by telephone")
    ok(one.turn(rounds=2))
    desk.world.weather.clock_skew = timedelta()
    ok(one.turn(rounds=2))
    return key


def test_what_was_touched_while_the_clock_was_ahead_goes_on_being_heard(one: Site, desk: Desk) -> None:
    """Its stamp lies a day ahead of what is done to it next: relinked, linked through us, and closed."""
    assert isinstance(desk, JiraDesk | GithubDesk)
    key = touched_ahead(one, desk)
    desk.remove_label(key, "goal:GROW-1")
    desk.add_label(key, "goal:COST-1")
    ok(one.turn(rounds=2))
    assert one.serves(key) == "linked COST-1"
    one.link(key, "SAFE-1")
    done = ok(one.turn(rounds=2))
    assert all(not report.counts["stale"] for report in done.reports)
    assert "goal:SAFE-1" in desk.labels(key)
    desk.close(key)
    ok(one.turn(rounds=2))
    assert one.record(key).closed
    one.sound()


@pytest.mark.parametrize("site", [Setup(names=("jira",))], indirect=True)
def test_what_left_while_the_clock_was_ahead_is_let_go_before_its_stamp_is_past(site: Site) -> None:
    """A census asks about it: a stamp from the future does not tell that it has just changed (L6)."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.jira.world.weather.clock_skew = AHEAD
    site.jira.world.add_project("LAB")
    key = site.jira.move(key, "LAB")
    site.jira.world.weather.clock_skew = timedelta()
    later(site)
    assert site.record(key).presence is Presence.OUT_OF_SCOPE


@pytest.mark.parametrize("site", [Setup(names=("jira",), cloud=cloud) for cloud in (True, False)], indirect=True)
def test_a_tracker_that_was_restored_from_a_backup_is_believed_by_the_night(site: Site) -> None:
    """Its stamps went back with what it shows; no pull shows that, and the comparison finds it and counts it."""
    key, world = site.jira.create("Pay by phone", "goal:GROW-1"), site.jira.world
    ok(site.turn(rounds=2))
    issue = world.issues[int(site.record(key).ref.id)]
    backup = issue.state
    site.jira.remove_label(key, "goal:GROW-1")
    site.jira.add_label(key, "goal:COST-1")
    site.jira.close(key)
    ok(site.turn(rounds=2))
    assert (site.serves(key), site.record(key).closed) == ("linked COST-1", True)
    site.clock.pass_(hours=2)
    ok(site.turn())
    issue.state = backup
    world.index.put(backup)
    [night] = site.night()
    assert [(row.kind, row.found) for row in night.drift] == [("changed unnoticed", 1)]
    assert (site.serves(key), site.record(key).closed) == ("linked GROW-1", False)
