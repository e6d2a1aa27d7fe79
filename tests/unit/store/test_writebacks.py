from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.store.world import (
    FIELD,
    LABEL,
    NOW,
    REVIEW,
    SURFACES,
    T,
    decide_unlinked,
    due,
    explicit,
    issue,
    link,
    page,
    plan,
    put,
    record_of,
    state,
)
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import (
    Address,
    Base,
    Change,
    Done,
    Failed,
    LinkState,
    Overridden,
    Refused,
    Stale,
    Write,
    Written,
)
from vindaris_sync.store.store import Store

HERE = Address(T, "id1", "acme/web#1")
SHOWS = issue(1, labels=("bug",), fields={"field:f1": ()})
ADD = Write(HERE, (Change(LABEL, ("G-1",)), Change(FIELD, ("G-1",))), {LABEL.key: (), FIELD.key: ()})
WRITTEN = issue(1, at=1, labels=("bug", "goal:G-1"), fields={"field:f1": ("G-1",)})


@pytest.fixture
def number(store: Store) -> int:
    """Return an issue that was decided and is to be written."""
    [one] = put(store, SHOWS)
    decide_unlinked(store, one)
    return one


def written(store: Store, *outcomes: Written) -> None:
    """Record outcomes."""
    store.record_written(T, outcomes, SURFACES, NOW)


def test_done_makes_what_was_read_back_the_base(store: Store, number: int) -> None:
    """Both sides agree now: observed, verified and base are what was read back; nothing is due (L3)."""
    written(store, Done(ADD, WRITTEN))
    record, stamp = record_of(store, number), NOW + timedelta(minutes=1)
    assert record.bases == {
        LABEL.key: Base(("G-1",), "acme/web", "Bug", stamp),
        FIELD.key: Base(("G-1",), "acme/web", "Bug", stamp),
    }
    assert (record.observed[LABEL.key], record.verified) == (("G-1",), stamp)
    assert due(store) == []


def test_our_own_write_echoed_back_is_nothing_new(store: Store, number: int) -> None:
    """The next pull lists what we wrote: no change, nothing due (fault 38)."""
    written(store, Done(ADD, WRITTEN))
    before = store.generation
    result = store.record_page(T, page(WRITTEN), SURFACES, NOW)
    assert (result.same, store.generation, due(store)) == (1, before, [])
    assert record_of(store, number).verified is not None


@pytest.mark.parametrize(
    "more",
    [
        issue(1, at=1, labels=("goal:G-1", "goal-review"), fields={"field:f1": ("G-1",)}),
        issue(1, at=1, labels=("goal:G-1",), fields={"field:f1": ("G-1",)}, closed=True),
        issue(1, at=1, labels=("goal:G-1", "goal:G-2"), fields={"field:f1": ("G-1",)}),
        issue(1, at=1, labels=("goal:G-1",), fields={"field:f1": ("G-1",)}, key="acme/app#1", place="acme/app"),
    ],
    ids=["another surface", "closed", "another value", "moved"],
)
def test_done_that_shows_more_is_due(store: Store, number: int, more: object) -> None:
    """What a person did meanwhile shows in the read back and is decided."""
    written(store, Done(ADD, more))  # type: ignore[arg-type]
    assert due(store) == [number]


def test_done_that_was_undone_since_is_due_against_what_was_written(store: Store, number: int) -> None:
    """What a person did after our write is an edit of what was written, agreed on when that was made (L5)."""
    made = NOW + timedelta(seconds=1)
    written(store, Done(ADD, replace(SHOWS, updated=NOW + timedelta(minutes=1)), {LABEL.key: made}))
    record = record_of(store, number)
    assert (record.observed[LABEL.key], due(store)) == ((), [number])
    assert record.bases == {
        LABEL.key: Base(("G-1",), "acme/web", "Bug", made),
        FIELD.key: Base(("G-1",), "acme/web", "Bug", NOW + timedelta(minutes=1)),
    }


def test_what_was_due_meanwhile_stays_due(store: Store, number: int) -> None:
    """A mark set between the decision and the write is not lost."""
    store.mark_due([number])
    written(store, Done(ADD, WRITTEN))
    assert due(store) == [number]


@pytest.mark.parametrize("closed", [True, False], ids=["parent closed", "nothing"])
def test_what_shows_only_our_write_is_due_where_its_parent_was_changed_meanwhile(store: Store, *, closed: bool) -> None:
    """R8: both are read back at once, and where a question is asked depends on whether the parent is open."""
    below = replace(SHOWS, parent=Address(T, "id2", "acme/web#2"))
    child, above = put(store, below, issue(2))
    decide_unlinked(store, child, above)
    mark = Write(Address(T, "id2", "acme/web#2"), (Change(REVIEW, ("goal-review",)),), {REVIEW.key: ()})
    echo = replace(WRITTEN, parent=below.parent)
    written(store, Done(ADD, echo), Done(mark, issue(2, at=1, labels=("goal-review",), closed=closed)))
    assert due(store) == ([child, above] if closed else [])


@pytest.mark.parametrize("kind", [Stale, Overridden])
def test_what_a_person_changed_is_observed_and_due(store: Store, number: int, kind: type[Stale | Overridden]) -> None:
    """Nothing was agreed: what it shows now is decided against the old base (L5)."""
    theirs = issue(1, at=1, labels=("goal:G-2",))
    written(store, kind(ADD, theirs))
    record = record_of(store, number)
    assert (record.observed[LABEL.key], record.bases, due(store)) == (("G-2",), {}, [number])


