"""Estimates over sockets: work on a goal is added up in the unit of the field that Jira holds them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain.leading import Effort
from vindaris_sync.engine.standing import standings
from vindaris_sync.sandbox.jira.model import NUMBER

UNIT = "Story Points"


@pytest.fixture(params=[True, False], ids=["cloud", "data-center"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Give a company that estimates in a number field of its Jira, which is named in our settings."""
    made = Site(tmp_path, Setup(names=("jira",), cloud=request.param))
    made.jira.world.add_field(UNIT, NUMBER)
    made.reconnect("jira", estimate=UNIT)
    try:
        ok(made.turn())
        yield made
    finally:
        made.close()


def work(site: Site, title: str, points: float | None) -> str:
    """Let a person open an issue on GROW-1 with an estimate."""
    key = site.jira.create(title, "goal:GROW-1")
    estimate(site, key, points)
    return key


def estimate(site: Site, key: str, points: float | None) -> None:
    """Let a person write an estimate."""
    field = site.jira.world.field(UNIT)
    assert field is not None
    site.jira.alice.edit(key, **{field.id: points})


def efforts(site: Site) -> dict[str, Effort]:
    """Return what the estimates of the work on GROW-1 add up to."""
    return standings(site.store, site.clock(), site.context.unit_of).goals[site.goal("GROW-1")].efforts


def test_estimates_are_added_up_in_the_fields_unit(site: Site) -> None:
    """What is closed is done; what has no estimate counts among issues alone."""
    done = work(site, "Pay by phone", 3)
    work(site, "Pay by card", 5.5)
    work(site, "Pay by letter", None)
    site.jira.alice.close(done)
    ok(site.turn())
    assert efforts(site) == {UNIT: Effort(UNIT, done=3, total=8.5, issues=2)}


def test_an_estimate_that_a_person_changes_is_followed_without_a_write_or_a_question(site: Site) -> None:
    """It is only read, with the search that is made anyway; taken out it is none, and zero is one."""
    key = work(site, "Pay by phone", 3)
    ok(site.turn(rounds=2))
    for points, expected in ((8, Effort(UNIT, 0, 8, 1)), (0, Effort(UNIT, 0, 0, 1))):
        estimate(site, key, points)
        with site.requests() as counted:
            done = ok(site.turn())
        assert (done.planned, counted.writes, counted.by_service) == ([], 0, {"jira": 1})
        assert efforts(site) == {UNIT: expected}
    estimate(site, key, None)
    ok(site.turn())
    assert efforts(site) == {}
    assert site.asks(key) == []


def test_a_number_below_zero_is_no_estimate(site: Site) -> None:
    """Jira takes any number; one that makes no sense counts as none, and the issue is read all the same."""
    key = work(site, "Pay by phone", -1)
    ok(site.turn())
    assert efforts(site) == {}
    assert site.serves(key) == "linked GROW-1"


def test_a_field_that_is_not_there_is_told_and_nothing_else_is_lost(site: Site) -> None:
    """The preflight names the setting and the way out; issues are read without estimates."""
    site.reconnect("jira", estimate="Stroy Points")
    key = work(site, "Pay by phone", 3)
    ok(site.turn())
    assert site.serves(key) == "linked GROW-1"
    assert efforts(site) == {}
    (finding,) = [each for each in site.context.trackers["jira"].connector.check() if each.subject == "estimate"]
    assert "Stroy Points" in finding.message
