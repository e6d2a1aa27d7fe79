"""The Jira Cloud look-alike against Jira Cloud's published OpenAPI specification."""

from __future__ import annotations

import pytest

from tests.conformance.specs import JIRA_ALLOWED, Conformance, jira_cloud_spec, jira_path
from tests.sandbox.jira_site import TOKEN, Caller, Site, document
from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.jira import JiraCloud

API = "/rest/api/3"


class Recorded(Caller):
    """A caller whose every exchange is judged."""

    def __init__(self, site: Site) -> None:
        super().__init__(JiraCloud(site.world))
        self.recorder = Conformance(self.service, jira_cloud_spec(), allowed=JIRA_ALLOWED, documented=jira_path)
        self.headers["content-type"] = "application/json"

    def answer(self, request: Request) -> Response:
        """Answer through the recorder."""
        return self.recorder.answer(request)


@pytest.fixture
def site() -> Site:
    """Return a small site whose bot is an administrator."""
    made = Site()
    made.account.admin = True
    return made


@pytest.fixture
def cloud(site: Site) -> Recorded:
    """Return a judged connection to the site."""
    return Recorded(site)


def issues(site: Site) -> None:
    """Fill the site with an issue of every kind, each with a history."""
    site.alice.create_issue("APP", "Epic", "Epic")
    site.alice.create_issue("APP", "Child", parent="APP-1", labels=["x"], description="Why\n\n* this")
    site.alice.create_issue("APP", "Part", "Sub-task", parent="APP-2")
    site.alice.create_issue("OPS", "Other", assignee="alice")
    site.alice.set_field("APP-2", "Goal", "GROWTH-1")
    site.alice.edit("OPS-1", assignee=None)
    site.alice.close("APP-2")
    site.alice.move("OPS-1", "APP")


def test_searches_conform(site: Site, cloud: Recorded) -> None:
    """Both forms of the search, with and without fields, its count, its refusals, and the removed one."""
    issues(site)
    first = cloud.find("project = APP", maxResults=2, fields=["*all"], expand="changelog", reconcileIssues=[10001])
    cloud.find("project = APP", maxResults=2, nextPageToken=first["nextPageToken"], reconcileIssues=[10001])
    cloud.get(f"{API}/search/jql", jql="project = APP", fields="summary,labels", maxResults=10)
    cloud.ask("GET", f"{API}/search/jql", jql="nonsense =")
    cloud.ask("POST", f"{API}/search/approximate-count", {"jql": "project = APP"})
    cloud.ask("GET", f"{API}/search", jql="project = APP")
    cloud.recorder.verify()


def test_single_issues_conform(site: Site, cloud: Recorded) -> None:
    """Reading, editing, creating, changelog, properties and editmeta, done and refused."""
    issues(site)
    cloud.get(f"{API}/issue/OPS-1", expand="changelog", properties="mark", fields="summary,parent")
    cloud.get("/rest/api/2/issue/APP-2")
    cloud.get(f"{API}/issue/APP-2/changelog", maxResults=1)
    cloud.get(f"{API}/issue/APP-2/editmeta")
    cloud.ask("PUT", f"{API}/issue/APP-2", {"update": {"labels": [{"add": "y"}]}}, notifyUsers="false")
    cloud.ask("PUT", f"{API}/issue/APP-2", {"fields": {"summary": "New"}}, returnIssue="true")
    cloud.ask("PUT", f"{API}/issue/APP-2", {"fields": {"labels": ["two words"]}})
    given = {"project": {"key": "APP"}, "issuetype": {"name": "Task"}, "summary": "Work"}
    cloud.ask("POST", f"{API}/issue", {"fields": given, "properties": [{"key": "draft", "value": 1}]})
    cloud.ask("POST", f"{API}/issue", {"fields": {}})
    for owner in ("issue/APP-2", "project/APP"):
        address = f"{API}/{owner}/properties/mark"
        for method, body in (("PUT", 1), ("PUT", {"a": 2}), ("GET", None), ("DELETE", None), ("GET", None)):
            cloud.ask(method, address, body)
        cloud.get(address.removesuffix("/mark"))
    cloud.ask("GET", f"{API}/issue/NOPE-1")
    cloud.recorder.verify()


