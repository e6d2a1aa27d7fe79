"""Goals that end: where their open work goes, and what a move of it keeps."""

from __future__ import annotations

import pytest

from tests.unit.domain.building import NOW, A, B, C, book, link, record
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import SetExplicit
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import Goal, Status, by_key, document_of, goal_of, problems
from vindaris_sync.domain.models import Link, Provenance
from vindaris_sync.domain.succession import successor_of

BY = By("kim", "command line", "A is achieved", NOW)


def after(*goals: Goal) -> str | None:
    """Return the key of the first goal's successor."""
    found = successor_of(goals[0], by_key(goals))
    return found.key if found else None


def closed(key: str, successor: str | None) -> Goal:
    """Return an achieved goal."""
    return Goal(key, f"Goal {key}", status=Status.ACHIEVED, successor=successor)


def test_a_goal_names_its_successor_in_any_case_and_by_former_keys() -> None:
    """As a parent is named."""
    assert after(closed("A", "b"), Goal("B", "Next")) == "B"
    assert after(closed("A", "OLD"), Goal("B", "Next", was=("old",))) == "B"
    assert after(closed("A", None), Goal("B", "Next")) is None
    assert after(closed("A", "gone")) is None


def test_a_successor_that_is_closed_hands_on_to_its_own() -> None:
    """Nobody is offered a goal that has ended; a circle of ended goals offers none."""
    assert after(closed("A", "B"), closed("B", "C"), Goal("C", "Last")) == "C"
    assert after(closed("A", "B"), closed("B", None)) is None
    assert after(closed("A", "B"), closed("B", "A")) is None


def test_a_successor_that_no_goal_is_refuses_the_goals() -> None:
    """A typing error is told when the goals are read, and not when the goal has ended."""
    [wrong] = problems([closed("A", "B")])
    assert (wrong.field, wrong.reason) == ("successor", "the successor B is unknown")
    assert [each.reason for each in problems([closed("A", "a")])] == ["its successor is itself"]
    assert problems([closed("A", "B"), Goal("B", "Next")]) == []
    assert problems([closed("A", "B")], whole=False) == []


def test_a_successor_is_kept_with_the_goal() -> None:
    """What the source states survives the store."""
    goal = closed("A", "B")
    assert goal_of(document_of(goal)) == goal


def moved(*links: Link, **changes: object) -> tuple[Link, ...]:
    """Return the links after A's work went to B."""
    issue = record(1, explicit=links, **changes)
    plan = decisions.move(issue, A, B, book(), BY)
    [action] = [each for each in plan.actions if isinstance(each, SetExplicit)]
    assert (action.event, action.who, action.why) == ("linked", "kim", "A is achieved")
    assert isinstance(action.explicit, tuple)
    return action.explicit


def test_a_move_replaces_one_goal_and_leaves_the_others_as_they_were_confirmed() -> None:
    """Who moves work off a goal that ended has not said anything about the other goals that it serves."""
    [only] = moved(link(A))
    assert (only.goal, only.provenance, only.who, only.primary) == (B, Provenance.CHOSEN, "kim", True)
    first, second = moved(link(C), link(A, primary=False))
    assert (first.goal, first.primary, second) == (B, False, link(C))


def test_a_move_to_a_goal_that_is_served_already_leaves_one_link() -> None:
    """It takes the place of the one that goes; how it came to be stays known."""
    [kept] = moved(link(A), link(B, primary=False))
    assert kept == link(B)


@pytest.mark.parametrize("goals", [(A,), ()], ids=["inherits", "unknown"])
def test_a_move_gives_an_issue_a_link_of_its_own_where_it_had_none(goals: tuple[int, ...]) -> None:
    """It is asked in place of a closed carrier, whose link stays what it was (R8)."""
    assert [one.goal for one in moved(goals=goals)] == [B]
