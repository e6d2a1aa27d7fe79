"""A place that is called otherwise than in the configuration: its team is asked as before, and its rules hold (L8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.engine.test_link_rules import V2, rule, state_rules
from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain.goals import Status
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.engine.inbox import Choice, Inboxes
from vindaris_sync.engine.teams import Team, Teams

ONLY_GITHUB = [Setup(names=("github",))]
UNLINKED = "1 issue serves no goal"


def listed(site: Site, team: str) -> list[str]:
    """Return the keys in a team's inbox."""
    return [item.key for item in Inboxes(site.context).page(Choice(team=team), None, 50).items]


@pytest.mark.parametrize("name", ["acme/shop", "newco/shop"], ids=["renamed", "transferred to another owner"])
@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_renamed_repository_stays_its_teams(site: Site, name: str) -> None:
    """Nobody else hears of its issues, in chat, in the inbox or in the report; what was asked before stays, too."""
    old = site.github.create("Pay by phone")
    ok(site.turn(minutes=16))
    assert site.told() == [UNLINKED]
    site.clock.pass_(minutes=10)
    site.github.world.rename_repository("acme/web", name, actor="mia")
    new = site.github.create("One step", place=name)
    ok(site.turn(minutes=16, rounds=2))
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    assert site.told()[0] == "2 issues serve no goal"
    assert not any("goal" in line for line in site.told("platform"))
    assert sorted(listed(site, "Growth")) == sorted([f"{name}#{old.partition('#')[2]}", new])
    assert listed(site, "Platform") == []
    slices = gather_findings(site.context, None, "UTC").slices
    assert [(each.name, each.coverage.unlinked) for each in slices if each.kind == "team"] == [("Growth", 2)]
    site.sound()


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_what_is_seen_under_a_new_name_first_goes_to_its_team_once_that_is_known(site: Site) -> None:
    """The census finds the new name where nothing is written; what is asked there stays with who was asked."""
    key = site.github.create("Pay by phone")
    ok(site.turn(minutes=16))
    site.github.world.rename_repository("acme/web", "shop", actor="mia")
    for _ in range(2):
        site.clock.pass_(hours=7)
        ok(site.turn(rounds=2))
    assert site.record(key).place == "acme/shop"
    assert (site.told(), site.told("platform")[1:]) == ([UNLINKED, *site.told()[1:]], [])
    assert listed(site, "Growth") == [f"acme/shop#{key.partition('#')[2]}"]


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_what_a_direct_read_finds_under_a_new_name_is_its_teams_at_once(site: Site) -> None:
    """No list shows it, since a renamed repository changes no issue; what is written is read back by its id."""
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(minutes=16))
    site.github.world.rename_repository("acme/web", "shop", actor="mia")
    site.change_goal("GROW-1", status=Status.ABANDONED)
    ok(site.turn())
    assert site.record(key).place == "acme/shop"
    assert (len(site.told()), site.told("platform")) == (1, [])
    assert listed(site, "Growth") == [f"acme/shop#{key.partition('#')[2]}"]


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_rule_holds_in_a_renamed_place(site: Site) -> None:
    """A rule that names the place by its configured name links what is new under the new one."""
    state_rules(site, V2)
    ok(site.turn())
    site.clock.pass_(minutes=10)
    site.github.world.rename_repository("acme/web", "shop", actor="mia")
    new = site.github.create("Faster pages", place="acme/shop")
    site.github.world.edit("acme/shop", int(new.rpartition("#")[2]), actor="mia", milestone="v2")
    ok(site.turn(rounds=2))
    assert site.serves(new) == "linked GROW-1"
    teams = site.context.owners()
    assert teams.told_of(rule(site, 1), site.store.places())["Growth"] == ("github", "acme/shop")


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_case_does_not_matter_between_tracker_and_configuration(site: Site) -> None:
    """Scope, configured repository and what the tracker calls it may each be written their own way."""
    site.reconnect("github", repositories=("Acme/Web", "acme/api"))
    teams = Teams.of(
        [Team("Platform", ("github:acme/API",), "platform"), Team("Growth", ("github:ACME/web",), "growth")]
    )
    site.context = replace(site.context, teams=teams)
    new = site.github.create("Pay by phone")
    ok(site.turn(minutes=16, rounds=2))
    assert (site.told(), site.told("platform")) == ([UNLINKED], [])
    assert listed(site, "Growth") == [new]


@pytest.mark.parametrize("site", [Setup(names=("jira",))], indirect=True)
def test_a_place_that_no_team_names_is_asked_of_the_trackers_first_team(site: Site) -> None:
    """Nobody would hear of it else: chat and inbox of one team have it, and of one alone."""
    teams = Teams.of([Team("Growth", ("jira:APP",), "growth"), Team("Platform", ("jira:WEB",), "platform")])
    site.context = replace(site.context, teams=teams)
    new = site.jira.create("One step", place="OPS")
    ok(site.turn(minutes=16, rounds=2))
    assert (site.told(), site.told("platform")) == ([UNLINKED], [])
    assert (listed(site, "Growth"), listed(site, "Platform")) == ([new], [])
