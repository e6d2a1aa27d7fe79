"""A small Jira site on a clock that tests move, and a caller that speaks to it without sockets."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.jira import Jira, JiraCloud, JiraDataCenter, Person, World

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
BOT = "bot@acme.example"
TOKEN = "secret-token"


class Time:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.now

    def pass_(self, **units: float) -> None:
        """Go on by ``seconds=…``, ``minutes=…`` and so on."""
        self.now += timedelta(**units)


class Caller:
    """Speaks to one service with one token."""

    def __init__(self, service: Jira, token: str = TOKEN, email: str = BOT) -> None:
        basic = base64.b64encode(f"{email}:{token}".encode()).decode()
        self.service = service
        self.headers = {"authorization": f"Basic {basic}" if service.cloud else f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None, **query: object) -> Response:
        """Return the answer to one request."""
        url = f"{path}?{urlencode(query)}" if query else path
        content = b"" if body is None else json.dumps(body).encode()
        return self.answer(Request.to(method, url, headers=self.headers, body=content))

    def answer(self, request: Request) -> Response:
        """Return the service's answer."""
        return self.service.answer(request)

    def get(self, path: str, **query: object) -> Any:
        """Return the document that a GET answers with 200."""
        return document(self.ask("GET", path, **query), 200)

    def find(self, jql: str, **asked: object) -> Any:
        """Return one page of Cloud's search."""
        return document(self.ask("POST", "/rest/api/3/search/jql", {"jql": jql, **asked}), 200)

    def keys(self, jql: str, **asked: object) -> list[str]:
        """Return the keys of one page of Cloud's search."""
        return [issue["key"] for issue in self.find(jql, fields=["key"], **asked)["issues"]]


def document(response: Response, status: int) -> Any:
    """Return the response's document; the status must be as said."""
    assert response.status == status, (response.status, response.body[:2000])
    return json.loads(response.body)


def refusal(response: Response, status: int) -> str:
    """Return everything that a refusal says; the status must be as said."""
    told = document(response, status)
    return " ".join([*told["errorMessages"], *told["errors"].values()])


class Site:
    """Two projects, a Goal field with three options, a bot with a token, and Alice at the keyboard."""

    def __init__(self) -> None:
        self.time = Time()
        self.world = World(self.time)
        self.app = self.world.add_project("APP", "Mobile App")
        self.ops = self.world.add_project("OPS", "Operations")
        self.goal = self.world.add_field("Goal", options=["GROWTH-1", "GROWTH-2", "COST-1"])
        self.account = self.world.add_account(TOKEN, BOT)
        self.alice = Person(self.world, self.world.user("alice"))

    def cloud(self) -> Caller:
        """Serve the site as Cloud."""
        return Caller(JiraCloud(self.world))

    def data_center(self) -> Caller:
        """Serve the site as Data Center."""
        return Caller(JiraDataCenter(self.world))

    def issues(self, count: int, project: str = "APP") -> list[str]:
        """Create issues one second apart."""
        keys = []
        for number in range(count):
            self.time.pass_(seconds=1)
            keys.append(self.alice.create_issue(project, f"Work {number}"))
        return keys
