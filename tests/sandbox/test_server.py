"""The sandbox's server over real sockets: routing, keep-alive, faults, controls, webhooks, a clean end."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING

import pytest
import requests

from vindaris_sync.sandbox.core import Delivery, Outbox, Request, Response, Weather
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.inprocess import InProcessAdapter
from vindaris_sync.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Counter:
    """A service that counts POSTs and tells where it believes to be."""

    def __init__(self) -> None:
        self.base_url = ""
        self.weather = Weather()
        self.lock = RLock()
        self.outbox = Outbox()
        self.posts = 0
        self.heard: list[Request] = []

    def answer(self, request: Request) -> Response:
        """Echo what was asked."""
        self.heard.append(request)
        self.posts += request.method == "POST"
        document = {"path": request.path, "query": dict(request.query), "base": self.base_url, "posts": self.posts}
        return Response.of(document)

    def view(self) -> object:
        """Show the count."""
        return {"posts": self.posts}


@pytest.fixture
def service() -> Counter:
    """Return the service at /jira."""
    return Counter()


@pytest.fixture
def server(service: Counter) -> Iterator[Server]:
    """Run two services."""
    with Server({"/jira": service, "/jira-dc": Counter()}, clock=lambda: NOON) as running:
        yield running


@pytest.fixture
def web() -> Iterator[requests.Session]:
    """Return a session that keeps its connection."""
    with requests.Session() as session:
        yield session


def inject(web: requests.Session, server: Server, **fault: object) -> None:
    """Inject a fault from outside."""
    assert web.post(f"{server.url}/_sandbox/faults", json=fault, timeout=5).status_code == 201


def test_routes_by_the_first_segment_and_tells_services_where_they_are(server: Server, web: requests.Session) -> None:
    """A service sees the path below its prefix, and prints URLs that lead back to it."""
    seen = web.get(f"{server.url}/jira-dc/rest/x?a=1&b=%20", timeout=5).json()
    assert seen == {"path": "/rest/x", "query": {"a": "1", "b": " "}, "base": f"{server.url}/jira-dc", "posts": 0}
    assert web.get(f"{server.url}/nowhere/x", timeout=5).status_code == 404


def test_the_date_header_is_the_injected_clock_with_its_skew(server: Server, web: requests.Session) -> None:
    """Clients that trust the server's Date see the sandbox's time, wrong where a fault says so."""
    url = f"{server.url}/jira/x"
    assert web.get(url, timeout=5).headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"
    inject(web, server, kind="clock_skew", service="jira", seconds=3600)
    assert web.get(url, timeout=5).headers["Date"] == "Sun, 01 Mar 2026 13:00:00 GMT"
    web.delete(f"{server.url}/_sandbox/faults", timeout=5)
    assert web.get(url, timeout=5).headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_requests_are_counted_by_kind(server: Server, web: requests.Session) -> None:
    """Numbers and issue keys do not split the count, so a budget of requests can be asserted."""
    for path in ("/jira/issue/APP-1", "/jira/issue/APP-22", "/jira/issue/7/labels"):
        web.get(server.url + path, timeout=5)
    assert server.requests.count("jira", "GET", r"^/issue/\{key\}$") == 2
    counts = web.get(f"{server.url}/_sandbox/requests", timeout=5).json()
    assert counts[0] == {"service": "jira", "method": "GET", "path": "/issue/{key}", "count": 2}
    assert server.requests.entries()[0].path == "/issue/APP-1"
    web.delete(f"{server.url}/_sandbox/requests", timeout=5)
    assert server.requests.count() == 0


def test_a_status_fault_strikes_the_chosen_requests_as_often_as_told(
    server: Server, service: Counter, web: requests.Session
) -> None:
    """Method, path, skip and times choose; the request is not carried out unless the fault says so."""
    inject(
        web, server, service="jira", kind="status", status=429, headers={"Retry-After": "7"}, method="POST",
        path="^/issue", skip=1, times=1,
    )  # fmt: skip
    answers = [web.post(f"{server.url}/jira/issue", timeout=5) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert service.posts == 2
    assert web.get(f"{server.url}/_sandbox/faults", timeout=5).json()[0]["struck"] == 1


def test_an_applied_request_whose_answer_is_lost_has_happened(
    server: Server, service: Counter, web: requests.Session
) -> None:
    """A POST that times out after it was applied is the case that makes duplicates."""
    server.faults.add(Fault("timeout", service="jira", method="POST", applied=True, times=1, seconds=10))
    with pytest.raises(requests.ReadTimeout):
        web.post(f"{server.url}/jira/issue", timeout=0.1)
    assert service.posts == 1
    server.faults.add(Fault("status", service="jira", method="POST", status=502, applied=True, times=1))
    assert web.post(f"{server.url}/jira/issue", timeout=5).status_code == 502
    assert service.posts == 2


@pytest.mark.parametrize("applied", [False, True])
def test_a_reset_loses_the_connection(
    server: Server,
    service: Counter,
    web: requests.Session,
    applied: bool,  # noqa: FBT001 - a parameter of the case
) -> None:
    """Before the first byte, or in the middle of the body of a request that was carried out."""
    server.faults.add(Fault("reset", applied=applied, times=1))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        web.post(f"{server.url}/jira/issue", timeout=5)
    assert service.posts == int(applied)
    assert web.get(f"{server.url}/jira/x", timeout=5).status_code == 200


def test_truncated_and_html_answers_look_successful(server: Server, web: requests.Session) -> None:
    """Both arrive whole as HTTP with status 200, and neither is JSON."""
    for kind in ("truncate", "html"):
        server.faults.add(Fault(kind, times=1))
        answer = web.get(f"{server.url}/jira/x", timeout=5)
        assert answer.status_code == 200
        with pytest.raises(requests.JSONDecodeError):
            answer.json()


def test_a_trickling_answer_outlasts_the_read_timeout(server: Server) -> None:
    """Each byte resets a client's read timeout, so only a total deadline ends it; stopping the server does too."""
    server.faults.add(Fault("trickle", seconds=0.05))
    with requests.get(f"{server.url}/jira/x", timeout=1, stream=True) as answer:
        begun = time.monotonic()
        first = next(answer.iter_content(5))
        assert len(first) == 5
        assert time.monotonic() - begun > 0.15


