from __future__ import annotations

from typing import Any

import pytest

from vindaris_connectors.jira.mapping import TIME_ESTIMATE, Mapper, estimated
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_connectors.jira.surfaces import estimated_by
from vindaris_sync.sdk.secret import Secret

NUMBER, TEXT = {"type": "number"}, {"type": "string"}
FIELDS = [
    {"id": "customfield_1", "name": "Story Points", "schema": NUMBER},
    {"id": "customfield_2", "name": "Size", "schema": NUMBER},
    {"id": "customfield_3", "name": "size", "schema": NUMBER},
    {"id": "customfield_4", "name": "T-shirt", "schema": TEXT},
]


def settings(estimate: str) -> JiraSettings:
    return JiraSettings(url="https://a.example", token=Secret("t"), projects=("APP",), estimate=estimate)


@pytest.mark.parametrize(
    ("by", "value", "amount"),
    [
        ("customfield_1", 3, 3.0),
        ("customfield_1", 0.5, 0.5),
        ("customfield_1", 0, 0.0),
        (TIME_ESTIMATE, 5400, 1.5),
        ("customfield_1", None, None),
        ("customfield_1", "3", None),
        ("customfield_1", True, None),
        ("customfield_1", -1, None),
        ("customfield_1", float("inf"), None),
        ("customfield_1", {"value": 3}, None),
    ],
)
def test_an_estimate_is_a_number_and_time_is_hours(by: str, value: Any, amount: float | None) -> None:
    """What is none is no estimate, and never spoils the issue."""
    assert estimated(by, value) == amount


def test_estimates_are_read_where_the_block_says_by_what() -> None:
    """One more field in the same request; none without the setting."""
    assert "customfield_1" in Mapper("jira", "", estimate="customfield_1").fields
    assert "customfield_1" not in Mapper("jira", "").fields


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("story points", "customfield_1"), ("customfield_3", "customfield_3"), ("Size", ""), ("T-shirt", ""), ("No", "")],
)
def test_a_field_is_meant_by_name_or_id(wanted: str, found: str) -> None:
    """A name that several number fields have means none of them; the preflight says so."""
    assert estimated_by(FIELDS, wanted) == found


@pytest.mark.parametrize(
    ("estimate", "id_", "unit"),
    [
        ("", "", ""),
        ("timeoriginalestimate", "timeoriginalestimate", "hours"),
        ("customfield_10016", "customfield_10016", "points"),
        ("Story Points", "", "Story Points"),
    ],
)
def test_the_unit_follows_from_the_field(estimate: str, id_: str, unit: str) -> None:
    """A name says it itself."""
    block = settings(estimate)
    assert (block.estimate_id, block.estimate_unit) == (id_, unit)
