from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.store.world import (
    LABEL,
    NOW,
    UNLINKED,
    T,
    closed,
    decide_unlinked,
    due,
    explicit,
    issue,
    link,
    opened,
    plan,
    put,
    record_of,
    state,
)
from vindaris_sync.domain.actions import SetBases, SetConflict, Silence, Wake, WriteBack
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import Base, Exemption, LinkState
from vindaris_sync.domain.records import Answer, CauseKey, Conflict, ParentBasis, Reason, Stood
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.store import Store


@pytest.fixture
def goal(store: Store) -> int:
    """Return the id of the one goal."""
    store.put_goals([Goal("G-1", "Faster")], NOW)
    return store.goal_book().by_key["g-1"]


def test_a_link_is_stored_as_decided(store: Store, goal: int) -> None:
    """S is what the plan says, the history says who, how, why and at which revision (L10)."""
    [number] = put(store, issue(1))
    store.apply(
        plan(
            explicit(number, (link(goal),)),
            state(number, LinkState.LINKED, goals=(goal,), carrier=number),
            decided=[number],
        ),
        "p1",
        NOW,
    )
    record = record_of(store, number)
    assert record.links == (link(goal),)
    assert (record.state, record.carrier, record.goals) == (LinkState.LINKED, number, (goal,))
    [event] = store.history(issue=number)
    assert (event.event, event.who, event.how, event.why) == ("linked", "ann", "cli", "because")
    assert (event.goal, event.goal_revision, event.after, event.pass_id) == (goal, 1, ["G-1"], "p1")
    assert due(store) == []
    assert store.linked_to(goal) == (number,)


def test_an_exemption_replaces_a_link(store: Store, goal: int) -> None:
    """S is links or an exemption, never both."""
    [number] = put(store, issue(1))
    store.apply(plan(explicit(number, (link(goal),))), "p1", NOW)
    exemption = Exemption("keeps the lights on", "ann", NOW, NOW + timedelta(days=90))
    store.apply(plan(explicit(number, exemption, "exempted")), "p2", NOW)
    assert record_of(store, number).explicit == exemption
    assert store.linked_to(goal) == ()
    store.apply(plan(explicit(number, (), "removed")), "p3", NOW)
    assert record_of(store, number).explicit == ()


def test_what_is_adopted_and_confirmed_at_once_is_held_as_confirmed(store: Store, goal: int) -> None:
    """Of two decisions about one issue in one plan the last one stands, and the history tells both."""
    [number] = put(store, issue(1))
    later = replace(link(goal), revision=2)
    store.apply(plan(explicit(number, (link(goal),)), explicit(number, (later,), "confirmed")), "p1", NOW)
    assert record_of(store, number).links == (later,)
    assert [event.event for event in store.history(issue=number)] == ["confirmed", "linked"]


def test_a_link_set_by_a_person_makes_due(store: Store, goal: int) -> None:
    """A link set outside a pass is decided and written back by the next one."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    store.apply(plan(explicit(number, (link(goal),))), "", NOW)
    assert due(store) == [number]


def test_a_goal_that_does_not_exist_is_refused(store: Store) -> None:
    """The schema makes a link to nothing impossible, and keeps nothing else of the plan either (L1)."""
    one, two = put(store, issue(1), issue(2))
    with pytest.raises(StoreError) as refused:
        store.apply(plan(Wake(one, NOW), explicit(two, (link(99),))), "p1", NOW)
    assert refused.value.trouble is Trouble.REFUSED
    assert record_of(store, two).explicit == ()
    assert record_of(store, one).wake_at is None


def test_unlinked_and_decided_without_review_is_impossible(store: Store) -> None:
    """An open tracked issue cannot be unlinked, decided and unasked (L1)."""
    [number] = put(store, issue(1))
    with pytest.raises(StoreError):
        store.apply(plan(state(number, LinkState.UNLINKED), decided=[number]), "p1", NOW)
    assert due(store) == [number]
    decide_unlinked(store, number)
    with pytest.raises(StoreError):
        store.apply(plan(closed(number), decided=[number]), "p1", NOW)
    assert store.open_reviews() == (number,)


def test_a_review_opens_with_its_cause_and_closes_with_its_last(store: Store, goal: int) -> None:
    """A review is open iff a cause stands that nobody has answered (R7)."""
    [number] = put(store, issue(1))
    changed = CauseKey(Reason.GOAL_CHANGED, str(goal), "2")
    store.apply(plan(opened(number), opened(number, changed)), "p1", NOW)
    assert store.open_reviews() == (number,)
    store.apply(plan(closed(number)), "p2", NOW)
    assert store.open_reviews() == (number,)
    store.apply(plan(closed(number, changed, Answer.CONFIRMED)), "p3", NOW)
    assert store.open_reviews() == ()
    assert [(cause.key, cause.answer) for cause in record_of(store, number).causes] == [(changed, Answer.CONFIRMED)]


def test_an_acknowledged_cause_stays_open(store: Store) -> None:
    """Acknowledged is counted and open, only without label (R10)."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    store.apply(plan(closed(number, UNLINKED, Answer.ACKNOWLEDGED)), "p2", NOW)
    [cause] = record_of(store, number).causes
    assert (cause.answer, cause.open, store.open_reviews()) == (Answer.ACKNOWLEDGED, True, (number,))


def test_a_cause_that_comes_back_is_the_same_one_opened_again(store: Store, tmp_path: Path) -> None:
    """Times opened are counted, on the cause and on the review."""
    [number] = put(store, issue(1))
    for _ in range(3):
        store.apply(plan(opened(number)), "p", NOW)
        store.apply(plan(closed(number)), "p", NOW)
    store.apply(plan(opened(number), opened(number)), "p", NOW)
    with sqlite3.connect(tmp_path / "store.db") as raw:
        assert raw.execute("SELECT times, is_open FROM cause").fetchall() == [(4, 1)]
        assert raw.execute("SELECT times_opened FROM issue").fetchall() == [(4,)]
    raw.close()


