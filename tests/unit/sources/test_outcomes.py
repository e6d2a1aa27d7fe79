from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from vindaris_sync.config.outcome_sources import JsonValueSettings, PrometheusSettings, steps_of
from vindaris_sync.sdk.errors import ConfigError, Transient
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sources.outcomes import HttpOutcome

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KPI = {"growth": {"nrr": [{"value": 103.5}], "text": "101.25", "flag": True, "none": None}}


class Server:
    """Answers with what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = json.dumps(KPI).encode()
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, self.headers["Authorization"]))
                self.send_response(server.status)
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(server.body)))
                self.end_headers()
                self.wfile.write(server.body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server of figures."""
    with closing(Server()) as made:
        yield made


def at(server: Server, path: str) -> HttpOutcome:
    """Return a source of the number at ``path``."""
    settings = JsonValueSettings(metric="NRR", url=f"{server.url}/kpi.json", path=path, token=Secret("bi-token"))
    return HttpOutcome("nrr", settings, lambda: NOW)


def queried(server: Server, query: str = 'sum(rate(done{shop="ü"}[7d]))') -> HttpOutcome:
    """Return a source of what a query comes to."""
    return HttpOutcome("conversion", PrometheusSettings(metric="conversion", url=server.url, query=query), lambda: NOW)


@pytest.mark.parametrize(("path", "value"), [("growth.nrr[0].value", 103.5), ("growth.text", 101.25)])
def test_a_number_is_found_in_a_document(server: Server, path: str, value: float) -> None:
    """By names and positions; a number that is written as text is one. The token goes as a bearer token."""
    assert at(server, path).read() == value
    assert server.asked == [("/kpi.json", "Bearer bi-token")]


def test_the_document_may_be_the_number(server: Server) -> None:
    """Without a path."""
    server.body = b"42"
    assert at(server, "").read() == 42


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("growth.nrr[1].value", "no 1 in the document"),
        ("growth.churn", "no 'churn' in the document"),
        ("growth.nrr.value", "no 'value' in the document"),
        ("growth", "growth is no number"),
        ("growth.flag", "growth.flag is no number"),
        ("growth.none", "growth.none is no number"),
    ],
)
def test_what_is_no_number_is_told_with_its_place(server: Server, path: str, said: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ConfigError, match=said.replace("[", r"\[")):
        at(server, path).read()


@pytest.mark.parametrize("body", [b"NaN", b'"1e999"', b"<html>", b""])
def test_no_answer_is_taken_for_a_number(server: Server, body: bytes) -> None:
    """Neither a login page nor what is not finite."""
    server.body = body
    with pytest.raises(ConfigError):
        at(server, "").read()


def test_trouble_is_sorted_by_what_happens_next(server: Server) -> None:
    """A refused token and a wrong address are to be corrected, a failure passes; redirects are not followed."""
    for status, kind, word in ((401, ConfigError, "token"), (404, ConfigError, "url"), (302, ConfigError, "url")):
        server.status, server.headers = status, {"Location": f"{server.url}/elsewhere"}
        with pytest.raises(kind) as caught:
            at(server, "").read()
        assert word in caught.value.advice
        assert "bi-token" not in str(caught.value)
    server.status, server.headers = 503, {"Retry-After": "120"}
    with pytest.raises(Transient) as later:
        at(server, "").read()
    assert later.value.retry_after == timedelta(seconds=120)
    assert {path for path, _ in server.asked} == {"/kpi.json"}
    server.close()
    with pytest.raises(Transient, match="no whole answer"):
        at(server, "").read()


def test_a_query_comes_to_one_value(server: Server) -> None:
    """A scalar, or a vector of one series; the query arrives as it was written."""
    for result in (
        {"resultType": "vector", "result": [{"metric": {}, "value": [1772442000.1, "2.75"]}]},
        {"resultType": "scalar", "result": [1772442000.1, "2.75"]},
    ):
        server.body = json.dumps({"status": "success", "data": result}).encode()
        assert queried(server).read() == 2.75
    address = urlsplit(server.asked[0][0])
    assert (address.path, parse_qs(address.query)) == ("/api/v1/query", {"query": ['sum(rate(done{shop="ü"}[7d]))']})


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"status": "success", "data": {"resultType": "vector", "result": []}}, "no series"),
        ({"status": "success", "data": {"resultType": "vector", "result": [{}, {}]}}, "2 series"),
        ({"status": "success", "data": {"resultType": "vector", "result": [{}]}}, "no answer to an instant query"),
        ({"status": "success", "data": {"resultType": "matrix", "result": []}}, "no answer to an instant query"),
        ({"status": "success", "data": {"resultType": "scalar", "result": [1, "NaN"]}}, "is no number"),
        ({"status": "error", "error": "bad"}, "no answer to an instant query"),
        ([], "no answer to an instant query"),
    ],
)
def test_a_query_that_comes_to_none_or_several_is_told(server: Server, told: object, said: str) -> None:
    """With what to do about it."""
    server.body = json.dumps(told).encode()
    with pytest.raises(ConfigError, match=said) as caught:
        queried(server).read()
    assert caught.value.advice


@pytest.mark.parametrize(
    ("path", "steps"), [("", ()), ("a", ("a",)), ("a.b[0][12].c d", ("a", "b", 0, 12, "c d")), ("[3]", (3,))]
)
def test_a_path_is_names_and_positions(path: str, steps: tuple[str | int, ...]) -> None:
    """From outside inwards."""
    assert JsonValueSettings(metric="x", url="https://a.example/x", path=path).path == path
    assert steps_of(path) == steps


@pytest.mark.parametrize("path", [".a", "a.", "a..b", "a[x]", "a[0", "a]"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    """At the start, and not at the first reading."""
    with pytest.raises(ValidationError):
        JsonValueSettings(metric="x", url="https://a.example/x", path=path)
