"""Every answer of the sandbox's GitHub is one that GitHub's published specification allows."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.conformance.specs import GITHUB_ALLOWED, Conformance, github_path, github_spec
from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.github import Account, GitHub, World
from vindaris_sync.sandbox.server import Server

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
WEB = "/repos/acme/web"


class Client:
    """Asks the recorder in process, with a token."""

    def __init__(self, recorder: Conformance, authorization: str = "Bearer good") -> None:
        self.recorder = recorder
        self.authorization = authorization

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Send one request."""
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.recorder.answer(
            Request.to(method, path, headers={"Authorization": self.authorization, **headers}, body=raw)
        )

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request that succeeds; return its document."""
        response = self.ask(method, path, body)
        assert response.status < 300, (method, path, response.status, response.body)
        return json.loads(response.body or b"null")


@pytest.fixture
def world() -> World:
    """Return an organisation with two repositories, people, a field and a token."""
    world = World(lambda: NOON)
    world.create_repository("acme/web")
    world.create_repository("acme/api", private=True)
    world.create_field("acme", "Goal", options=["G1", "G2"])
    for number in range(3):
        world.create_issue("acme/web", f"Task {number}", actor="mia", labels=["bug"], kind="Task", body="x")
    world.grant("good", Account("vera"))
    world.grant("classic", Account("carl", "classic", scopes=("repo",)))
    return world


@pytest.fixture
def recorder(world: World) -> Conformance:
    """Return the service under judgement."""
    recorder = Conformance(GitHub(world), github_spec(), allowed=GITHUB_ALLOWED, documented=github_path)
    recorder.base_url = "http://sandbox.invalid/github"
    return recorder


@pytest.fixture
def client(recorder: Conformance) -> Client:
    """Return a client with all permissions."""
    return Client(recorder)


def test_reading_and_writing_issues(client: Client, recorder: Conformance) -> None:
    """Lists, single issues, every kind of edit, comments, locks, and what they leave in the timeline."""
    created = client.json("POST", f"{WEB}/issues", {"title": "New", "labels": ["bug", "goal:G1"], "body": "b"})
    one = f"{WEB}/issues/{created['number']}"
    for change in (
        {"title": "Newer"},
        {"state": "closed", "state_reason": "not_planned"},
        {"state": "open"},
        {"labels": ["x"]},
        {"type": "Task"},
        {"body": None},
    ):
        client.json("PATCH", one, change)
    client.json("POST", f"{one}/comments", {"body": "Said"})
    client.ask("PUT", f"{one}/lock", {"lock_reason": "resolved"})
    client.ask("DELETE", f"{one}/lock")
    for path in ("", "/comments", "/labels", "/events", "/timeline"):
        client.json("GET", one + path)
    for query in (
        "",
        "?state=all&sort=updated&direction=asc&since=2026-01-01T00:00:00Z&per_page=1&page=2",
        "?labels=bug",
    ):
        client.json("GET", f"{WEB}/issues{query}")
    client.json("GET", f"{WEB}/issues/events?per_page=100")
    client.json("GET", WEB)
    recorder.verify()


def test_labels(client: Client, recorder: Conformance) -> None:
    """Labels of the repository and on issues, one by one and as sets."""
    client.json("POST", f"{WEB}/labels", {"name": "goal:G2", "color": "0e8a16", "description": "A goal"})
    client.json("PATCH", f"{WEB}/labels/goal%3AG2", {"new_name": "goal:G3", "color": "ffffff"})
    client.json("GET", f"{WEB}/labels?per_page=100")
    client.json("GET", f"{WEB}/labels/goal%3AG3")
    client.json("POST", f"{WEB}/issues/1/labels", {"labels": ["goal:G3", "another"]})
    client.json("PUT", f"{WEB}/issues/1/labels", {"labels": ["goal:G3", "third"]})
    client.json("DELETE", f"{WEB}/issues/1/labels/goal%3AG3")
    client.ask("DELETE", f"{WEB}/issues/1/labels")
    client.ask("DELETE", f"{WEB}/labels/third")
    recorder.verify()


def test_milestones(client: Client, recorder: Conformance) -> None:
    """Milestones are made, listed, changed and deleted as specified, and issues are put into them."""
    asked = {"title": "v1", "description": "All of it.", "due_on": "2026-06-30T07:00:00Z"}
    made = client.json("POST", f"{WEB}/milestones", asked)
    client.json("POST", f"{WEB}/milestones", {"title": "v0", "state": "closed"})
    assert client.json("PATCH", f"{WEB}/issues/1", {"milestone": made["number"]})["milestone"]["title"] == "v1"
    assert [each["title"] for each in client.json("GET", f"{WEB}/issues?milestone=1")] == ["Task 0"]
    assert [each["title"] for each in client.json("GET", f"{WEB}/issues?milestone=none&direction=asc")] == [
        "Task 1", "Task 2"
    ]  # fmt: skip
    assert [each["open_issues"] for each in client.json("GET", f"{WEB}/milestones")] == [1]
    every = client.json("GET", f"{WEB}/milestones?state=all&sort=completeness&direction=desc")
    assert {each["title"]: each["state"] for each in every} == {"v1": "open", "v0": "closed"}
    changed = client.json("PATCH", f"{WEB}/milestones/1", {"title": "v2", "state": "closed"})
    assert (changed["title"], changed["closed_at"]) == ("v2", "2026-03-01T12:00:00Z")
    assert client.json("GET", f"{WEB}/issues/1")["milestone"]["title"] == "v2"
    assert client.ask("POST", f"{WEB}/milestones", {"title": "v2"}).status == 422
    assert client.ask("DELETE", f"{WEB}/milestones/1").status == 204
    assert client.ask("GET", f"{WEB}/milestones/1").status == 404
    assert client.json("GET", f"{WEB}/issues/1")["milestone"] is None
    recorder.verify()


def test_parents_and_fields(client: Client, recorder: Conformance, world: World) -> None:
    """Sub-issues from both ends, and the organisation's issue fields and their values."""
    child = client.json("GET", f"{WEB}/issues/2")
    client.json("POST", f"{WEB}/issues/1/sub_issues", {"sub_issue_id": child["id"]})
    client.json("GET", f"{WEB}/issues/1/sub_issues")
    client.json("GET", f"{WEB}/issues/2/parent")
    client.json("GET", f"{WEB}/issues/2/timeline")
    client.json("DELETE", f"{WEB}/issues/1/sub_issue", {"sub_issue_id": child["id"]})
    field = client.json("GET", "/orgs/acme/issue-fields")[0]
    options = [{"name": "low", "color": "gray", "priority": 1}]
    client.json("POST", "/orgs/acme/issue-fields", {"name": "Risk", "data_type": "single_select", "options": options})
    values = {"issue_field_values": [{"field_id": field["id"], "value": "G1"}]}
    client.json("POST", f"{WEB}/issues/1/issue-field-values", values)
    client.json("PUT", f"{WEB}/issues/1/issue-field-values", values)
    areas = world.create_field("acme", "Areas", "multi_select", ["api", "web"])
    several = {"issue_field_values": [{"field_id": areas.id, "value": ["api", "web"]}]}
    assert len(client.json("POST", f"{WEB}/issues/1/issue-field-values", several)) == 2
    client.json("GET", f"{WEB}/issues/1/issue-field-values")
    client.json("GET", f"{WEB}/issues?state=all")
    client.ask("DELETE", f"{WEB}/issues/1/issue-field-values/{field['id']}")
    world.organisations["acme"].types.append((77, "Bug"))
    client.json("GET", "/orgs/acme/issue-types")
    recorder.verify()


