"""An issue that is a goal carries that goal (R6), and is asked about what hangs below it (R8)."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.domain.building import NOW, A, B, C, book, exemption, link, record
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import ConfirmGoal, SetExplicit
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.links import effective
from vindaris_sync.domain.models import Link, LinkState, Provenance
from vindaris_sync.domain.records import GoalBook, GoalFacts, Record

CARRIED = Link(A, Provenance.GOAL, "", NOW, 1, "A1", primary=True)
BY = By("kim", "cli", "read it", NOW)


def goals(*issues: Record, changed: bool = False) -> GoalBook:
    """Return the goals, the first being these issues; ``changed``: edited since it was confirmed."""
    facts = GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"})
    found = book(A=facts) if changed else book()
    return replace(found, carried={each.ref: CARRIED for each in issues})


def test_what_hangs_below_inherits_the_goal() -> None:
    """At any depth, through what nobody said anything about."""
    epic, story, task = record(1), record(2, parent=1), record(3, parent=2)
    found = effective(task, (), [story, epic], carried=goals(epic).carried)
    assert (found.state, found.carrier, found.goals) == (LinkState.INHERITED, epic, (A,))


def test_the_nearest_decides() -> None:
    """An explicit link below a goal's issue, and a goal's issue below one with a link."""
    epic, story = record(1), record(2, parent=1, explicit=(link(B),))
    assert effective(record(3, parent=2), (), [story, epic], carried=goals(epic).carried).goals == (B,)
    linked, goal = record(4, explicit=(link(B),)), record(5, parent=4)
    assert effective(record(6, parent=5), (), [goal, linked], carried=goals(goal).carried).goals == (A,)


def test_what_people_set_on_a_goals_issue_is_beside_and_not_below() -> None:
    """The issue serves both; what hangs below serves the goal."""
    epic = record(1, explicit=(link(B), link(C, primary=False)))
    carried = goals(epic).carried
    assert set(effective(epic, epic.explicit, [], carried=carried).goals) == {A, B, C}
    assert effective(record(2, parent=1), (), [epic], carried=carried).goals == (A,)


def test_a_link_to_itself_says_nothing_new() -> None:
    """It is held once."""
    epic = record(1, explicit=(link(A),))
    assert effective(epic, epic.explicit, [], carried=goals(epic).carried).links == (CARRIED,)


def test_an_exemption_of_a_goals_issue_means_nothing() -> None:
    """Neither for it nor for what hangs below."""
    epic = record(1, explicit=exemption())
    carried = goals(epic).carried
    assert effective(epic, epic.explicit, [], carried=carried).links == (CARRIED,)
    assert effective(record(2, parent=1), (), [epic], carried=carried).state is LinkState.INHERITED


def test_confirming_at_the_goals_issue_confirms_what_hangs_below() -> None:
    """No link is made of it."""
    epic = record(1)
    [action] = decisions.confirm(epic, (), goals(epic, changed=True), {A: 2}, BY).actions
    assert action == ConfirmGoal(epic.id, A, 2, "kim", "cli", "read it")


def test_confirming_both_at_once_keeps_them_apart() -> None:
    """What the issue serves beside is its own link."""
    epic = record(1, explicit=(link(B),))
    found = replace(goals(epic, changed=True), goals={
        **goals(epic, changed=True).goals, B: GoalFacts(B, "B", "Goal B", "active", 3, {1: "B1", 3: "B3"}),
    })  # fmt: skip
    changed, confirmed = decisions.confirm(epic, (), found, {A: 2, B: 3}, BY).actions
    assert isinstance(changed, SetExplicit)
    assert isinstance(changed.explicit, tuple)
    assert [(one.goal, one.revision) for one in changed.explicit] == [(B, 3)]
    assert confirmed == ConfirmGoal(epic.id, A, 2, "kim", "cli", "read it")


def test_confirming_below_a_closed_goals_issue_makes_a_link_of_ones_own() -> None:
    """As with any carrier: chosen by who confirmed."""
    epic, task = record(1, closed=True), record(2, parent=1)
    [action] = decisions.confirm(task, [epic], goals(epic, changed=True), {A: 2}, BY).actions
    assert isinstance(action, SetExplicit)
    assert action.explicit == (Link(A, Provenance.CHOSEN, "kim", NOW, 2, "A2", primary=True),)


def test_the_book_knows_what_was_confirmed() -> None:
    """Of that goal, and of no other."""
    epic, other = record(1), record(2)
    found = goals(epic, changed=True)
    found = replace(found, carried={**found.carried, other.ref: replace(CARRIED, goal=B, fingerprint="B1")})
    after = found.confirmed(replace(CARRIED, revision=2, fingerprint="A2"))
    assert found.suspect(found.carried[epic.ref])
    assert not after.suspect(after.carried[epic.ref])
    assert after.carried[other.ref] == found.carried[other.ref]
