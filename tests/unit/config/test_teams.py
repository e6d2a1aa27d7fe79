"""When teams are told and how owners are reached, as the configuration says it."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from vindaris_sync.config.teams import PersonSettings, TeamSettings
from vindaris_sync.domain.quiet import WEEKDAYS, Hours

BERLIN = ZoneInfo("Europe/Berlin")


def team(**stated: Any) -> TeamSettings:
    return TeamSettings.model_validate({"name": "Growth", "scopes": ("jira:*",), "notify": "growth", **stated})


@pytest.mark.parametrize(
    ("stated", "hours"),
    [
        ({}, None),
        ({"working_hours": "09:00-17:30"}, Hours(BERLIN, time(9), time(17, 30), WEEKDAYS)),
        ({"working_hours": "22:00 - 06:00", "working_days": ["sun"]}, Hours(BERLIN, time(22), time(6), frozenset({6}))),
        ({"working_days": ["mon", "sat"]}, Hours(BERLIN, days=frozenset({0, 5}))),
        ({"holidays": ["2026-12-25"]}, Hours(BERLIN, days=WEEKDAYS, holidays=frozenset({date(2026, 12, 25)}))),
    ],
)
def test_what_is_not_stated_of_working_time_is_what_people_expect(stated: dict[str, Any], hours: Hours | None) -> None:
    """Hours or holidays alone mean weekdays; nothing stated means at any time."""
    assert team(**stated).hours(BERLIN) == hours


@pytest.mark.parametrize(
    "stated",
    [
        {"working_hours": "9-17"},
        {"working_hours": "09:00"},
        {"working_hours": "09:00-25:00"},
        {"working_days": []},
        {"working_days": ["monday"]},
        {"urgent": ["unlinked"]},
        {"digest_above": 0},
        {"digest_within": "2d"},
        {"escalate_after": "5m"},
    ],
)
def test_working_time_that_is_none_is_refused(stated: dict[str, Any]) -> None:
    """Each with the setting's name."""
    with pytest.raises(ValidationError) as refused:
        team(**stated)
    assert refused.value.errors()[0]["loc"][0] == next(iter(stated))


@pytest.mark.parametrize(
    "mention", ["here", "channel", "Everyone", "all", "@ana", "<!channel>", "U1 U2", "", "!subteam^S1"]
)
def test_a_group_is_never_mentioned(mention: str) -> None:
    """Only one person's id or name is one."""
    with pytest.raises(ValidationError):
        PersonSettings(name="Ana", mention=mention)


def test_an_owner_who_can_be_reached_nowhere_is_refused() -> None:
    """A name alone tells nobody."""
    with pytest.raises(ValidationError, match="how they are reached"):
        PersonSettings(name="Ana")