def test_an_unknown_outcome_is_looked_at_again(store: Store, number: int) -> None:
    """Nobody knows whether it was written: the next pass finds out."""
    written(store, Failed(ADD, "timeout"))
    assert due(store) == [number]
    assert record_of(store, number).bases == {}


def test_a_refusal_of_the_place_is_remembered_for_place_and_surface(store: Store, number: int) -> None:
    """Said once with the fix, not tried again until a write there succeeds; the rest is decided anew (fault 42)."""
    written(store, Refused(ADD, FIELD.key, "not on the screen", "add it to the edit screen"))
    assert store.refused(T) == {("acme/web", FIELD.key)}
    [refusal] = store.refusals()
    assert (refusal.reason, refusal.advice) == ("not on the screen", "add it to the edit screen")
    assert record_of(store, number).refused == frozenset()
    assert due(store) == [number]
    written(store, Done(ADD, WRITTEN))
    assert store.refused(T) == frozenset()


def test_a_write_that_succeeds_where_it_was_refused_lets_the_whole_place_be_decided(store: Store, number: int) -> None:
    """What waited there for the nightly probe need wait no longer; what is elsewhere is not touched (L1, R10)."""
    near, far = put(store, issue(2), issue(3, key="acme/app#3", place="acme/app"))
    written(store, Refused(ADD, FIELD.key, "the account may not edit issues here"))
    decide_unlinked(store, number, near, far)
    written(store, Done(ADD, WRITTEN))
    assert due(store) == [number, near]


def test_a_refusal_of_one_issue_concerns_no_other(store: Store, number: int) -> None:
    """A full or locked issue is left alone by itself, until it moves or the nightly probe."""
    written(store, Refused(ADD, LABEL.key, "100 labels", place_wide=False))
    assert (record_of(store, number).refused, store.refused(T)) == (frozenset({LABEL.key}), frozenset())
    put(store, issue(1, at=2, key="acme/app#1", place="acme/app"))
    assert record_of(store, number).refused == frozenset()
    written(store, Refused(ADD, LABEL.key, "100 labels", place_wide=False))
    assert store.clear_issue_refusals(T) == 1
    assert record_of(store, number).refused == frozenset()


def test_what_was_applied_before_a_refusal_is_observed(store: Store, number: int) -> None:
    """Earlier changes of the same write may be on the issue: what was read back says."""
    half = issue(1, at=1, labels=("bug", "goal:G-1"), fields={"field:f1": ()})
    written(store, Refused(ADD, FIELD.key, "no", issue=half))
    assert record_of(store, number).observed[LABEL.key] == ("G-1",)
    assert due(store) == [number]


def test_a_cleared_refusal_lets_the_place_be_decided(store: Store, number: int) -> None:
    """What was not written there is planned again."""
    written(store, Refused(ADD, FIELD.key, "no"))
    store.clear_refusal(T, "acme/web", FIELD.key)
    assert (store.refused(T), due(store)) == (frozenset(), [number])


def test_only_the_surfaces_written_get_a_base(store: Store, number: int) -> None:
    """The review label has a base of its own, in the spelling that the tracker shows."""
    write = Write(HERE, (Change(REVIEW, ("goal-review",)),), {REVIEW.key: ()})
    written(store, Done(write, issue(1, at=1, labels=("bug", "Goal-Review"), fields={"field:f1": ()})))
    assert record_of(store, number).bases == {
        REVIEW.key: Base(("Goal-Review",), "acme/web", "Bug", NOW + timedelta(minutes=1)),
    }
    assert due(store) == []


def test_a_key_that_named_no_goal_is_remembered_as_such(store: Store, number: int) -> None:
    """It stays beside what was written; should it name a goal one day, that is news and not agreed (R3)."""
    beside = issue(1, at=1, labels=("goal:G-1", "goal:later"))
    written(store, Done(Write(HERE, (Change(LABEL, ("G-1",)),), {LABEL.key: ("later",)}), beside))
    assert record_of(store, number).bases[LABEL.key].unknown == ("later",)
    alone = issue(1, at=2, labels=("goal:later",))
    written(store, Done(Write(HERE, (Change(LABEL, remove=("G-1",)),), {LABEL.key: ("G-1", "later")}), alone))
    assert record_of(store, number).bases[LABEL.key].unknown == ("later",)


def test_the_key_of_the_issues_own_link_is_agreed_though_it_stood_there_before(store: Store, number: int) -> None:
    """A write cut off in its middle had put it on: the next one takes off the former key, and both sides agree (R3)."""
    store.put_goals([Goal("G-1", "Faster"), Goal("G-2", "Cheaper")], NOW)
    goal = store.goal_book().by_key["g-2"]
    store.apply(plan(explicit(number, (link(goal),)), state(number, LinkState.LINKED, goals=(goal,))), "p1", NOW)
    former = Write(HERE, (Change(LABEL, remove=("G-1",)),), {LABEL.key: ("G-1", "G-2 Cheaper", "later")})
    written(store, Done(former, issue(1, at=1, labels=("goal:G-2 Cheaper", "goal:later"))))
    assert record_of(store, number).bases[LABEL.key].unknown == ("later",)