def test_refusals(client: Client, recorder: Conformance, world: World) -> None:
    """What is refused is refused in GitHub's shape: 400, 403, 404, 410, 422."""
    world.delete_issue("acme/web", 3, actor="mia")
    refused = {
        ("POST", f"{WEB}/issues", '{"labels": []}'): 422,
        ("POST", f"{WEB}/issues/1/labels", '{"labels": ["' + "x" * 51 + '"]}'): 422,
        ("POST", f"{WEB}/labels", '{"name": "bug", "color": "ffffff"}'): 422,
        ("POST", f"{WEB}/issues", "{not json"): 400,
        ("POST", f"{WEB}/issues/1/issue-field-values", '{"issue_field_values": [{"field_id": 5, "value": "x"}]}'): 422,
        ("GET", f"{WEB}/issues/3", ""): 410,
        ("PATCH", f"{WEB}/issues/3", "{}"): 410,
        ("GET", f"{WEB}/issues/99", ""): 404,
        ("GET", f"{WEB}/issues/1/parent", ""): 404,
        ("GET", "/repos/acme/nowhere", ""): 404,
        ("GET", "/orgs/nobody/issue-fields", ""): 404,
        ("DELETE", f"{WEB}/issues/1/labels/absent", ""): 404,
    }
    for (method, path, body), status in refused.items():
        request = Request.to(method, path, headers={"Authorization": "Bearer good"}, body=body.encode())
        assert recorder.answer(request).status == status, (method, path)
    world.archive("acme/web", actor="mia")
    assert client.ask("POST", f"{WEB}/issues/1/labels", ["late"]).status == 403
    assert Client(recorder, "Bearer wrong").ask("GET", WEB).status == 401
    recorder.verify()