def test_bulk_requests_conform(site: Site, cloud: Recorded) -> None:
    """Bulk reads, changelogs, and an edit with its progress, done, partly failed and refused."""
    issues(site)
    cloud.ask("POST", f"{API}/issue/bulkfetch", {"issueIdsOrKeys": ["APP-1", "NOPE-1"], "fields": ["*all"]})
    cloud.ask("POST", f"{API}/changelog/bulkfetch", {"issueIdsOrKeys": ["APP-2", "OPS-1"], "maxResults": 1})
    label = {"fieldId": "labels", "bulkEditMultiSelectFieldOption": "ADD", "labels": [{"name": "z"}]}
    option = int(site.goal.contexts[0].options[0].id)
    edits = {
        "labelsFields": [label],
        "singleSelectFields": [{"fieldId": site.goal.id, "option": {"optionId": option}}],
    }
    body = {
        "editedFieldsInput": edits,
        "selectedActions": ["labels", site.goal.id],
        "selectedIssueIdsOrKeys": ["APP-1", "APP-2", "NOPE-1"],
        "sendBulkNotification": False,
    }
    task = document(cloud.ask("POST", f"{API}/bulk/issues/fields", body), 201)["taskId"]
    assert cloud.get(f"{API}/bulk/queue/{task}")["processedAccessibleIssues"]
    site.alice.remove_field_from_screen("labels", "APP")
    task = document(cloud.ask("POST", f"{API}/bulk/issues/fields", body), 201)["taskId"]
    assert cloud.get(f"{API}/bulk/queue/{task}")["failedAccessibleIssues"]
    cloud.ask("POST", f"{API}/bulk/issues/fields", {**body, "selectedActions": []})
    cloud.ask("GET", f"{API}/bulk/queue/1")
    cloud.recorder.verify()


def test_fields_and_the_site_conform(site: Site, cloud: Recorded) -> None:
    """Definitions, contexts, options, projects, permissions, types, statuses, the site and oneself."""
    issues(site)
    custom = {"name": "Objective", "type": "com.atlassian.jira.plugin.system.customfieldtypes:select"}
    field = document(cloud.ask("POST", f"{API}/field", custom), 201)["id"]
    cloud.get(f"{API}/field")
    cloud.get(f"{API}/field/search", type="custom", query="goal", maxResults=1)
    context = cloud.get(f"{API}/field/{field}/context")["values"][0]["id"]
    cloud.ask("POST", f"{API}/field/{field}/context", {"name": "Ops", "projectIds": [site.ops.id]})
    options = f"{API}/field/{field}/context/{context}/option"
    made = document(cloud.ask("POST", options, {"options": [{"value": "A"}, {"value": "B"}]}), 200)
    cloud.ask("PUT", options, {"options": [{"id": made["options"][0]["id"], "value": "Z"}]})
    cloud.get(options, maxResults=1)
    cloud.get(f"{API}/project/APP")
    cloud.get(f"{API}/project/search", keys="APP", maxResults=1)
    cloud.get(f"{API}/mypermissions", permissions="EDIT_ISSUES,BULK_CHANGE", projectKey="APP")
    for path in ("myself", "serverInfo", "issuetype", "status", f"customFieldOption/{made['options'][0]['id']}"):
        cloud.get(f"{API}/{path}")
    for path in ("project/NOPE", "field/NOPE/context", "mypermissions"):
        cloud.ask("GET", f"{API}/{path}")
    cloud.recorder.verify()


def test_every_operation_of_cloud_is_judged(cloud: Recorded) -> None:
    """No route of the look-alike is unknown to the specification."""
    for method, pattern, _ in cloud.service.routes:
        path = API + pattern.pattern.replace("(?P<", "{").replace(">[^/]+)", "}")
        cloud.ask(method, path)
    assert not [v for v in cloud.recorder.violations if v.what == "the specification knows no such operation"]


def test_anonymous_and_refused_callers_get_documented_answers(site: Site, cloud: Recorded) -> None:
    """An expired token, no permission and a spent quota are answered in the documented statuses or allowed ones."""
    issues(site)
    site.account.expired = True
    cloud.find("project = APP")
    for path in ("myself", "issue/APP-1", "field", "project/search", "field/search"):
        cloud.ask("GET", f"{API}/{path}")
    site.account.expired = False
    site.account.admin = site.account.bulk_change = False
    site.alice.lock_project("APP", TOKEN)
    cloud.ask("PUT", f"{API}/issue/APP-1", {"fields": {"summary": "x"}})
    cloud.ask("GET", f"{API}/field/{site.goal.id}/context")
    cloud.ask("GET", f"{API}/bulk/queue/1")
    cloud.service.quota.limit = 0
    cloud.ask("GET", f"{API}/myself")
    cloud.recorder.verify()
