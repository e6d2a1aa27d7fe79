from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError

from vindaris_sync.config.goal_sources import FeedSettings
from vindaris_sync.config.outcome_sources import JsonValueSettings
from vindaris_sync.domain.goals import Goal, Outcome, Status
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sources.feed import Feed, FeedGoals

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FULL = {
    "schema": 1,
    "tool": "something newer",
    "goals": [
        {
            "key": "GROW", "title": "Grow", "description": "more", "priority": "P1", "status": "proposed",
            "period": "2026", "owner": "ana", "was": ["OLD"], "visibility": "public", "minor_revision": 3,
            "colour": "red",
            "outcomes": [{"metric": "nrr", "unit": "%", "baseline": 1, "target": 2.5, "current": None, "n": 1}],
        },
        {"key": "WIN", "title": "Win", "parent": "GROW"},
    ],
}  # fmt: skip


class Server:
    """Answers with what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = json.dumps(FULL).encode()
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append({**self.headers, "path": self.path})
                same = server.headers.get("ETag") and self.headers["If-None-Match"] == server.headers["ETag"]
                self.send_response(304 if same else server.status)
                for name, value in server.headers.items():
                    self.send_header(name, value)
                body = b"" if same else server.body
                if "Content-Length" not in server.headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/goals.json?team=all"
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server of goals."""
    with closing(Server()) as made:
        yield made


class Clock:
    """Stands until it is moved."""

    now = NOW

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def feed(server: Server, clock: Clock) -> FeedGoals:
    """Give a source over the server."""
    return FeedGoals("okr", FeedSettings(url=server.url, token=Secret("feed-token")), clock)


def later(feed: FeedGoals, clock: Clock) -> GoalsRead:
    """Return what is stated five minutes later."""
    clock.now += timedelta(minutes=5)
    return feed.read()


def test_a_document_states_goals(feed: FeedGoals, server: Server) -> None:
    """Every key arrives typed; what a newer tool tells beside is left alone; the token goes along."""
    read = feed.read()
    first = Goal(
        "GROW", "Grow", "more", None, "P1", Status.PROPOSED, "2026", "ana", (Outcome("nrr", "%", 1, 2.5, None),),
        ("OLD",), "public", minor_revision=3,
    )  # fmt: skip
    assert read.goals == (first, Goal("WIN", "Win", parent="GROW"))
    assert (read.origin, read.problems) == ("okr (127.0.0.1)", ())
    assert server.asked[0]["Authorization"] == "Bearer feed-token"
    assert server.asked[0]["path"] == "/goals.json?team=all"


def test_it_is_asked_seldom_and_conditionally(feed: FeedGoals, server: Server, clock: Clock) -> None:
    """In between the last answer counts; an unchanged document costs a 304."""
    server.headers["ETag"] = '"one"'
    first = feed.read()
    assert feed.read() is first
    assert len(server.asked) == 1
    assert later(feed, clock) is first
    assert server.asked[1]["If-None-Match"] == '"one"'
    server.headers["ETag"], server.body = '"two"', json.dumps({**FULL, "goals": FULL["goals"][:1]}).encode()  # type: ignore[index]
    assert [goal.key for goal in later(feed, clock).goals] == ["GROW"]
    assert later(feed, clock).digest != first.digest


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON at byte 0"),
        (b"<html>Sign in</html>", "no JSON at byte 0"),
        (json.dumps(FULL).encode()[:150], "no JSON at byte 147"),
        (b"[]", "should be a valid dictionary"),
        (b'{"goals": []}', "schema: is missing"),
        (b'{"schema": 2, "goals": []}', "schema: should be 1"),
        (b'{"schema": 1, "goals": []}', 'no goal is stated; if that is meant, say "empty": true'),
        (b'{"schema": 1, "goals": [{"key": "A"}]}', r"\[\[goals\]\] #1 title: is missing"),
        (b'{"schema": 1, "goals": [{"key": "A", "title": "t", "status": "done"}]}', "status: should be"),
    ],
)
def test_what_states_no_goals_is_refused(feed: FeedGoals, server: Server, body: bytes, reason: str) -> None:
    """A login page, a cut answer and an empty list do not say that the goals are gone (fault 55)."""
    server.body = body
    with pytest.raises(GoalsRefused, match=reason) as refused:
        feed.read()
    assert all(line.startswith("okr (127.0.0.1): ") for line in refused.value.problems)
    assert "feed-token" not in str(refused.value)


def test_no_goal_at_all_can_be_stated_on_purpose(feed: FeedGoals, server: Server) -> None:
    """Somebody who means it says so."""
    server.body = b'{"schema": 1, "goals": [], "empty": true}'
    assert feed.read().goals == ()


