"""A sandbox GitHub over sockets with a clock that stands, and connectors on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Lock
from typing import Any

from vindaris_connectors.github.connector import GithubConnector
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.domain.models import Address, Issue, Moved, Page, Present
from vindaris_sync.sandbox.core import Service
from vindaris_sync.sandbox.github import Account, GitHub, World
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret

TOKEN = "ghp_contract0123456789"
BOT = "vindaris-bot"
PERSON = "ada"
WEB, API = "acme/web", "acme/api"
FIELD = "Goal"
OPTIONS = ("G-1", "G-2", "G-9")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """An instant that only ``advance`` and ``sleep`` move."""

    def __init__(self) -> None:
        self._at = START
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the instant."""
        with self._lock:
            return self._at

    def advance(self, span: timedelta) -> None:
        """Let ``span`` pass."""
        with self._lock:
            self._at += span

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        self.advance(timedelta(seconds=seconds))


def build_world(clock: Clock, *, enterprise: str | None = None, max_page: int | None = None) -> World:
    """Return an organisation with two repositories, an issue field and our account's token."""
    world = World(clock, enterprise=enterprise)
    for name in (WEB, API):
        world.create_repository(name, private=True, max_page=max_page)
    world.create_field("acme", FIELD, options=OPTIONS)
    world.grant(TOKEN, Account(BOT, "fine-grained", limit=50_000))
    return world


@dataclass
class Place:
    """A served GitHub."""

    clock: Clock
    world: World
    server: Server
    made: list[GithubConnector] = field(default_factory=list)

    def connect(self, **settings: object) -> GithubConnector:
        """Return a connector with the usual settings, single ones replaced."""
        path = "/github/api/v3" if self.world.enterprise else "/github"
        surfaces = (f"field:{FIELD}", "label")
        given: dict[str, Any] = {"url": self.server.url + path, "token": Secret(TOKEN), "repositories": (WEB, API)}
        given |= {"write_back": {"surfaces": surfaces}, **settings}
        around = Surroundings(now=self.clock, sleep=self.clock.sleep, random=Random(7))  # noqa: S311 - back-off
        self.made.append(GithubConnector("acme-github", GithubSettings.model_validate(given), around))
        return self.made[-1]

    def create(self, repo: str, count: int, **values: Any) -> list[int]:
        """Create issues; return their numbers."""
        return [self.world.create_issue(repo, f"issue {n}", actor=PERSON, **values) for n in range(count)]

    def spent(self) -> list[tuple[str, str]]:
        """Return the requests since the last call: method and exact path."""
        asked = [(each.method, each.path) for each in self.server.requests.entries()]
        self.server.requests.clear()
        return asked


@contextmanager
def served(
    *, service: Service | None = None, world: World | None = None, clock: Clock | None = None
) -> Iterator[Place]:
    """Serve a world (the usual one by default), or ``service`` in its place."""
    clock = clock or Clock()
    world = world or build_world(clock)
    with Server({"/github": service or GitHub(world)}, clock=clock) as server:
        place = Place(clock, world, server)
        yield place
        for connector in place.made:
            connector.close()


def pulled(connector: GithubConnector, cursors: dict[str, str]) -> list[Page]:
    """Pull to the end and record the cursors."""
    pages = []
    for page in connector.pull(dict(cursors)):
        cursors[page.scope] = page.cursor
        pages.append(page)
    return pages


def census(connector: GithubConnector) -> list[Address]:
    """Return all that the census of every repository names."""
    return [each for scope in connector.scopes() for page in connector.census(scope) for each in page.addresses]


def keys(pages: Sequence[Page]) -> list[str]:
    """Return the keys of the pages' issues, in order."""
    return [issue.key for page in pages for issue in page.issues]


def issue_at(connector: GithubConnector, key: str) -> Issue:
    """Return the issue under ``key``."""
    (seen,) = connector.fetch([Address(connector.name, key=key)])
    assert isinstance(seen, Present | Moved), seen
    return seen.issue


def document(world: World, repo: str, number: int) -> Mapping[str, Any]:
    """Return what the sandbox holds of an issue."""
    return world.issue(repo, number).document()
