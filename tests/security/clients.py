"""Everything of ours that speaks to others, each in one call that carries a credential."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

from vindaris_connectors.github.client import GithubClient
from vindaris_connectors.github.settings import GithubSettings
from vindaris_connectors.jira.client import Client as JiraClient
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain.messages import Item, Kind, Subject, compose
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_webhook import SlackWebhookChannel
from vindaris_sync.notify.webhook import WebhookChannel
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret

TOKEN = "canary-5f0b6d1c9a7e42-token"
Call = Callable[[], object]
Client = Callable[[str], AbstractContextManager[Call]]
"""Builds one for an address; the call that it gives makes one exchange."""


def surroundings() -> Surroundings:
    """Return surroundings in which no wait takes time."""
    return Surroundings(sleep=lambda _: None)


@contextmanager
def jira(url: str) -> Iterator[Call]:
    settings = JiraSettings(url=url, email="bot@acme.example", token=Secret(TOKEN), projects=("APP",))
    client = JiraClient(settings, surroundings())
    yield lambda: client.read("/rest/api/3/myself")
    client.close()


def github_client(url: str) -> GithubClient:
    settings = GithubSettings(url=url, token=Secret(TOKEN), repositories=("acme/web",))
    return GithubClient(settings, surroundings())


@contextmanager
def github(url: str) -> Iterator[Call]:
    client = github_client(url)
    yield lambda: client.get("/repos/acme/web")
    client.close()


@contextmanager
def _channel(channel: Channel) -> Iterator[Call]:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    content = compose(Subject("Web", Kind.UNLINKED), [Item("1", "APP-1", "A title")], now)
    yield lambda: channel.post(content, "key-1")
    channel.close()


TRACKERS: Mapping[str, Client] = {"jira": jira, "github": github}
CHATS: Mapping[str, Client] = {
    "slack": lambda url: _channel(SlackChannel("slack", "#web", Secret(TOKEN), f"{url}/api")),
    "slack webhook": lambda url: _channel(SlackWebhookChannel("hook", Secret(f"{url}/services/{TOKEN}"))),
    "webhook": lambda url: _channel(WebhookChannel("hook", Secret(f"{url}/in/{TOKEN}"), Secret(TOKEN))),
}
CLIENTS = {**TRACKERS, **CHATS}
