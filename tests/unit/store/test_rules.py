"""Link rules in the store: numbers that stay, versions, reviews, and what is looked at again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.store.world import (
    NOW,
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
from vindaris_sync.domain.actions import AnswerRule, AskRule, ConfirmRule, OpenCause, SetState
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import Address, LinkState, Moved, Present, Traits
from vindaris_sync.domain.records import Answer, Cause, CauseKey, Reason
from vindaris_sync.domain.rules import Condition, Rule, Stated
from vindaris_sync.store.errors import StoreError
from vindaris_sync.store.store import Store

CHECKOUT = Stated("G-1", {Condition.COMPONENT: ("Checkout",)})
SLOW = Stated("G-2", {Condition.LABEL: ("slow",)})
CHANGED = CauseKey(Reason.GOAL_CHANGED, "1", "r2")


@pytest.fixture
def store(store: Store) -> Store:
    """Return a store with the goals G-1 and G-2."""
    store.put_goals([Goal("G-1", "Faster"), Goal("G-2", "Cheaper")], NOW)
    return store


def put_rules(store: Store, *stated: Stated) -> bool:
    """Let these be the rules."""
    return store.put_rules(stated, store.goal_book(), NOW)


def rules(store: Store) -> tuple[Rule, ...]:
    """Return the rules."""
    return store.rule_book().rules


def ruled(number: int, rule: int, goal: int = 1) -> SetState:
    """Return the action that puts an issue under a rule."""
    return replace(state(number, LinkState.LINKED, goals=(goal,)), rule=rule)


def test_stating_the_same_rules_again_writes_nothing(store: Store) -> None:
    """A pass that finds them as they are costs no commit (L3)."""
    assert put_rules(store, CHECKOUT, SLOW)
    generation = store.generation
    assert not put_rules(store, CHECKOUT, SLOW)
    assert store.generation == generation


def test_a_rule_keeps_its_number_through_every_version_and_the_history_has_each(store: Store) -> None:
    """What it asks for makes a rule what it is; order and goal may change (L10)."""
    put_rules(store, CHECKOUT, SLOW)
    put_rules(store, SLOW, replace(CHECKOUT, goal="G-2"))
    put_rules(store, SLOW)
    put_rules(store, CHECKOUT, SLOW)
    assert [(rule.id, rule.stated.goal) for rule in rules(store)] == [(1, "G-1"), (2, "G-2")]
    told = [(event.event, event.before, event.after) for event in reversed(store.history()) if event.rule == 1]
    first, second = ["1", "component = Checkout", "G-1"], ["2", "component = Checkout", "G-2"]
    assert told == [
        ("rule_stated", [], first),
        ("rule_changed", first, second),
        ("rule_dropped", second, []),
        ("rule_stated", [], first),
    ]


def test_a_rule_is_confirmed_by_being_stated_and_stays_so_when_only_its_place_changes(store: Store) -> None:
    """Its goal's later revisions are asked about; a new goal starts anew."""
    put_rules(store, CHECKOUT, SLOW)
    store.put_goals([Goal("G-1", "Much faster"), Goal("G-2", "Cheaper")], NOW)
    store.promote(NOW, timedelta(), force=True)
    put_rules(store, SLOW, CHECKOUT)
    links = {rule.id: rule.link for rule in rules(store)}
    assert links[1] is not None
    assert (links[1].goal, links[1].revision) == (1, 1)
    put_rules(store, SLOW, replace(CHECKOUT, goal="G-2"))
    put_rules(store, SLOW, CHECKOUT)
    links = {rule.id: rule.link for rule in rules(store)}
    assert links[1] is not None
    assert links[1].revision == 2


def test_a_rule_whose_key_names_no_goal_rests_until_there_is_one(store: Store) -> None:
    """Nothing is linked through it meanwhile."""
    put_rules(store, replace(CHECKOUT, goal="G-9"))
    [rule] = rules(store)
    assert (rule.link, rule.in_force) == (None, False)
    assert not store.rule_book()
    store.put_goals([Goal("G-1", "Faster"), Goal("G-2", "Cheaper"), Goal("G-9", "New")], NOW)
    assert put_rules(store, replace(CHECKOUT, goal="G-9"))
    [rule] = rules(store)
    assert rule.in_force


def test_what_rules_may_decide_is_due_when_they_change(store: Store) -> None:
    """What is linked or exempt by itself or through a parent is left alone."""
    free, linked = put(store, issue(1), issue(2))
    decide_unlinked(store, free)
    store.apply(
        plan(
            explicit(linked, (link(1),)),
            state(linked, LinkState.LINKED, goals=(1,), carrier=linked),
            decided=[linked],
        ),
        "p1",
        NOW,
    )
    assert due(store) == []
    put_rules(store, CHECKOUT)
    assert due(store) == [free]


