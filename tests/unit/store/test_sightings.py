from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.store.world import (
    LABEL,
    NOW,
    REVIEW,
    SURFACES,
    UNLINKED,
    T,
    decide_unlinked,
    due,
    explicit,
    issue,
    link,
    plan,
    put,
    record_of,
    state,
)
from vindaris_sync.domain.actions import Announce, OpenCause, SetBases, SetExplicit, StandFor
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import (
    Address,
    Base,
    Exemption,
    Gone,
    Hidden,
    LinkState,
    Moved,
    Presence,
    Present,
    Seen,
)
from vindaris_sync.domain.records import Cause, CauseKey, Reason, Stood
from vindaris_sync.store.store import Store

HERE = Address(T, "id1", "acme/web#1")


def see(store: Store, *seen: Seen, after: int = 0) -> None:
    """Record direct answers, ``after`` minutes."""
    store.record_seen(T, seen, SURFACES, NOW + timedelta(minutes=after))


def test_a_direct_read_verifies(store: Store) -> None:
    """What was read directly is known as of the issue's own stamp, and the same content makes nothing due (R2)."""
    [number] = put(store, issue(1, at=3))
    decide_unlinked(store, number)
    see(store, Present(HERE, issue(1, at=3)))
    assert record_of(store, number).verified == NOW + timedelta(minutes=3)
    assert due(store) == []
    before = store.generation
    see(store, Present(HERE, issue(1, at=3)))
    assert store.generation == before


def test_a_direct_read_of_a_change_makes_due(store: Store) -> None:
    """A surface that shows something else has to be decided; a title alone does not."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    see(store, Present(HERE, issue(1, at=1, title="new")))
    assert (record_of(store, number).title, due(store)) == ("new", [])
    see(store, Present(HERE, issue(1, at=2, labels=("goal:G-1",))))
    assert due(store) == [number]
    assert record_of(store, number).verified == NOW + timedelta(minutes=2)


@pytest.mark.parametrize(("after", "taken"), [(5, False), (15, True)])
def test_a_direct_read_is_believed_as_soon_as_it_cannot_have_been_late(
    store: Store, after: int, *, taken: bool
) -> None:
    """Answers cross, and many are read through an index: an older stamp counts where the newer one is no news."""
    [number] = put(store, issue(1, labels=("goal:G-1",)))
    decide_unlinked(store, number)
    see(store, Present(HERE, issue(1, at=-600)), after=after)
    assert (not record_of(store, number).observed[LABEL.key], due(store) == [number]) == (taken, taken)


@pytest.mark.parametrize(
    ("answer", "presence"), [(Gone(HERE, "deleted"), Presence.GONE), (Hidden(HERE, "404"), Presence.HIDDEN)]
)
def test_absence_is_kept_with_date_and_reason(store: Store, answer: Seen, presence: Presence) -> None:
    """Gone and hidden are told apart, once, and what hangs below is decided anew (L6)."""
    above, child = put(store, issue(1), issue(2, parent=HERE))
    decide_unlinked(store, above, child)
    see(store, answer, after=1)
    assert (record_of(store, above).presence, due(store)) == (presence, [above, child])
    [event] = store.history(issue=above)
    assert (event.event, event.after, event.at) == (
        "presence_changed",
        [str(presence)],
        NOW + timedelta(minutes=1),
    )
    before = store.generation
    see(store, answer, after=2)
    assert store.generation == before


def test_a_lagging_list_does_not_raise_the_dead(store: Store) -> None:
    """A list may show for minutes what is deleted; a direct read or a newer stamp brings it back."""
    [number] = put(store, issue(1))
    see(store, Gone(HERE, "deleted"))
    put(store, issue(1))
    assert record_of(store, number).presence is Presence.GONE
    put(store, issue(1, at=9))
    assert record_of(store, number).presence is Presence.PRESENT


def test_what_was_hidden_returns_when_seen(store: Store) -> None:
    """A permission that comes back thaws the issue (R6)."""
    [number] = put(store, issue(1))
    see(store, Hidden(HERE, "403"))
    see(store, Present(HERE, issue(1)))
    assert record_of(store, number).presence is Presence.PRESENT


def test_out_of_scope_keeps_everything_and_resumes(store: Store) -> None:
    """Leaving the scope is its own kind of absence: a direct read does not end it, a page does (R6)."""
    [number] = put(store, issue(1))
    store.record_absent({number: "moved to a project that is not tracked"}, Presence.OUT_OF_SCOPE, NOW)
    see(store, Present(HERE, issue(1, at=1, title="x")))
    assert record_of(store, number).presence is Presence.OUT_OF_SCOPE
    put(store, issue(1, at=1, title="x"))
    assert record_of(store, number).presence is Presence.PRESENT


def test_a_move_under_the_same_id_is_a_new_key(store: Store) -> None:
    """Jira moves keep the id: the row stays, the old key is a name of it."""
    [number] = put(store, issue(1))
    see(store, Moved(HERE, issue(1, at=1, key="APP-3", place="APP")))
    record = record_of(store, number)
    assert (record.key, record.place, record.presence) == ("APP-3", "APP", Presence.PRESENT)
    assert store.find("acme/web#1") == (number,)


def linked_parent(store: Store) -> tuple[int, int, int]:
    """Return a linked issue, its child, and the goal's id."""
    store.put_goals([Goal("G-1", "Faster")], NOW)
    goal = store.goal_book().by_key["g-1"]
    above, child = put(store, issue(1), issue(2, parent=HERE))
    base = Base(("G-1",), "acme/web", "Bug", NOW)
    store.apply(
        plan(
            explicit(above, (link(goal),)),
            SetBases(above, {LABEL.key: base}),
            state(above, LinkState.LINKED, goals=(goal,), carrier=above),
            state(child, LinkState.INHERITED, goals=(goal,), carrier=above),
            decided=(above, child),
        ),
        "p1",
        NOW,
    )
    return above, child, goal


