"""Altitude: types that must carry a link themselves, what hangs below them, and who is asked (R6, R8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.domain.building import LAYOUT, A, B, World, agreed, book, exemption, link, record, rule
from vindaris_sync.domain.actions import OpenCause
from vindaris_sync.domain.links import effective
from vindaris_sync.domain.models import LinkState
from vindaris_sync.domain.records import GoalFacts, Policy, Reason
from vindaris_sync.domain.rules import RuleBook

MUST = Policy(LAYOUT, must_link=frozenset({"epic"}))


def tree(policy: Policy = MUST, **epic: Any) -> World:
    """Return an initiative that is linked to A, an epic below it, and a story below that."""
    top = record(1, type="Initiative", explicit=(link(A),), state=LinkState.LINKED, **agreed(field="A", labels=["A"]))
    middle = record(2, type="Epic", parent=1, parent_stated=True, **epic)
    return World.of(top, middle, record(3, parent=2, parent_stated=True), policy=policy)


def state(world: World, number: int) -> tuple[LinkState | None, tuple[int, ...], int | None]:
    """Return what an issue comes to."""
    found = world.issues[number]
    return found.state, found.goals, found.carrier


def asked(world: World, number: int) -> set[Reason]:
    """Return the reasons for which a review is open."""
    return {cause.key.reason for cause in world.issues[number].causes if cause.open}


def test_by_default_every_type_inherits() -> None:
    """Nobody has to tag twice."""
    world = tree(Policy(LAYOUT))
    world.decide()
    assert [state(world, number) for number in (2, 3)] == [(LinkState.INHERITED, (A,), 1)] * 2


def test_a_type_that_must_carry_a_link_is_unlinked_without_and_told_why() -> None:
    """What stands above it does not do; those below it go on inheriting, so that one question is asked and not all."""
    world = tree()
    plan = world.decide()
    assert state(world, 2) == (LinkState.UNLINKED, (), None)
    assert state(world, 3) == (LinkState.INHERITED, (A,), 1)
    assert (asked(world, 2), asked(world, 3)) == ({Reason.UNLINKED}, set())
    [told] = [each.cause.detail for each in plan.actions if isinstance(each, OpenCause)]
    assert told == "its type, Epic, must carry a link itself"


def test_what_stands_above_it_is_heard_below_it() -> None:
    """Another link of the initiative changes nothing at the epic; the story below inherits it all the same."""
    world = tree()
    world.decide()
    world.issues[1] = replace(world.issues[1], explicit=(link(B),), **agreed(field="B", labels=["B"]))
    for number in (1, 2):
        assert world.decide(number).descend == (number,)
    world.decide(3)
    assert state(world, 3) == (LinkState.INHERITED, (B,), 1)


@pytest.mark.parametrize("explicit", [(link(B),), exemption()], ids=["link", "exemption"])
def test_a_link_or_an_exemption_of_its_own_answers(explicit: Any) -> None:
    """Either is a decision at this altitude, and holds for those below."""
    effect = effective(record(2, type="Epic", explicit=explicit), explicit, [record(1)], itself=True)
    assert (effect.state is not LinkState.UNLINKED, effect.itself) == (True, False)


def test_a_rule_answers_only_where_the_issue_itself_fulfils_it() -> None:
    """A rule of its parent is what stands above it; its own waits for no parent."""
    rules = RuleBook((rule(1, A, type="Initiative"), rule(2, B, component="checkout")))
    above = record(1, type="Initiative")
    assert effective(record(2, type="Epic"), (), [above], rules, itself=True).itself
    fulfils = record(
        2, type="Epic", parent_stated=True, traits=replace(record().traits, components=frozenset({"checkout"}))
    )
    assert effective(fulfils, (), [], rules, itself=True).goals == (B,)


def test_a_parent_that_is_not_read_yet_keeps_nobody_waiting() -> None:
    """Whatever it carries would not do: the epic is simply unlinked."""
    effect = effective(record(2, type="Epic", parent_stated=True), (), [], itself=True)
    assert (effect.state, effect.parent_unknown) == (LinkState.UNLINKED, False)


def test_questions_pass_by_what_inherits_nothing() -> None:
    """With the initiative closed, the story is asked about its goal: the epic between them does not serve it (R8)."""
    changed = GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"})
    world = tree()
    world.issues[1] = replace(world.issues[1], closed=True)
    world.goals = book(A=changed)
    world.decide()
    assert (asked(world, 2), asked(world, 3)) == ({Reason.UNLINKED}, {Reason.GOAL_CHANGED})


def test_what_carries_its_own_link_is_asked_for_all_below_it() -> None:
    """As every carrier: the story asks nothing (R8)."""
    world = tree(explicit=(link(B),), state=LinkState.LINKED, **agreed(field="B", labels=["B"]))
    world.decide()
    world.goals = book(B=GoalFacts(B, "B", "Goal B", "active", 2, {1: "B1", 2: "B2"}))
    world.decide()
    assert state(world, 3) == (LinkState.INHERITED, (B,), 2)
    assert (asked(world, 2), asked(world, 3)) == ({Reason.GOAL_CHANGED}, set())


def test_its_own_link_is_never_redundant() -> None:
    """It must have one, whatever its parent serves: relinking the parent opens nothing at it (R7)."""
    world = tree(explicit=(link(A),), state=LinkState.LINKED, **agreed(field="A", labels=["A"]))
    world.decide()
    world.issues[1] = replace(world.issues[1], explicit=(link(B),), **agreed(field="B", labels=["B"]))
    world.decide()
    assert asked(world, 2) == set()


def test_settings_that_change_it_let_everything_be_decided_anew() -> None:
    """An epic that inherited is asked about once its type must carry a link, and no more once it need not."""
    world = tree(Policy(LAYOUT))
    world.decide()
    assert Policy(LAYOUT).stamp != MUST.stamp
    world.policy = MUST
    world.decide()
    assert asked(world, 2) == {Reason.UNLINKED}
    world.policy = Policy(LAYOUT)
    world.decide()
    assert (state(world, 2), asked(world, 2)) == ((LinkState.INHERITED, (A,), 1), set())


def test_what_an_unread_parent_gives_is_compared_with_what_stood_before_it_was_named() -> None:
    """Moved below a parent that is read only later, an issue is asked about once its goal turns out to be another."""
    world = World.of(
        record(1, explicit=(link(A),), **agreed(field="A", labels=["A"])),
        record(2, explicit=(link(B),), **agreed(field="B", labels=["B"])),
        record(3, parent=1, parent_stated=True),
    )
    world.decide()
    world.issues[3] = replace(world.issues[3], parent=None)
    world.decide(3)
    assert (state(world, 3)[0], world.issues[3].parent_unknown) == (LinkState.UNLINKED, True)
    world.issues[3] = replace(world.issues[3], parent=2)
    world.decide(3)
    assert state(world, 3) == (LinkState.INHERITED, (B,), 2)
    assert asked(world, 3) == {Reason.PARENT_CHANGED}
