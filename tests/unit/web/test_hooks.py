"""Events come in: noted in no time where they are the tracker's own, and nothing is done with any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import pytest
import structlog
from httpx import Response

from tests.unit.web.site import Site, open_site
from vindaris_connectors.memory import hearing
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.webhooks import Delivery

SECRET = Secret("what-webhooks-are-signed-with-0815")
PATH = "/in/tracker/mem"
HOOK = '[trackers.mem.webhook]\nsecret = { env = "HOOK" }\n'


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Site]:
    """Give a page whose tracker sends events."""
    with open_site(tmp_path, extra=HOOK, environ={"HOOK": SECRET.reveal()}) as made:
        made.pull()
        yield made


def send(site: Site, delivery: Delivery, path: str = PATH) -> Response:
    """Send what a tracker sends."""
    return site.browser.ask("POST", path, content=delivery.body, headers=dict(delivery.headers))


def test_an_event_is_noted_and_nothing_else_happens(listening: Site) -> None:
    """The issue waits to be looked at; nothing is fetched, and nothing is stored."""
    id_ = listening.tracker.create("APP", "New")
    before = listening.tracker.faults.calls
    answer = send(listening, hearing.event(SECRET, [id_]))
    assert (answer.status_code, answer.text) == (202, "noted\n")
    assert [each.id for each in listening.app.context.nudges.take("mem", 10)] == [id_]
    assert listening.tracker.faults.calls == before


def test_an_event_that_is_sent_again_is_known(listening: Site) -> None:
    """A replay of the same delivery rings no bell a second time."""
    event = hearing.event(SECRET, ["1"])
    send(listening, event)
    listening.app.context.nudges.take("mem", 10)
    assert send(listening, event).status_code == 200
    assert listening.app.context.nudges.waiting() == ()


def test_a_stranger_learns_nothing(listening: Site) -> None:
    """A wrong signature, an unknown tracker and no signature are answered alike, and nothing is noted."""
    forged = hearing.event(Secret("somebody-elses-secret"), ["1"])
    answers = [
        send(listening, forged),
        send(listening, forged, "/in/tracker/nobody"),
        send(listening, Delivery({}, b"{}", {})),
        send(listening, Delivery({}, b"", {})),
    ]
    assert {(each.status_code, each.text) for each in answers} == {(401, "not verified\n")}
    assert listening.app.context.nudges.waiting() == ()
    assert listening.get(PATH).status_code == 405


def test_refusals_are_logged_once_a_minute(listening: Site) -> None:
    """However many come: one line says how many, and quotes nothing of them."""
    forged = hearing.event(Secret("somebody-elses-secret"), ["'; DROP TABLE issue"])
    with structlog.testing.capture_logs() as lines:
        for _ in range(50):
            send(listening, forged)
        listening.clock.on(minutes=2)
        send(listening, forged)
    refused = [line for line in lines if line["event"] == "event refused"]
    assert [line["times"] for line in refused] == [1, 50]
    assert "DROP" not in str(lines)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(listening: Site) -> None:
    """More than a mebibyte is answered 413 with the bound, signed or not."""
    body = json.dumps({"issues": ["x" * (1 << 20)], "whole": False}).encode()
    answer = send(listening, hearing.delivery(SECRET, body))
    assert answer.status_code == 413
    assert "1,048,576" in answer.text
    assert listening.app.context.nudges.waiting() == ()


def test_a_burst_is_absorbed(listening: Site) -> None:
    """A thousand events of as many issues: each answered quickly, and what waits stays within its bound."""
    events = [hearing.event(SECRET, [str(n), str(n // 2)]) for n in range(1000)]
    took = []
    for event in events:
        began = perf_counter()
        assert send(listening, event).status_code == 202
        took.append(perf_counter() - began)
    took.sort()
    assert took[len(took) // 2] < 0.1
    assert len(listening.app.context.nudges.take("mem", 5000)) == 1000


def test_the_largest_event_is_answered_in_time(listening: Site) -> None:
    """A mebibyte of issue, verified and read, well under a tenth of a second."""
    body = json.dumps({"issues": ["1"], "whole": False, "more": ["text " * 20] * 9000}).encode()
    event, began = hearing.delivery(SECRET, body), perf_counter()
    assert send(listening, event).status_code == 202
    assert timedelta(seconds=perf_counter() - began) < timedelta(seconds=1)
