"""Atlassian Goals of a Jira Cloud site: read over its GraphQL gateway, with the work items that are linked to each.

Work items are linked and unlinked one by one, which Atlassian does once however often it is asked.

Source: Atlassian, *Using the Goals GraphQL API*, and public programs that use it (2026-11). What was not seen from a
real site is said in docs/connectors/jira.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import model_validator

from vindaris_connectors.jira.client import Client, as_object
from vindaris_connectors.jira.texts import text_of
from vindaris_sync.domain.goals import Goal, Outcome, Status, fold
from vindaris_sync.domain.models import Address
from vindaris_sync.domain.serving import Serving
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.goals import GoalsRefused, StatedGoal, Statement, TrackerGoalSettings, Unfit
from vindaris_sync.sdk.mapping import JsonObject
from vindaris_sync.sdk.outcome_tables import Unreadable, outcomes_in
from vindaris_sync.sdk.secret import redact
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

PATH = "/gateway/api/graphql"
PAGE = 50
"""Goals, and work items of each of them, that one request reads."""

MOST = 10_000
"""Goals of one site; beyond it a page that repeats is more likely."""

_STATES = {
    "pending": Status.PROPOSED, "on_track": Status.ACTIVE, "at_risk": Status.ACTIVE, "off_track": Status.ACTIVE,
    "paused": Status.ACTIVE, "done": Status.ACHIEVED, "completed": Status.ACHIEVED, "cancelled": Status.ABANDONED,
    "archived": Status.ABANDONED,
}  # fmt: skip
"""What a goal's state means."""

