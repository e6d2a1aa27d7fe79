"""Atlassian Goals: what the gateway shows becomes goals, with the work items that are linked to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.jira_truth import JiraTruth
from vindaris_connectors.jira.atlassian_goals import AtlassianGoals, AtlassianGoalSettings, period_of
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_sync.domain.goals import Outcome, Status
from vindaris_sync.domain.models import Address
from vindaris_sync.domain.serving import Serving
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.jira.goals import Metric
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Transient, Unknown
from vindaris_sync.sdk.goals import GoalsRefused, StatedGoal, Statement, Unfit

NO_ITEMS = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
WANTED = AtlassianGoalSettings(tracker="jira-main")


@pytest.fixture
def truth() -> Iterator[JiraTruth]:
    """Serve a site with Atlassian Goals beside it."""
    with JiraTruth(cloud=True).serving() as made:
        yield made


def stated(truth: JiraTruth, last: Statement | None = None, **settings: Any) -> Statement:
    """Return what a connector states."""
    connector = truth.connect()
    assert isinstance(connector, JiraConnector)
    return connector.goals(WANTED.model_copy(update=settings), last, None)


def mapped(node: dict[str, Any]) -> StatedGoal | Unfit:
    """Return what one goal is mapped to."""
    with JiraTruth(cloud=True).serving() as truth:
        client = truth.connect()._client  # noqa: SLF001 - mapping needs no request
        return AtlassianGoals(client, "jira-main", "https://acme.atlassian.net", WANTED, {}).stated(node)


def only(statement: Statement) -> Any:
    """Return the one goal."""
    (each,) = statement.goals
    return each.goal


def test_a_goal_comes_with_all_that_is_known_of_it(truth: JiraTruth) -> None:
    """Key, name, description, state, target date, parent, owner, metrics and linked work items."""
    goals = truth.world.goals
    above = goals.create("Grow")
    issue = truth.alice.create_issue("APP", "Faster")
    below = goals.create(
        "Grow\nabroad", parent=above, owner=truth.world.user("mia"), state="on_track", target="2026-12-31",
        description="Why it matters.", metrics=[Metric("Orders", 10, 20.5, 12, kind="PERCENTAGE")],
    )  # fmt: skip
    goals.link(below, issue)
    found = {each.goal.key: each for each in stated(truth).goals}
    goal = found[below.key].goal
    assert (found[below.key].id, found[below.key].parent) == (below.id, above.id)
    assert (goal.title, goal.description, goal.owner) == ("Grow abroad", "Why it matters.", "Mia")
    assert (goal.status, goal.period) == (Status.ACTIVE, "2026-Q4")
    assert goal.outcomes == (Outcome("Orders", "%", 10.0, 20.5, 12.0),)
    assert goal.serving == Serving("jira-main", ("APP",), issues=(str(truth.issue(issue).state.id),))
    assert found[above.key].goal.status is Status.PROPOSED
    assert found[above.key].goal.serving is None


@pytest.mark.parametrize(
    ("state", "archived", "meant"),
    [
        ("pending", False, Status.PROPOSED),
        ("at_risk", False, Status.ACTIVE),
        ("done", False, Status.ACHIEVED),
        ("done", True, Status.ACHIEVED),
        ("cancelled", False, Status.ABANDONED),
        ("on_track", True, Status.ABANDONED),
        ("new_state", False, Status.ACTIVE),
        ("paused", False, Status.PROPOSED),
    ],
)
def test_a_state_means_what_is_configured_else_the_usual(
    truth: JiraTruth, state: str, meant: Status, *, archived: bool
) -> None:
    """``paused`` is configured here; an archived goal that is not done was given up."""
    truth.world.goals.create("Grow", state=state, archived=archived)
    assert only(stated(truth, status={"Paused": Status.PROPOSED})).status is meant


def test_long_lists_are_read_to_their_end(truth: JiraTruth) -> None:
    """Of goals, and of the work items of one."""
    goals = truth.world.goals
    made = [goals.create(f"goal {number:03}") for number in range(120)]
    for number in range(130):
        goals.link(made[7], truth.alice.create_issue("APP", f"work {number}"))
    found = {each.goal.key: each.goal for each in stated(truth).goals}
    assert len(found) == 120
    served = found[made[7].key].serving
    assert served is not None
    assert len(set(served.issues)) == 130


def test_a_goal_that_is_listed_no_more_is_asked_about(truth: JiraTruth) -> None:
    """One that was deleted is gone, and the others stay."""
    goals = truth.world.goals
    stays, goes = goals.create("stays"), goals.create("goes")
    first = stated(truth)
    goals.delete(goes)
    assert [each.id for each in stated(truth, first).goals] == [stays.id]


def test_an_error_beside_data_is_no_shorter_list(truth: JiraTruth) -> None:
    """GraphQL says it with status 200."""
    truth.world.goals.create("Grow")
    body = {"data": {"tenantContexts": None}, "errors": [{"message": "not permitted"}]}
    truth.server.faults.add(Fault("status", status=200, body=body, path="graphql"))
    with pytest.raises(TrackerUnusable, match="not permitted"):
        stated(truth)


def test_a_half_answer_is_none(truth: JiraTruth) -> None:
    """A body that ends too early is tried again later."""
    truth.world.goals.create("Grow")
    truth.server.faults.add(Fault("truncate", path="graphql", times=9))
    with pytest.raises(Transient):
        stated(truth)


def test_data_center_has_none() -> None:
    """The refusal says so."""
    with JiraTruth(cloud=False).serving() as truth, pytest.raises(GoalsRefused, match="Cloud only"):
        stated(truth)


def test_a_table_of_outcomes_that_cannot_be_read_names_its_place() -> None:
    """The goal is unfit, the others count."""
    text = {"type": "text", "text": "many"}
    rows = [("Metric", "Target"), ("Orders", text["text"])]
    cells = [[{"type": "paragraph", "content": [{"type": "text", "text": cell}]} for cell in row] for row in rows]
    table = [
        {"type": "tableRow", "content": [{"type": "tableCell", "content": [cell]} for cell in row]} for row in cells
    ]
    document = {"type": "doc", "version": 1, "content": [{"type": "table", "content": table}]}
    node: dict[str, Any] = {"id": "g", "key": "ACME-1", "name": "Grow", "description": json.dumps(document)}
    found = mapped({**node, "state": {"value": "done"}, "workItems": {"edges": [], "pageInfo": {"hasNextPage": False}}})
    assert isinstance(found, Unfit)
    assert found.reason.startswith("description, table of outcomes, row 1: Target 'many' is no number")


@pytest.mark.parametrize(
    ("target", "period"),
    [
        (None, None),
        ({"confidence": "QUARTER", "dateRange": {"start": "2026-10-01", "end": "2026-12-31"}}, "2026-Q4"),
        ({"confidence": "MONTH", "dateRange": {"end": "2026-01-31"}}, "2026-01"),
        ({"confidence": "DAY", "dateRange": {"end": "2026-01-31T00:00:00Z"}}, "2026-01-31"),
        ({"confidence": "DAY", "dateRange": None}, None),
    ],
)
def test_a_target_date_is_as_sure_as_its_owner(target: dict[str, Any] | None, period: str | None) -> None:
    """A quarter, a month or a day."""
    assert period_of(target) == period


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {"data": {"tenantContexts": [None]}}, "is no site of Atlassian Cloud"),
        (200, {"data": None}, "answered without data"),
        (403, {"message": "Forbidden"}, "answered 403"),
    ],
)
def test_what_is_no_answer_about_goals_is_an_error(truth: JiraTruth, status: int, body: object, said: str) -> None:
    """And no empty list."""
    truth.world.goals.create("Grow")
    truth.server.faults.add(Fault("status", status=status, body=body, path="graphql"))
    with pytest.raises((TrackerUnusable, Transient, GoalsRefused), match=said):
        stated(truth)


def test_pages_that_repeat_are_no_list(truth: JiraTruth) -> None:
    """Nobody reads for ever."""
    page = {"edges": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}
    body = {"data": {"tenantContexts": [{"cloudId": "c"}], "goals_search": page}}
    truth.server.faults.add(Fault("status", status=200, body=body, path="graphql"))
    with pytest.raises(TrackerUnusable, match="never ends"):
        stated(truth)


def test_work_items_may_be_left_out(truth: JiraTruth) -> None:
    """Where links are made in Jira alone; and a description may be a plain text."""
    goal = truth.world.goals.create("Grow")
    truth.world.goals.link(goal, truth.alice.create_issue("APP", "work"))
    assert only(stated(truth, work_items=False)).serving is None
    node = {"id": "g", "key": "ACME-9", "name": "Grow", "description": "{not JSON", "workItems": NO_ITEMS}
    found = mapped(node)
    assert isinstance(found, StatedGoal)
    assert (found.goal.description, found.goal.status) == ("{not JSON", Status.ACTIVE)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ({"status": 403}, TrackerUnusable, "403"),
        ({"status": 200, "body": {"errors": [{"message": "not yours"}], "data": None}}, TrackerUnusable, "not yours"),
        ({"status": 200, "body": {"data": {"changed": {"success": False}}}}, IssueRejected, "no reason is given"),
        ({"status": 200, "body": {"data": {"changed": None}}}, Unknown, "another shape"),
        ({"status": 500, "applied": True}, Unknown, "500"),
    ],
)
def test_a_change_that_is_not_made_is_sorted_by_what_follows(
    truth: JiraTruth, answer: dict[str, Any], error: type[Exception], said: str
) -> None:
    """Nothing at this source, not this issue, or nobody knows; once each."""
    issue = Address("jira-main", truth.create("APP", "work"))
    connector = truth.connect()
    connector.link_work_item(WANTED, truth.make_goal(), issue, linked=True)
    truth.server.faults.add(Fault("status", path="graphql", **answer))
    before = truth.exchanges()
    with pytest.raises(error, match=said):
        connector.link_work_item(WANTED, truth.make_goal(), issue, linked=True)
    assert truth.exchanges() == before + 1
