"""Hostile goals through every mapping of a tracker's: a goal that can be kept, or one that is set aside (L11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random, SystemRandom
from typing import Any

import orjson
import pytest
from requests import ConnectionError as Lost
from requests import Response
from requests.adapters import HTTPAdapter

from tests.security.mutations import changed, encoded, tried
from vindaris_connectors.github.goal_mapping import GoalMapper
from vindaris_connectors.github.goal_settings import GithubGoalSettings
from vindaris_connectors.jira.atlassian_goals import AtlassianGoals, AtlassianGoalSettings
from vindaris_connectors.jira.client import Client
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain.goals import contents, document_of, goal_of
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.goals import StatedGoal, Unfit
from vindaris_sync.sdk.mapping import decode
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret

BODY = "Why.\n\n| Metric | Target |\n|---|---|\n| NRR | 110 % |\n\n- [ ] #7\n- acme/api#8\n"
ISSUE: dict[str, Any] = {
    "__typename": "Issue", "id": "I_1", "number": 12, "title": "Grow", "body": BODY, "state": "CLOSED",
    "stateReason": "COMPLETED", "url": "https://github.com/acme/web/issues/12", "updatedAt": "2026-03-01T12:00:00Z",
    "repository": {"nameWithOwner": "acme/web"}, "milestone": {"title": "v1", "dueOn": "2026-06-30T07:00:00Z"},
    "assignees": {"nodes": [{"login": "mia"}]}, "labels": {"nodes": [{"name": "P-high"}, {"name": "goal"}]},
    "parent": {"id": "I_0", "number": 1, "repository": {"nameWithOwner": "acme/web"}},
    "issueFieldValues": {"nodes": [{"field": {"name": "Team"}, "value": "Growth"}]},
}  # fmt: skip
MILESTONE: dict[str, Any] = {
    "id": "MI_1", "number": 3, "title": "v1", "description": BODY, "dueOn": "2026-06-30T07:00:00Z", "state": "OPEN",
    "updatedAt": "2026-03-01T12:00:00Z",
}  # fmt: skip
ITEM: dict[str, Any] = {
    "id": "PVTI_1", "fullDatabaseId": "77", "isArchived": False, "f0": {"name": "P0"}, "f1": {"number": 2.5},
    "content": ISSUE,
}  # fmt: skip
ATLAS: dict[str, Any] = {
    "id": "ari:cloud:townsquare:c:goal/w/g", "key": "ACME-1", "name": "Grow", "isArchived": False,
    "description": '{"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": []}]}',
    "state": {"value": "on_track"}, "parentGoal": {"id": "ari:x"}, "owner": {"name": "Mia"},
    "targetDate": {"confidence": "QUARTER", "dateRange": {"end": "2026-12-31"}},
    "metricTargets": {"edges": [{"node": {"startValue": 1, "targetValue": 2, "metric": {
        "name": "NRR", "type": "PERCENTAGE", "latestValue": {"value": 1.5}}}}]},
    "workItems": {"edges": [{"node": {"__typename": "JiraIssue", "issueId": "1", "key": "APP-1"}}],
                  "pageInfo": {"hasNextPage": False, "endCursor": None}},
}  # fmt: skip


class Nobody(HTTPAdapter):
    """A network on which nobody answers: what asks for more work items gets none."""

    def send(self, *_: object, **__: object) -> Response:
        """Refuse."""
        raise Lost


GITHUB = GoalMapper(
    "hub",
    GithubGoalSettings.model_validate(
        {"tracker": "hub", "project": "acme/7", "lists": True, "priority": "label:P-", "period": "field:Team"}
    ),
    {"acme/web": "acme/web"},
)
SITE = JiraSettings(url="https://acme.atlassian.net", token=Secret("x"), email="a@acme.example", projects=("APP",))
GOALS = AtlassianGoals(
    Client(SITE, Surroundings(adapter=Nobody(), sleep=lambda _: None)),
    "main",
    SITE.url,
    AtlassianGoalSettings(tracker="main"),
    {"acme.atlassian.net": "c"},
)


MAPPINGS: dict[str, tuple[Callable[[Any], StatedGoal | Unfit], dict[str, Any]]] = {
    "issue": (GITHUB.issue, ISSUE),
    "milestone": (lambda node: GITHUB.milestone("acme/web", ("acme/web",), node), MILESTONE),
    "item": (lambda node: GITHUB.item(node, {"f0": "Status", "f1": "Team"}, {"I_0": "PVTI_0"}), ITEM),
    "atlassian": (GOALS.stated, ATLAS),
}


def received(document: Any) -> Any:
    """Return a document as an answer's body brings it; None for one that is no JSON."""
    try:
        return decode(encoded(document))
    except ValueError:
        return None


@pytest.mark.parametrize("name", MAPPINGS)
def test_what_it_is_made_of_is_a_goal(name: str) -> None:
    """The documents that are spoilt below are good ones."""
    mapped, document = MAPPINGS[name]
    assert isinstance(mapped(document), StatedGoal)


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_hostile_document_is_a_goal_or_is_set_aside(name: str) -> None:
    """Nothing escapes the mapping, and what comes out can be kept, compared and read again."""
    mapped, document = MAPPINGS[name]
    seed = SystemRandom().randrange(2**32)
    random = Random(seed)  # noqa: S311 - of documents
    found: Counter[type] = Counter()
    for turn in range(tried(400)):
        node = received(changed(document, random))
        if not isinstance(node, dict):
            continue
        try:
            stated = mapped(node)
        except (Transient, TrackerUnusable):  # more work items are said to follow, and nobody answers
            continue
        except Exception as error:
            raise AssertionError(f"seed {seed}, turn {turn}: {node!r:.2000}") from error
        found[type(stated)] += 1
        if isinstance(stated, StatedGoal):
            kept = goal_of(orjson.loads(orjson.dumps(document_of(stated.goal))))
            assert kept == stated.goal, f"seed {seed}, turn {turn}"
            assert contents(stated.goal, {})
    assert set(found) == {StatedGoal, Unfit}
