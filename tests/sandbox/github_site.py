"""A small sandboxed GitHub over real sockets, and a client with a token, for the tests of its behaviour."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from vindaris_sync.sandbox.github import Account, GitHub, World
from vindaris_sync.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB = "/repos/acme/web"


class Time:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.instant

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self.instant += timedelta(**span)


class Site:
    """The world, its server, and a client that asks with a token."""

    def __init__(self, world: World, server: Server, time: Time, web: requests.Session) -> None:
        self.world = world
        self.server = server
        self.time = time
        self.web = web
        self.url = f"{server.url}/github"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "good",  # noqa: S107 - a sandbox's token
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """Send one request, following no redirect."""
        known = {"Authorization": f"Bearer {token}"} if token else {}
        url = path if path.startswith("http") else self.url + path
        return self.web.request(
            method, url, json=body, headers={**known, **(headers or {})}, allow_redirects=False, timeout=10
        )

    def get(self, path: str) -> Any:
        """Return the document of a GET that succeeds."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def numbers(self, query: str = "") -> list[int]:
        """Return the numbers that the list of issues shows."""
        return [each["number"] for each in self.get(f"{WEB}/issues?{query}")]

    def graphql(self, query: str, **variables: object) -> Any:
        """Return the whole answer to a GraphQL query."""
        return self.ask("POST", "/graphql", {"query": query, "variables": variables}).json()


@contextmanager
def site(**options: Any) -> Iterator[Site]:
    """Run acme/web with three issues, a minute apart, and acme/api, both seen by the token ``good``."""
    time = Time()
    world = World(time, **options)
    world.create_repository("acme/web")
    world.create_repository("acme/api")
    for title in ("One", "Two", "Three"):
        world.create_issue("acme/web", title, actor="mia")
        time.pass_(minutes=1)
    world.grant("good", Account("vera"))
    with Server({"/github": GitHub(world)}, clock=time) as server, requests.Session() as web:
        yield Site(world, server, time, web)
