"""The contract of work items catches the mistakes it was written for, on Jira Cloud."""

from __future__ import annotations

import pytest

from tests.contract.jira_truth import JiraTruth
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.contract import ConnectorContract
from vindaris_sync.sdk.errors import IssueRejected, Unknown
from vindaris_sync.sdk.goals import TrackerGoalSettings


class Half(JiraConnector):
    """Takes a page of links for all."""

    def work_items(self, wanted: TrackerGoalSettings, goal: str) -> frozenset[str] | None:
        """Return a hundred at most."""
        found = super().work_items(wanted, goal)
        return None if found is None else frozenset(sorted(found)[:100])


class NeverGone(JiraConnector):
    """Takes a goal that is gone for one without links."""

    def work_items(self, wanted: TrackerGoalSettings, goal: str) -> frozenset[str] | None:
        """Return nothing for it."""
        return super().work_items(wanted, goal) or frozenset()


class Repeating(JiraConnector):
    """Sends again what may have been applied."""

    def link_work_item(self, wanted: TrackerGoalSettings, goal: str, issue: Address, *, linked: bool) -> None:
        """Try twice."""
        try:
            super().link_work_item(wanted, goal, issue, linked=linked)
        except Unknown:
            super().link_work_item(wanted, goal, issue, linked=linked)


class Sweeping(JiraConnector):
    """Takes off every link of the goal."""

    def link_work_item(self, wanted: TrackerGoalSettings, goal: str, issue: Address, *, linked: bool) -> None:
        """Unlink whatever is there."""
        if linked:
            super().link_work_item(wanted, goal, issue, linked=True)
            return
        for id_ in self.work_items(wanted, goal) or ():
            super().link_work_item(wanted, goal, Address(self.name, id_, ""), linked=False)


class Silent(JiraConnector):
    """Keeps refusals to itself."""

    def link_work_item(self, wanted: TrackerGoalSettings, goal: str, issue: Address, *, linked: bool) -> None:
        """Do as if it was done."""
        try:
            super().link_work_item(wanted, goal, issue, linked=linked)
        except IssueRejected:
            return


def run(kind: type[JiraConnector], name: str) -> None:
    """Run one test of the contract against a connector."""
    with JiraTruth(cloud=True).serving() as truth:
        truth.kind = kind
        getattr(ConnectorContract(), name)(truth, truth.connect())


@pytest.mark.parametrize(
    ("flawed", "name"),
    [
        (Half, "test_all_links_of_a_goal_are_read"),
        (NeverGone, "test_a_goal_that_is_gone_has_no_links_and_takes_none"),
        (Silent, "test_a_goal_that_is_gone_has_no_links_and_takes_none"),
        (Repeating, "test_a_lost_answer_to_a_link_is_unknown"),
        (Sweeping, "test_one_link_is_made_and_taken_off"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_mistake_is_caught(flawed: type[JiraConnector], name: str) -> None:
    """The test fails for the flawed connector, and passes for the sound one."""
    run(JiraConnector, name)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run(flawed, name)
