"""The Jira look-alike over real sockets: both deployments beside each other, faults, and webhooks that arrive."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from tests.sandbox.jira_site import BOT, TOKEN, Site
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.jira import JiraCloud, JiraDataCenter
from vindaris_sync.sandbox.server import Server


@pytest.fixture
def site() -> Site:
    """Return a small site."""
    return Site()


ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("VINDARIS_REAL_DATA") or ROOT.parent / "shared" / "data")
SHAPE = frozenset({"field", "fieldtype", "fieldId", "from", "fromString", "to", "toString"})


class _Receiver(BaseHTTPRequestHandler):
    heard: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        """Keep what arrives."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
        """Stay silent."""


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    """Listen for webhooks."""
    _Receiver.heard = []
    with HTTPServer(("127.0.0.1", 0), _Receiver) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        yield listener
        listener.shutdown()
        thread.join()


def test_one_world_is_served_as_both_deployments(site: Site) -> None:
    """What is written through Cloud is read through Data Center, and each prints addresses of its own."""
    site.issues(1)
    services = {"/cloud": JiraCloud(site.world), "/dc": JiraDataCenter(site.world)}
    with Server(services, clock=site.time) as server, requests.Session() as session:
        edit = {"fields": {"summary": "Grüße 🚀"}}
        cloud, bearer = (BOT, TOKEN), {"Authorization": f"Bearer {TOKEN}"}
        address = f"{server.url}/cloud/rest/api/3/issue/APP-1"
        assert session.put(address, json=edit, auth=cloud, timeout=5).status_code == 204
        read = session.get(f"{server.url}/dc/rest/api/2/issue/APP-1", headers=bearer, timeout=5)
        assert read.json()["fields"]["summary"] == "Grüße 🚀"
        assert read.json()["self"].startswith(f"{server.url}/dc/rest/api/2/issue/")
        assert read.headers["Date"] == "Sun, 01 Mar 2026 12:00:01 GMT"
        view = session.get(f"{server.url}/_sandbox/cloud", timeout=5).json()
        assert view == {"issues": 1, "projects": {"APP": 1, "OPS": 0}, "mails": 1}


def test_index_lag_is_injected_from_outside(site: Site) -> None:
    """The fault reaches the search through the weather, and goes with it."""
    site.issues(1)
    with Server({"/cloud": JiraCloud(site.world)}, clock=site.time) as server:
        address = f"{server.url}/cloud/rest/api/3/search/jql?jql=project%3DAPP"
        server.faults.add(Fault("index_lag", seconds=60))
        assert requests.get(address, auth=(BOT, TOKEN), timeout=5).json()["issues"] == []
        server.faults.clear()
        assert len(requests.get(address, auth=(BOT, TOKEN), timeout=5).json()["issues"]) == 1


def test_people_and_programs_change_one_world_at_once(site: Site) -> None:
    """Labels put on by a person and by four clients in parallel are all there at the end."""
    site.issues(1)
    with Server({"/cloud": JiraCloud(site.world)}) as server, ThreadPoolExecutor(4) as pool:

        def add(number: int) -> int:
            body = {"update": {"labels": [{"add": f"bot-{number}"}]}}
            address = f"{server.url}/cloud/rest/api/3/issue/APP-1"
            return requests.put(address, json=body, auth=(BOT, TOKEN), timeout=10).status_code

        answers = [pool.submit(add, number) for number in range(20)]
        for number in range(20):
            site.alice.add_label("APP-1", f"alice-{number}")
        assert {answer.result() for answer in answers} == {204}
    issue = site.world.find("APP-1")
    assert issue is not None
    assert len(issue.state.labels) == 40
    assert len(issue.histories) == 40


def test_webhooks_arrive_signed_and_in_jiras_shape(site: Site, receiver: HTTPServer) -> None:
    """Created, updated and deleted are told with who, what and the issue; the signature is over the exact bytes."""
    cloud = JiraCloud(site.world)
    cloud.add_hook(f"http://127.0.0.1:{receiver.server_port}/hook", "shared-secret")
    with Server({"/cloud": cloud}, clock=site.time):
        site.issues(1)
        site.alice.add_label("APP-1", "goal:GROWTH-1")
        site.alice.move("APP-1", "OPS")
        site.alice.delete_issue("APP-1")
    heard = _Receiver.heard
    told = [json.loads(body) for _, body in heard]
    assert [t["webhookEvent"].removeprefix("jira:issue_") for t in told] == ["created", "updated", "updated", "deleted"]
    assert told[1]["issue"]["fields"]["labels"] == ["goal:GROWTH-1"]
    assert told[1]["changelog"]["items"][0]["toString"] == "goal:GROWTH-1"
    assert told[1]["user"]["accountId"] == site.alice.user.account_id
    assert (told[2]["issue_event_type_name"], told[2]["issue"]["key"]) == ("issue_moved", "OPS-1")
    for headers, body in heard:
        digest = hmac.new(b"shared-secret", body, hashlib.sha256).hexdigest()
        assert headers["x-hub-signature"] == f"sha256={digest}"
    assert len({headers["x-atlassian-webhook-identifier"] for headers, _ in heard}) == 4


def test_webhooks_have_the_shape_of_recorded_ones(site: Site) -> None:
    """Every part of a recorded Cloud webhook that tells of the issue, the person and the change is there."""
    path = DATA / "jira" / "webhook-payloads.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no real data at {path}; set VINDARIS_REAL_DATA")
    cloud = JiraCloud(site.world)
    cloud.add_hook("http://127.0.0.1:9/")
    site.issues(1)
    site.alice.add_label("APP-1", "goal:GROWTH-1")
    site.alice.delete_issue("APP-1")
    told = {}
    for _ in range(3):
        delivery = cloud.outbox.get_nowait()
        assert delivery is not None
        document = json.loads(delivery.body)
        told[document["webhookEvent"]] = document
    with gzip.open(path) as file:
        recorded = [json.loads(line) for line in file]
    names = {
        "jira:issue_created": "webhook-issue-created.json",
        "jira:issue_updated": "webhook-issue-updated-labels.json",
        "jira:issue_deleted": "webhook-issue-deleted.json",
    }
    for event, name in names.items():
        [real] = [line["payload"] for line in recorded if line["_source"].endswith(f"/{name}")]
        assert set(told[event]) == set(real)
        assert set(told[event]["issue"]) >= set(real["issue"])
        for items in (told[event].get("changelog", {}), real.get("changelog", {})):
            assert {frozenset(item) for item in items.get("items", [])} <= {SHAPE}
        for field in ("summary", "labels", "status", "issuetype", "project", "priority", "creator", "created"):
            assert type(told[event]["issue"]["fields"][field]) is type(real["issue"]["fields"][field])


def test_webhooks_are_unsigned_without_a_secret_and_only_those_asked_for(site: Site, receiver: HTTPServer) -> None:
    """A hook for deletions hears of nothing else."""
    server = JiraDataCenter(site.world)
    server.add_hook(f"http://127.0.0.1:{receiver.server_port}/", events=["jira:issue_deleted"])
    with Server({"/dc": server}, clock=site.time):
        site.issues(2)
        site.alice.delete_issue("APP-2")
    [(headers, body)] = _Receiver.heard
    assert "x-hub-signature" not in headers
    assert json.loads(body)["issue"]["key"] == "APP-2"
    assert json.loads(body)["user"]["name"] == "alice"
