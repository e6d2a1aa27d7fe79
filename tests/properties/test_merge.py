"""The merge by itself: R3's table as an oracle, over what a field, a label and an exempt label can show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.building import (
    EXEMPT,
    FIELD,
    LABEL,
    LAYOUT,
    NOW,
    A,
    B,
    C,
    World,
    base,
    book,
    exemption,
    link,
    record,
    shows,
)
from vindaris_sync.domain.decide import decide_issue
from vindaris_sync.domain.merge import Merged, Result, merge, project
from vindaris_sync.domain.models import Explicit, Layout, Surface
from vindaris_sync.domain.records import Policy, Record
from vindaris_sync.domain.sides import NO_GOAL, read_sides, value_of

Value = frozenset[int]
NOTHING: Value = frozenset()
_OFTEN = settings(max_examples=5 * settings().max_examples)  # a merge costs a hundredth of a history
NAMES = {A: "A", B: "B", C: "C"}
ONE = [NOTHING, frozenset({A}), frozenset({B}), frozenset({NO_GOAL})]
"""What an issue that serves one goal can come to."""
MANY = [*ONE, frozenset({A, B}), frozenset({B, C})]


def held(value: Value) -> Explicit:
    """Return S as the store holds it; the lowest goal is the primary."""
    if NO_GOAL in value:
        return exemption(NOW + timedelta(days=9))
    return tuple(link(goal, primary=goal == min(value)) for goal in sorted(value))


def display(value: Value) -> dict[str, tuple[str, ...]]:
    """Return what an issue shows when all its surfaces agree on ``value``."""
    goals = sorted(NAMES[goal] for goal in value if goal)
    return shows(field=goals[0] if goals else "", labels=goals, exempt=NO_GOAL in value)


def between(store: Value, agreed: Value, tracker: Value, *, machine: bool = False) -> Record:
    """Return an issue on which ``agreed`` was agreed, that the store now holds as S and the tracker shows as T."""
    bases = {key: base(*raw) for key, raw in display(agreed).items()}
    return record(explicit=held(store), observed=display(tracker), bases=bases, by_machine=machine)


def merged(one: Record, *, several: bool) -> Merged:
    """Return what the merge decides about ``one``."""
    return merge(one, read_sides(one, LAYOUT, book()), Layout(LAYOUT.surfaces, several_goals=several))


def table(store: Value, agreed: Value, tracker: Value) -> tuple[Result, Value]:
    """R3's table as it is printed, less one contradiction: what both sides took away, they took away together.

    An exemption that the store replaced by a goal, or a goal by an exemption, and that the tracker only dropped, is no
    conflict: such is also the middle of our own write.
    """
    if store != agreed != tracker == NOTHING and NO_GOAL in store | agreed and store & agreed == NOTHING != store:
        return Result.AGREE, store
    match store == agreed, tracker == agreed, store == tracker:
        case True, True, _:
            return Result.IN_SYNC, store
        case False, True, _:
            return Result.WRITE_BACK, store
        case True, False, _:
            return Result.ADOPT, tracker
        case _, _, True:
            return Result.AGREE, store
    return Result.CONFLICT, store


@pytest.mark.parametrize(("store", "agreed", "tracker"), list(product(ONE, ONE, ONE)))
def test_every_row_of_the_table_holds_for_one_goal(store: Value, agreed: Value, tracker: Value) -> None:
    """Field, label and exempt label move together: what follows is what the table says."""
    found = merged(between(store, agreed, tracker), several=False)
    assert (found.result, found.value) == table(store, agreed, tracker)


@pytest.mark.parametrize(("store", "agreed", "tracker"), list(product(MANY, MANY, MANY)))
def test_every_row_of_the_table_holds_for_several_goals(store: Value, agreed: Value, tracker: Value) -> None:
    """The same where an issue may serve several goals; the field shows the primary one."""
    found = merged(between(store, agreed, tracker), several=True)
    assert (found.result, found.value) == table(store, agreed, tracker)


@pytest.mark.parametrize("tracker", ONE)
def test_an_expiry_yields_to_the_tracker(tracker: Value) -> None:
    """Where S is empty by machine and somebody showed a goal meanwhile, that is adopted; else the expiry holds."""
    found = merged(between(NOTHING, frozenset({NO_GOAL}), tracker, machine=True), several=False)
    assert found.value == (NOTHING if tracker == {NO_GOAL} else tracker)


def test_a_write_that_was_cut_in_the_middle_is_no_conflict() -> None:
    """B was added beside A and A not yet taken off: one key beside the old one replaces it, which is what S says."""
    half = record(
        explicit=held(frozenset({B})),
        observed=shows(field="B", labels=["A", "B"]),
        bases={key: base(*raw) for key, raw in display(frozenset({A})).items()},
    )
    found = merged(half, several=False)
    assert (found.result, found.value) == (Result.AGREE, frozenset({B}))


# --- surfaces that say different things ------------------------------------------------------------------------------

GOALS = st.sampled_from([NOTHING, frozenset({A}), frozenset({B}), frozenset({C})])
SETS = st.sets(st.sampled_from([A, B, C]), max_size=2).map(frozenset)
KEYS = st.sampled_from([FIELD.key, LABEL.key, EXEMPT.key])


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Draw an issue whose surfaces show, and were agreed to show, anything."""

    def anything() -> dict[str, tuple[str, ...]]:
        field, labels, exempt = draw(GOALS), draw(SETS), draw(st.booleans())
        return shows(
            field=next((NAMES[goal] for goal in field), ""), labels=[NAMES[goal] for goal in labels], exempt=exempt
        )

    observed, agreed = anything(), anything()
    absent = draw(st.sets(KEYS, max_size=1))
    never = draw(st.sets(KEYS))
    return record(
        explicit=held(draw(st.sampled_from(MANY))),
        observed={key: raw for key, raw in observed.items() if key not in absent},
        bases={key: base(*raw) for key, raw in agreed.items() if key not in never},
        by_machine=draw(st.booleans()),
    )


