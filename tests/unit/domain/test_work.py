"""Which required work is created now, which waits and why, and what a goal is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vindaris_sync.domain.actions import Announce, AnswerGoal, AskGoal
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.records import Answer, Cause, Reason
from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.domain.work import (
    Dropped,
    Fate,
    Phase,
    Stands,
    Work,
    ask_dropped,
    confirm_without,
    draft_id,
    not_yet,
    parents_first,
    values_of,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
REST = timedelta(minutes=10)
GOAL = Goal("GROW-1", "Faster", description="Two steps.", owner="ana", priority="P1")
SCOPES = {(1, "api"): ("jira", "APP")}


def _work(number: int = 1, item: str = "api", parent: str = "", **changed: Any) -> Work:
    stated = Requirement(item, "jira", "APP", "Title", parent=parent)
    work = Work(number, 1, stated, f"grow-1/{item}", "jira", "APP", Phase.WAITING, NOW - REST)
    return replace(work, **changed)


@pytest.mark.parametrize(
    ("stands", "changed", "said"),
    [
        (Stands(GOAL), {}, ""),
        (Stands(GOAL), {"since": NOW - timedelta(minutes=9)}, "has not rested"),
        (Stands(GOAL), {"since": NOW + timedelta(days=9)}, ""),
        (Stands(GOAL, pending=True), {}, "GROW-1 has not rested"),
        (Stands(GOAL, missing=True), {}, "no longer stated"),
        (Stands(replace(GOAL, status=Status.PROPOSED)), {}, "is proposed"),
        (Stands(replace(GOAL, status=Status.ACHIEVED)), {}, "is achieved"),
        (Stands(replace(GOAL, status=Status.PROPOSED), pending=True), {"who": "kim", "since": NOW}, ""),
        (Stands(replace(GOAL, status=Status.ABANDONED)), {"who": "kim"}, "is abandoned"),
    ],
)
def test_an_item_waits_for_its_goal_and_its_rest(stands: Stands, changed: dict[str, Any], said: str) -> None:
    """A person who asks by hand waits for nothing but a closed goal; a clock set back holds nothing up."""
    found = not_yet(_work(**changed), stands, NOW, REST)
    assert said in found
    assert bool(found) == bool(said)


def test_parents_come_first() -> None:
    """Whatever the order in which items are stated; a circle, and an issue's key, hold nothing up."""
    works = [_work(1, "c", "b"), _work(2, "b", "A"), _work(3, "a", "APP-7"), _work(4, "self", "self")]
    assert [work.name for work in parents_first(works)] == ["a", "b", "c", "self"]


def test_a_private_goal_shows_its_key_alone_to_strangers() -> None:
    """To everybody else it shows what it says (L9)."""
    assert values_of(GOAL, public=True) == {"goal.key": "GROW-1", "goal.title": "GROW-1"}
    shown = values_of(GOAL, public=False)
    assert (shown["goal.title"], shown["goal.description"], shown["goal.owner"]) == ("Faster", "Two steps.", "ana")
    assert values_of(replace(GOAL, visibility="public"), public=True) == shown


def test_a_mark_survives_renaming() -> None:
    """It is made of the goal's oldest key and the item's id, in any case."""
    assert draft_id(GOAL, "API") == draft_id(replace(GOAL, key="NEW", was=("Grow-1",)), "api") == "grow-1/api"


def test_a_goal_is_asked_once_until_it_is_so_no_more() -> None:
    """Dropped: asked and told. Asked already, or answered: nothing. Reopened: the question goes."""
    dropped = Dropped(1, "api", 7, "APP-7", "API", "https://x", Fate.DELETED)
    asked, told = list(ask_dropped([dropped], {}, SCOPES, NOW))
    assert isinstance(asked, AskGoal)
    assert (asked.cause.key.reason, asked.cause.detail) == (Reason.WORK_DROPPED, "api, APP-7, was deleted")
    assert told == Announce("jira", "APP", "work_dropped", "1", NOW)
    for answer in (None, Answer.CONFIRMED):
        held = {1: (replace(asked.cause, answer=answer),)}
        assert list(ask_dropped([dropped], held, SCOPES, NOW)) == []
    again = replace(dropped, fate=Fate.DECLINED)
    assert [type(each) for each in ask_dropped([again], {1: (asked.cause,)}, SCOPES, NOW)] == [
        AnswerGoal,
        Announce,
        AskGoal,
        Announce,
    ]
    (moot,) = ask_dropped([], {1: (replace(asked.cause, answer=Answer.CONFIRMED),)}, SCOPES, NOW)
    assert isinstance(moot, AnswerGoal)
    assert moot.answer is Answer.MOOT


def test_a_confirmation_answers_what_is_open() -> None:
    """And tells the team of each item's place; who has no place any more is not told."""
    dropped = Dropped(1, "api", 7, "APP-7", "API", "", Fate.DECLINED)
    open_cause = Cause(dropped.cause, NOW, NOW)
    answered = replace(open_cause, answer=Answer.CONFIRMED)
    by = By("kim", "command line", "bought", NOW)
    assert list(confirm_without(1, [answered], SCOPES, by)) == []
    answer, told = confirm_without(1, [open_cause], SCOPES, by)
    assert answer == AnswerGoal(1, dropped.cause, Answer.CONFIRMED, "kim", "command line")
    assert isinstance(told, Announce)
    assert len(list(confirm_without(1, [open_cause], {}, by))) == 1
