"""The contract of connectors that link issues to goals where a source keeps goals: one by one, people's stay."""

from __future__ import annotations

from typing import Protocol, cast

import pytest

from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.contract_truth import Fault, Suite, Truth, address_of, need
from vindaris_sync.sdk.errors import IssueRejected, Unknown
from vindaris_sync.sdk.goals import TrackerGoalSettings
from vindaris_sync.sdk.protocol import Capability, Connector
from vindaris_sync.sdk.work_items import LinksWorkItems

_MANY = 120
"""More than a page of links holds."""


class WorkItemTruth(Truth, Protocol):
    """A tracker beside which goals are kept, each with links to issues."""

    def linked_source(self) -> TrackerGoalSettings | None:
        """Return a source that keeps links; None: there is none."""
        ...

    def make_goal(self) -> str:
        """Make a goal there; return its id."""
        ...

    def drop_goal(self, goal: str, /) -> None:
        """Delete a goal."""
        ...

    def items(self, goal: str, /) -> list[str]:
        """Return the ids of the issues that are linked to a goal, twice where they are linked twice."""
        ...

    def put_item(self, goal: str, id_: str, /) -> None:
        """Let a person link an issue to a goal."""
        ...


class WorkItemContract(Suite):
    """Links at goals; a connector without the capability skips it."""

    def test_one_link_is_made_and_taken_off(self, tracker: Truth, connector: Connector) -> None:
        """Twice is once; what a person linked stays through both."""
        truth, links, wanted = _source(tracker, connector)
        goal, theirs, ours = truth.make_goal(), _issue(tracker, connector), _issue(tracker, connector)
        truth.put_item(goal, theirs.id)
        for _ in range(2):
            links.link_work_item(wanted, goal, ours, linked=True)
        assert truth.items(goal) == [theirs.id, ours.id]
        assert links.work_items(wanted, goal) == frozenset({theirs.id, ours.id})
        for _ in range(2):
            links.link_work_item(wanted, goal, ours, linked=False)
        assert truth.items(goal) == [theirs.id]
        assert links.work_items(wanted, goal) == frozenset({theirs.id})

    def test_all_links_of_a_goal_are_read(self, tracker: Truth, connector: Connector) -> None:
        """Half of them would be taken for links that people took off."""
        truth, links, wanted = _source(tracker, connector)
        goal = truth.make_goal()
        made = [tracker.create(tracker.places[0], f"work {number}") for number in range(_MANY)]
        for id_ in made:
            truth.put_item(goal, id_)
        assert links.work_items(wanted, goal) == frozenset(made)

    def test_a_goal_that_is_gone_has_no_links_and_takes_none(self, tracker: Truth, connector: Connector) -> None:
        """That is this goal's alone: the source can be used."""
        truth, links, wanted = _source(tracker, connector)
        goal, other, issue = truth.make_goal(), truth.make_goal(), _issue(tracker, connector)
        truth.drop_goal(goal)
        assert links.work_items(wanted, goal) is None
        assert links.work_items(wanted, other) == frozenset()
        with pytest.raises(IssueRejected):
            links.link_work_item(wanted, goal, issue, linked=True)

    def test_a_lost_answer_to_a_link_is_unknown(self, tracker: Truth, connector: Connector) -> None:
        """It is not repeated blindly; the next reading shows that it was made."""
        need(tracker, Fault.LOST_ANSWER)
        truth, links, wanted = _source(tracker, connector)
        goal, issue = truth.make_goal(), _issue(tracker, connector)
        links.link_work_item(wanted, truth.make_goal(), issue, linked=True)  # what is asked once is known then
        tracker.fail_next(Fault.LOST_ANSWER)
        before = tracker.exchanges()
        with pytest.raises(Unknown):
            links.link_work_item(wanted, goal, issue, linked=True)
        assert tracker.exchanges() == before + 1
        tracker.heal()
        assert links.work_items(wanted, goal) == frozenset({issue.id})


def _source(tracker: Truth, connector: Connector) -> tuple[WorkItemTruth, LinksWorkItems, TrackerGoalSettings]:
    if Capability.WORK_ITEMS not in connector.capabilities:
        pytest.skip("this connector declares no WORK_ITEMS")
    assert isinstance(connector, LinksWorkItems)
    truth = cast("WorkItemTruth", tracker)
    wanted = truth.linked_source()
    if wanted is None:
        pytest.skip("beside this tracker nothing keeps links to goals")
    return truth, connector, wanted


def _issue(tracker: Truth, connector: Connector) -> Address:
    return address_of(connector, tracker, tracker.create(tracker.places[0], "work"))
