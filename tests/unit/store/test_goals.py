from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.store.world import (
    NOW,
    T,
    decide_unlinked,
    due,
    explicit,
    fresh,
    issue,
    link,
    opened,
    plan,
    put,
    state,
)
from vindaris_sync.domain.goals import Goal, Outcome, Status
from vindaris_sync.domain.materiality import Materiality
from vindaris_sync.domain.models import Address, Link, LinkState, Provenance
from vindaris_sync.domain.records import CauseKey, GoalFacts, Reason
from vindaris_sync.store.store import Store

QUIET = timedelta(minutes=10)
ONE, TWO = Goal("G-1", "Faster"), Goal("G-2", "Cheaper")


def facts(store: Store, key: str = "g-1") -> GoalFacts:
    """Return a goal as it is in force."""
    book = store.goal_book()
    return book.goals[book.by_key[key]]


def edited(store: Store, *goals: Goal, after: timedelta = timedelta()) -> None:
    """Read the goals ``after`` a while, and let all edits become revisions."""
    store.put_goals(goals, NOW + after)
    store.promote(NOW + after, QUIET, force=True)


def test_a_new_goal_is_in_force_as_revision_1(store: Store) -> None:
    """Nobody has confirmed anything against an earlier one."""
    read = store.put_goals([ONE, TWO], NOW)
    assert read.added == ("G-1", "G-2")
    assert (facts(store).revision, facts(store).title, facts(store).closed) == (1, "Faster", False)
    assert [stored.goal for stored in store.goals()] == [ONE, TWO]


def test_reading_the_same_goals_again_changes_nothing(store: Store) -> None:
    """An unchanged source is no commit (L3)."""
    full = Goal(
        "G-1", "Faster", "text", None, "P1", Status.ACTIVE, "Q1", "ann", (Outcome("m", "s", 1, 2, 1.5),), ("G-0",)
    )
    store.put_goals([full, TWO], NOW)
    before, book = store.generation, store.goal_book()
    assert store.put_goals([full, TWO], NOW + QUIET).empty
    assert store.promote(NOW + QUIET, QUIET) == ()
    assert store.generation == before
    assert store.goal_book() is book
    assert store.goals()[0].goal == full


def test_an_edit_waits_until_nobody_edits_any_more(store: Store) -> None:
    """An edit becomes the revision after the debounce without edits; until then the old one is in force (R11)."""
    store.put_goals([ONE], NOW)
    assert store.put_goals([Goal("G-1", "Fast")], NOW).edited == ("G-1",)
    assert store.put_goals([Goal("G-1", "Fastest")], NOW + timedelta(minutes=8)).edited == ("G-1",)
    assert store.put_goals([Goal("G-1", "Fastest")], NOW + timedelta(minutes=9)).empty
    assert store.promote(NOW + timedelta(minutes=17), QUIET) == ()
    assert (facts(store).revision, facts(store).title) == (1, "Faster")
    goal = facts(store).id
    assert store.promote(NOW + timedelta(minutes=18), QUIET) == (goal,)
    assert (facts(store).revision, facts(store).title) == (2, "Fastest")
    assert [(each.revision, each.contents["title"]) for each in store.revisions(goal)] == [
        (1, "Faster"),
        (2, "Fastest"),
    ]
    assert store.history(goal=goal)[0].event == "goal_changed"


def test_endless_editing_ends_after_an_hour(store: Store) -> None:
    """Somebody who never stops editing holds nothing up for ever (R11)."""
    store.put_goals([ONE], NOW)
    for minute in range(0, 61, 5):
        store.put_goals([Goal("G-1", f"Title {minute}")], NOW + timedelta(minutes=minute))
        if minute < 60:
            assert store.promote(NOW + timedelta(minutes=minute), QUIET) == ()
    assert len(store.promote(NOW + timedelta(minutes=60), QUIET)) == 1


def test_a_revert_drops_the_pending_edit(store: Store) -> None:
    """What is again as it was asks nobody anything."""
    store.put_goals([ONE], NOW)
    store.put_goals([Goal("G-1", "Oops")], NOW)
    assert store.put_goals([ONE], NOW).reverted == ("G-1",)
    assert store.promote(NOW + QUIET, QUIET, force=True) == ()
    assert facts(store).revision == 1


def test_an_immaterial_edit_is_in_force_at_once_and_no_revision(store: Store) -> None:
    """An owner, a current value, or a field that configuration leaves out make no link suspect (R11)."""
    store.put_goals([ONE], NOW)
    changed = Goal("G-1", "Faster", owner="bob", outcomes=())
    assert store.put_goals([changed], NOW).empty
    assert store.goals()[0].goal.owner == "bob"
    retitled = Goal("G-1", "Quicker", owner="bob")
    assert store.put_goals([retitled], NOW, Materiality(("priority",))).weighed == ("G-1",)
    assert (facts(store).title, facts(store).revision) == ("Quicker", 1)


def test_a_status_is_in_force_at_once(store: Store) -> None:
    """Closing a goal is a cause of its own, not a revision (R7)."""
    store.put_goals([ONE], NOW)
    assert store.put_goals([Goal("G-1", "Faster", status=Status.ACHIEVED)], NOW).restated == ("G-1",)
    assert (facts(store).closed, facts(store).revision) == (True, 1)
    assert store.history(goal=facts(store).id)[0].event == "goal_restated"


