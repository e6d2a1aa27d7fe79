"""The sandbox in a process of its own, so that only the client's work is measured."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import httpx

TOKEN = "bench-token-0815"  # noqa: S105 - the sandbox's
EMAIL = "bot@bench.example"


@dataclass(frozen=True, slots=True)
class Load:
    """What a sandbox holds: so many issues in each of so many repositories or projects."""

    tracker: str
    count: int
    places: int = 1
    family: bool = False
    """Whether all of it hangs below one epic (Jira)."""

    @property
    def names(self) -> list[str]:
        """The repositories or project keys."""
        if self.tracker == "github":
            return [f"bench/r{number}" for number in range(self.places)]
        return [f"P{chr(65 + number)}" for number in range(self.places)]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that runs: where its tracker is, and where its switches are."""

    url: str
    root: str
    load: Load

    def requests(self, *, reset: bool = False) -> int:
        """Return how many requests the tracker was asked since the last reset."""
        view = httpx.get(f"{self.root}/_sandbox/requests", timeout=30).json()
        if reset:
            httpx.delete(f"{self.root}/_sandbox/requests", timeout=30)
        entries = view["requests"] if isinstance(view, dict) else view
        return sum(int(entry["count"]) for entry in entries)

    def delay(self, seconds: float) -> None:
        """Let every answer take ``seconds`` longer."""
        body = {"kind": "latency", "service": self.load.tracker, "seconds": seconds}
        httpx.post(f"{self.root}/_sandbox/faults", json=body, timeout=30).raise_for_status()


@contextmanager
def sandbox(load: Load) -> Iterator[Sandbox]:
    """Serve ``load`` from another process until the block ends."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(load, theirs), daemon=True)
    process.start()
    try:
        url = ours.recv()
        yield Sandbox(f"{url}/{load.tracker}", url, load)
    finally:
        ours.send("stop")
        process.join(10)
        process.terminate()


def _serve(load: Load, pipe: Connection) -> None:
    from benchmarks import made
    from vindaris_sync.sandbox.server import Server

    sys.setswitchinterval(0.001)
    services: dict[str, Any] = {
        f"/{load.tracker}": _github(load, made) if load.tracker == "github" else _jira(load, made)
    }
    with Server(services) as server:
        pipe.send(server.url)
        pipe.recv()


def _github(load: Load, made: Any) -> Any:  # noqa: ANN401 - the sandbox's own types stay in that process
    from vindaris_sync.sandbox.github import Account, GitHub, World

    world = World()
    for number, name in enumerate(load.names, 1):
        world.load(name, made.github(load.count // load.places, name, number))
    world.grant(TOKEN, Account("bot", limit=10**9))
    return GitHub(world)


def _jira(load: Load, made: Any) -> Any:  # noqa: ANN401 - as above
    from vindaris_sync.sandbox.jira import JiraCloud, World
    from vindaris_sync.sandbox.jira.load import load as load_issues

    world = World()
    for number, key in enumerate(load.names, 1):
        issues = made.family if load.family else made.jira
        load_issues(world, issues(load.count // load.places, key, number))
    world.add_account(TOKEN, EMAIL, admin=True)
    return JiraCloud(world)