def test_latency_lets_many_answers_be_in_flight(server: Server) -> None:
    """Eight requests of 0.2 s each take far less than 1.6 s together."""
    server.faults.add(Fault("latency", seconds=0.2))
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda n: requests.get(f"{server.url}/jira/{n}", timeout=5).status_code, range(8)))
    assert statuses == [200] * 8
    assert time.monotonic() - begun < 0.9


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"kind": "flood"},
        {"kind": "status", "status": 9},
        {"kind": "status", "path": "("},
        {"kind": "reset", "x": 1},
        {"kind": "reset", "times": "x"},
        {"kind": "latency", "seconds": -1},
        {"kind": "status", "headers": 5},
        {"kind": "status", "path": 5},
        {"kind": "reset", "service": "gitlab"},
    ],
)
def test_a_fault_that_could_never_strike_is_refused(server: Server, web: requests.Session, document: object) -> None:
    """The answer names the reason, and nothing stands."""
    answer = web.post(f"{server.url}/_sandbox/faults", json=document, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert server.faults.view() == []


def test_a_service_can_show_its_world(server: Server, web: requests.Session) -> None:
    """What a service offers as a view is served under its name."""
    web.post(f"{server.url}/jira/x", timeout=5)
    assert web.get(f"{server.url}/_sandbox/jira", timeout=5).json() == {"posts": 1}
    assert web.get(f"{server.url}/_sandbox/unknown", timeout=5).status_code == 404


def test_webhooks_leave_by_the_servers_thread(server: Server, service: Counter) -> None:
    """A queued delivery reaches its receiver with its exact bytes; one that reaches nobody is noted as such."""
    service.outbox.put(Delivery(f"{server.url}/jira-dc/hook?x=1", {"X-Event": "issues"}, b'{"a":1}'))
    service.outbox.put(Delivery("http://127.0.0.1:1/", {}, b""))
    deadline = time.monotonic() + 5
    while len(server.deliveries) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [status for _, status in server.deliveries] == [200, None]
    assert server.requests.count("jira-dc", "POST", "^/hook$") == 1


def test_stopping_leaves_no_thread_even_with_clients_connected_and_waiting() -> None:
    """Idle keep-alive connections and answers held back by a fault end at once."""
    before = set(threading.enumerate())
    server = Server({"/jira": Counter()}).start()
    server.faults.add(Fault("timeout", path="^/slow", seconds=60))
    with requests.Session() as web, ThreadPoolExecutor(1) as pool:
        web.get(f"{server.url}/jira/x", timeout=5)
        held = pool.submit(requests.get, f"{server.url}/jira/slow", timeout=30)
        while not server.requests.count(path="^/slow"):
            time.sleep(0.01)
        server.stop()
        assert isinstance(held.exception(5), requests.ConnectionError)
    server.stop()
    assert set(threading.enumerate()) <= before


def test_unframed_and_oversized_bodies_are_refused(server: Server) -> None:
    """A chunked body has no length here, and 17 MB are not read."""
    assert requests.post(f"{server.url}/jira/x", data=iter([b"x"]), timeout=5).status_code == 411
    huge = requests.post(f"{server.url}/jira/x", headers={"Content-Length": str(17 << 20)}, timeout=5)
    assert huge.status_code == 413


def test_the_in_process_adapter_answers_alike_in_virtual_time(service: Counter) -> None:
    """Same routing, faults and counts, without sockets and without sleeping."""
    slept: list[float] = []
    adapter = InProcessAdapter({"/jira": service}, clock=lambda: NOON, sleep=slept.append)
    with requests.Session() as web:
        web.mount(adapter.url, adapter)
        answer = web.get(f"{adapter.url}/jira/x?a=1")
        assert answer.json()["base"] == f"{adapter.url}/jira"
        assert answer.headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"
        for fault, error in (
            (Fault("timeout", times=1, applied=True), requests.ReadTimeout),
            (Fault("reset", times=1, applied=True), requests.ConnectionError),
        ):
            adapter.faults.add(fault)
            with pytest.raises(error):
                web.post(f"{adapter.url}/jira/x")
        adapter.faults.add(Fault("latency", times=1, seconds=600))
        assert web.get(f"{adapter.url}/jira/x").status_code == 200
    assert service.posts == 2
    assert 600 in slept
    assert adapter.requests.count("jira") == 4
