"""Link rules that follow from what a source of goals states."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.domain.building import A, B, record, rule
from vindaris_sync.domain.goals import Goal, document_of, goal_of
from vindaris_sync.domain.models import IssueRef, Traits
from vindaris_sync.domain.rules import Condition, RuleBook, Stated
from vindaris_sync.domain.ruling import serving_rules
from vindaris_sync.domain.serving import Serving

MILESTONE = Goal("web#M1", "v1", source="there", serving=Serving("hub", ("acme/web",), milestone="MI_1"))
LIST = Goal("web#2", "Grow", source="there", serving=Serving("hub", ("acme/web",), issues=("acme/web#7", "id8")))


def test_a_milestone_and_a_list_become_rules_lists_first() -> None:
    """Goals without either have none, nor has an empty list."""
    empty = replace(LIST, key="web#3", serving=Serving("hub", ()))
    listed, inside = serving_rules((Goal("plain", "x"), MILESTONE, empty, LIST))
    where = {Condition.TRACKER: ("hub",), Condition.PLACE: ("acme/web",)}
    assert listed == Stated("web#2", {**where, Condition.ISSUE: ("acme/web#7", "id8")}, "there web#2")
    assert inside == Stated("web#M1", {**where, Condition.MILESTONE: ("MI_1",)}, "there web#M1")
    assert (listed.source, listed.name, inside.name) == (
        "there", "listed, says there", "in the milestone, says there"
    )  # fmt: skip


def test_a_rule_is_the_same_whatever_becomes_of_its_list_and_of_the_goals_key() -> None:
    """So nothing is confirmed anew by a rename."""
    edited = replace(LIST, key="shop#2", was=("web#2", "mart#2"), serving=Serving("hub", ("acme/shop",), issues=("x",)))
    (before,), (after,) = serving_rules((LIST,)), serving_rules((edited,))
    assert before.identity == after.identity == "there web#2"
    configured = Stated("web#2", before.conditions)
    assert configured.identity != before.identity
    assert (configured.source, configured.name[:13]) == ("", "tracker = hub")


def test_an_issue_that_is_named_fulfils_a_rule_by_id_or_key() -> None:
    """Others that look the same do not."""
    book = RuleBook((rule(1, A, issue=("APP-2", "3")),))
    found = {number: book.of(record(number)) is not None for number in (1, 2, 3, 4)}
    assert found == {1: False, 2: True, 3: True, 4: False}
    assert book.of(replace(record(2), key="OPS-9")) is None
    assert book.of(replace(record(9), ref=IssueRef("jira", "3"))) is not None


def test_a_milestone_is_met_by_its_id_or_its_title() -> None:
    """An issue that still shows the old title is in the milestone all the same."""
    book = RuleBook((rule(1, A, milestone="mi_1"), rule(2, B, milestone="V2")))
    assert [
        found.id if (found := book.of(record(1, traits=traits))) else None
        for traits in (
            Traits(milestone="old", milestone_id="mi_1"),
            Traits(milestone="v2", milestone_id="mi_9"),
            Traits(),
        )
    ] == [1, 2, None]


def test_what_serves_a_goal_survives_being_kept() -> None:
    """As a document and back."""
    for goal in (MILESTONE, LIST, Goal("plain", "x")):
        assert goal_of(document_of(goal)) == goal