def test_an_issue_under_a_rule_is_stored_with_it_and_its_history_says_so(store: Store) -> None:
    """It comes under it and leaves it with the state that says so (L1, L10)."""
    put_rules(store, CHECKOUT)
    [number] = put(store, issue(1))
    store.apply(plan(ruled(number, 1), decided=[number]), "p1", NOW)
    record = record_of(store, number)
    assert (record.state, record.rule, record.goals, record.carrier) == (LinkState.LINKED, 1, (1,), None)
    assert store.ruled() == {1: 1}
    assert store.check() == ()
    decide_unlinked(store, number)
    assert record_of(store, number).rule is None
    left, came = store.history(issue=number)
    assert (came.event, came.rule, came.goal, came.after, came.pass_id) == ("linked_by_rule", 1, 1, ["G-1"], "p1")
    assert (left.event, left.rule, left.before, left.after) == ("left_rule", 1, ["G-1"], [])


def test_the_check_finds_what_rules_cannot_have_given(store: Store) -> None:
    """An issue linked by nothing, one under a rule that leads elsewhere, and a rule that forgot its question."""
    put_rules(store, CHECKOUT)
    one, two = put(store, issue(1), issue(2))
    store.apply(plan(ruled(one, 1, goal=2), state(two, LinkState.LINKED, goals=(1,)), decided=[one, two]), "p1", NOW)
    store.apply(plan(AskRule(1, Cause(CHANGED, NOW, NOW, labelled=False))), "p1", NOW)
    with closing(sqlite3.connect(store.facts["path"])) as raw, raw:
        raw.execute("UPDATE rule SET suspect = FALSE")
    assert {breach.law: breach.examples for breach in store.check()} == {
        "state_unfounded": ("acme/web#2",),
        "rule_unfounded": ("acme/web#1",),
        "rule_suspect": ("rule:1",),
    }


def test_the_schema_refuses_a_rule_on_an_issue_that_is_not_linked(store: Store) -> None:
    """Other states than linked have nothing to do with rules (L1)."""
    put_rules(store, CHECKOUT)
    [number] = put(store, issue(1))
    with pytest.raises(StoreError, match="ruled_is_linked"):
        store.apply(plan(replace(ruled(number, 1), state=LinkState.INHERITED), decided=[number]), "p1", NOW)


def test_an_issue_that_moves_goes_on_as_it_was_though_a_rule_linked_its_new_row_already(store: Store) -> None:
    """The new id was pulled and decided before anybody knew that it is the old issue (L6)."""
    put_rules(store, CHECKOUT)
    old, new = put(store, issue(1), issue(2, place="acme/api"))
    decide_unlinked(store, old)
    store.apply(plan(ruled(new, 1), decided=[new]), "p1", NOW)
    moved = Moved(Address(T, "id1", "acme/web#1"), issue(2, at=1, place="acme/api"))
    store.record_seen(T, [moved], SURFACES, NOW)
    assert (record_of(store, new).state, record_of(store, new).rule) == (LinkState.UNLINKED, None)
    assert due(store) == [old, new]


def test_a_rules_question_makes_its_issues_suspect_without_touching_them(store: Store) -> None:
    """The goal of ten thousand issues changes at one row."""
    put_rules(store, CHECKOUT)
    [number] = put(store, issue(1))
    store.apply(plan(ruled(number, 1), decided=[number]), "p1", NOW)
    store.apply(plan(AskRule(1, Cause(CHANGED, NOW, NOW, labelled=False, detail="G-1 changed"))), "p2", NOW)
    [rule] = rules(store)
    assert rule.suspect
    assert [cause.detail for cause in rule.causes] == ["G-1 changed"]
    record = record_of(store, number)
    assert (record.suspect, record.causes, due(store)) == (True, (), [])
    assert store.open_causes() == ((Reason.GOAL_CHANGED, NOW),)


def test_a_confirmed_rule_is_not_suspect_and_the_history_says_who_confirmed_it(store: Store) -> None:
    """The answer is kept with the revision it was given for."""
    put_rules(store, CHECKOUT)
    store.apply(plan(AskRule(1, Cause(CHANGED, NOW, NOW, labelled=False))), "p1", NOW)
    [rule] = rules(store)
    assert rule.link is not None
    answer = AnswerRule(1, CHANGED, Answer.CONFIRMED, "kim", "command line")
    new = replace(rule.link, revision=2, fingerprint="new")
    store.apply(plan(ConfirmRule(1, new, "kim", "command line", "as before"), answer), "", NOW)
    [rule] = rules(store)
    assert (rule.link, rule.suspect) == (new, False)
    event = store.history()[0]
    assert (event.event, event.rule, event.who, event.why) == ("rule_confirmed", 1, "kim", "as before")
    assert (event.goal, event.goal_revision) == (1, 2)


