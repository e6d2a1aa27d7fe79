"""Atlassian Goals beside a Jira site: goals with their work items, and the part of the GraphQL gateway that shows them.

Names of types and fields are those of Atlassian's GraphQL reference (*Goals*) and of public programs that use it
(2026-11); how errors look was not compared with a real site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from vindaris_sync.sandbox.graphql.answering import answer_to
from vindaris_sync.sandbox.graphql.engine import Failed, Node, Schema
from vindaris_sync.sandbox.jira.adf import to_adf
from vindaris_sync.sandbox.jira.documents import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vindaris_sync.sandbox.jira.exchange import Call
    from vindaris_sync.sandbox.jira.model import Json, User
    from vindaris_sync.sandbox.jira.world import World

PATH = "/gateway/api/graphql"
CLOUD = "11111111-2222-4333-8444-555555555555"
SITE = f"ari:cloud:townsquare::site/{CLOUD}"
STATES = ("pending", "on_track", "at_risk", "off_track", "paused", "done", "cancelled", "archived")
"""What a goal's state may be."""
MAX_PAGE = 100
_WORKSPACE = "66666666-7777-4888-8999-aaaaaaaaaaaa"
_ISSUE = re.compile(rf"ari:cloud:jira:{CLOUD}:issue/(\d{{1,18}})")
_CURSOR = re.compile(r"c(\d{1,9})")


@dataclass(slots=True, eq=False)
class Metric:
    """What a goal is measured by."""

    name: str
    start: float | None
    target: float | None
    current: float | None = None
    kind: str = "NUMERIC"


@dataclass(slots=True, eq=False)
class AtlassianGoal:
    """A goal. ``target`` is the last day of its time, ``items`` are ids of the Jira issues linked to it."""

    id: str
    key: str
    name: str
    description: str = ""
    state: str = "pending"
    target: str | None = None
    confidence: str = "QUARTER"
    parent: AtlassianGoal | None = None
    owner: User | None = None
    archived: bool = False
    metrics: list[Metric] = field(default_factory=list)
    items: list[int] = field(default_factory=list)


class Goals:
    """The site's goals, and what people do with them."""

    def __init__(self, world: World, prefix: str = "ACME") -> None:
        self.world = world
        self.prefix = prefix
        self.goals: dict[str, AtlassianGoal] = {}
        self.readers: set[str] = set()
        """The accounts that may change no goal, by account id."""
        self._made = 0

    def create(self, name: str, **values: Any) -> AtlassianGoal:  # noqa: ANN401 - the goal's fields
        """Create a goal; ``parent`` is another one."""
        with self.world.lock:
            self._made += 1
            identity = f"ari:cloud:townsquare:{CLOUD}:goal/{_WORKSPACE}/{UUID(int=self._made)}"
            goal = self.goals[identity] = AtlassianGoal(identity, f"{self.prefix}-{self._made}", name, **values)
            return goal

    def delete(self, goal: AtlassianGoal) -> None:
        """Delete a goal for good."""
        with self.world.lock:
            del self.goals[goal.id]

    def link(self, goal: AtlassianGoal, ref: str | int, *, linked: bool = True) -> None:
        """Link a Jira issue, by id or key, to a goal, or unlink it; raises ``KeyError`` for one that does not exist."""
        with self.world.lock:
            issue = self.world.find(ref)
            if issue is None:
                raise KeyError(ref)
            kept = [each for each in goal.items if each != issue.state.id]
            goal.items = [*kept, issue.state.id] if linked else kept


def answer(call: Call, asked: Json) -> dict[str, Any]:
    """Answer a query or mutation of somebody known."""
    return answer_to(SCHEMA, asked, call)


def issue_ari(number: int) -> str:
    """Return the resource identifier of a Jira issue."""
    return f"ari:cloud:jira:{CLOUD}:issue/{number}"


def _connection(items: Sequence[Node], arguments: Mapping[str, Any]) -> Node:
    size = min(int(arguments.get("first") or 50), MAX_PAGE)
    found = _CURSOR.fullmatch(str(arguments.get("after") or ""))
    begin = int(found[1]) if found else 0
    return Node("Connection", (items[begin : begin + size], begin, len(items)))


def _tenants(_: None, arguments: Mapping[str, Any], call: Call) -> list[Node | None]:
    own = call.address.partition("://")[2].partition("/")[0]
    return [Node("TenantContext", name) if name == own else None for name in arguments.get("hostNames") or ()]


def _search(_: None, arguments: Mapping[str, Any], call: Call) -> Node:
    if arguments.get("containerId") != SITE:
        raise Failed("NOT_FOUND", "container not found")
    words = str(arguments.get("searchString") or "").casefold()
    goals = sorted(call.world.goals.goals.values(), key=lambda goal: (goal.name, goal.id))
    shown = [goal for goal in goals if words in goal.name.casefold()]
    return _connection([Node("TownsquareGoal", goal) for goal in shown], arguments)


def _by_id(_: None, arguments: Mapping[str, Any], call: Call) -> Node | None:
    goal = call.world.goals.goals.get(str(arguments.get("goalId")))
    return Node("TownsquareGoal", goal) if goal else None