def test_everything_follows_to_a_new_id(store: Store) -> None:
    """A transfer gives the issue a new id; link, bases, children and names go along (fault 30)."""
    old, child, goal = linked_parent(store)
    see(store, Moved(HERE, issue(9, at=1, place="acme/app")), after=1)
    new = store.by_id(T, ["id9"])["id9"]
    record, left = record_of(store, new), record_of(store, old)
    assert [each.goal for each in record.links] == [goal]
    assert record.bases[LABEL.key].place == "", "agreed elsewhere"
    assert (left.presence, left.links) == (Presence.MOVED, ())
    assert record_of(store, child).parent == new
    assert set(due(store)) == {old, new, child}
    assert store.find("acme/web#1")[0] in {old, new}
    assert {event.event for event in store.history(issue=new)} == {"moved"}
    assert [breach for breach in store.check() if breach.law != "undecided"] == []


def test_an_open_review_follows_to_a_new_id(store: Store) -> None:
    """The question is asked where the issue is now."""
    [old] = put(store, issue(1))
    decide_unlinked(store, old)
    see(store, Moved(HERE, issue(9, at=1)), after=1)
    new = store.by_id(T, ["id9"])["id9"]
    assert [cause.key for cause in record_of(store, new).causes] == [UNLINKED]
    assert store.open_reviews() == (new,)
    assert record_of(store, old).causes == ()


def test_a_move_is_recorded_once(store: Store) -> None:
    """The old address may be asked again; the new row keeps what it has."""
    linked_parent(store)
    see(store, Moved(HERE, issue(9, at=1)), after=1)
    before = store.generation
    see(store, Moved(HERE, issue(9, at=1)), after=2)
    assert store.generation == before


def test_a_link_follows_to_a_new_id_that_was_listed_before(store: Store) -> None:
    """The list shows the new issue first, without its lost labels: agreeing on their absence is no decision."""
    old, _, goal = linked_parent(store)
    [new] = put(store, issue(9, place="acme/app"))
    bare = Base((), "acme/app", "Bug", NOW)
    decide_unlinked(store, new)
    store.apply(plan(SetBases(new, {LABEL.key: bare})), "p2", NOW)
    see(store, Moved(HERE, issue(9, place="acme/app")), after=1)
    assert [each.goal for each in record_of(store, new).links] == [goal]
    assert record_of(store, new).bases[LABEL.key].place == "", "agreed elsewhere"
    assert record_of(store, old).links == ()


def test_a_review_label_at_the_new_id_asks_what_was_asked_there(store: Store) -> None:
    """What comes over from the former id was never asked by it: taking it off confirms nothing of that (R10)."""
    linked_parent(store)
    [new] = put(store, issue(9, place="acme/app"))
    decide_unlinked(store, new)
    stood, base = Stood(frozenset({UNLINKED}), {}), Base(("goal-review",), "acme/app", "Bug", NOW)
    store.apply(plan(SetBases(new, {REVIEW.key: base}), StandFor(new, stood)), "p2", NOW)
    see(store, Moved(HERE, issue(9, place="acme/app")), after=1)
    assert (record_of(store, new).label_stood, record_of(store, new).bases[REVIEW.key]) == (stood, base)


def test_what_was_decided_at_the_new_id_is_not_replaced(store: Store) -> None:
    """Where the new row has a link of its own already, that is newer than what comes over."""
    old, _, goal = linked_parent(store)
    [new] = put(store, issue(9))
    store.put_goals([Goal("G-1", "Faster"), Goal("G-2", "Cheaper")], NOW)
    other = store.goal_book().by_key["g-2"]
    store.apply(plan(explicit(new, (link(other),))), "p2", NOW)
    see(store, Moved(HERE, issue(9)), after=1)
    assert [each.goal for each in record_of(store, new).links] == [other]
    assert [each.goal for each in record_of(store, old).links] == [goal]


def moved_twice(store: Store) -> tuple[list[int], list[int]]:
    """Return three ids of one issue, linked under the first, all seen before the tracker said so; and two goals."""
    store.put_goals([Goal("G-1", "Faster"), Goal("G-2", "Cheaper")], NOW)
    goals = [store.goal_book().by_key[key] for key in ("g-1", "g-2")]
    ids = put(store, issue(1), issue(2), issue(9))
    store.apply(plan(explicit(ids[0], (link(goals[0]),))), "p1", NOW)
    return ids, goals