@pytest.mark.parametrize(("status", "advice"), [(401, "token"), (403, "token"), (404, "url"), (302, "redirects")])
def test_answers_that_a_person_must_look_at_are_told_with_advice(
    feed: FeedGoals, server: Server, status: int, advice: str
) -> None:
    """A redirect is not followed: the token would go along."""
    server.status = status
    server.headers["Location"] = "http://127.0.0.1:1/elsewhere"
    with pytest.raises(GoalsRefused, match=rf"{advice}.*\({status}\)"):
        feed.read()


def test_a_passing_fault_is_tried_again_later_and_then_forgotten(feed: FeedGoals, server: Server, clock: Clock) -> None:
    """Also where the tool names a time that is longer than usual."""
    feed.read()
    server.status, server.headers["Retry-After"] = 503, "900"
    with pytest.raises(Transient, match="fails"):
        later(feed, clock)
    server.status = 200
    with pytest.raises(Transient):
        later(feed, clock)
    assert len(server.asked) == 2
    clock.now += timedelta(minutes=10)
    assert len(feed.read().goals) == 2


def test_an_answer_that_breaks_off_or_is_compressed_unasked_is_none(feed: FeedGoals, server: Server) -> None:
    """Half a document is never taken for a whole one."""
    server.headers["Content-Length"] = "100000"
    with pytest.raises(Transient, match="no whole answer"):
        feed.read()


def test_a_bomb_is_refused_with_bounded_memory(server: Server, clock: Clock) -> None:
    """Nothing compressed was asked for; what is larger than any list of goals ends early."""
    server.body, server.headers["Content-Encoding"] = gzip.compress(b" " * 50_000_000), "gzip"
    with pytest.raises((Transient, GoalsRefused)):
        FeedGoals("okr", FeedSettings(url=server.url), clock).read()


def test_nobody_answers(clock: Clock) -> None:
    """The address does not stand in the error: a token may be part of it."""
    feed = FeedGoals("okr", FeedSettings(url="http://127.0.0.1:9/secret?key=hidden"), clock)
    with pytest.raises(Transient) as caught:
        feed.read()
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://x/y", "http://okr.example/x", "https://user:pw@okr.example/x", "goals.json"])
def test_addresses_that_a_token_must_not_go_to_are_refused(url: str) -> None:
    """Plain http only on loopback, and no password in it."""
    with pytest.raises(ValidationError):
        FeedSettings(url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://u:pa?ss@okr.example/x",
        "https://okr.example/x?user=u:pw@v",
        "https://a..b/x",
        "https://okr.example:99999/x",
        "https://okr.example:pw/x",
        "https://okr example/x",
        f"https://{'a' * 64}.example/x",
    ],
)
def test_addresses_that_cannot_be_asked_are_refused(url: str) -> None:
    """And what may be a password in one is not shown."""
    for make in (lambda: FeedSettings(url=url), lambda: JsonValueSettings(url=url, metric="m")):
        with pytest.raises(ValidationError) as refused:
            make()
        assert not any(word in str(refused.value.errors()[0]["msg"]) for word in ("pa", "ss", "pw"))


def test_an_address_that_turns_out_to_be_none_is_one_sources_trouble() -> None:
    """It is found only when a connection is to be made."""
    with pytest.raises(Transient, match="cannot be asked"):
        FeedGoals("okr", FeedSettings(url="https://xn--a/x"), lambda: NOW).read()


@pytest.mark.parametrize("token", ["t\u00f6ken-of-the-feed", "token-of\nthe-feed", "token\u2026of-the-feed"])
def test_a_token_that_fits_no_header_is_refused_unseen(token: str) -> None:
    """Before anybody is asked with it."""
    with pytest.raises(ValidationError) as refused:
        FeedSettings(url="https://okr.example/x", token=Secret(token))
    assert token not in str(refused.value)


def test_what_no_store_takes_is_cleaned(feed: FeedGoals, server: Server) -> None:
    """NUL, and halves of characters."""
    server.body = b'{"schema":1,"goals":[{"key":"A","title":"x\\u0000y\\ud800","owner":"\\u0000"}]}'
    (goal,) = feed.read().goals
    assert (goal.title, goal.owner) == ("x\ufffdy\ufffd", "\ufffd")


@pytest.mark.parametrize("number", [1, 1_000_001, 1 << 64])
def test_a_revision_that_no_store_counts_to_is_refused(feed: FeedGoals, server: Server, number: int) -> None:
    """One such number would keep the goals of all sources from being kept."""
    server.body = json.dumps({"schema": 1, "goals": [{"key": "A", "title": "x", "minor_revision": number}]}).encode()
    with pytest.raises(GoalsRefused, match="minor_revision"):
        feed.read()


def test_the_schema_in_the_documentation_is_the_one_that_is_checked() -> None:
    """docs/goal-feed.schema.json is made from the model."""
    stored = json.loads((Path(__file__).parents[3] / "docs" / "goal-feed.schema.json").read_text())
    assert stored == json.loads(json.dumps(Feed.model_json_schema(by_alias=True)))
