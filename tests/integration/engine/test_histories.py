"""Short histories that once went wrong, as the property tests of the laws found them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.properties.people import People
from tests.properties.world import World, value
from vindaris_connectors.memory.faults import Call
from vindaris_sync.domain import decisions
from vindaris_sync.domain.models import Address, IssueRef, LinkState, Presence, Provenance
from vindaris_sync.sdk.errors import Transient


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a world with its goals read."""
    world = World(tmp_path)
    world.refresh()
    yield world
    world.close()


@pytest.fixture
def people(world: World) -> People:
    """Return everybody in it."""
    return People(world)


def choose(world: World, ref: IssueRef, name: str) -> None:
    """Link an issue on the command line."""
    goal = world.goal(name)
    world.decide(ref, lambda record, book, by: decisions.link(record, [goal], book, by, Provenance.CHOSEN))


def test_a_write_to_an_issue_that_was_transferred_follows_it(world: World, people: People) -> None:
    """What cannot be written because the issue has a new id is looked at, not tried for ever (L3, L6)."""
    old = people.create("east", "APP", ())
    world.round()
    choose(world, old, "A")
    new = people.transfer(old, "OPS", keep_labels=False)
    world.round()
    assert world.record(old).presence is Presence.MOVED
    assert value(world.record(new).explicit) == {world.goal("A")}
    assert "goal:A" in world.trackers["east"].issue(new.id).labels
    again = world.round()
    assert again is not None
    assert again.planned == []


def test_a_label_that_somebody_adds_while_we_write_is_their_edit(world: World, people: People) -> None:
    """What shows beside our own value after a write was not agreed on: it is adopted, not taken off (L5)."""
    ref = people.create("west", "APP", ())
    world.round()
    choose(world, ref, "A")
    tracker = world.trackers["west"]

    def while_writing(call: Call) -> None:
        if call.name == "add_label" and not call.answered:
            tracker.faults.on_call.remove(while_writing)
            tracker.add_label(ref.id, "goal:B")

    tracker.faults.on_call.append(while_writing)
    world.round()
    world.round()
    assert value(world.record(ref).explicit) == {world.goal("A"), world.goal("B")}
    assert {"goal:A", "goal:B"} <= set(tracker.issue(ref.id).labels)


def test_a_transferred_parent_goes_on_carrying_whoever_still_names_its_old_id(world: World, people: People) -> None:
    """A parent's former id leads to the parent, over any number of transfers (L6, R6)."""
    parent = people.create("west", "APP", ("goal:A",))
    child = people.create("west", "APP", (), parent.id)
    world.round()
    first = people.transfer(parent, "OPS", keep_labels=True)
    world.look()
    last = people.transfer(first, "APP", keep_labels=True)
    world.look()
    late = people.create("west", "APP", ())
    tracker = world.trackers["west"]
    issue = tracker.record(late.id)
    issue.issue = replace(issue.issue, parent=Address("west", parent.id, ""))
    world.round()
    for ref in (child, late):
        assert world.record(ref).parent == world.record(last).id
        assert world.record(ref).state is LinkState.INHERITED


def test_what_changes_above_a_hidden_issue_reaches_what_hangs_below_it(world: World, people: People) -> None:
    """The hidden issue is frozen; it still stands in the chain (R6, L1)."""
    top = people.create("west", "APP", ("goal:A",))
    middle = people.create("west", "APP", (), top.id)
    below = people.create("west", "APP", (), middle.id)
    world.round()
    world.trackers["west"].hide(middle.id)
    world.night()
    assert world.record(middle).presence is Presence.HIDDEN
    choose(world, top, "B")
    world.round()
    assert world.record(below).goals == (world.goal("B"),)
    assert world.store.check() == ()


@pytest.mark.timeout(20)
def test_parents_that_form_a_circle_do_not_hold_up_a_pass(world: World, people: People) -> None:
    """Two issues read at different moments may each be the other's parent; the pass ends, and the next pull tells."""
    one = people.create("west", "APP", ())
    other = people.create("west", "APP", (), one.id)
    tracker = world.trackers["west"]
    tracker.set_parent(one.id, other.id)
    tracker.close(one.id)
    tracker.close(other.id)
    assert world.round() is not None
    tracker.add_label(one.id, "goal:A")
    assert world.round() is not None
    tracker.set_parent(one.id, None)
    world.round()
    again = world.round()
    assert again is not None
    assert again.planned == []
    assert world.record(other).parent == world.record(one).id


def test_labels_lost_on_the_way_there_and_back_were_taken_off_by_nobody(world: World, people: People) -> None:
    """Transferred away and back between two passes: the place is the same, the issue is another one (R2)."""
    ref = people.create("west", "APP", ("goal:A",))
    world.round()
    away = people.transfer(ref, "OPS", keep_labels=False)
    back = people.transfer(away, "APP", keep_labels=False)
    world.look()
    world.round()
    assert value(world.record(back).explicit) == {world.goal("A")}
    assert "goal:A" in world.trackers["west"].issue(back.id).labels


