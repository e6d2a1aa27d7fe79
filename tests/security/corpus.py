"""Items as trackers print them: invented ones that our look-alikes make, and real ones where they lie beside us."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from vindaris_connectors.github.connector import GithubConnector
from vindaris_connectors.github.settings import GithubSettings
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain.models import Address, Present
from vindaris_sync.sandbox.core import Service
from vindaris_sync.sandbox.github import Account, GitHub
from vindaris_sync.sandbox.github import World as GithubWorld
from vindaris_sync.sandbox.inprocess import InProcessAdapter
from vindaris_sync.sandbox.jira import JiraCloud, JiraDataCenter, Person
from vindaris_sync.sandbox.jira import World as JiraWorld
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret

TOKEN = "fuzz-token-0123456789"
BOT = "bot@acme.example"
DATA = Path(os.environ.get("VINDARIS_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL_GITHUB = (DATA / "github/rust-lang__rust-small-300.jsonl.gz",)
REAL_JIRA = (DATA / "jira/tidev-small-300.jsonl.gz", DATA / "jira/apache-KAFKA.jsonl.gz")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = (
    "<!channel> <!here> <!everyone> @channel @here @all @everyone <@U123456> <@&8123456> <#1234> <users/all>",
    "[click](https://evil.example) <https://evil.example|click> https://evil.example www.evil.example a@evil.example",
    "*bold* _it_ ~gone~ ~~gone~~ **b** __u__ `code` ```x``` ||spoiler|| > quote # head - list | a | b |",
    "<script>alert(1)</script><img src=x onerror=alert(1)> <a href='javascript:alert(1)'>x</a> &lt;b&gt; <at>Ada</at>",
    "=cmd|' /C calc'!A0 +1+1 -2 @SUM(1) {{DATE(2026-01-01T00:00:00Z)}} ${7*7} {{7*7}} %s {0} :tada: :smile:",
    "\u202egnp.exe\u202c \u2066x\u2069 \x00\x07\x1b[31mred\x1b[0m \ufeff\u200b end\r\nBcc: all@evil.example",
    "\\*not escaped\\* \\[x\\](https://evil.example) \\\\ \\@everyone \\",
    "👩‍👩‍👧 naïve Zoë 漢字 العربية עברית \ud800 \U0010ffff",
    "A" * 200_000,
    "<@everyone>" * 20_000,
)
"""Titles that strangers may write: markup, mentions and addresses of every chat, steering characters, sheer length."""
KINDS = ("github", "jira cloud", "jira data center")
Connector = GithubConnector | JiraConnector
Meddle = Callable[[bytes], bytes]


class Wire(BaseAdapter):
    """A tracker in the caller's thread. ``meddle`` changes its answers' bodies, ``headers`` are put upon them.

    What it said itself is kept in ``heard``.
    """

    def __init__(self, service: Service, meddle: Meddle = lambda body: body) -> None:
        super().__init__()
        self._inner = InProcessAdapter(
            {"/tracker": service}, "http://localhost", clock=lambda: NOW, sleep=lambda _: None
        )
        self.meddle = meddle
        self.headers: dict[str, str] = {}
        self.heard: list[tuple[str, bytes]] = []

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        answer = self._inner.send(request, *args, **kwargs)
        self.heard.append((str(request.path_url), answer.content))
        answer.headers.update(self.headers)
        answer._content = self.meddle(answer.content)  # noqa: SLF001 - as the transport itself does
        return answer

    def close(self) -> None:
        self._inner.close()


def _github() -> GitHub:
    world = GithubWorld(lambda: NOW)
    for name in ("acme/web", "acme/api"):
        world.create_repository(name, private=True)
    world.create_field("acme", "Goal", options=("G-1", "G-2"))
    world.grant(TOKEN, Account("vindaris-bot", "fine-grained", limit=1_000_000))
    first = world.create_issue("acme/web", "Epic", actor="ada", labels=("goal:G-1",))
    for number in range(4):
        world.create_issue("acme/web", f"Work {number} \u202e🚀", actor="ada", parent=("acme/web", first))
    world.create_issue("acme/api", "Elsewhere", actor="ada", labels=("bug", "no-goal"))
    return GitHub(world)


def _jira(kind: str) -> JiraCloud | JiraDataCenter:
    world = JiraWorld(lambda: NOW)
    for key in ("APP", "OPS"):
        world.add_project(key)
    world.add_field("Goal", options=["G-1", "G-2"])
    world.add_account(TOKEN, BOT)
    alice = Person(world, world.user("alice"))
    epic = alice.create_issue("APP", "Epic", "Epic", labels=["goal:G-1"])
    for number in range(4):
        alice.create_issue("APP", f"Work {number} \u202e🚀", **({"parent": epic} if kind == "jira cloud" else {}))
    alice.create_issue("OPS", "Elsewhere", labels=["bug"])
    return JiraCloud(world) if kind == "jira cloud" else JiraDataCenter(world)


def wired(kind: str) -> tuple[Connector, Wire]:
    """Return a connector on a small tracker of this kind, and the wire between them."""
    surfaces = {"surfaces": ("field:Goal", "label")}
    url = "http://localhost/tracker"
    if kind == "github":
        wire = Wire(_github())
        hub = {"url": url, "token": Secret(TOKEN), "repositories": ("acme/web", "acme/api"), "write_back": surfaces}
        return GithubConnector("hub", GithubSettings.model_validate(hub), _around(wire)), wire
    wire = Wire(_jira(kind))
    email = BOT if kind == "jira cloud" else ""
    site = {"url": url, "email": email, "token": Secret(TOKEN), "projects": ("APP", "OPS"), "write_back": surfaces}
    return JiraConnector("site", JiraSettings.model_validate(site), _around(wire)), wire


def _around(wire: Wire) -> Surroundings:
    return Surroundings(now=lambda: NOW, sleep=lambda _: None, random=Random(1), adapter=wire, in_flight=1)  # noqa: S311 - jitter


def everything(connector: Connector) -> tuple[list[Any], list[Any]]:
    """Read all that a connector reads: a full pull, a second one, direct reads, the census, definitions, the check."""
    cursors: dict[str, str] = {}
    pages = []
    for _ in range(2):
        for page in connector.pull(dict(cursors)):
            cursors[page.scope] = page.cursor
            pages.append(page)
    known = [Address(connector.name, issue.ref.id, issue.key) for page in pages for issue in page.issues][:3]
    named = [Address(connector.name, key=key) for key in ("acme/web#1", "APP-1", "APP-999")]
    seen = list(connector.fetch([*known, *named]))
    for scope in connector.scopes():
        list(connector.census(scope))
    for surface in connector.layout().surfaces:
        connector.defined("acme/web" if connector.name == "hub" else "APP", surface, ("G-1",))
    connector.in_scope([each.issue for each in seen if isinstance(each, Present)])
    connector.check()
    return pages, seen


@cache
def invented(kind: str) -> tuple[Any, ...]:
    """Return items of this kind as the look-alikes print them in lists: REST issues, or Jira's."""
    connector, wire = wired(kind)
    everything(connector)
    connector.close()
    found: dict[str, Any] = {}
    for _, body in wire.heard:
        document = json.loads(body) if body.startswith((b"[", b"{")) else None
        items = document.get("issues", ()) if isinstance(document, dict) else document
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and ("repository_url" in item or "status" in item.get("fields", ())):
                found[str(item["id"])] = item
    return tuple(found.values())


@cache
def nodes() -> tuple[Any, ...]:
    """Return GraphQL's nodes of issues as the look-alike prints them."""
    connector, wire = wired("github")
    everything(connector)
    connector.close()
    documents = [json.loads(body) for path, body in wire.heard if path.endswith("/graphql")]
    listed = [node for each in documents for node in (each.get("data") or {}).get("nodes") or ()]
    return tuple(node for node in listed if isinstance(node, dict) and "title" in node)


def real(paths: Sequence[Path], most: int) -> list[Any]:
    """Return up to ``most`` real items of each file."""
    found: list[Any] = []
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in islice(lines, most)]
    return found