def test_a_rules_cause_that_comes_back_is_the_same_row_opened_once_more(store: Store) -> None:
    """It is asked again after it was moot."""
    put_rules(store, CHECKOUT)
    ask = AskRule(1, Cause(CHANGED, NOW, NOW, labelled=False))
    store.apply(plan(ask), "p1", NOW)
    store.apply(plan(AnswerRule(1, CHANGED, Answer.MOOT, "vindaris-sync", "decision")), "p2", NOW)
    assert rules(store)[0].causes == ()
    store.apply(plan(ask), "p3", NOW)
    [cause] = rules(store)[0].causes
    assert cause.open


def test_a_rules_question_puts_no_label_anywhere(store: Store) -> None:
    """It does not count among the labels that a cause would put on (R9)."""
    put_rules(store, CHECKOUT)
    [number] = put(store, issue(1))
    store.apply(plan(AskRule(1, Cause(CHANGED, NOW, NOW, labelled=False))), "p1", NOW)
    store.apply(plan(OpenCause(number, Cause(CHANGED, NOW, NOW))), "p1", NOW)
    with store.view() as view:
        assert view.labelled(CHANGED) == 1


# --- what rules look at ----------------------------------------------------------------------------------------------


def test_traits_are_kept_folded_and_without_managed_labels(store: Store) -> None:
    """A changed configuration is decided anew without reading the tracker."""
    shown = replace(issue(1, labels=("Slow", "goal:G-1")), components=("Check Out",), milestone="V2")
    [number] = put(store, shown)
    assert record_of(store, number).traits == Traits(frozenset({"slow"}), frozenset({"check out"}), "v2")


def test_a_trait_that_changed_is_written_and_makes_the_issue_due(store: Store) -> None:
    """Also where it is only read directly, and nothing else of the issue has changed."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    shown = replace(issue(1), milestone="v2")
    store.record_seen(T, [Present(Address(T, shown.ref.id), shown)], SURFACES, NOW)
    assert record_of(store, number).traits.milestone == "v2"
    assert due(store) == [number]


def test_recording_the_same_traits_again_changes_nothing(store: Store) -> None:
    """Case and order make no difference (L3)."""
    put(store, replace(issue(1, labels=("Slow", "big")), components=("A", "B")))
    again = replace(issue(1, labels=("big", "SLOW")), components=("b", "a"))
    assert store.record_page(T, page(again), SURFACES, NOW).same == 1


def listed(*issues: str, goal: str = "G-1") -> Stated:
    """Return the rule that a source of goals states for what a goal lists."""
    return Stated(goal, {Condition.TRACKER: (T,), Condition.ISSUE: issues}, f"there {goal}")


def test_an_edited_list_makes_due_what_was_or_is_on_it_and_all_below(store: Store) -> None:
    """By id or key; the rule stays the same, and everything else that rules may decide is left alone."""
    put_rules(store, listed("acme/web#1"), CHECKOUT)
    one, two, below, other, deep = put(
        store, issue(1), issue(2), issue(3, parent=Address(T, "id2")), issue(4), issue(5, parent=Address(T, "id3"))
    )
    decide_unlinked(store, one, two, below, other, deep)
    assert put_rules(store, listed("id2"), CHECKOUT)
    assert due(store) == [one, two, below, deep]
    assert [(rule.id, rule.stated.same) for rule in rules(store)] == [(1, "there G-1"), (2, "")]
    decide_unlinked(store, one, two, below, deep)
    assert put_rules(store, listed("acme/web#4", goal="G-2"), listed("id2"), CHECKOUT)
    assert due(store) == [other]


@pytest.mark.parametrize(
    "after",
    [(SLOW, listed("id1")), (CHECKOUT, SLOW, listed("id1")), (listed("id1"), CHECKOUT), ()],
    ids=["order", "another rule", "one less", "none"],
)
def test_any_other_change_makes_due_all_that_rules_may_decide(store: Store, after: tuple[Stated, ...]) -> None:
    """Since any issue may come under another rule."""
    put_rules(store, listed("id1"), SLOW)
    free = put(store, issue(1), issue(2))
    decide_unlinked(store, *free)
    assert put_rules(store, *after)
    assert due(store) == free


def test_parents_in_a_circle_are_walked_once(store: Store) -> None:
    """A tracker may hold such; an edited list is no reason to hang."""
    put_rules(store, listed("id9"))
    circle = put(store, issue(1, parent=Address(T, "id2")), issue(2, parent=Address(T, "id1")))
    decide_unlinked(store, *circle)
    assert put_rules(store, listed("id1"))
    assert due(store) == circle


def test_a_rule_is_at_work_while_it_links_open_issues(store: Store) -> None:
    """One whose issues are closed, or that has none, is not."""
    put_rules(store, CHECKOUT, SLOW)
    one, two = put(store, issue(1), issue(2, closed=True))
    store.apply(plan(ruled(one, 1), ruled(two, 2, goal=2), decided=[one, two]), "p1", NOW)
    assert store.at_work() == {1}
