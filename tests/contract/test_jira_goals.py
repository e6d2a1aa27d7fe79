"""Jira's goals as people state them, over real sockets, on Cloud and on Data Center: tables, fields, requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.jira_truth import JiraTruth
from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_sync.domain.goals import Outcome, Status
from vindaris_sync.sdk.goals import GoalsRefused, StatedGoal, Statement

TABLE = (
    "In euros only\n\n||Metric||Unit||Baseline||Target||Current||\n|orders|%|22|60|41|\n|NRR| |98 %|110 %| |\n\nSoon"
)


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def truth(request: pytest.FixtureRequest) -> Iterator[JiraTruth]:
    """Give a site."""
    with JiraTruth(cloud=request.param).serving() as made:
        yield made


def stated(truth: JiraTruth, last: Statement | None = None, **settings: Any) -> Statement:
    """Return what a new connector reads."""
    connector = truth.connect("main")
    try:
        return connector.goals(JiraGoalSettings.model_validate({"tracker": "main", **settings}), last, None)
    finally:
        connector.close()


def only(found: Statement) -> StatedGoal:
    """Return the one goal."""
    [goal] = found.goals
    return goal


def test_a_table_in_the_description_states_outcomes(truth: JiraTruth) -> None:
    """Alike in Cloud's documents and in wiki markup; the rest is the description."""
    id_ = truth.create("APP", "Pay by card")
    truth.alice.edit(truth.key(id_), description=TABLE)
    found = only(stated(truth, types=["epic"])).goal
    assert found.outcomes == (Outcome("orders", "%", 22.0, 60.0, 41.0), Outcome("NRR", "%", 98.0, 110.0, None))
    assert found.description == "In euros only\nSoon"
    assert found.status is Status.PROPOSED


def test_types_are_looked_for_within_what_is_tracked(truth: JiraTruth) -> None:
    """An epic elsewhere is none of these goals, a task neither; a query finds it all the same."""
    truth.world.add_project("LAB")
    epic, far = truth.create("APP", "Pay by card"), truth.create("LAB", "Far away")
    truth.create("APP", "Ask the bank", parent=epic)
    assert [each.id for each in stated(truth, types=["Epic"]).goals] == [epic]
    assert [each.id for each in stated(truth, jql="project = LAB").goals] == [far]


def test_fields_go_by_the_name_that_jira_shows(truth: JiraTruth) -> None:
    """A name that is not there is refused with the setting that names it, and what to do."""
    id_ = truth.create("APP", "Pay by card")
    truth.set_field(id_, "G-1")
    assert only(stated(truth, types=["Epic"], key="goal")).goal.key == "G-1"
    with pytest.raises(GoalsRefused) as refused:
        stated(truth, types=["Epic"], key="Gaol", period=["Start", "Goal"])
    assert refused.value.problems == (
        "period: there is no field 'Start', or the account may not see it",
        "key: there is no field 'Gaol', or the account may not see it",
    )


def test_a_query_that_jira_refuses_is_told(truth: JiraTruth) -> None:
    """It stops no tracker: somebody corrects the source."""
    with pytest.raises(GoalsRefused, match="correct its jql or types"):
        stated(truth, jql="project = NOWHERE")


def test_only_what_was_edited_is_read(truth: JiraTruth) -> None:
    """Of hundreds, one search tells what was edited, and one batch reads it; once an hour all are listed."""
    ids = [truth.create("APP", f"goal {number}") for number in range(250)]
    truth.advance(timedelta(minutes=10))
    first = stated(truth, types=["Epic"])
    truth.advance(timedelta(minutes=1))
    truth.edit_title(ids[7], "edited")
    connector = truth.connect("main")
    connector.layout()
    wanted = JiraGoalSettings(tracker="main", types=("Epic",))
    connector.goals(wanted, first, None)
    before = truth.exchanges()
    again = connector.goals(wanted, first, None)
    assert truth.exchanges() - before == 2
    gone = ids.pop()
    truth.delete(gone)
    assert gone in connector.goals(wanted, again, None).by_id
    truth.advance(timedelta(hours=1))
    assert gone not in connector.goals(wanted, again, None).by_id
    connector.close()
    assert [each.goal.title for each in again.goals if each.stamp != first.by_id[each.id].stamp] == ["edited"]
    assert [each.id for each in again.goals] == [each.id for each in first.goals] == [*ids, gone]
