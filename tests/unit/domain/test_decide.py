from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.domain.building import (
    EXEMPT,
    FIELD,
    LABEL,
    LAYOUT,
    NOW,
    REVIEW,
    A,
    B,
    World,
    agreed,
    base,
    book,
    exemption,
    link,
    record,
    shows,
)
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Announce, NeedsRead, OpenCause, SetExplicit, Skip
from vindaris_sync.domain.decide import removed
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Exemption, Layout, LinkState, Presence, Provenance
from vindaris_sync.domain.records import Answer, GoalBook, GoalFacts, Policy, Reason, Record


def goals_of(world: World, number: int = 1) -> list[int]:
    return [one.goal for one in world.issues[number].links]


def asked(world: World, number: int = 1) -> set[Reason]:
    return {cause.key.reason for cause in world.issues[number].causes if cause.open}


def planned(world: World) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {write.surface.key: (write.add, write.remove) for write in world.writes}


def linked(goal: int = A, **changes: Any) -> Any:
    name = "?ABC"[goal]
    return record(
        **({"explicit": (link(goal),), "state": LinkState.LINKED} | agreed(field=name, labels=[name]) | changes)
    )


def settle(world: World) -> None:
    for _ in range(4):
        world.decide()
        world.write()
    assert world.decide().empty


def test_a_value_seen_for_the_first_time_is_adopted_and_shown_on_every_surface() -> None:
    """A goal label on a new issue becomes its link, and the field follows."""
    world = World.of(record(observed=shows(labels=["A"])))
    world.decide()
    assert goals_of(world) == [A]
    assert planned(world) == {FIELD.key: (("A",), ())}
    settle(world)


def test_an_emptiness_seen_for_the_first_time_is_no_edit() -> None:
    """A link chosen before the first look is written, not taken off."""
    world = World.of(record(explicit=(link(A),)))
    world.decide()
    assert planned(world) == {FIELD.key: (("A",), ()), LABEL.key: (("A",), ())}


def test_nothing_moved_is_nothing_to_do() -> None:
    """An issue in sync plans nothing the second time."""
    world = World.of(linked())
    world.decide()
    plan = world.decide()
    assert plan.empty
    assert plan.actions == (Skip(1, "in sync"),)


def test_a_choice_in_the_store_is_written_back() -> None:
    """Where only S changed, both surfaces are brought to it."""
    world = World.of(replace(linked(), explicit=(link(B),)))
    world.decide()
    assert planned(world) == {FIELD.key: (("B",), ("A",)), LABEL.key: (("B",), ("A",))}


def test_a_key_added_beside_the_old_one_replaces_it() -> None:
    """Where one goal is allowed, adding goal:B beside goal:A means B."""
    world = World.of(linked())
    world.person(1, field="A", labels=["A", "B"])
    world.decide()
    assert goals_of(world) == [B]
    assert planned(world) == {FIELD.key: (("B",), ("A",)), LABEL.key: ((), ("A",))}
    settle(world)


def test_both_sides_agreeing_by_chance_is_recorded() -> None:
    """S and T changed to the same goal: no conflict."""
    world = World.of(replace(linked(), explicit=(link(B),)))
    world.person(1, field="B", labels=["B"])
    world.decide()
    assert goals_of(world) == [B]
    assert world.writes == []
    assert asked(world) == set()


def test_both_sides_differing_is_a_conflict_that_the_next_person_decides() -> None:
    """S went to B and T to C: nothing is written until somebody changes either side again."""
    world = World.of(replace(linked(), explicit=(link(B),)))
    world.person(1, field="C", labels=["C"])
    world.decide()
    assert asked(world) == {Reason.CONFLICT}
    assert [write.surface for write in world.writes] == [REVIEW]
    world.write()
    assert world.decide().empty
    world.person(1, field="A", labels=["C"], review=True)
    world.decide()
    assert goals_of(world) == [A]
    assert asked(world) == set()
    settle(world)


def test_taking_the_review_label_off_a_conflict_adopts_what_the_issue_shows() -> None:
    """R10: what this issue shows is right."""
    world = World.of(replace(linked(), explicit=(link(B),)))
    world.person(1, field="C", labels=["C"])
    world.decide()
    world.write()
    world.person(1, field="C", labels=["C"])
    world.decide()
    assert goals_of(world) == [3]
    assert asked(world) == set()
    settle(world)


