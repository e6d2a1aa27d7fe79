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