def test_what_moves_redirects(client: Client, recorder: Conformance, world: World) -> None:
    """A renamed repository and a transferred issue answer with their new place; so does a matching ETag with 304."""
    world.transfer("acme/web", 2, "acme/api", actor="mia")
    world.rename_repository("acme/web", "site", actor="mia")
    assert client.ask("GET", f"{WEB}/issues/1").status == 301
    assert client.ask("PATCH", f"{WEB}/issues/1", {}).status == 307
    assert client.ask("GET", "/repos/acme/site/issues/2").status == 301
    tag = client.ask("GET", "/repos/acme/site/issues").headers["ETag"]
    assert client.ask("GET", "/repos/acme/site/issues", If_None_Match=tag).status == 304
    client.json("GET", "/repos/acme/api/issues?state=all")
    client.json("GET", f"/repositories/{world.repository('acme/site').id}/issues/1")
    recorder.verify()


def test_account_limits_hooks_and_apps(client: Client, recorder: Conformance, world: World) -> None:
    """The account's profile and limits, webhooks' settings, and an App from its web token to its repositories."""
    client.json("GET", "/user")
    client.json("GET", "/rate_limit")
    client.json("GET", "/meta")
    Client(recorder, "token classic").json("GET", "/user")
    hook = {
        "config": {"url": "https://receiver.invalid/h", "content_type": "json", "secret": "s"},
        "events": ["issues"],
    }
    made = client.json("POST", f"{WEB}/hooks", hook)
    client.json("GET", f"{WEB}/hooks")
    _hooks(client, world, f"{WEB}/hooks/{made['id']}")
    app = world.install_app("vindaris", "acme", permissions={"issues": "write", "metadata": "read"})
    bearer = Client(recorder, f"Bearer {_jwt(app.id)}")
    bearer.json("GET", "/app")
    assert [each["id"] for each in bearer.json("GET", "/app/installations")] == [app.installation]
    issued = bearer.json("POST", f"/app/installations/{app.installation}/access_tokens", {})
    installed = Client(recorder, f"token {issued['token']}")
    assert installed.json("GET", "/installation/repositories")["total_count"] == 2
    installed.json("GET", f"{WEB}/issues")
    recorder.verify()


