"""A company whose trackers tell the daemon what happened, as events that it hears on its page's address."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from time import monotonic, sleep

from tests.integration.daemon.company import Company
from vindaris_connectors.github.hearing import EVENTS, SIGNATURE
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.webhooks import signature
from vindaris_sync.store.store import Store

PATIENCE = 150.0
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

    def many(self, count: int) -> None:
        """Create so many issues in GitHub, which nobody is told of."""
        for number in range(1, count + 1):
            self.github.world.create_issue("acme/web", f"Work {number}", actor="ada")

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


def storm(port: int, count: int, issues: int, *, senders: int = 4) -> list[float]:
    """Send ``count`` events of GitHub about so many issues, from several at once; return the seconds answers took."""
    with ThreadPoolExecutor(senders) as pool:
        shares = [range(first, count, senders) for first in range(senders)]
        parts = pool.map(_burst, repeat(port), shares, repeat(issues))
        return sorted(each for part in parts for each in part)


def _burst(port: int, deliveries: Iterable[int], issues: int) -> list[float]:
    connection, took = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    for delivery in deliveries:
        number = 1 + delivery % issues
        payload = {"action": "edited", "issue": {"number": number}, "repository": {"full_name": "acme/web", "id": 1}}
        body = json.dumps({**payload, "more": "x" * 8000}).encode()
        headers = {
            SIGNATURE: signature(Secret(SECRET), body),
            "X-GitHub-Event": "issues",
            "X-GitHub-Delivery": f"{issues}-{delivery}",
        }
        began = monotonic()
        connection.request("POST", "/in/tracker/github", body, headers)
        answer = connection.getresponse()
        answer.read()
        took.append(monotonic() - began)
        assert answer.status == 202
    connection.close()
    return took


def resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf-8"))
    assert found
    return int(found[1]) << 10