def follow_both(store: Store, order: tuple[int, int]) -> None:
    """Let the tracker say of both former ids, in this order and in two answers, where the issue is now."""
    for number in order:
        see(store, Moved(Address(T, f"id{number}", f"acme/web#{number}"), issue(9)), after=1)


BOTH_ORDERS = pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["earlier first", "later first"])


@BOTH_ORDERS
def test_of_two_former_ids_the_later_decision_stands(store: Store, order: tuple[int, int]) -> None:
    """A person linked it to another goal under its second id: that goal goes over, whichever id is asked first (L5)."""
    (_, second, third), (_, other) = moved_twice(store)
    store.apply(plan(explicit(second, (link(other),))), "p2", NOW)
    follow_both(store, order)
    assert [each.goal for each in record_of(store, third).links] == [other]
    assert [breach for breach in store.check() if breach.law != "undecided"] == []


@BOTH_ORDERS
def test_a_link_taken_off_under_the_second_id_does_not_come_back(store: Store, order: tuple[int, int]) -> None:
    """The first id's link is older than its removal, whichever id is asked first (L5)."""
    (_, second, third), (_, other) = moved_twice(store)
    store.apply(plan(explicit(second, (link(other),))), "p2", NOW)
    store.apply(plan(SetExplicit(second, (), "unlinked", "ann", "cli", "because", ("G-2",), ())), "p3", NOW)
    follow_both(store, order)
    assert record_of(store, third).links == ()


@BOTH_ORDERS
def test_an_id_under_which_nothing_was_decided_replaces_nothing(store: Store, order: tuple[int, int]) -> None:
    """The list showed the second id without its lost labels: the first one's link is still the last word."""
    (_, second, third), (goal, _) = moved_twice(store)
    decide_unlinked(store, second)
    follow_both(store, order)
    assert [each.goal for each in record_of(store, third).links] == [goal]


@BOTH_ORDERS
def test_what_was_decided_under_the_last_id_outlives_both_former_ones(store: Store, order: tuple[int, int]) -> None:
    """An exemption under the third id is newer than both links."""
    (_, second, third), (_, other) = moved_twice(store)
    store.apply(plan(explicit(second, (link(other),))), "p2", NOW)
    exemption = Exemption("by a label", "ann", NOW, None)
    store.apply(plan(explicit(third, exemption, "exempted")), "p3", NOW)
    follow_both(store, order)
    assert record_of(store, third).explicit == exemption


def test_what_came_over_earlier_counts_as_old_as_it_is(store: Store) -> None:
    """The first id's link has gone to the second; the one that was decided between them is the last word."""
    (first, between, second), (_, other) = moved_twice(store)
    see(store, Moved(Address(T, "id1", "acme/web#1"), issue(9)))
    store.apply(plan(explicit(between, (link(other),))), "p2", NOW)
    last = issue(10)
    for number in (9, 2):
        see(store, Moved(Address(T, f"id{number}", f"acme/web#{number}"), last), after=1)
    third = store.by_id(T, ["id10"])["id10"]
    assert [each.goal for each in record_of(store, third).links] == [other]
    assert all(record_of(store, each).links == () for each in (first, second))


def test_what_was_asked_where_an_issue_was_is_asked_there_no_more(store: Store) -> None:
    """Also where the issue was decided under its new id already: the row of the old one asks nothing by itself."""
    store.put_goals([Goal("G-1", "Faster")], NOW)
    goal = store.goal_book().by_key["g-1"]
    old, new = put(store, issue(1), issue(9, place="acme/app"))
    decide_unlinked(store, old)
    store.apply(plan(explicit(new, (link(goal),)), state(new, LinkState.LINKED, goals=(goal,), carrier=new)), "p", NOW)
    see(store, Moved(HERE, issue(9, at=1, place="acme/app")), after=1)
    assert [cause for cause in record_of(store, old).causes if cause.open] == []
    assert record_of(store, new).links
    assert [breach for breach in store.check() if breach.law != "undecided"] == []


def test_the_team_hears_of_a_question_that_ended_with_a_way_there_and_back(store: Store) -> None:
    """The issue is where it was, under a new id that is decided already: its former id leaves the team's list (L8)."""
    store.put_goals([Goal("G-1", "Faster")], NOW)
    goal = store.goal_book().by_key["g-1"]
    old, new = put(store, issue(1), issue(9))
    cause = Cause(CauseKey(Reason.UNLINKED, "", ""), NOW, NOW)
    asks = (OpenCause(old, cause), state(old, LinkState.UNLINKED))
    store.apply(
        plan(*asks, explicit(new, (link(goal),)), state(new, LinkState.LINKED, goals=(goal,), carrier=new)), "p", NOW
    )
    assert store.outbox(NOW) == ()
    see(store, Moved(HERE, issue(9, at=1)), after=1)
    later = NOW + timedelta(minutes=1)
    assert [each.announce for each in store.outbox(later)] == [Announce(T, "acme/web", Reason.UNLINKED, "", later)]