def _hooks(client: Client, world: World, one: str) -> None:
    """Ask for one webhook, what was sent of it, and that once more; change it and take it away."""
    greeting = world.outbox.get_nowait()
    assert greeting is not None
    greeting.told(500, 0.25)
    (sent,) = client.json("GET", f"{one}/deliveries?per_page=10")
    assert (sent["event"], sent["status_code"], sent["redelivery"]) == ("ping", 500, False)
    assert client.ask("POST", f"{one}/deliveries/{sent['id']}/attempts").status == 202
    again = world.outbox.get_nowait()
    assert again is not None
    again.told(202, 0.05)
    assert again.headers["X-GitHub-Delivery"] == sent["guid"]
    assert client.json("GET", f"{one}/deliveries")[0]["redelivery"] is True
    assert client.json("GET", one)["last_response"]["code"] == 202
    assert client.json("PATCH", one, {"events": ["issues", "label"], "active": False})["active"] is False
    assert client.ask("POST", f"{one}/pings").status == 204
    assert client.ask("DELETE", one).status == 204
    assert client.ask("GET", one).status == 404


def test_an_enterprise_server_prints_the_same_shapes_below_its_prefix() -> None:
    """Under /api/v3, with URLs that lead back there."""
    world = World(lambda: NOON, enterprise="3.17.2")
    world.create_repository("acme/web")
    world.create_issue("acme/web", "One", actor="mia")
    world.grant("good", Account("vera"))
    recorder = Conformance(GitHub(world), github_spec(), allowed=GITHUB_ALLOWED, documented=github_path)
    recorder.base_url = "http://ghes.invalid"
    answer = Client(recorder).ask("GET", "/api/v3/repos/acme/web/issues")
    assert json.loads(answer.body)[0]["url"] == "http://ghes.invalid/api/v3/repos/acme/web/issues/1"
    assert json.loads(answer.body)[0]["html_url"] == "http://ghes.invalid/acme/web/issues/1"
    assert answer.headers["X-GitHub-Enterprise-Version"] == "3.17.2"
    recorder.verify()


def test_the_recorder_reports_departures(world: World) -> None:
    """An unknown operation, parameter or status, and a body of the wrong shape, are violations on the right side."""

    class Wrong(GitHub):
        """Answers everything with the same nonsense."""

        def answer(self, request: Request) -> Response:
            """Answer a list of nothing."""
            return Response.of([{"id": "one"}], 202 if request.method == "POST" else 200)

    recorder = Conformance(Wrong(world), github_spec(), documented=github_path)
    for method, path in (("GET", "/nowhere"), ("GET", f"{WEB}/issues?stat=open"), ("POST", f"{WEB}/labels")):
        recorder.answer(Request.to(method, path, body=b'{"name": "x"}' if method == "POST" else b""))
    found = {(violation.side, violation.operation.split()[0], violation.status) for violation in recorder.violations}
    assert found == {("request", "GET", 200), ("response", "GET", 200), ("response", "POST", 202)}
    assert any("stat" in violation.what for violation in recorder.violations)
    with pytest.raises(AssertionError, match="no such operation"):
        recorder.verify()


def _jwt(app: int) -> str:
    head, claims = {"alg": "RS256", "typ": "JWT"}, {"iss": str(app), "iat": 1_772_366_400, "exp": 1_772_366_940}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims)]
    return ".".join([*parts, "c2lnbmF0dXJl"])


def test_a_recorder_is_served_in_the_services_place(recorder: Conformance) -> None:
    """Whatever a real client sends over a socket is judged; a list of labels without its object is one departure."""
    with Server({"/github": recorder}) as server:
        headers = {"Authorization": "Bearer good"}
        assert (
            requests.get(f"{server.url}/github{WEB}/issues", headers=headers, timeout=5)
            .json()[0]["url"]
            .startswith(f"{server.url}/github{WEB}")
        )
        recorder.verify()
        requests.post(f"{server.url}/github{WEB}/issues/1/labels", json=["x"], headers=headers, timeout=5)
    with pytest.raises(AssertionError, match="is not of type 'object'"):
        recorder.verify()
