from __future__ import annotations

from typing import Any

import pytest

from tests.unit.domain.building import EXEMPT, LABEL, NOW, REVIEW, A, B, exemption, link, record, rule
from vindaris_sync.domain.links import effective
from vindaris_sync.domain.models import Issue, IssueRef, LinkState, Presence, Traits
from vindaris_sync.domain.rules import RuleBook, Stated, traits_of

CHECKOUT = Traits(frozenset({"slow", "urgent"}), frozenset({"checkout"}), "v2")


@pytest.mark.parametrize(
    "asked",
    [
        {"tracker": "jira"},
        {"tracker": ("github", "JIRA")},
        {"place": "app"},
        {"type": " story "},
        {"component": "Checkout"},
        {"label": "SLOW"},
        {"label": ("quick", "urgent")},
        {"milestone": "V2"},
        {"tracker": "jira", "component": ("Cart", "CHECKOUT"), "label": "slow", "milestone": "v2", "type": "Story"},
    ],
)
def test_a_rule_matches_where_every_condition_holds_in_any_case(asked: dict[str, Any]) -> None:
    """A list means any of its values; what is not asked for does not matter."""
    assert RuleBook((rule(1, A, **asked),)).of(record(1, traits=CHECKOUT)) is not None


@pytest.mark.parametrize(
    "asked",
    [
        {"tracker": "github"},
        {"place": "AP"},
        {"type": "Bug"},
        {"component": "check"},
        {"label": "goal"},
        {"milestone": "v20"},
        {"component": "Checkout", "label": "other"},
    ],
)
def test_a_rule_does_not_match_where_one_condition_fails(asked: dict[str, Any]) -> None:
    """Values are whole names, never parts of them."""
    assert RuleBook((rule(1, A, **asked),)).of(record(1, traits=CHECKOUT)) is None


def test_an_issue_without_a_milestone_fulfils_no_milestone() -> None:
    """Nothing is not a name, even where a rule could ask for it."""
    assert RuleBook((rule(1, A, milestone=("", "v1")),)).of(record(1)) is None


def test_the_first_rule_in_order_decides_and_resting_ones_are_passed_over() -> None:
    """A rule whose goal does not exist leaves its issues to the next."""
    book = RuleBook((rule(3, None, place="APP"), rule(1, B, type="Story"), rule(2, A, place="APP")))
    found = book.of(record(1))
    assert found is not None
    assert found.id == 1


def test_rules_that_ask_for_the_same_are_one_rule() -> None:
    """Case, order and repetition of values make no difference; the goal is what the rule says, not what it asks."""
    one = rule(1, A, label=("Slow", "urgent"), place="APP").stated
    other = Stated("B", rule(2, B, place="app", label=("URGENT", "slow", "Slow")).stated.conditions)
    assert one.identity == other.identity
    assert one.identity != rule(3, A, label="Slow", place="APP").stated.identity
    assert one.name == "place = APP, label = Slow or urgent"


def test_labels_that_are_surfaces_are_no_traits() -> None:
    """What we write, and what people answer with, decides by itself and never through a rule."""
    shown = Issue(
        IssueRef("jira", "1"), "APP-1", "APP", "Story", "A story", "", "open", closed=False, created=NOW, updated=NOW,
        labels=("Goal:GROW-1", "NO-goal", "goal-review", "Slow", "goals"), components=("Check-Out",), milestone="V2",
    )  # fmt: skip
    assert traits_of(shown, (LABEL, EXEMPT, REVIEW)) == Traits(
        frozenset({"slow", "goals"}), frozenset({"check-out"}), "v2"
    )


def test_a_rule_of_the_issue_gives_a_link_that_nobody_carries() -> None:
    """It is linked by the rule: no issue holds the link, so that no issue is asked about it."""
    found = effective(record(1, traits=CHECKOUT), (), [], RuleBook((rule(7, A, component="checkout"),)))
    assert (found.state, found.carrier, found.goals) == (LinkState.LINKED, None, (A,))
    assert found.rule is not None
    assert found.rule.name == "rule:7"


def test_what_fulfils_no_rule_is_unlinked() -> None:
    """Rules that are about others change nothing."""
    found = effective(record(1), (), [record(2)], RuleBook((rule(7, A, component="checkout"),)))
    assert (found.state, found.goals, found.rule) == (LinkState.UNLINKED, (), None)


def test_the_nearest_issue_on_the_walk_that_fulfils_a_rule_decides() -> None:
    """The issue's own rule goes before its parent's, whatever the order of the rules; else the parent's holds."""
    book = RuleBook((rule(1, A, component="checkout"), rule(2, B, type="Story")))
    child, parent = record(1, type="Story", parent=2), record(2, type="Epic", traits=CHECKOUT)
    assert effective(child, (), [parent], book).goals == (B,)
    found = effective(record(3, type="Sub-task", parent=2), (), [parent], book)
    assert found.goals == (A,)
    assert found.ruled == parent


def test_what_is_explicit_anywhere_above_goes_before_every_rule() -> None:
    """Rules stand in for what nobody has said; a far ancestor's link or exemption was said."""
    book = RuleBook((rule(1, A, type="Story"),))
    linked, free = record(2, explicit=(link(B),)), record(3)
    assert effective(record(1), (), [free, linked], book).state is LinkState.INHERITED
    assert effective(record(1), (), [record(2, explicit=exemption())], book).state is LinkState.EXEMPT
    assert effective(record(1), (link(B),), [], book).goals == (B,)


def test_rules_wait_for_a_chain_that_was_not_read_to_its_end() -> None:
    """Something explicit may stand there; until it is read the issue is unlinked, its parent unknown (R6)."""
    book = RuleBook((rule(1, A, type="Story"),))
    found = effective(record(1, parent_stated=True), (), [], book)
    assert (found.state, found.parent_unknown) == (LinkState.UNLINKED, True)
    gone = record(2, presence=Presence.GONE)
    assert effective(record(1, parent=2), (), [gone], book).parent_unknown


def test_a_rule_covers_the_places_that_it_does_not_rule_out() -> None:
    """Whoever owns such a place is told of it."""
    assert rule(1, A, type="Bug").covers("jira", "APP")
    assert rule(1, A, tracker="jira", place="APP").covers("jira", "app")
    assert not rule(1, A, tracker="jira", place="APP").covers("jira", "OPS")
    assert not rule(1, A, tracker="jira").covers("github", "APP")