_UNITS = {"PERCENTAGE": "%"}
_ITEMS = (
    'workItems(first: {first}{after}) @optIn(to: "GraphStoreJiraEpicContributesToAtlasGoal") {{'
    " edges {{ node {{ __typename ... on JiraIssue {{ issueId key }} }} }} pageInfo {{ hasNextPage endCursor }} }}"
)
_GOAL = (
    "id key name description isArchived state { value } targetDate { confidence dateRange { end } } parentGoal { id }"
    " owner { name } metricTargets(first: 20) { edges { node { startValue targetValue"
    f" metric {{ name type latestValue {{ value }} }} }} }} }} {_ITEMS.format(first=PAGE, after='')}"
)
_TENANT = "query Tenant($names: [String!]!) { tenantContexts(hostNames: $names) { cloudId } }"
_SEARCH = (
    'query Goals($site: ID!, $after: String) { goals_search(containerId: $site, searchString: "", '
    f'first: {PAGE}, after: $after, sort: [HIERARCHY_ASC]) @optIn(to: "Townsquare")'
    f" {{ edges {{ node {{ {_GOAL} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
_ONE = f'query Goal($id: ID!) {{ goals_byId(goalId: $id) @optIn(to: "Townsquare") {{ {_GOAL} }} }}'
_MORE = (
    'query WorkItems($id: ID!, $after: String) { goals_byId(goalId: $id) @optIn(to: "Townsquare") '
    f"{{ {_ITEMS.format(first=100, after=', after: $after')} }} }}"
)
_CHANGE = (
    "mutation Change($goal: ID!, $item: ID!) { changed: %s(input: {goalId: $goal, workItemId: $item})"
    ' @optIn(to: "Townsquare") { success errors { message } } }'
)


class AtlassianGoalSettings(TrackerGoalSettings):
    """All goals of the site that the account sees."""

    kind: Literal["atlassian-goals"] = "atlassian-goals"
    status: Mapping[str, Status] = {}
    """What a state (``on_track``, ``paused``, …) means; the rest: pending is proposed, done achieved, cancelled and
    archived abandoned, every other active."""
    work_items: bool = True
    """Whether the work items that are linked to a goal there serve it."""
    outcome_table: bool = True
    """Whether a table in the description states outcomes, beside the metrics."""
    write_links: bool = False
    """Whether what is linked to a goal is linked to it there, too, as a work item."""

    @model_validator(mode="after")
    def _reads_what_it_writes(self) -> Self:
        if self.write_links and not self.work_items:
            raise ValueError("write_links needs work_items = true: else nobody sees what people unlink there")
        return self

    def links_written(self) -> bool:
        """Return ``write_links``."""
        return self.write_links


@dataclass(frozen=True, slots=True)
class AtlassianGoals:
    """Reads the goals of one site."""

    client: Client
    tracker: str
    url: str
    settings: AtlassianGoalSettings
    tenants: dict[str, str]
    """The sites' cloud ids by host, as far as they were asked for."""

    def statement(self, last: Statement | None) -> Statement:
        """Return all goals; raises as ``StatesGoals.goals``. What is listed no more is asked about by its id."""
        found = {node["id"]: self.stated(node) for node in self._listed()}
        for id_ in () if last is None else last.by_id.keys() - found.keys():
            node = self._ask(_ONE, id=id_).get("goals_byId")
            if node:
                found[id_] = self.stated(node)
        goals = tuple(each for each in found.values() if isinstance(each, StatedGoal))
        return Statement(goals, tuple(each for each in found.values() if isinstance(each, Unfit)))

    def _listed(self) -> Iterator[JsonObject]:
        site, after, count = f"ari:cloud:townsquare::site/{self._cloud()}", None, 0
        while True:
            page = self._ask(_SEARCH, site=site, after=after)["goals_search"]
            nodes = [edge["node"] for edge in page["edges"]]
            yield from nodes
            count += len(nodes)
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = _next(page, after, count)

    def _cloud(self) -> str:
        host = urlsplit(self.url).netloc
        if host not in self.tenants:
            found = self._ask(_TENANT, names=[host])["tenantContexts"]
            if not found or not found[0]:
                raise GoalsRefused([f"{host} is no site of Atlassian Cloud: url must be https://SITE.atlassian.net"])
            self.tenants[host] = str(found[0]["cloudId"])
        return self.tenants[host]

    def _ask(self, query: str, **variables: Any) -> JsonObject:  # noqa: ANN401 - JSON
        """Return the data that answers a question, without errors."""
        answer = self.client.ask(PATH, {"query": query, "variables": variables})
        if answer.status == HTTPStatus.NOT_FOUND:
            raise GoalsRefused(["this site has no Atlassian Goals: they exist on Atlassian Cloud only"])
        return _data(answer)

    # --- work items ---------------------------------------------------------------------------------------------

    def work_items(self, goal: str) -> frozenset[str] | None:
        """Return the ids of the issues that are linked to a goal, all pages of them; None where it is gone."""
        node = self._ask(_MORE, id=goal, after=None).get("goals_byId")
        return (
            frozenset(clean(each["issueId"]) for each in _issues(self._items({"id": goal, **node}))) if node else None
        )

    def link(self, goal: str, issue: Address, *, linked: bool) -> None:
        """Link an issue to a goal, or unlink it; raises as ``LinksWorkItems.link_work_item``."""
        query = _CHANGE % ("goals_linkWorkItem" if linked else "goals_unlinkWorkItem")
        item = f"ari:cloud:jira:{self._cloud()}:issue/{issue.id}"
        answer = self.client.write("POST", PATH, {"query": query, "variables": {"goal": goal, "item": item}})
        payload = _data(answer, "let the account edit the goals in Atlassian Goals")["changed"]
        if not payload["success"]:
            said = redact("; ".join(str(each.get("message")) for each in payload.get("errors") or ()))[:300]
            what = "linked to" if linked else "unlinked from"
            raise IssueRejected(f"it is not {what} its goal in Atlassian Goals: {said or 'no reason is given'}")

    # --- mapping ------------------------------------------------------------------------------------------------

    def stated(self, node: JsonObject) -> StatedGoal | Unfit:
        """Return what a goal of GraphQL is to us; more work items than come with it are asked for."""
        id_, key = str(node.get("id") or ""), str(node.get("key") or "")
        try:
            return StatedGoal(
                clean(node["id"]), self._goal(node), clean((node.get("parentGoal") or {}).get("id") or "")
            )
        except Unreadable as error:
            return Unfit(id_, key, str(error))
        except SHAPE_ERRORS as error:
            return Unfit(id_, key, f"Atlassian shows it in a form that is not understood ({error}): report it")

    def _goal(self, node: JsonObject) -> Goal:
        text = text_of(_document(node.get("description")))
        tabled: tuple[Outcome, ...] = ()
        if self.settings.outcome_table:
            tabled, text = outcomes_in(text)
        measured = (edge["node"] for edge in (node.get("metricTargets") or {}).get("edges", ()))
        return Goal(
            key=clean(node["key"]),
            title=" ".join(clean(node["name"]).split()),
            description=str(text),
            status=self._status(node),
            period=period_of(node.get("targetDate")),
            owner=clean((node.get("owner") or {}).get("name") or "") or None,
            outcomes=(*map(_outcome, measured), *tabled),
            visibility=self.settings.visibility,
            serving=self._serving(node) if self.settings.work_items else None,
        )

    def _status(self, node: JsonObject) -> Status:
        state = str((node.get("state") or {}).get("value") or "").casefold()
        chosen = {fold(name): meant for name, meant in self.settings.status.items()}
        status = chosen.get(state) or _STATES.get(state, Status.ACTIVE)
        return Status.ABANDONED if node.get("isArchived") and not status.closed else status

    def _serving(self, node: JsonObject) -> Serving | None:
        items = _issues(self._items(node))
        ids = tuple(clean(each["issueId"]) for each in items)
        places = dict.fromkeys(clean(each["key"]).rpartition("-")[0] for each in items)
        return Serving(self.tracker, tuple(places), issues=ids) if ids else None

    def _items(self, node: JsonObject) -> Iterator[JsonObject]:
        page, after, count = node["workItems"], None, 0
        while True:
            found = [edge["node"] for edge in page["edges"] if edge.get("node")]
            yield from found
            count += len(found)
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = _next(page, after, count)
            page = self._ask(_MORE, id=node["id"], after=after)["goals_byId"]["workItems"]


def _data(answer: Answer, advice: str = "let the account use Goals and see all of them") -> JsonObject:
    """Return the data of an answer without errors: half of one says nothing about goals."""
    if answer.status != HTTPStatus.OK:
        reason = "permission" if answer.status == HTTPStatus.FORBIDDEN else "protocol"
        raise TrackerUnusable(f"{answer.url} answered {int(answer.status)}", reason=reason, advice=advice)
    document = as_object(answer)
    errors = document.get("errors") or ()
    if errors:
        said = redact("; ".join(str(each.get("message")) for each in errors if isinstance(each, dict)))[:300]
        raise TrackerUnusable(f"Atlassian Goals: {said}", reason="permission", advice=advice)
    data = document.get("data")
    if not isinstance(data, dict):
        raise Transient(f"{answer.url} answered without data")
    return data


def _issues(items: Iterable[JsonObject]) -> list[JsonObject]:
    return [each for each in items if each.get("__typename") == "JiraIssue" and each.get("issueId")]


def period_of(target: Mapping[str, Any] | None) -> str | None:
    """Return until when a goal is to be reached: ``2026-Q4``, ``2026-11`` or a day, as sure as its owner is."""
    end = str(((target or {}).get("dateRange") or {}).get("end") or "")[: len("2026-01-31")]
    if not end:
        return None
    year, month = end[:4], int(end[5:7])
    kind = str((target or {}).get("confidence") or "").upper()
    return f"{year}-Q{(month + 2) // 3}" if kind == "QUARTER" else f"{year}-{month:02}" if kind == "MONTH" else end


def _document(description: object) -> object:
    """Return the description's document: it is JSON in a text."""
    if not isinstance(description, str) or not description.lstrip().startswith("{"):
        return description
    try:
        return json.loads(description)
    except ValueError:
        return description


def _outcome(node: Mapping[str, Any]) -> Outcome:
    metric = node["metric"]
    latest = (metric.get("latestValue") or {}).get("value")
    values = (node.get("startValue"), node.get("targetValue"), latest)
    baseline, target, current = (None if value is None else float(value) for value in values)
    return Outcome(clean(metric["name"]), _UNITS.get(str(metric.get("type")), ""), baseline, target, current)


def _next(page: JsonObject, after: str | None, count: int) -> str:
    """Return where the next page begins; raises ``TrackerUnusable`` where pages repeat."""
    found = page["pageInfo"]["endCursor"]
    if not found or found == after or count > MOST:
        raise TrackerUnusable("the list of Atlassian's goals never ends: its pages repeat", reason="protocol")
    return str(found)
