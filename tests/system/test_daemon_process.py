"""The command as a process: one daemon for one store, signals, and a sandbox that ends cleanly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.request import Request, urlopen

import pytest

from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.github import Account, GitHub, World
from vindaris_sync.sandbox.server import Server
from vindaris_sync.store.store import Store

PATIENCE = 60.0
TOKEN = "ghp_system0123456789"
CONFIG = """
state_dir = "state"
[trackers.hub]
kind = "github"
url = "{url}/github"
token = {{ env = "HUB_TOKEN" }}
repositories = ["acme/web"]
grace = "0s"
poll = "1s"
[notify.quiet]
kind = "log"
[[teams]]
name = "Web"
scopes = ["hub:*"]
notify = "quiet"
[page]
listen = "127.0.0.1:0"
"""
GOALS = '[[goal]]\nkey = "GROW"\ntitle = "Grow"\n'


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail where it does not within a minute."""
    end = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < end, "waited for a minute in vain"
        sleep(0.05)


@dataclass(slots=True)
class Installed:
    """An installation beside a GitHub over real sockets; its processes end with it."""

    directory: Path
    world: World
    server: Server
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environ(self) -> Mapping[str, str]:
        return {**os.environ, "HUB_TOKEN": TOKEN, "VINDARIS_CONFIG": str(self.directory / "vindaris.toml")}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the command; its standard error is one log line a line."""
        command = [sys.executable, "-m", "vindaris_sync.cli", *words]
        process = subprocess.Popen(command, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def call(self, *words: str) -> tuple[int, str, str]:
        """Run the command to its end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    def daemon(self) -> subprocess.Popen[str]:
        """Start the daemon and wait until it asks the tracker."""
        before = len(self.server.requests.view())
        process = self.start("run")
        until(lambda: len(self.server.requests.view()) > before or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        return process

    def loaded(self) -> bool:
        """Return whether the first full pull has ended."""
        with Store.open(f"sqlite:///{self.directory / 'state' / 'vindaris.db'}") as store:
            return store.tracker("hub").loaded_at is not None

    def labels(self, number: int) -> set[str]:
        return {label["name"] for label in self.world.issue("acme/web", number).document()["labels"]}


def events(log: str) -> list[dict[str, Any]]:
    """Return the log's lines; each must be one JSON document."""
    return [json.loads(line) for line in log.splitlines()]


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    world = World()
    world.create_repository("acme/web")
    world.tokens[TOKEN] = Account("vindaris-bot")
    with Server({"/github": GitHub(world)}) as server:
        (tmp_path / "vindaris.toml").write_text(CONFIG.format(url=server.url), "utf-8")
        (tmp_path / "goals.toml").write_text(GOALS, "utf-8")
        (tmp_path / "state").mkdir()
        made = Installed(tmp_path, world, server)
        yield made
        for process in made.started:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)], ids=["SIGTERM", "Ctrl-C"]
)
def test_a_signal_ends_the_daemon_cleanly(installed: Installed, number: signal.Signals) -> None:
    """Exit code 0, every log line JSON, no token in it, and a database on which every law holds."""
    installed.world.create_issue("acme/web", "Old", actor="ada")
    process = installed.daemon()
    until((installed.directory / "state" / "vindaris.db").exists)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")
    assert [event["event"] for event in events(err)][-1] == "stopped"
    assert TOKEN not in err
    assert installed.call("db", "check")[0] == 0


def test_the_daemon_does_its_work_and_a_second_one_is_refused(installed: Installed) -> None:
    """What is created while it runs is labelled; a second process names the first one and does nothing."""
    installed.world.create_issue("acme/web", "Old", actor="ada")
    first = installed.daemon()
    until(installed.loaded)
    code, out, err = installed.call("run")
    assert (code, out) == (2, "")
    assert f"another daemon (process {first.pid})" in err
    assert "Traceback" not in err
    assert json.loads(installed.call("status", "--json")[1])["daemon"] == {"running": True, "process": first.pid}
    number = installed.world.create_issue("acme/web", "New and unlinked", actor="ada")
    until(lambda: "goal-review" in installed.labels(number))
    assert installed.call("link", "set", f"acme/web#{number}", "GROW")[0] == 0
    until(lambda: installed.labels(number) == {"goal:GROW"})


@pytest.mark.long
def test_sigterm_in_the_middle_of_a_pass_loses_and_repeats_nothing(installed: Installed) -> None:
    """Stopped between two slow pages, the next start goes on, and no label is written twice."""
    for number in range(250):
        installed.world.create_issue("acme/web", f"Work {number}", actor="ada")
    installed.server.faults.add(Fault("latency", service="github", seconds=0.3, times=100))
    process = installed.daemon()
    sleep(0.5)
    process.terminate()
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    installed.server.faults.clear()
    assert installed.call("run", "--once")[0] == 0
    found = json.loads(installed.call("status", "--json")[1])["trackers"][0]
    assert found["open"]["unlinked"] == 250
    assert installed.call("plan")[0] == 0
    assert installed.call("db", "check")[0] == 0


@pytest.mark.long
def test_a_wrong_token_stops_the_tracker_with_advice(installed: Installed) -> None:
    """Exit code 3, one line of advice, and ``status`` and ``doctor`` say the same."""
    installed.world.tokens.clear()
    code, _, err = installed.call("run", "--once")
    assert code == 3
    assert "advice: check the token" in err
    assert "Traceback" not in err
    assert TOKEN not in err
    assert installed.call("status")[0] == 3
    code, out, _ = installed.call("doctor")
    assert code == 3
    assert "check the token" in out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_the_sandbox_serves_until_a_signal(installed: Installed, number: signal.Signals) -> None:
    """What it prints is reachable with the token it prints, and it ends with exit code 0."""
    process = installed.start("sandbox", "--github", "--json")
    assert process.stdout is not None
    printed = "".join(iter(process.stdout.readline, "}\n")) + "}"
    served = json.loads(printed)["services"]["github"]
    asked = Request(f"{served['url']}/repos/acme/web", headers={"Authorization": f"Bearer {served['token']}"})  # noqa: S310 - loopback
    with urlopen(asked, timeout=10) as answer:  # noqa: S310 - loopback
        assert json.load(answer)["full_name"] == "acme/web"
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "stopped\n")
