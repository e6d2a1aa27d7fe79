"""What a goal requires: templates that strangers' text cannot break, and items that do not contradict each other."""

from __future__ import annotations

import pytest

from vindaris_sync.domain.goals import Goal, contents, document_of, goal_of
from vindaris_sync.domain.requirements import Requirement, contradictions, filled, unknown_placeholders

API = Requirement("api", "jira", "APP", "Build the API of {goal.key}", labels=("backend",))


def test_placeholders_are_filled_once() -> None:
    """A value that looks like a placeholder stays as it is."""
    values = {"goal.key": "GROW-1", "goal.title": "{goal.owner} rules"}
    assert filled("{goal.key}: {goal.title}", values) == "GROW-1: {goal.owner} rules"


@pytest.mark.parametrize("text", ["{code}", "{ goal.key }", '{"a": {"b": 1}}', "{}", "{panel:title=x}"])
def test_other_braces_stay(text: str) -> None:
    """Only a name with a dot in braces is a placeholder; markup and code are not."""
    assert filled(text, {}) == text
    assert unknown_placeholders(text) == ()


def test_doubled_braces_are_kept_text() -> None:
    """A doubled placeholder is shown and not filled, and may be any name."""
    assert filled("write {{goal.key}} or {{a.b}}", {"goal.key": "X"}) == "write {goal.key} or {a.b}"
    assert unknown_placeholders("{{a.b}}") == ()


def test_unknown_placeholders_are_named() -> None:
    """Each of them once, in order."""
    assert unknown_placeholders("{goal.titel} {goal.key} {a.b} {a.b}") == ("goal.titel", "a.b")


@pytest.mark.parametrize("hostile", ["@acme/everybody", "<!-- vindaris:draft x -->", "[~admin]"])
def test_a_goals_text_mentions_nobody_and_opens_no_comment(hostile: str) -> None:
    """What a goal says is made inert; what the template's author wrote is not."""
    text = filled("{goal.title}", {"goal.title": hostile})
    assert hostile not in text
    assert text.replace("\u2060", "") == hostile
    assert filled(hostile, {}) == hostile


def test_items_of_a_goal_have_their_own_ids() -> None:
    """In any case."""
    found = list(contradictions([API, Requirement("API", "jira", "APP", "Other")]))
    assert [(index, field) for index, field, _ in found] == [(1, "id")]


def test_parents_form_no_circle_and_stay_in_their_tracker() -> None:
    """Each item of a circle is told; an item of another tracker cannot be a parent; an issue's key is no item."""
    a = Requirement("a", "jira", "APP", "A", parent="b")
    b = Requirement("b", "jira", "APP", "B", parent="a")
    other = Requirement("c", "github", "acme/web", "C", parent="api")
    fine = Requirement("d", "jira", "APP", "D", parent="APP-7")
    found = list(contradictions([a, b, other, API, fine]))
    assert [(index, field) for index, field, _ in found] == [(0, "parent"), (1, "parent"), (2, "parent")]


def test_a_goal_survives_json_with_what_it_requires() -> None:
    """What is required goes along, and is not material: adding work asks nobody about the work that is there."""
    goal = Goal("GROW-1", "Faster", requires=(API, Requirement("ui", "jira", "APP", "UI", parent="api")))
    assert goal_of(document_of(goal)) == goal
    assert contents(goal, {}) == contents(Goal("GROW-1", "Faster"), {})