@_OFTEN
@given(records(), st.booleans(), st.permutations(LAYOUT.surfaces))
def test_the_order_of_surfaces_does_not_matter(
    one: Record,
    several: bool,  # noqa: FBT001 - drawn
    order: list[Surface],
) -> None:
    """Field and label do not rank: whichever is configured first, the same follows."""
    turned = Layout(tuple(order))
    first = merged(one, several=several)
    second = merge(one, read_sides(one, turned, book()), replace(turned, several_goals=several))
    assert (first.result, first.value, first.primary) == (second.result, second.value, second.primary)


@_OFTEN
@given(records(), st.booleans())
def test_the_result_is_a_value(one: Record, several: bool) -> None:  # noqa: FBT001 - drawn
    """Goals or no goal, never both; one at most where one is allowed and no more were held; the primary is one."""
    found = merged(one, several=several)
    assert found.value == {NO_GOAL} or NO_GOAL not in found.value
    assert several or len(found.value) <= max(1, len(value_of(one.explicit)))
    assert found.primary is None or found.primary in found.value


@_OFTEN
@given(records(), st.booleans())
def test_nothing_is_made_up_and_nothing_foreign_is_lost(one: Record, several: bool) -> None:  # noqa: FBT001 - drawn
    """Every goal of the result was held or is shown; a goal that was held and untouched is held on (L5)."""
    found = merged(one, several=several)
    sides = read_sides(one, LAYOUT, book())
    shown = frozenset[int]().union(*(side.shown for side in sides))
    before = value_of(one.explicit)
    assert found.value <= before | shown
    if found.result is Result.CONFLICT:
        assert found.value == before
    if not any(side.moved for side in sides):
        assert found.value == before


@_OFTEN
@given(records(), st.booleans())
def test_deciding_writing_and_deciding_again_is_quiet(one: Record, several: bool) -> None:  # noqa: FBT001 - drawn
    """A plan that is carried out leaves nothing to do, and every surface shows what S looks like there (L3)."""
    layout = Layout(LAYOUT.surfaces, several_goals=several)
    world = World.of(one, policy=Policy(layout, grace=timedelta(0)))  # with one, time alone brings the next question
    world.decide()
    world.write()
    assert world.decide().empty
    after = world.issues[1]
    if after.conflict is not None:
        return
    primary = next((held.goal for held in after.links if held.primary), None)
    for side in read_sides(after, layout, book()):
        if side.works:
            assert side.actual == project(value_of(after.explicit), primary, side.surface)


@_OFTEN
@given(records(), st.booleans(), st.sampled_from([A, B, C]))
def test_the_next_edit_of_a_person_ends_a_conflict(one: Record, several: bool, goal: int) -> None:  # noqa: FBT001 - drawn
    """Whoever sets all surfaces to one goal that was not shown before is followed, conflict or not (R4)."""
    world = World.of(one, policy=Policy(Layout(LAYOUT.surfaces, several_goals=several)))
    world.decide()
    world.write()
    if world.issues[1].conflict is None:
        return
    review = bool(world.issues[1].observed["review:goal-review"])
    before = {key: raw for key, raw in world.issues[1].observed.items() if key in (FIELD.key, LABEL.key)}
    if any(raw == (NAMES[goal],) for raw in before.values()):
        return
    world.person(1, field=NAMES[goal], labels=[NAMES[goal]], review=review)
    world.decide()
    after = world.issues[1]
    assert after.conflict is None
    assert value_of(after.explicit) == {goal}


@_OFTEN
@given(records())
def test_a_decision_depends_on_nothing_but_its_arguments(one: Record) -> None:
    """Decided twice from the same state, the same follows (L12)."""
    situation = World.of(one).situation
    assert decide_issue(one, (), situation).actions == decide_issue(one, (), situation).actions