def _items(goal: AtlassianGoal, arguments: Mapping[str, Any], call: Call) -> Node:
    issues = [call.world.seen(number, call.account) for number in goal.items]
    return _connection([Node("JiraIssue", issue) for issue in issues if issue], arguments)


def _metrics(goal: AtlassianGoal, arguments: Mapping[str, Any], _: Call) -> Node:
    return _connection([Node("TownsquareMetricTarget", metric) for metric in goal.metrics], arguments)


def _link(arguments: Mapping[str, Any], call: Call, *, linked: bool) -> Node:
    if call.known().user.account_id in call.world.goals.readers:
        raise Failed("FORBIDDEN", "You don't have permission to edit this goal")
    given = arguments.get("input")
    asked: Mapping[str, Any] = given if isinstance(given, dict) else {}
    goal = call.world.goals.goals.get(str(asked.get("goalId")))
    found = _ISSUE.fullmatch(str(asked.get("workItemId")))
    issue = call.world.seen(found[1], call.account) if found else None
    if goal is None or issue is None:
        return Node("Payload", (None, ["Goal not found" if goal is None else "Work item not found"]))
    call.world.goals.link(goal, issue.state.id, linked=linked)
    return Node("Payload", (goal, []))


def _described(goal: AtlassianGoal) -> str | None:
    return dumps(to_adf(goal.description)).decode() if goal.description else None


SCHEMA: Schema = {
    "Query": {"tenantContexts": _tenants, "goals_search": _search, "goals_byId": _by_id},
    "Mutation": {
        "goals_linkWorkItem": lambda _, arguments, call: _link(arguments, call, linked=True),
        "goals_unlinkWorkItem": lambda _, arguments, call: _link(arguments, call, linked=False),
    },
    "Payload": {
        "success": lambda payload, _, __: not payload[1],
        "errors": lambda payload, _, __: [Node("MutationError", message) for message in payload[1]],
        "goal": lambda payload, _, __: Node("TownsquareGoal", payload[0]) if payload[0] else None,
    },
    "MutationError": {"message": lambda message, _, __: message},
    "TenantContext": {"hostName": lambda name, _, __: name, "cloudId": lambda _, __, ___: CLOUD},
    "TownsquareGoal": {
        "id": lambda goal, _, __: goal.id,
        "key": lambda goal, _, __: goal.key,
        "name": lambda goal, _, __: goal.name,
        "url": lambda goal, _, __: f"https://home.atlassian.com/goal/{goal.key}",
        "description": lambda goal, _, __: _described(goal),
        "isArchived": lambda goal, _, __: goal.archived,
        "state": lambda goal, _, __: Node("State", goal.state),
        "targetDate": lambda goal, _, __: Node("TargetDate", goal) if goal.target else None,
        "parentGoal": lambda goal, _, __: Node("TownsquareGoal", goal.parent) if goal.parent else None,
        "owner": lambda goal, _, __: Node("AtlassianAccountUser", goal.owner) if goal.owner else None,
        "metricTargets": _metrics,
        "workItems": _items,
    },
    "State": {
        "value": lambda state, _, __: state,
        "label": lambda state, _, __: state.replace("_", " ").title(),
    },
    "TargetDate": {
        "label": lambda goal, _, __: goal.target,
        "confidence": lambda goal, _, __: goal.confidence,
        "dateRange": lambda goal, _, __: Node("DateRange", goal),
    },
    "DateRange": {"start": lambda goal, _, __: goal.target, "end": lambda goal, _, __: goal.target},
    "AtlassianAccountUser": {
        "accountId": lambda user, _, __: user.account_id,
        "name": lambda user, _, __: user.display_name,
    },
    "TownsquareMetricTarget": {
        "startValue": lambda metric, _, __: metric.start,
        "targetValue": lambda metric, _, __: metric.target,
        "metric": lambda metric, _, __: Node("TownsquareMetric", metric),
    },
    "TownsquareMetric": {
        "name": lambda metric, _, __: metric.name,
        "type": lambda metric, _, __: metric.kind,
        "latestValue": lambda metric, _, __: Node("Value", metric.current) if metric.current is not None else None,
    },
    "Value": {"value": lambda value, _, __: value},
    "JiraIssue": {
        "id": lambda issue, _, __: issue_ari(issue.state.id),
        "issueId": lambda issue, _, __: str(issue.state.id),
        "key": lambda issue, _, __: issue.state.key,
    },
    "Connection": {
        "edges": lambda page, _, __: [Node("Edge", (node, page[1] + n)) for n, node in enumerate(page[0], 1)],
        "nodes": lambda page, _, __: page[0],
        "pageInfo": lambda page, _, __: Node("PageInfo", page),
        "totalCount": lambda page, _, __: page[2],
    },
    "Edge": {"node": lambda edge, _, __: edge[0], "cursor": lambda edge, _, __: f"c{edge[1]}"},
    "PageInfo": {
        "hasNextPage": lambda page, _, __: page[1] + len(page[0]) < page[2],
        "endCursor": lambda page, _, __: f"c{page[1] + len(page[0])}" if page[0] else None,
    },
}
