"""The daemon as a process, told by the trackers themselves, over sockets: seconds from a new issue to its alert."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.integration.daemon.company import Company
from vindaris_connectors.github.hearing import EVENTS, SIGNATURE
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.webhooks import signature
from vindaris_sync.store.store import Store

PATIENCE = 150.0
SOON = 60.0
"""Seconds: two or three on an idle machine; on any other the next pull would still be most of an hour away."""
SECRET = "what-webhooks-are-signed-with-0815"


class Told(Company):
    """A company whose trackers send events to the daemon, which asks them itself every hour only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        text = re.sub(r'poll = "1s"\npoll_max = "1s"', 'poll = "1h"\npoll_max = "1h"', self.config.read_text())
        text = re.sub(r"\[page\]\n(?:\w.*\n)*", "", text)
        text += f'\n[page]\nlisten = "127.0.0.1:{self.port}"\n'
        for name in ("jira", "github"):
            text += f'[trackers.{name}.webhook]\nsecret = {{ file = "hook.secret" }}\n'
        self.config.write_text(text)
        secret = self.folder / "hook.secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        for place in ("acme/web", "acme/api"):
            self.github.world.add_hook(place, self.address("github"), secret=SECRET, events=EVENTS)
        self.jira_service.add_hook(self.address("jira"), SECRET)

    def address(self, tracker: str) -> str:
        """Return where the daemon hears a tracker's events."""
        return f"http://127.0.0.1:{self.port}/in/tracker/{tracker}"

    def shown(self) -> str:
        """Return all that people see in the channel."""
        return "\n".join(message.text for message in self.slack.channels["growth"].messages)

    def loaded(self) -> bool:
        """Return whether the first full pulls have ended."""
        if not self.database.exists():
            return False
        with Store.open(f"sqlite:///{self.database}") as store:
            return all(store.tracker(name).loaded_at for name in ("jira", "github"))


def until(holds: Callable[[], object], patience: float = PATIENCE) -> float:
    """Wait until something holds; return after how many seconds it did."""
    began = monotonic()
    while not holds():
        assert monotonic() - began < patience, f"waited {patience} seconds in vain"
        sleep(0.02)
    return monotonic() - began


def test_from_a_new_issue_to_its_alert_it_takes_seconds(tmp_path: Path) -> None:
    """A new issue in GitHub and one in Jira are in Slack long before the next pull, and labelled, too."""
    company = Told(tmp_path)
    try:
        with company.daemon() as process:
            until(company.loaded)
            sleep(1.5)
            key = company.github.create("What is this for?")
            took = until(lambda: "What is this for?" in company.shown(), SOON)
            labelled = until(lambda: "goal-review" in company.github.labels(key), SOON)
            other = company.jira.create("And this?")
            again = until(lambda: "And this?" in company.shown(), SOON)
            company.jira.add_label(other, "goal:GROW-1")
            linked = until(lambda: company.jira.field(other) == "GROW-1", SOON)
            assert process.poll() is None
            assert {status for _, status in company.server.deliveries} <= {200, 202}
        line = (
            f"GitHub: alert {took:.1f} s, label {labelled:.1f} s later; Jira: alert {again:.1f} s, link {linked:.1f} s"
        )
        print(line)  # noqa: T201 - what `pytest -s` is asked for
    finally:
        company.close()


def _burst(port: int, numbers: range) -> list[float]:
    """Send an event about each of these issues, one after another; return how long each answer took."""
    connection, took = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    for number in numbers:
        payload = {"action": "edited", "issue": {"number": number}, "repository": {"full_name": "acme/web", "id": 1}}
        body = json.dumps({**payload, "more": "x" * 8000}).encode()
        headers = {
            SIGNATURE: signature(Secret(SECRET), body),
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": f"d-{number}",
        }
        began = monotonic()
        connection.request("POST", "/in/tracker/github", body, headers)
        answer = connection.getresponse()
        answer.read()
        took.append(monotonic() - began)
        assert answer.status == 202
    connection.close()
    return took


def _resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf-8"))
    assert found
    return int(found[1]) << 10


@pytest.mark.long
def test_ten_thousand_events_in_a_minute_are_absorbed(tmp_path: Path) -> None:
    """Each answered in time, memory bounded, GitHub asked little, and what is new afterwards is seen all the same."""
    company = Told(tmp_path)
    try:
        with company.daemon() as process:
            until(company.loaded)
            sleep(1.5)
            _burst(company.port, range(1, 200))
            before, asked = _resident(process.pid), company.server.requests.count("github")
            began = monotonic()
            with ThreadPoolExecutor(4) as pool:
                parts = pool.map(_burst, [company.port] * 4, [range(first, 10_001, 4) for first in range(1000, 1004)])
                took = sorted(each for part in parts for each in part)
            lasted = monotonic() - began
            grown = _resident(process.pid) - before
            requests = company.server.requests.count("github") - asked
            line = f"{len(took)} events in {lasted:.0f} s, median {took[len(took) // 2] * 1000:.0f} ms, "
            print(f"{line}{grown / 1e6:+.1f} MB, {requests} requests")  # noqa: T201 - what `pytest -s` is asked for
            assert grown < 40_000_000
            assert requests < 500
            key = company.github.create("After the storm")
            until(lambda: "After the storm" in company.shown() or "goal-review" in company.github.labels(key), 150)
    finally:
        company.close()
