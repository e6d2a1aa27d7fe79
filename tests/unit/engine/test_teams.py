"""Who is asked about what concerns several places."""

from __future__ import annotations

import pytest

from vindaris_sync.domain.rules import Condition, Rule, Stated
from vindaris_sync.engine.teams import Team, Teams

TEAMS = Teams.of(
    [Team("Growth", ("jira:APP", "github:acme/web"), "growth"), Team("Platform", ("jira:*", "github:*"), "platform")]
)
PLACES = (("github", "acme/api"), ("github", "acme/web"), ("jira", "APP"), ("jira", "OPS"))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({Condition.LABEL: ("slow",)}, {"Growth": ("github", "acme/web"), "Platform": ("github", "acme/api")}),
        ({Condition.TRACKER: ("Jira",)}, {"Growth": ("jira", "APP"), "Platform": ("jira", "OPS")}),
        ({Condition.PLACE: ("app",)}, {"Growth": ("jira", "APP")}),
        ({Condition.PLACE: ("ops", "acme/api")}, {"Platform": ("github", "acme/api")}),
        ({Condition.PLACE: ("nowhere",)}, {}),
    ],
)
def test_a_rules_question_reaches_each_team_with_places_that_it_covers_once(
    asked: dict[Condition, tuple[str, ...]], told: dict[str, tuple[str, str]]
) -> None:
    """Only places that were seen count: nobody is told of what cannot concern anybody yet."""
    assert TEAMS.told_of(Rule(1, Stated("G-1", asked), None), PLACES) == told


def test_a_place_is_its_teams_by_what_the_configuration_calls_it_and_without_case() -> None:
    """A name that was taken over means the place that it leads to now."""
    called = {("github", "Acme/Shop"): "acme/web", ("github", "acme/web"): "acme/api", ("jira", "app"): "app"}
    teams = TEAMS.among(called)
    places = [("github", "Acme/Shop"), ("github", "acme/web"), ("jira", "app"), ("jira", "OPS")]
    assert [getattr(teams.of_place(*place), "name", None) for place in places] == [
        "Growth", "Platform", "Growth", "Platform",
    ]  # fmt: skip
    assert teams.places("Growth") == (("jira", "APP"), ("github", "Acme/Shop"), ("jira", "app"))
    assert ("github", "acme/web") not in teams.named


def test_a_tracker_that_no_team_has_as_a_whole_is_its_first_teams_for_the_rest() -> None:
    """What is asked is asked of somebody, and of one team alone (L8)."""
    teams = Teams.of([Team("Growth", ("jira:APP",), "growth"), Team("Platform", ("jira:OPS",), "platform")])
    assert [getattr(teams.of_place("jira", place), "name", None) for place in ("APP", "ops", "NEW")] == [
        "Growth", "Platform", "Growth",
    ]  # fmt: skip
    assert (teams.places("Growth"), teams.places("Platform")) == ((("jira", "APP"), ("jira", "*")), (("jira", "OPS"),))
    assert teams.of_place("github", "acme/web") is None