def test_causes_of_a_group_are_counted(store: Store) -> None:
    """Only open causes that may be shown and labelled count against the limit (R9)."""
    numbers = put(store, *(issue(number) for number in range(1, 6)))
    surfaced, backlog, answered, silenced, acknowledged = numbers
    actions = [opened(each, surface_at=None if each == backlog else NOW) for each in numbers]
    store.apply(plan(*actions), "p", NOW)
    store.apply(
        plan(closed(answered), Silence(silenced, UNLINKED), closed(acknowledged, UNLINKED, Answer.ACKNOWLEDGED)),
        "p",
        NOW,
    )
    with store.view() as view:
        assert view.labelled(UNLINKED) == 2
        assert [record.causes[0].labelled for record in view.records([surfaced, silenced]).values()] == [True, False]


def test_bases_are_merged_by_surface(store: Store) -> None:
    """What one surface agreed on says nothing of another (R1)."""
    [number] = put(store, issue(1))
    label, field = Base(("G-1",), "acme/web", "Bug", NOW), Base((), "acme/web", "Bug", NOW)
    store.apply(plan(SetBases(number, {LABEL.key: field}), SetBases(number, {"field:f1": field})), "p", NOW)
    store.apply(plan(SetBases(number, {LABEL.key: label})), "p", NOW)
    assert record_of(store, number).bases == {LABEL.key: label, "field:f1": field}


def test_a_conflict_is_remembered_and_forgotten(store: Store) -> None:
    """Both sides' values are kept until they differ no more (R4)."""
    [number] = put(store, issue(1))
    conflict = Conflict("1*", {LABEL.key: ("G-2",)})
    store.apply(plan(SetConflict(number, conflict)), "p", NOW)
    assert record_of(store, number).conflict == conflict
    store.apply(plan(SetConflict(number, None)), "p", NOW)
    assert record_of(store, number).conflict is None


def test_the_basis_and_all_else_of_a_state_is_kept(store: Store, goal: int) -> None:
    """A state is read back as it was decided."""
    [number] = put(store, issue(1))
    basis = ParentBasis(7, (goal,), (1, 2))
    decided = state(number, LinkState.LINKED, goals=(goal,))
    told = type(decided)(number, LinkState.LINKED, None, (goal,), basis, False, True, True, "h7", "at_birth")  # noqa: FBT003
    store.apply(plan(told, decided=[number]), "p", NOW)
    record = record_of(store, number)
    assert (record.basis, record.tracked, record.parent_unknown, record.suspect) == (basis, False, True, True)
    assert (record.undecided_since, record.timing) == ("h7", "at_birth")


def test_sleepers_wake_when_it_is_time(store: Store) -> None:
    """What depends on time alone is looked at again when told, once."""
    one, two = put(store, issue(1), issue(2))
    decide_unlinked(store, one, two)
    store.apply(plan(Wake(one, NOW + timedelta(minutes=15)), Wake(two, NOW + timedelta(days=1))), "p", NOW)
    assert store.wake(NOW) == 0
    assert store.trackers_due(NOW + timedelta(minutes=15)) == [T]
    assert store.wake(NOW + timedelta(minutes=15)) == 1
    assert due(store) == [one]
    assert store.wake(NOW + timedelta(minutes=15)) == 0
    store.apply(plan(Wake(two, None)), "p", NOW)
    assert store.wake(NOW + timedelta(days=2)) == 0


def test_what_the_review_label_will_stand_for_is_kept(store: Store, goal: int) -> None:
    """Taking the label off later confirms what was in force when it was put on (R10)."""
    [number] = put(store, issue(1))
    write = WriteBack(number, LABEL, ("goal-review",), (), (), (UNLINKED,), {goal: 4})
    store.mark_unwritten([write])
    assert record_of(store, number).label_stood == Stood(frozenset({UNLINKED}), {goal: 4})


def test_what_was_sent_is_kept_with_the_base_until_something_is_agreed_anew(store: Store) -> None:
    """Each value that a surface may show for our sake, once, in the words that will be read back (R5)."""
    [number] = put(store, issue(1))
    agreed = Base(("A", "TYPO"), "APP", "Story", NOW)
    store.apply(plan(SetBases(number, {LABEL.key: agreed})), "p", NOW)
    write = WriteBack(number, LABEL, ("B",), ("a",), ("A", "TYPO"))
    for each in (write, write, WriteBack(number, LABEL, (), ("A",), ("A", "TYPO"))):
        store.mark_unwritten([each])
    assert record_of(store, number).bases == {LABEL.key: replace(agreed, sent=(("TYPO", "B"), ("TYPO",)))}
    store.apply(plan(SetBases(number, {LABEL.key: agreed})), "p", NOW)
    assert record_of(store, number).bases == {LABEL.key: agreed}


def test_held_removals_wait_for_a_person(store: Store) -> None:
    """Too many edits by absence are held until they are released (R2)."""
    numbers = put(store, issue(1), issue(2))
    decide_unlinked(store, *numbers)
    store.hold(T, tuple(numbers), 1, NOW)
    assert store.tracker(T).held == tuple(numbers)
    assert store.release(T) == tuple(numbers)
    assert store.tracker(T).held == ()
    assert due(store) == numbers


def test_apply_counts_what_it_applied(store: Store) -> None:
    """A pass reports its actions by kind."""
    [number] = put(store, issue(1))
    assert store.apply(plan(opened(number), Wake(number, None), Wake(number, NOW)), "p", NOW) == {
        "OpenCause": 1,
        "Wake": 2,
    }
