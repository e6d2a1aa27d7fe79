"""The contract of ``goals``: all that a tracker states, cheaply, and never half of it (L6).

A subclass whose connector states goals replaces ``goal_source``: settings by which exactly those issues are goals, in
all places, that carry the label ``a-goal``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from vindaris_sync.domain.models import IssueRef
from vindaris_sync.sdk.contract_truth import Ability, Fault, Suite, Truth, need
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.goal_issues import LAG
from vindaris_sync.sdk.goals import StatedGoal, Statement, StatesGoals, TrackerGoalSettings
from vindaris_sync.sdk.protocol import Capability, Connector

GOAL = "a-goal"


def ask(connector: Connector, source: TrackerGoalSettings, last: Statement | None = None) -> Statement:
    """Return what the connector answers."""
    return cast("StatesGoals", connector).goals(source, last, None)


def by_id(statement: Statement) -> dict[str, StatedGoal]:
    """Return the goals by id; none of them is unfit."""
    assert statement.unfit == ()
    return {each.id: each for each in statement.goals}


class GoalsContract(Suite):
    """Goals."""

    @pytest.fixture
    def goal_source(self) -> TrackerGoalSettings:
        """Return the settings by which the issues labelled ``a-goal`` are the goals."""
        pytest.skip("this connector states no goals as labelled issues")

    def test_goals_are_all_that_is_stated(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings
    ) -> None:
        """Every goal comes with its issue, present key, title and what is above it; other issues do not."""
        assert Capability.GOALS in connector.capabilities
        above = tracker.create(tracker.places[0], "Grow", labels=[GOAL])
        below = tracker.create(tracker.places[0], "Grow abroad", labels=[GOAL], parent=above)
        other = tracker.create(tracker.places[1], "Faster", labels=["A-Goal-Of-Mine", GOAL])
        tracker.create(tracker.places[0], "work", parent=above)
        found = by_id(ask(connector, goal_source))
        assert found.keys() == {above, below, other}
        for id_, each in found.items():
            assert each.goal.issue == IssueRef(connector.name, id_)
            assert (each.goal.key, each.goal.title) == (tracker.key(id_), tracker.title(id_))
        assert found[above].parent == found[other].parent == ""
        assert found[below].parent in (above, tracker.key(above))

    def test_goals_unchanged_cost_one_exchange(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings
    ) -> None:
        """Asked again where nothing was edited, the answer is the same, for one exchange at most."""
        for number in range(30):
            tracker.create(tracker.places[number % 2], f"goal {number}", labels=[GOAL])
        first = ask(connector, goal_source)
        assert len(first.goals) == 30
        tracker.advance(timedelta(hours=1))
        before = tracker.exchanges()
        assert ask(connector, goal_source, first) == first
        assert tracker.exchanges() - before <= 1

    def test_goals_follow_edits(self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings) -> None:
        """A new goal and an edit are seen; the others stay as they were."""
        old, edited = (tracker.create(tracker.places[0], f"goal {n}", labels=[GOAL]) for n in range(2))
        first = ask(connector, goal_source)
        tracker.advance(timedelta(minutes=1))
        tracker.edit_title(edited, "edited")
        new = tracker.create(tracker.places[1], "new", labels=[GOAL])
        found = by_id(ask(connector, goal_source, first))
        assert {id_: each.goal.title for id_, each in found.items()} == {old: "goal 0", edited: "edited", new: "new"}
        assert found[old] == by_id(first)[old]

    def test_goals_that_are_none_any_more_are_left_out(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings
    ) -> None:
        """An issue that is there and was not chosen is no goal, as soon as a lagging list cannot be why."""
        stays, leaves = (tracker.create(tracker.places[0], f"goal {n}", labels=[GOAL]) for n in range(2))
        first = ask(connector, goal_source)
        tracker.advance(timedelta(minutes=1))
        tracker.remove_label(leaves, GOAL)
        tracker.advance(LAG + timedelta(minutes=1))
        assert by_id(ask(connector, goal_source, first)).keys() == {stays}

    def test_hidden_goals_stay_as_they_were(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings
    ) -> None:
        """What our account cannot see for a while was not given up."""
        need(tracker, Ability.HIDE)
        tracker.create(tracker.places[0], "seen", labels=[GOAL])
        id_ = tracker.create(tracker.places[0], "hidden", labels=[GOAL])
        first = ask(connector, goal_source)
        tracker.advance(timedelta(hours=1))
        tracker.hide(id_)
        assert by_id(ask(connector, goal_source, first)) == by_id(first)

    def test_deleted_goals_are_left_out(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings
    ) -> None:
        """What the tracker says is gone is stated no more."""
        need(tracker, Ability.DELETE | Ability.TELLS_DELETION)
        stays, goes = (tracker.create(tracker.places[0], f"goal {n}", labels=[GOAL]) for n in range(2))
        first = ask(connector, goal_source)
        tracker.delete(goes)
        assert by_id(ask(connector, goal_source, first)).keys() == {stays}

    def test_a_moved_goal_keeps_its_id(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings
    ) -> None:
        """The key is another one, the goal is the same."""
        need(tracker, Ability.MOVE)
        id_ = tracker.create(tracker.places[0], "goal", labels=[GOAL])
        first = ask(connector, goal_source)
        tracker.advance(timedelta(minutes=1))
        tracker.move(id_, tracker.places[1])
        found = by_id(ask(connector, goal_source, first))
        assert found.keys() == {id_}
        assert found[id_].goal.key == tracker.key(id_) != by_id(first)[id_].goal.key

    def test_a_transferred_goal_tells_its_former_id(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings
    ) -> None:
        """Id and key are other ones, and it is stated once, with what it was."""
        need(tracker, Ability.TRANSFER)
        old = tracker.create(tracker.places[0], "goal", labels=[GOAL])
        tracker.create(tracker.places[1], "another", labels=[GOAL])
        first = ask(connector, goal_source)
        tracker.advance(timedelta(minutes=1))
        new = tracker.move(old, tracker.places[1])
        found = by_id(ask(connector, goal_source, first))
        assert old not in found
        assert (found[new].was, found[new].goal.key) == (old, tracker.key(new))

    @pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.TRUNCATED, Fault.RESET, Fault.PAGE])
    def test_no_half_of_the_goals(
        self, tracker: Truth, connector: Connector, goal_source: TrackerGoalSettings, fault: Fault
    ) -> None:
        """A tracker that fails says nothing about goals: an error, and no list that happens to be shorter."""
        tracker.create(tracker.places[0], "goal", labels=[GOAL])
        first = ask(connector, goal_source)
        tracker.advance(timedelta(minutes=1))
        tracker.create(tracker.places[0], "new", labels=[GOAL])
        tracker.fail_next(fault, times=50)
        with pytest.raises((Transient, TrackerUnusable)):
            ask(connector, goal_source, first)
        tracker.heal()
