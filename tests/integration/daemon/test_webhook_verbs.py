"""``webhook install``, ``check`` and ``remove`` against GitHub and Jira over sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.integration.daemon.company import Company
from vindaris_connectors.github.hearing import EVENTS
from vindaris_sync.cli.main import app
from vindaris_sync.sandbox.github.model import Hook

SECRET = "what-webhooks-are-signed-with-0815"
OTHER = "https://ci.acme.example/hook"


class Receiver(BaseHTTPRequestHandler):
    """Answers every event with the status that the test wants."""

    status = 202

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
        """Stay silent."""


class Installed(Company):
    """A company with a secret for both trackers, and somebody who listens at our address."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        Receiver.status = 202
        self.receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        Thread(target=self.receiver.serve_forever, args=(0.02,), daemon=True).start()
        port = self.receiver.server_address[1]
        self.address = f"http://127.0.0.1:{port}/in/tracker/github"
        text = self.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}")
        for name in ("jira", "github"):
            text += f'[trackers.{name}.webhook]\nsecret = {{ file = "hook.secret" }}\n'
        self.config.write_text(text)
        (folder / "hook.secret").write_text(SECRET)
        (folder / "hook.secret").chmod(0o600)
        self.github.world.add_hook("acme/web", OTHER, secret="theirs", events=("push",))

    def close(self) -> None:
        """Give everything up."""
        self.receiver.shutdown()
        self.receiver.server_close()
        super().close()

    def call(self, *words: str) -> Result:
        """Run a verb."""
        return CliRunner().invoke(app, ["webhook", *words, "--config", str(self.config)])

    def told(self, *words: str) -> dict[str, Any]:  # type: ignore[override]  # what a verb says
        """Return what a verb says as JSON."""
        found: dict[str, Any] = json.loads(self.call(*words, "--json").stdout)
        return found

    def standing(self, *words: str) -> dict[str, str]:
        """Return how GitHub's webhooks stand, by repository."""
        (one,) = self.told(*words, "github")["trackers"]
        return {hook["place"]: hook["standing"] for hook in one["hooks"]}

    def hooks(self, repo: str) -> list[Hook]:
        """Return a repository's webhooks as they are."""
        return self.github.world.repository(repo).hooks


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installed]:
    made = Installed(tmp_path)
    try:
        yield made
    finally:
        made.close()


def ours(site: Installed, repo: str) -> list[Hook]:
    return [hook for hook in site.hooks(repo) if hook.url == site.address]


def test_installing_twice_is_once_and_touches_nobody_elses(site: Installed) -> None:
    """One webhook a repository with our secret and events; what others registered stays; a dry run changes nothing."""
    assert site.standing("check") == {"acme/web": "absent", "acme/api": "absent"}
    assert "would be registered" in site.call("install", "--dry-run", "github").stdout
    assert ours(site, "acme/web") == []
    for _ in range(2):
        assert site.call("install", "github").exit_code == 0
    for repo in ("acme/web", "acme/api"):
        (hook,) = ours(site, repo)
        assert (hook.secret, set(hook.events), hook.active) == (SECRET, set(EVENTS), True)
    assert {(hook.url, hook.secret) for hook in site.hooks("acme/web")} == {(OTHER, "theirs"), (site.address, SECRET)}
    assert site.standing("check") == {"acme/web": "right", "acme/api": "right"}


def test_what_is_wrong_is_said_and_made_right(site: Installed) -> None:
    """Switched off, without a secret, without our events: ``check`` names it and exits with 1, ``install`` mends it."""
    site.call("install", "github")
    (hook,) = ours(site, "acme/web")
    hook.active, hook.secret, hook.events = False, None, ("issues",)
    done = site.call("check", "github")
    assert done.exit_code == 1
    for words in ("switched off", "no secret", "does not send label"):
        assert words in done.stdout
    assert site.call("install", "github").exit_code == 0
    assert site.standing("check") == {"acme/web": "right", "acme/api": "right"}


def test_deliveries_that_fail_are_told_with_the_reason(site: Installed) -> None:
    """Our 401 means another secret; once one has arrived again, all is well."""
    site.call("install", "github")
    (hook,) = ours(site, "acme/web")
    Receiver.status = 401
    site.github.create("New")
    _sent(hook, "issues", 401)
    done = site.call("check", "github")
    assert done.exit_code == 1
    assert "failing" in done.stdout
    assert "the secret there is another one" in done.stdout
    Receiver.status = 202
    site.github.create("Newer")
    _sent(hook, "issues", 202)
    assert site.standing("check")["acme/web"] == "right"


def test_removing_takes_ours_alone(site: Installed) -> None:
    """Others' webhooks stay, and a second time there is nothing to do."""
    site.call("install", "github")
    for _ in range(2):
        assert site.call("remove", "github").exit_code == 0
    assert [hook.url for hook in site.hooks("acme/web")] == [OTHER]
    assert site.hooks("acme/api") == []


def test_a_credential_that_may_not_is_told_what_it_lacks(site: Installed) -> None:
    """Without the right to administer webhooks: unknown, the permission by name, exit code 1, and nothing changed."""
    for account in site.github.world.tokens.values():
        account.kind, account.permissions = "fine-grained", {"issues": "write", "metadata": "read"}
    done = site.call("install", "github")
    assert done.exit_code == 1
    assert "Webhooks, write" in done.stdout
    assert site.hooks("acme/api") == []


def test_jiras_administrator_is_told_what_to_enter(site: Installed) -> None:
    """Address, filter and events; no secret on the screen, and nothing is asked of Jira."""
    before = site.server.requests.count("jira")
    done = site.call("install", "jira")
    assert done.exit_code == 0
    assert "/in/tracker/jira" in done.stdout
    assert "project in (APP, OPS)" in done.stdout
    assert SECRET not in done.stdout
    assert site.server.requests.count("jira") == before


def test_without_a_secret_nothing_is_registered(company: Company) -> None:
    """The refusal says what to state."""
    done = CliRunner().invoke(app, ["webhook", "install", "github", "--config", str(company.config)])
    assert done.exit_code == 2
    assert "[trackers.github.webhook]" in done.output


def _sent(hook: Hook, event: str, status: int) -> None:
    """Wait until the look-alike has delivered an event that was answered so."""
    end = monotonic() + 30
    while not any((one.event, one.status) == (event, status) for one in hook.sent):
        assert monotonic() < end
        sleep(0.02)
