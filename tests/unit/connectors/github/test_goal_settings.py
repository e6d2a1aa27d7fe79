"""What a block of kind ``github`` among the sources of goals may hold."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from vindaris_connectors.github.goal_settings import GithubGoalSettings, Part


def settings(**given: Any) -> GithubGoalSettings:
    """Return a block's settings."""
    return GithubGoalSettings.model_validate({"tracker": "hub", **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "name one of"),
        ({"labels": ["goal"], "milestones": True}, "name one of"),
        ({"labels": [""]}, "at least 1 character"),
        ({"project": "acme"}, "is no board"),
        ({"project": "acme/0"}, "is no board"),
        ({"project": "https://github.com/orgs/acme/projects/7"}, "is no board"),
        ({"milestones": True, "lists": True}, "lists"),
        ({"labels": "goal", "priority": "Priority"}, "write"),
        ({"labels": "goal", "priority": "label:"}, "write"),
        ({"labels": "goal", "period": "milestone:x"}, "write"),
        ({"labels": "goal", "status": {"done": "finished"}}, "finished"),
        ({"labels": "goal", "every": "1s"}, "10"),
    ],
)
def test_a_block_that_cannot_be_used_says_why(given: dict[str, Any], said: str) -> None:
    """Each with the setting at fault."""
    with pytest.raises(ValidationError, match=said):
        settings(**given)


def test_one_name_may_stand_alone() -> None:
    """A text stands for a list of it, and is shown as it was written."""
    assert settings(labels="goal").labels == settings(labels=["goal"]).labels == ("goal",)
    assert settings(labels="goal").model_dump(mode="json")["labels"] == "goal"


def test_parts_stand_where_it_is_said_else_where_they_usually_do() -> None:
    """A board has fields, a milestone has a due date, an issue has neither."""
    assert (settings(labels="g").priority_at, settings(labels="g").period_at) == (None, None)
    assert settings(milestones=True).period_at == Part("due")
    assert settings(milestones=True, period="").period_at is None
    board = settings(project="acme/7", period="field: Quarter ", priority="label:P-")
    assert (board.priority_at, board.period_at) == (Part("label", "P-"), Part("field", "Quarter"))
    assert board.named_fields == {"Quarter": "period", "Status": "status_field"}
    assert settings(project="acme/7").board == ("acme", 7)


def test_pulls_show_goals_by_type() -> None:
    """And by nothing else."""
    assert settings(types=["Goal", "Bet"]).tracked_types() == ("Goal", "Bet")
    assert settings(labels="goal").tracked_types() == ()