def test_a_label_that_was_deleted_and_made_again_can_be_taken_off(world: World, people: People) -> None:
    """What was once lost with its definition is an edit like any other when a person takes it off later (L5)."""
    ref = people.create("west", "APP", ("goal:A",))
    world.round()
    tracker = world.trackers["west"]
    tracker.delete_label("goal:A")
    world.round()
    tracker.add_label(ref.id, "goal:A")
    world.round()
    tracker.remove_label(ref.id, "goal:A")
    world.round()
    assert value(world.record(ref).explicit) == frozenset()


def test_what_a_deleted_label_said_can_be_said_again_after_another_decision(world: World, people: People) -> None:
    """What its definition took with it was agreed on only until something else was decided (L5)."""
    replaced, unlinked = people.create("east", "APP", ("goal:A",)), people.create("west", "APP", ("goal:A",))
    exempt = people.create("west", "APP", ("no-goal",))
    world.round()
    for tracker in world.trackers.values():
        tracker.delete_label("goal:A")
        tracker.delete_label("no-goal")
    world.round()
    world.trackers["east"].set_field(replaced.id, None)
    world.decide(unlinked, decisions.unlink)
    world.decide(exempt, decisions.unlink)
    world.round()
    again = ((replaced, "goal:A"), (unlinked, "goal:A"), (exempt, "no-goal"))
    for ref, label in again:
        assert value(world.record(ref).explicit) == frozenset()
        world.trackers[ref.tracker].add_label(ref.id, label)
    world.round()
    assert [value(world.record(ref).explicit) for ref, _ in again] == [{world.goal("A")}, {world.goal("A")}, {0}]


def test_what_stands_below_learns_that_a_parent_above_is_no_longer_unknown(world: World, people: People) -> None:
    """The chain of a grandchild ends where its grandparent is taken off (R6)."""
    tracker = world.trackers["west"]
    top = people.create("west", "APP", ())
    middle = people.create("west", "APP", (), top.id)
    below = people.create("west", "APP", (), middle.id)
    tracker.hide(top.id)
    world.round()
    assert world.record(below).parent_unknown
    tracker.set_parent(middle.id, None)
    world.round()
    assert not world.record(below).parent_unknown


def test_labels_deleted_one_after_another_are_all_remembered(world: World, people: People) -> None:
    """That B's definition is gone does not make an edit of A's (R2), and the issue comes to rest (L3)."""
    ref = people.create("west", "APP", ("goal:A", "goal:B"))
    world.round()
    for label in ("goal:A", "goal:B"):
        world.trackers["west"].delete_label(label)
        world.round()
    again = world.round()
    assert again is not None
    assert again.planned == []
    assert value(world.record(ref).explicit) == {world.goal("A"), world.goal("B")}
    assert len(world.record(ref).undefined) == 2


def test_the_night_makes_a_deleted_label_anew(world: World, people: People) -> None:
    """By day a deleted definition is left deleted; at night what was decided is shown again (R2)."""
    ref = people.create("west", "APP", ("goal:A",))
    world.round()
    tracker = world.trackers["west"]
    tracker.delete_label("goal:A")
    world.round()
    tracker.edit_title(ref.id, "another title")
    tracker.add_label(ref.id, "urgent")
    world.round()
    assert "goal:A" not in tracker.issue(ref.id).labels
    world.night()
    assert "goal:A" in tracker.issue(ref.id).labels
    assert value(world.record(ref).explicit) == {world.goal("A")}


def test_the_night_probes_a_place_that_refused(world: World, people: People) -> None:
    """What could not be written is tried once a night, and by day only when the place was found to take it (L3)."""
    tracker = world.trackers["west"]
    ref = people.create("west", "APP", ())
    world.round()
    tracker.refuse_writes("APP")
    choose(world, ref, "A")
    world.round()
    tracker.accept_writes("APP")
    world.round()
    assert "goal:A" not in tracker.issue(ref.id).labels
    world.night()
    assert "goal:A" in tracker.issue(ref.id).labels


def test_a_deleted_label_ends_no_conflict(world: World, people: People) -> None:
    """Of two goals put on at once, one loses its label for everybody: nobody has chosen the other (R2, R4)."""
    ref = people.create("east", "APP", ("goal:A", "goal:B"))
    world.round()
    assert world.record(ref).conflict is not None
    world.trackers["east"].delete_label("goal:A")
    world.round()
    assert value(world.record(ref).explicit) == frozenset()
    assert world.record(ref).conflict is not None


def test_a_deleted_label_stays_no_edit_while_its_tracker_cannot_be_asked(world: World, people: People) -> None:
    """Another tracker's pass decides nothing of what has to be told from a deleted definition first (R2)."""
    ref = people.create("west", "APP", ("goal:A",))
    world.round()
    tracker = world.trackers["west"]

    def mute(call: Call) -> None:
        if call.name == "describe":
            message = "try again later"
            raise Transient(message)

    tracker.faults.on_call.append(mute)
    tracker.delete_label("goal:A")
    for _ in range(2):
        world.round()
        assert value(world.record(ref).explicit) == {world.goal("A")}
    tracker.faults.on_call.remove(mute)
    world.round()
    assert value(world.record(ref).explicit) == {world.goal("A")}
    assert world.store.check() == ()
