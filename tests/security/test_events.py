"""Hostile events: what comes in below ``/in/tracker`` is answered as it should be, and nothing is recorded of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random, SystemRandom

import pytest
from httpx import Response

from tests.security.mutations import changed, damaged, encoded, tried
from tests.unit.web.site import Site, open_site
from vindaris_connectors.github.hearing import SIGNATURE as GITHUB
from vindaris_connectors.jira.hearing import SIGNATURE as JIRA
from vindaris_connectors.memory.hearing import SIGNATURE as MEMORY
from vindaris_sync.app import store_path
from vindaris_sync.engine.passes import run_pass
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.webhooks import ADDRESS_KEY, MOST_NAMED, address_key, signature

SECRET = Secret("what-webhooks-are-signed-with-0815")
TRACKERS = {"mem": MEMORY, "hub": GITHUB, "jira": JIRA}
MORE = """
[trackers.hub]
kind = "github"
url = "http://127.0.0.1:9"
repositories = ["acme/web"]
token = { env = "TOKEN" }
[trackers.jira]
kind = "jira"
url = "http://127.0.0.1:9"
projects = ["APP"]
token = { env = "TOKEN" }
[trackers.mem.webhook]
secret = { env = "HOOK" }
[trackers.hub.webhook]
secret = { env = "HOOK" }
[trackers.jira.webhook]
secret = { env = "HOOK" }
[[teams]]
name = "Others"
scopes = ["hub:*", "jira:*"]
notify = "quiet"
"""
EVENTS = (
    {"issues": ["1"], "whole": False},
    {"action": "opened", "issue": {"number": 7}, "repository": {"full_name": "acme/web", "id": 1}},
    {"action": "deleted", "label": {"name": "x"}, "repository": {"full_name": "acme/web", "id": 1}},
    {"action": "edited", "projects_v2_item": {"content_type": "Issue", "content_node_id": "I_1"}},
    {"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "APP-1"}, "changelog": {"items": []}},
    {"webhookEvent": "issuelink_created", "issueLink": {"sourceIssueId": 1, "destinationIssueId": 2}},
)
KINDS = ("issues", "label", "projects_v2_item", "sub_issues", "ping", "", "\xff", "x" * 5000)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a page that three trackers send events to."""
    folder: Path = tmp_path_factory.mktemp("events")
    with open_site(folder, extra=MORE, environ={"HOOK": SECRET.reveal(), "TOKEN": "token-0123456789"}) as made:
        run_pass(made.app.context, "mem")
        yield made


@pytest.fixture(autouse=True)
def _nothing_is_recorded(site: Site) -> Iterator[None]:
    """Hold the store to what it was before: events note where to look, and no more."""
    before = commits(site)
    yield
    assert commits(site) == before


def commits(site: Site) -> int:
    """Return how many commits the database has seen."""
    path = store_path(site.app.config)
    assert path is not None
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT value FROM counter WHERE name = 'generation'").fetchone()[0])


def post(site: Site, tracker: str, body: bytes, headers: dict[str, str], query: str = "") -> Response:
    """Send something to where a tracker's events come in."""
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    return site.browser.ask("POST", f"/in/tracker/{tracker}{query}", content=body, headers=raw)


def test_fuzz_signed_events(site: Site) -> None:
    """Signed and of any shape: noted, known, or refused as unreadable; and few issues wait, all with short names."""
    start = SystemRandom().randrange(1 << 32)
    for seed in range(start, start + tried(60)):
        random = Random(seed)  # noqa: S311 - a seed is one history
        document = encoded(changed(random.choice(EVENTS), random))
        body = damaged(document, random) if random.random() < 0.3 else document
        for tracker, header in TRACKERS.items():
            named = {header: signature(SECRET, body), "x-github-event": random.choice(KINDS)}
            answer = post(site, tracker, body, named)
            assert answer.status_code in {200, 202, 400}, (seed, tracker, answer.text)
            waiting = site.app.context.nudges.take(tracker, 10_000)
            assert len(waiting) <= MOST_NAMED, seed
            assert all(len(each.id) + len(each.key) < 400 for each in waiting), seed


@pytest.mark.parametrize("tracker", TRACKERS)
def test_what_is_not_signed_is_not_read(site: Site, tracker: str) -> None:
    """Bombs, forms and true events without the right signature are all the same 401, in no time."""
    body = json.dumps(EVENTS[1]).encode()
    key = address_key(SECRET, "jira")
    attempts = [
        (body, {}, ""),
        (body, {TRACKERS[tracker]: "sha256="}, ""),
        (body, {TRACKERS[tracker]: "sha1=" + "0" * 40}, ""),
        (body, {TRACKERS[tracker]: signature(SECRET, body).upper()}, ""),
        (body, {TRACKERS[tracker]: signature(SECRET, body)[:-1]}, ""),
        (body, {TRACKERS[tracker]: signature(SECRET, body), TRACKERS[tracker].upper(): "sha256=0"}, ""),
        (body, {TRACKERS[tracker]: signature(Secret(""), body)}, ""),
        (body, {TRACKERS[tracker]: "sha256=" + "é" * 64}, ""),
        (body, {}, f"?{ADDRESS_KEY}={key[:-1]}"),
        (body, {}, f"?{ADDRESS_KEY}={SECRET.reveal()}"),
        (body, {TRACKERS[tracker]: "sha256=0"}, f"?{ADDRESS_KEY}={key}"),
        (b"[" * 500_000, {}, ""),
        (b'{"a":' * 100_000, {TRACKERS[tracker]: "sha256=0"}, ""),
    ]
    for body, headers, query in attempts:
        answer = post(site, tracker, body, headers, query)
        assert (answer.status_code, answer.text) == (401, "not verified\n"), (headers, query)
    assert tracker not in site.app.context.nudges.waiting()


@pytest.mark.parametrize("name", ["nobody", "..%2f..%2fetc", "%00", "'%20OR%201=1", "x" * 3000, "mem%0d%0aX:%20y"])
def test_names_that_are_no_trackers_lead_nowhere(site: Site, name: str) -> None:
    """Whatever is asked for: not verified or not there, and nothing of it comes back."""
    answer = post(site, name, b"{}", {MEMORY: signature(SECRET, b"{}")})
    assert answer.status_code in {401, 404}
    assert name[:20] not in answer.text


def test_the_address_key_opens_jira_alone(site: Site) -> None:
    """Where nothing is signed the key of that tracker's own address counts, there and nowhere else."""
    body = json.dumps(EVENTS[4]).encode()
    query = f"?{ADDRESS_KEY}={address_key(SECRET, 'jira')}"
    assert post(site, "jira", body, {}, query).status_code in {200, 202}
    assert [post(site, each, body, {}, query).status_code for each in ("hub", "mem")] == [401, 401]


def test_nothing_but_a_post_is_heard(site: Site) -> None:
    """Other methods are refused, and a body above a mebibyte is not taken."""
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
        assert site.browser.ask(method, "/in/tracker/mem").status_code == 405
    assert post(site, "mem", b"x" * ((1 << 20) + 1), {}).status_code == 413
