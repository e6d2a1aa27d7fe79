"""Whatever a client sends, the Jira look-alike answers, and the world stays whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.jira_site import Site
from vindaris_sync.sandbox.core import Request
from vindaris_sync.sandbox.jira import Jira

WORDS = [
    "fields", "update", "labels", "summary", "description", "parent", "assignee", "priority", "issuetype", "project",
    "customfield_10001", "add", "remove", "set", "id", "key", "name", "value", "accountId", "type", "doc", "content",
    "jql", "maxResults", "nextPageToken", "reconcileIssues", "issueIdsOrKeys", "APP", "APP-1", "project = APP",
    "editedFieldsInput", "labelsFields", "singleSelectFields", "fieldId", "option", "optionId", "selectedActions",
    "selectedIssueIdsOrKeys", "bulkEditMultiSelectFieldOption", "ADD", "options", "properties",
]  # fmt: skip
WORD = st.one_of(st.sampled_from(WORDS), st.text(max_size=5))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), WORD),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORD, inner, max_size=4)),
    max_leaves=12,
)
TOKENS = st.sampled_from(
    ["project", "=", "!=", "in", "not", "(", ")", ",", "APP", '"', "'", "and", "or", "order", "by", "updated", ">=",
     "1772366400250", "is", "empty", "labels", "now()", "-1d", "cf[10001]", "parent", "key", "desc", "~", "\\", "#",
     "9" * 5000, "²", "'2026-01-01'", "0001-01-01", "id", "!"]
)  # fmt: skip
SITE = Site()
KEY = SITE.alice.create_issue("APP", "Work")
SITE.account.admin = True


@pytest.fixture(params=["cloud", "data_center"])
def service(request: pytest.FixtureRequest) -> Jira:
    """Return either deployment of one site that suffers all examples."""
    caller = SITE.cloud() if request.param == "cloud" else SITE.data_center()
    service = caller.service
    service.quota.limit = 10**9
    return service


def send(service: Jira, method: str, path: str, body: bytes) -> int:
    """Send what a program with credentials might and return the status; Jira's answers are JSON or a page."""
    headers = (SITE.cloud() if service.cloud else SITE.data_center()).headers
    response = service.answer(Request.to(method, path, headers=headers, body=body))
    if response.headers["Content-Type"].startswith("application/json") and response.body:
        json.loads(response.body)
    return response.status


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON, place=st.integers(min_value=0), ref=WORD)
def test_no_body_breaks_a_route(service: Jira, body: Any, place: int, ref: str) -> None:
    """Every route with any JSON answers below 500."""
    method, pattern, _ = service.routes[place % len(service.routes)]
    groups = dict.fromkeys(pattern.groupindex, KEY if len(ref) % 2 else "x")
    path = pattern.pattern
    for name, value in groups.items():
        path = path.replace(f"(?P<{name}>[^/]+)", value)
    assert send(service, method, f"/rest/api/2{path}", json.dumps(body).encode()) < 500


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(TOKENS, max_size=10))
def test_no_jql_breaks_the_search(service: Jira, words: list[str]) -> None:
    """Any sequence of JQL's words is a page or a refusal."""
    path = "/rest/api/3/search/jql" if service.cloud else "/rest/api/2/search"
    assert send(service, "POST", path, json.dumps({"jql": " ".join(words)}).encode()) in (200, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"fields": {"description": ' + b'{"type": "doc", "content": [' * 400 + b"]}" * 400 + b"}}",
        b'{"fields": {"summary": "\\ud800"}}',
        b"\xff\xfe",
    ],
)
def test_broken_bodies_are_refused(service: Jira, body: bytes) -> None:
    """What is no JSON, too deep or not text is a 400 on both deployments, or is stored and printed."""
    version = 3 if service.cloud else 2
    assert send(service, "PUT", f"/rest/api/{version}/issue/{KEY}", body) == 400


@pytest.mark.parametrize("given_", ["Basic", "Basic é", "Basic ====", "Bearer", "Negotiate abc", "", "Basic /w=="])
def test_broken_credentials_are_refused(service: Jira, given_: str) -> None:
    """Credentials that are none answer 401."""
    request = Request.to("GET", "/rest/api/2/myself", headers={"Authorization": given_})
    assert service.answer(request).status == 401