def test_a_goal_the_source_has_no_more_stays_in_force(store: Store) -> None:
    """Absence is not deletion (L6)."""
    store.put_goals([ONE, TWO], NOW)
    assert store.put_goals([TWO], NOW).missing == ("G-1",)
    assert facts(store).missing
    assert store.put_goals([TWO], NOW).empty
    assert store.put_goals([ONE, TWO], NOW).returned == ("G-1",)
    assert not facts(store).missing


def test_a_renamed_goal_keeps_its_identity_and_old_key(store: Store) -> None:
    """A rename is immaterial: links, revision and the old key stay (R11)."""
    store.put_goals([ONE], NOW)
    goal = facts(store).id
    [number] = put(store, issue(1))
    store.apply(
        plan(explicit(number, (link(goal),)), state(number, LinkState.LINKED, goals=(goal,)), decided=[number]),
        "p",
        NOW,
    )
    assert store.put_goals([Goal("SPEED", "Faster", was=("G-1",))], NOW).renamed == ("SPEED",)
    book = store.goal_book()
    assert (book.find("g-1"), book.find("Speed"), book.goals[goal].key, book.goals[goal].revision) == (
        goal,
        goal,
        "SPEED",
        1,
    )
    assert due(store) == [number]
    assert store.put_goals([Goal("SPEED", "Faster", was=("G-1",))], NOW).empty


def test_an_ancestors_priority_changes_those_without_their_own(store: Store) -> None:
    """Contents are those of the resolved goal (R11)."""
    child, own = Goal("G-2", "Below", parent="G-1"), Goal("G-3", "Own", parent="G-1", priority="P3")
    store.put_goals([Goal("G-1", "Top", priority="P1"), child, own], NOW)
    edited(store, Goal("G-1", "Top", priority="P2"), child, own)
    assert [facts(store, key).revision for key in ("g-1", "g-2", "g-3")] == [2, 2, 1]


def suspect(store: Store, revision: int, stamp: str) -> bool:
    """Return whether a link confirmed at ``revision`` is suspect today."""
    held = Link(facts(store).id, Provenance.CHOSEN, "ann", NOW, revision, stamp)
    return store.goal_book().suspect(held)


def test_links_are_suspect_by_contents_and_not_by_number(store: Store) -> None:
    """A revert to the confirmed contents is not suspect; a minor edit joins; material fields are today's (R11)."""
    edited(store, ONE)
    first = facts(store).stamp
    edited(store, Goal("G-1", "Fast"))
    assert suspect(store, 1, first)
    assert not suspect(store, 2, facts(store).stamp)
    edited(store, Goal("G-1", "Fast.", minor_revision=3))
    assert (suspect(store, 1, first), suspect(store, 2, ""), facts(store).revision) == (True, False, 3)
    edited(store, ONE)
    assert not suspect(store, 1, first)
    edited(store, Goal("G-1", "Fast", material=("priority",)))
    assert len(set(facts(store).stamps.values())) == 1


def test_a_revision_makes_those_due_that_hold_a_link(store: Store) -> None:
    """Whoever holds the link is decided anew, and passes on what concerns those below (L2, R8)."""
    store.put_goals([ONE, TWO], NOW)
    goal = facts(store).id
    holder, heir, done, other = put(
        store, issue(1), issue(2, parent=Address(T, "id1")), issue(3, closed=True), issue(4)
    )
    store.apply(
        plan(
            explicit(holder, (link(goal),)),
            explicit(done, (link(goal),)),
            explicit(other, (link(facts(store, "g-2").id),)),
            state(holder, LinkState.LINKED, goals=(goal,), carrier=holder),
            state(heir, LinkState.INHERITED, goals=(goal,), carrier=holder),
            state(done, LinkState.LINKED, goals=(goal,), carrier=done),
            state(other, LinkState.LINKED, goals=(2,), carrier=other),
            decided=(holder, heir, done, other),
        ),
        "p",
        NOW,
    )
    edited(store, Goal("G-1", "Fast"), TWO)
    assert due(store) == [holder, done]
    assert store.linked_to(goal) == (holder, done, heir)


def test_a_key_that_becomes_known_is_looked_at_where_it_was_unknown(store: Store) -> None:
    """Issues asked about an unknown key are decided again when a goal has it (R3)."""
    asked, other = put(store, issue(1, labels=("goal:G-1",)), issue(2))
    decide_unlinked(store, asked, other)
    store.apply(plan(opened(asked, CauseKey(Reason.UNKNOWN_GOAL, "", "g-1"))), "p", NOW)
    store.put_goals([ONE], NOW)
    assert due(store) == [asked]


def test_a_read_that_is_rolled_back_leaves_the_old_goals(store: Store) -> None:
    """Goals read inside a transaction that fails were never in force, for nobody."""
    store.put_goals([ONE], NOW)

    def interrupted() -> None:
        with store.transaction():
            store.put_goals([Goal("G-1", "Faster", status=Status.ABANDONED)], NOW)
            assert facts(store).closed
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not facts(store).closed
    store.put_goals([ONE, TWO], NOW)
    assert set(store.goal_book().by_key) == {"g-1", "g-2"}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(st.sampled_from(["Faster", "Fast", "Fastest"]), min_size=1, max_size=8))
def test_a_link_is_suspect_iff_the_contents_differ(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> None:
    """Whatever the course of revisions, only first and last contents decide."""
    with fresh(tmp_path_factory.mktemp("store")) as store:
        for title in titles:
            edited(store, Goal("G-1", title))
        assert suspect(store, 1, "") is (titles[0] != titles[-1])
        assert facts(store).revision == 1 + sum(a != b for a, b in pairwise(titles))