def test_taking_the_review_label_off_a_conflict_confirms_no_goal_that_it_gives_up() -> None:
    """R10: B changed as well, the issue shows C, and what it shows is right."""
    world = World.of(replace(linked(), explicit=(link(B),)))
    world.goals = book(B=GoalFacts(B, "B", "Goal B", "active", 2, {1: "B1", 2: "B2"}))
    world.person(1, field="C", labels=["C"])
    world.decide()
    assert asked(world) == {Reason.CONFLICT, Reason.GOAL_CHANGED}
    world.write()
    world.person(1, field="C", labels=["C"])
    world.decide()
    assert goals_of(world) == [3]
    settle(world)
    assert asked(world) == set()


def test_what_is_adopted_and_confirmed_at_once_keeps_its_goals() -> None:
    """A goal put beside one that changed, and the review label taken off: both are meant, the former as it is now."""
    world = World.of(linked())
    world.policy = replace(world.policy, layout=replace(LAYOUT, several_goals=True))
    world.goals = book(A=GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
    world.decide()
    world.write()
    world.person(1, field="A", labels=["A", "B"])
    world.decide()
    assert {one.goal: one.revision for one in world.issues[1].links} == {A: 2, B: 1}
    settle(world)
    assert asked(world) == set()


def in_conflict() -> World:
    """Return an issue that the store holds as B and the tracker shows as C, with the review label on."""
    world = World.of(replace(linked(), explicit=(link(B),)))
    world.person(1, field="C", labels=["C"])
    world.decide()
    world.write()
    assert asked(world) == {Reason.CONFLICT}
    return world


def test_a_conflict_in_which_both_sides_change_again_is_a_new_conflict() -> None:
    """Neither of two people is overruled because the other one was noticed first (L5)."""
    world = in_conflict()
    before = world.issues[1].causes[0].key
    world.person(1, field="A", labels=["A"], review=True)
    world.see(1, explicit=(link(3),))
    world.decide()
    assert goals_of(world) == [3]
    assert FIELD.key not in planned(world)
    assert asked(world) == {Reason.CONFLICT}
    assert world.issues[1].causes[-1].key != before
    world.person(1, field="A", labels=["C"], review=True)
    world.see(1, explicit=(link(A),))
    settle(world)
    assert goals_of(world) == [A] or asked(world) == {Reason.CONFLICT}


def test_a_decision_in_the_store_overrules_no_two_answers_put_on_meanwhile() -> None:
    """R4: that the tracker contradicts itself does not make it agree with what was chosen."""
    world = in_conflict()
    world.person(1, field="A", labels=["A"], exempt=True, review=True)
    world.see(1, explicit=(link(A),))
    world.decide()
    assert (goals_of(world), asked(world)) == ([A], {Reason.CONFLICT})
    assert EXEMPT.key not in planned(world)


def test_a_field_that_a_move_emptied_decides_no_conflict() -> None:
    """R2, R4: it may have been lost on the way to another place, and the label that somebody set stays."""
    world = in_conflict()
    world.see(1, place="OPS")
    world.person(1, field="", labels=["C"], review=True)
    world.decide()
    assert (goals_of(world), asked(world)) == ([B], {Reason.CONFLICT})
    assert LABEL.key not in planned(world)
    world.person(1, field="A", labels=["A"], review=True)
    world.decide()
    assert (goals_of(world), asked(world)) == ([A], set())


def test_a_label_renamed_to_a_key_that_names_no_goal_decides_no_conflict() -> None:
    """R2, R4: its definition is another one now, and nobody has touched the issue."""
    world = in_conflict()
    world.person(1, field="C", labels=["NONE"], review=True)
    world.see(1, undefined=frozenset({(LABEL.key, "c")}))
    world.decide()
    assert (goals_of(world), Reason.CONFLICT in asked(world)) == ([B], True)
    assert LABEL.key not in planned(world)
    world.person(1, field="A", labels=["A"], review=True)
    world.decide()
    assert (goals_of(world), asked(world)) == ([A], set())


def test_an_exemption_put_on_in_a_conflict_decides_it_whatever_goal_is_left() -> None:
    """R3, R4: of a goal and an exemption the one just added wins, also where another goal was taken off with it."""
    world = World.of(record(observed=shows(labels=["A", "B"])))
    world.decide()
    assert Reason.CONFLICT in asked(world)
    world.person(1, labels=["A"], exempt=True)
    world.decide()
    assert isinstance(world.issues[1].explicit, Exemption)
    assert asked(world) == set()
    assert planned(world)[LABEL.key] == ((), ("A",))


def test_an_exemption_and_a_goal_put_on_in_a_conflict_are_still_one() -> None:
    """Nobody can tell which was meant, until one of them is taken off."""
    world = in_conflict()
    world.person(1, field="A", labels=["A"], exempt=True, review=True)
    world.decide()
    assert (goals_of(world), asked(world)) == ([B], {Reason.CONFLICT})
    world.person(1, field="A", labels=["A"], review=True)
    world.decide()
    assert (goals_of(world), asked(world)) == ([A], set())


def test_choosing_what_the_store_holds_ends_a_conflict() -> None:
    """A person who says on the command line that B is right has decided, though B is what the store held."""
    world = in_conflict()
    by = By("kim", "command line", "agreed", world.now)
    world.apply(decisions.link(world.issues[1], [B], world.goals, by, Provenance.CHOSEN))
    world.decide()
    assert asked(world) == set()
    assert planned(world)[LABEL.key] == (("B",), ("C",))
    settle(world)


def test_a_confirmation_ends_no_conflict() -> None:
    """R7: a conflict is answered only by a decision."""
    world = in_conflict()
    by = By("kim", "command line", "agreed", world.now)
    world.apply(decisions.confirm(world.issues[1], [], world.goals, {B: 1}, by))
    world.decide()
    assert asked(world) == {Reason.CONFLICT}


def test_an_exemption_that_expires_in_a_conflict_yields_to_the_tracker() -> None:
    """A change by machine decides nothing against a person (R3, R4)."""
    world = World.of(record(explicit=exemption(NOW + timedelta(days=1)), **agreed()))
    world.person(1, field="B", labels=["B"])
    world.decide()
    assert asked(world) == {Reason.CONFLICT}
    world.write()
    world.now += timedelta(days=2)
    world.decide()
    assert goals_of(world) == [B]
    assert asked(world) == set()


def test_an_edit_by_absence_waits_for_a_direct_read() -> None:
    """A label missing from a list is not believed before the issue was fetched."""
    world = World.of(linked())
    world.person(1)
    world.see(1, verified=None)
    assert world.decide().actions == (NeedsRead(1),)
    world.see(1)
    world.decide()
    assert goals_of(world) == []
    assert asked(world) == {Reason.UNLINKED}


def test_a_deleted_label_is_no_edit() -> None:
    """Goal label gone because its definition was deleted: the link stays."""
    world = World.of(linked())
    world.person(1, field="A")
    world.see(1, undefined=frozenset({(LABEL.key, "a")}))
    world.decide()
    assert goals_of(world) == [A]


def test_a_deleted_review_label_need_not_be_taken_off() -> None:
    """Nothing is asked any more, and nothing shows: there is nothing to write."""
    shown = agreed(field="A", labels=["A"], review=True)
    world = World.of(linked(**shown))
    world.see(1, observed=shows(field="A", labels=["A"]), undefined=frozenset({(REVIEW.key, "goal-review")}))
    world.decide()
    assert planned(world) == {}
    assert not world.issues[1].bases[REVIEW.key].value


def test_a_definition_that_was_lost_under_a_former_key_hides_no_edit() -> None:
    """The goal was renamed and shown under its new key since: who takes that off has edited."""
    renamed = book()
    renamed = GoalBook(renamed.goals, {**renamed.by_key, "former": A})
    world = World.of(replace(linked(), undefined=frozenset({(LABEL.key, "former")})), goals=renamed)
    world.person(1, field="A")
    world.decide()
    assert goals_of(world) == []


def test_labels_lost_with_a_move_are_put_back() -> None:
    """An issue that loses its label in another repository keeps its link and gets the label again."""
    world = World.of(linked())
    world.person(1)
    world.see(1, place="OPS", key="OPS-1")
    world.decide()
    assert goals_of(world) == [A]
    assert planned(world) == {FIELD.key: (("A",), ()), LABEL.key: (("A",), ())}
    settle(world)


def test_a_label_taken_off_while_its_repository_got_another_name_is_an_edit() -> None:
    """Where an issue keeps all as long as it has its id, another place is the same one under a new name (R2)."""
    world = World.of(linked(), policy=Policy(Layout(LAYOUT.surfaces, steady=True)))
    world.person(1)
    world.see(1, place="OPS", key="OPS-1")
    world.decide()
    assert goals_of(world) == []
    settle(world)


def unheard(*sent: str) -> Record:
    """Return an issue linked to A, which we have once tried to make show ``sent`` and never heard what became of it."""
    one: Record = linked()
    bases = {key: replace(base, sent=(sent,)) for key, base in one.bases.items() if key in (FIELD.key, LABEL.key)}
    return replace(one, bases={**one.bases, **bases})


def test_what_we_wrote_and_never_heard_of_is_nobodys_edit() -> None:
    """Unlinked, written, the answer lost, and linked again: the emptiness is ours, and A is shown again (R5, L5)."""
    world = World.of(unheard())
    world.person(1)
    world.decide()
    assert goals_of(world) == [A]
    assert planned(world) == {FIELD.key: (("A",), ()), LABEL.key: (("A",), ())}
    settle(world)
    world.person(1)
    world.decide()
    assert goals_of(world) == []


def test_what_never_arrived_is_forgotten_once_the_issue_was_read() -> None:
    """It shows what it did before: who empties it later has edited."""
    world = World.of(unheard())
    world.decide()
    assert {base.sent for base in world.issues[1].bases.values()} == {()}
    world.person(1)
    world.decide()
    assert goals_of(world) == []


def test_another_value_than_we_sent_is_somebodys() -> None:
    """B in place of A, though C was sent: adopted."""
    world = World.of(unheard("C"))
    world.person(1, field="B", labels=["B"])
    world.decide()
    assert goals_of(world) == [B]


def test_a_typo_keeps_the_link_and_asks() -> None:
    """goal:A replaced by a key that no goal has: the link stays, nothing is overwritten."""
    world = World.of(linked())
    world.person(1, field="A", labels=["TYPO"])
    world.decide()
    assert goals_of(world) == [A]
    assert asked(world) == {Reason.UNKNOWN_GOAL}
    assert {write.surface for write in world.writes} == {REVIEW}
    settle(world)


def test_the_exempt_label_beside_a_goal_exempts() -> None:
    """The one just added wins."""
    world = World.of(linked())
    world.person(1, field="A", labels=["A"], exempt=True)
    world.decide()
    explicit = world.issues[1].explicit
    assert isinstance(explicit, Exemption)
    assert explicit.expires == world.now + timedelta(days=90)
    assert planned(world) == {FIELD.key: ((), ("A",)), LABEL.key: ((), ("A",))}
    settle(world)


def test_a_goal_beside_the_exempt_label_links() -> None:
    """The one just added wins, the other way round."""
    world = World.of(record(explicit=exemption(), state=LinkState.EXEMPT, **agreed(exempt=True)))
    world.person(1, labels=["B"], exempt=True)
    world.decide()
    assert goals_of(world) == [B]
    assert planned(world) == {FIELD.key: (("B",), ()), EXEMPT.key: ((), ("no-goal",))}


def test_goal_and_exemption_added_together_are_a_conflict() -> None:
    """Nobody can tell which was meant."""
    world = World.of(record(observed=shows(labels=["A"], exempt=True)))
    world.decide()
    assert asked(world) == {Reason.CONFLICT, Reason.UNLINKED}


def test_an_exemption_in_the_tracker_and_a_goal_in_the_store_are_a_conflict() -> None:
    """Goals and exemption are one value: the label put on meanwhile does not undo a choice, nor the other way round."""
    world = World.of(record(explicit=(link(A),), **agreed()))
    world.person(1, exempt=True)
    world.decide()
    assert goals_of(world) == [A]
    assert Reason.CONFLICT in asked(world)
    world = World.of(record(explicit=exemption(), state=LinkState.UNLINKED, **agreed()))
    world.person(1, field="B")
    world.decide()
    assert isinstance(world.issues[1].explicit, Exemption)
    assert Reason.CONFLICT in asked(world)


def test_an_exemption_and_the_goal_that_stands_set_together_are_a_conflict() -> None:
    """A field that was never written and now shows S was set by a person: it counts beside the exempt label."""
    world = World.of(record(explicit=(link(A),), **agreed(labels=["A"])))
    world.person(1, field="A", labels=["A"], exempt=True)
    world.decide()
    assert goals_of(world) == [A]
    assert Reason.CONFLICT in asked(world)


def test_a_refused_surface_makes_no_conflict_of_an_edit_beside_it() -> None:
    """One surface that agrees is enough to tell that S was agreed on."""
    world = World.of(linked())
    world.see(1, observed=shows(field="A"), bases=agreed(field="A")["bases"])
    world.person(1, field="A", exempt=True)
    world.decide()
    assert isinstance(world.issues[1].explicit, Exemption)


def test_an_expired_exemption_asks_again_and_yields_to_a_person() -> None:
    """Expiry is a change by machine: the label goes, unless a person put a goal there meanwhile."""
    old = record(explicit=exemption(NOW), state=LinkState.EXEMPT, **agreed(exempt=True))
    world = World.of(old)
    world.decide()
    assert asked(world) == {Reason.UNLINKED}
    assert planned(world)[EXEMPT.key] == ((), ("no-goal",))
    world = World.of(old)
    world.person(1, labels=["B"], exempt=True)
    world.decide()
    assert goals_of(world) == [B]


def test_children_inherit_and_are_asked_nothing() -> None:
    """A question about the epic's link is asked at the epic."""
    changed = book(A=GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
    world = World.of(linked(), record(2, parent=1, parent_stated=True), record(3, parent=2, parent_stated=True))
    settle(world)
    assert [world.issues[i].state for i in (1, 2, 3)] == [LinkState.LINKED, LinkState.INHERITED, LinkState.INHERITED]
    assert world.issues[3].carrier == 1
    world.goals = changed
    world.decide()
    assert [asked(world, i) for i in (1, 2, 3)] == [{Reason.GOAL_CHANGED}, set(), set()]
    assert world.issues[3].suspect


def test_below_a_closed_carrier_the_topmost_open_issue_is_asked() -> None:
    """The holder of each chain (R8)."""
    changed = book(A=GoalFacts(A, "A", "Goal A", "achieved", 1, {1: "A1"}))
    world = World.of(
        linked(closed=True),
        record(2, parent=1, parent_stated=True),
        record(3, parent=2, parent_stated=True),
        record(4, parent=1, parent_stated=True, closed=True),
        record(5, parent=4, parent_stated=True),
        goals=changed,
    )
    world.decide()
    assert [asked(world, i) for i in range(1, 6)] == [
        set(),
        {Reason.GOAL_CLOSED},
        set(),
        set(),
        {Reason.GOAL_CLOSED},
    ]


def test_taking_the_label_off_confirms_the_revision_it_stood_for_and_no_newer_one() -> None:
    """Fault 62: the goal changes again while the label is on."""
    world = World.of(linked())
    settle(world)
    world.goals = book(A=GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
    world.decide()
    world.write()
    world.goals = book(A=GoalFacts(A, "A", "Goal A", "active", 3, {1: "A1", 2: "A2", 3: "A3"}))
    world.decide()
    world.write()
    world.person(1, field="A", labels=["A"])
    world.decide()
    assert world.issues[1].links[0].revision == 2
    assert asked(world) == {Reason.GOAL_CHANGED}
    assert planned(world) == {REVIEW.key: (("goal-review",), ())}
    world.write()
    world.person(1, field="A", labels=["A"])
    world.decide()
    assert world.issues[1].links[0].revision == 3
    assert asked(world) == set()
    settle(world)


def test_taking_the_label_off_answers_nothing_that_came_up_after_it_was_put_on() -> None:
    """R7: an answer holds for what the person saw; the label returns for the rest."""
    world = World.of(linked(A), linked(B, id=2, key="APP-2"), record(3, parent=1, parent_stated=True))
    settle(world)
    world.person(3, review=True)
    settle(world)
    assert asked(world, 3) == {Reason.REQUESTED}
    world.see(3, parent=2)
    settle(world)
    assert asked(world, 3) == {Reason.REQUESTED, Reason.PARENT_CHANGED}
    world.person(3)
    world.decide()
    assert asked(world, 3) == {Reason.PARENT_CHANGED}
    assert planned(world) == {REVIEW.key: (("goal-review",), ())}
    world.write()
    world.person(3)
    settle(world)
    assert asked(world, 3) == set()


def test_a_label_that_a_person_put_on_stands_for_all_that_was_asked_then() -> None:
    """Backlog wears no label of ours; who puts one on and takes it off has looked at it (R10)."""
    world = World.of(replace(linked(backlog=True), state=None))
    world.goals = book(A=GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
    settle(world)
    assert asked(world) == {Reason.GOAL_CHANGED}
    assert world.issues[1].observed[REVIEW.key] == ()
    world.person(1, field="A", labels=["A"], review=True)
    settle(world)
    world.person(1, field="A", labels=["A"])
    settle(world)
    assert asked(world) == set()
    assert world.issues[1].links[0].revision == 2


def test_a_revert_to_the_confirmed_contents_is_not_suspect() -> None:
    """R11: contents count, not revisions."""
    world = World.of(linked())
    settle(world)
    world.goals = book(A=GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
    world.decide()
    world.write()
    world.goals = book(A=GoalFacts(A, "A", "Goal A", "active", 3, {1: "A1", 2: "A2", 3: "A1"}))
    world.decide()
    assert asked(world) == set()
    assert planned(world) == {REVIEW.key: ((), ("goal-review",))}


def test_an_unlinked_issue_is_asked_at_once_and_labelled_after_grace() -> None:
    """The review opens with the issue; the label comes fifteen minutes after its creation."""
    world = World.of(record(created=NOW))
    world.decide()
    assert asked(world) == {Reason.UNLINKED}
    assert world.writes == []
    assert world.issues[1].wake_at == NOW + timedelta(minutes=15)
    world.now += timedelta(minutes=15)
    world.decide()
    assert planned(world) == {REVIEW.key: (("goal-review",), ())}
    world.write()
    world.person(1)
    world.decide()
    assert [cause.answer for cause in world.issues[1].causes] == [Answer.ACKNOWLEDGED]
    assert world.writes == []
    settle(world)
    assert asked(world) == {Reason.UNLINKED}


def test_backlog_is_counted_but_neither_labelled_nor_announced() -> None:
    """Day one is quiet."""
    world = World.of(record(backlog=True, created=NOW - timedelta(days=900)))
    world.decide()
    assert asked(world) == {Reason.UNLINKED}
    settle(world)
    assert world.issues[1].observed[REVIEW.key] == ()


def test_a_person_asks_for_a_review_with_the_label() -> None:
    """Requested, also on backlog; taking it off answers."""
    world = World.of(linked(backlog=True))
    settle(world)
    world.person(1, field="A", labels=["A"], review=True)
    world.decide()
    assert asked(world) == {Reason.REQUESTED}
    settle(world)
    assert world.issues[1].observed[REVIEW.key] == ("goal-review",)
    world.person(1, field="A", labels=["A"])
    settle(world)
    assert asked(world) == set()


def test_a_changed_parent_with_another_goal_asks_and_relinking_the_carrier_does_not() -> None:
    """R7 parent_changed."""
    world = World.of(linked(A), linked(B, id=2, key="APP-2"), record(3, parent=1, parent_stated=True))
    settle(world)
    world.see(3, parent=2)
    world.decide()
    assert asked(world, 3) == {Reason.PARENT_CHANGED}
    world.write()
    world.person(3)
    settle(world)
    assert asked(world, 3) == set()
    world.see(2, explicit=(link(A),))
    settle(world)
    assert asked(world, 3) == set()
    assert world.issues[3].goals == (A,)


def test_closed_issues_are_merged_but_only_lose_the_review_label() -> None:
    """R6: no goal is written onto a closed issue."""
    world = World.of(linked())
    world.person(1, field="B", labels=["A"], review=True)
    world.see(1, closed=True)
    world.decide()
    assert goals_of(world) == [B]
    assert planned(world) == {REVIEW.key: ((), ("goal-review",))}


def test_hidden_issues_are_frozen() -> None:
    """Hidden is never moot, and keeps carrying."""
    world = World.of(linked(presence=Presence.HIDDEN), record(2, parent=1, parent_stated=True))
    world.decide()
    assert goals_of(world) == [A]
    assert world.issues[2].state is LinkState.INHERITED


def test_an_issue_whose_parent_was_never_read_says_so() -> None:
    """Unlinked with parent unknown, and not labelled before the chain is read."""
    world = World.of(record(parent_stated=True))
    world.decide()
    assert world.issues[1].parent_unknown
    assert asked(world) == {Reason.UNLINKED}
    assert world.writes == []


def test_a_question_that_waited_for_the_chain_above_is_told_once_that_was_read() -> None:
    """Nobody is asked while the parent is unknown; as soon as it is known the list has the issue on it (R9, L8)."""
    world = World.of(record(parent_stated=True))
    world.decide()
    world.see(1, parent_stated=False)
    told = [action for action in world.decide().actions if isinstance(action, Announce)]
    assert [(action.kind, action.due) for action in told] == [(Reason.UNLINKED, NOW)]
    assert not world.issues[1].parent_unknown
    assert not [action for action in world.decide().actions if isinstance(action, Announce)]


def test_a_chain_that_leads_through_a_deleted_issue_is_not_known_above_it() -> None:
    """What stands above the gap says nothing about what stands below it."""
    world = World.of(
        record(),
        record(2, parent=1, parent_stated=True, presence=Presence.GONE),
        record(3, parent=2, parent_stated=True),
    )
    world.decide()
    assert world.issues[3].state is LinkState.UNLINKED
    assert world.issues[3].parent_unknown


def test_a_circle_of_parents_has_no_end_that_could_say_unlinked() -> None:
    """A hidden issue keeps the parent it had; where that now hangs below it, nobody knows what stands above."""
    world = World.of(
        record(parent=2, parent_stated=True, presence=Presence.HIDDEN), record(2, parent=1, parent_stated=True)
    )
    world.decide()
    assert world.issues[2].parent_unknown


def test_a_field_that_does_not_work_here_is_left_alone_and_does_not_unlink() -> None:
    """The other surfaces go on."""
    world = World.of(linked(), policy=Policy(Layout((FIELD, LABEL, EXEMPT, REVIEW), broken=frozenset({FIELD.key}))))
    world.person(1, labels=["B"])
    world.decide()
    assert goals_of(world) == [B]
    assert FIELD.key not in planned(world)
    settle(world)


def test_a_field_that_comes_back_empty_is_no_edit() -> None:
    """A field taken off the screens loses its values, and nobody has emptied it when it is put on again."""
    world = World.of(linked())
    with_field = dict(world.issues[1].observed)
    world.see(1, observed={key: raw for key, raw in with_field.items() if key != FIELD.key})
    settle(world)
    world.see(1, observed=with_field | {FIELD.key: ()})
    world.decide()
    assert goals_of(world) == [A]
    assert planned(world) == {FIELD.key: (("A",), ())}
    settle(world)


def test_unknown_keys_stay_where_they_are() -> None:
    """Foreign keys under our prefix are left in place beside the goal."""
    world = World.of(record(observed=shows(labels=["A", "X"])))
    settle(world)
    assert world.issues[1].observed[LABEL.key] == ("A", "X")
    assert asked(world) == {Reason.UNKNOWN_GOAL}


def test_a_key_that_becomes_known_is_adopted() -> None:
    """What a person wrote before the goal existed was never agreed on: it links now, and is not taken off."""
    world = World.of(record(observed=shows(labels=["X"])))
    settle(world)
    assert goals_of(world) == []
    goals = dict(world.goals.goals) | {9: GoalFacts(9, "X", "X", "active", 1, {1: "X1"})}
    world.goals = GoalBook(goals, dict(world.goals.by_key) | {"x": 9})
    settle(world)
    assert (goals_of(world), world.issues[1].observed[LABEL.key], asked(world)) == ([9], ("X",), set())


@pytest.mark.parametrize("shown", [("X",), ("A", "X")])
def test_a_key_that_becomes_known_while_its_issue_is_closed_is_adopted(shown: tuple[str, ...]) -> None:
    """Whoever reopens the issue finds what was written on it, not what we made of it."""
    world = World.of(record(observed=shows(labels=shown), closed=True))
    world.policy = replace(world.policy, layout=replace(LAYOUT, several_goals=True))
    settle(world)
    goals = dict(world.goals.goals) | {9: GoalFacts(9, "X", "X", "active", 1, {1: "X1"})}
    world.goals = GoalBook(goals, dict(world.goals.by_key) | {"x": 9})
    settle(world)
    world.see(1, closed=False)
    settle(world)
    assert set(world.issues[1].observed[LABEL.key]) == set(shown)
    assert 9 in goals_of(world)


def test_a_renamed_goal_is_written_under_its_new_key() -> None:
    """An alias still names the goal; the surface follows the new key."""
    world = World.of(linked())
    world.goals = replace(book(), by_key={"new": A, "a": A})
    world.goals = replace(
        world.goals, goals=dict(world.goals.goals) | {A: GoalFacts(A, "NEW", "A", "active", 1, {1: "A1"})}
    )
    world.decide()
    assert planned(world) == {FIELD.key: (("NEW",), ("A",)), LABEL.key: (("NEW",), ("A",))}
    settle(world)


def relinked(*labels: str, sent: tuple[tuple[str, ...], ...] = ()) -> World:
    """Return an issue that a person relinked from A to B in the store, A having another name, "NEW", by now."""
    one = linked()
    bases = dict(one.bases) | {LABEL.key: replace(one.bases[LABEL.key], sent=sent)}
    shown = dict(one.observed) | {LABEL.key: labels}
    world = World.of(replace(one, explicit=(link(B),), observed=shown, bases=bases))
    world.goals = replace(book(), by_key=dict(book().by_key) | {"new": A})
    return world


def test_a_goal_said_again_by_its_other_name_is_somebodys_edit() -> None:
    """L5: it stands beside the name that was agreed on, so nobody renamed the label: two people differ."""
    world = relinked("A", "NEW")
    world.decide()
    assert asked(world) == {Reason.CONFLICT}
    assert not [write for write in world.writes if write.surface is not REVIEW]
    by = By("kim", "command line", "agreed", world.now)
    world.apply(decisions.link(world.issues[1], [B], world.goals, by, Provenance.CHOSEN))
    world.decide()
    assert asked(world) == set()
    assert planned(world)[LABEL.key] == (("B",), ("A", "NEW"))


@pytest.mark.parametrize("case", ["renamed", "ours", "meant"])
def test_another_name_of_a_goal_is_not_always_an_edit(case: str) -> None:
    """Not where the label was renamed, not where we wrote it ourselves, and not where the link says the same."""
    world = relinked(*(("NEW",) if case == "renamed" else ("A", "NEW")), sent=(("NEW",),) if case == "ours" else ())
    if case == "meant":
        world.issues[1] = replace(world.issues[1], explicit=(link(A),))
    world.decide()
    assert asked(world) == set()


def test_gone_issues_lose_their_reviews_and_keep_their_links() -> None:
    """A tombstone's review is moot."""
    world = World.of(record())
    world.decide()
    world.see(1, presence=Presence.GONE)
    world.decide()
    assert asked(world) == set()


def test_a_stale_list_does_not_undo_our_own_write() -> None:
    """A read as old as our last write counts only after a direct read."""
    world = World.of(linked())
    world.see(1, observed=shows(field="B", labels=["B"]), updated=base().updated, verified=None)
    assert world.decide().actions == (NeedsRead(1),)


def test_every_plan_names_before_and_after_for_the_history() -> None:
    """L10."""
    world = World.of(linked())
    world.person(1, field="B", labels=["A"])
    plan = world.decide()
    change = next(action for action in plan.actions if isinstance(action, SetExplicit))
    assert (change.before, change.after, change.who) == (("A",), ("B",), "someone in jira")
    assert not [action for action in plan.actions if isinstance(action, OpenCause)]


def test_an_open_carrier_of_an_ignored_type_leaves_the_question_to_those_below_it() -> None:
    """Nobody is asked at an issue that is not tracked, so the topmost tracked one below it asks (R8)."""
    world = World.of(linked(), record(2, parent=1, parent_stated=True, type="Task"))
    world.issues[1] = replace(world.issues[1], type="Container")
    world.policy = replace(world.policy, ignore_types=frozenset({"Container"}))
    settle(world)
    world.goals = book(A=GoalFacts(A, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
    settle(world)
    assert (asked(world, 1), asked(world, 2)) == (set(), {Reason.GOAL_CHANGED})


@pytest.mark.parametrize(
    ("shown", "vanished"), [({}, True), ({"labels": ["B"]}, False), ({"field": "B", "labels": ["B"]}, False)]
)
def test_a_goal_that_was_replaced_has_not_vanished(shown: dict[str, Any], *, vanished: bool) -> None:
    """Only what is gone without anything in its place is counted for the mass guard (R2)."""
    one = replace(linked(), observed=shows(**{"labels": [], "field": None, **shown}))
    layout = Layout((LABEL, EXEMPT, REVIEW))
    assert removed(one, World.of(one, policy=Policy(layout)).situation) is vanished


def test_a_link_that_becomes_an_issues_own_is_shown_with_the_same_decision() -> None:
    """Confirming by the review label below a carrier makes the link its own; the plan holds its writes (R8, L12)."""
    changed = book(A=GoalFacts(1, "A", "Goal A", "active", 2, {1: "A1", 2: "A2"}))
    parent = record(1, explicit=(link(A),), **agreed(field="A", labels=("A",)))
    world = World.of(parent, record(2, parent=1, parent_stated=True, **agreed()), goals=changed)
    world.decide()
    world.write()
    world.person(2, review=True)
    world.decide()
    world.person(2)
    world.decide()
    assert [(one.goal, one.revision) for one in world.issues[2].links] == [(A, 2)]
    assert {write.surface.kind: write.add for write in world.writes if write.issue == 2} == {
        "field": ("A",),
        "label": ("A",),
    }
    world.write()
    assert world.decide().writes == ()


def test_the_review_label_on_a_closed_issue_asks_nothing_and_is_taken_off() -> None:
    """A closed issue has no review; the label on it is no request (R6)."""
    world = World.of(linked(closed=True))
    settle(world)
    world.person(1, field="A", labels=["A"], review=True)
    plan = world.decide()
    assert [action for action in plan.actions if isinstance(action, OpenCause)] == []
    assert planned(world) == {REVIEW.key: ((), ("goal-review",))}
    settle(world)
