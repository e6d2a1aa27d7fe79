"""Every kind of channel beside the look-alike it speaks to over real sockets, and what people see there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.notify import reading
from tests.integration.notify.reading import Shown
from tests.integration.notify.test_slack import FRIDAY, Clock
from vindaris_sync.notify import Channel
from vindaris_sync.notify.discord import DiscordChannel, DiscordWebhookChannel
from vindaris_sync.notify.google_chat import GoogleChatChannel, GoogleChatWebhookChannel
from vindaris_sync.notify.mattermost import MattermostChannel, MattermostWebhookChannel
from vindaris_sync.notify.teams import TeamsChannel
from vindaris_sync.sandbox import discord, google_chat, mattermost, teams
from vindaris_sync.sandbox.rooms import Message, Rooms
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sdk.secret import Secret

NOW = FRIDAY
TOKEN = "canary-bot-token-0123456789abcdef"


@dataclass
class Place:
    """A channel and what stands behind it. ``posts``: a regular expression for the path of a new message."""

    channel: Channel
    server: Server
    world: Rooms
    clock: Clock
    read: Callable[[dict[str, Any]], Shown]
    posts: str
    again: Callable[[], Channel]
    """Build the channel anew, as the next process does."""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def messages(self) -> list[Message]:
        """What people see in the channel, oldest first."""
        return list(self.world.named("growth").messages.values())

    def shown(self) -> list[Shown]:
        """Return what people read, message by message."""
        return [self.read(message.body) for message in self.messages]

    def heads(self) -> list[str]:
        """Return the first line of every message."""
        return [shown.words.strip().splitlines()[0] for shown in self.shown()]

    def thread(self) -> list[Shown]:
        """Return what people read in threads."""
        inside = [message for message in self.messages if message.thread]
        inside += [
            message for room in self.world.rooms.values() if "/" in room.name for message in room.messages.values()
        ]
        return [self.read(message.body) for message in inside]


@contextmanager
def _discord(clock: Clock) -> Iterator[Place]:
    world = discord.world_of(clock)
    world.tokens[TOKEN] = "99000000000000001"
    world.create_room("random")
    room = world.create_room("growth")
    with Server({"/discord": discord.Discord(world)}) as server:

        def build() -> Channel:
            return DiscordChannel("growth", room.id, Secret(TOKEN), f"{server.url}/discord/api/v10")

        yield Place(build(), server, world, clock, reading.embed, "channels/[0-9]+/messages$", build)


@contextmanager
def _discord_webhook(clock: Clock) -> Iterator[Place]:
    world = discord.world_of(clock)
    service = discord.Discord(world)
    path = service.create_hook(world.create_room("growth"))
    with Server({"/discord": service}) as server:

        def build() -> Channel:
            return DiscordWebhookChannel("growth", Secret(f"{server.url}/discord{path}"))

        yield Place(build(), server, world, clock, reading.embed, "webhooks/[^/]+/[^/]+$", build)


@contextmanager
def _mattermost(clock: Clock) -> Iterator[Place]:
    world = mattermost.world_of(clock)
    world.tokens[TOKEN] = world.new_id()
    world.create_room("random")
    world.create_room("growth")
    with Server({"/mattermost": mattermost.Mattermost(world)}) as server:

        def build() -> Channel:
            return MattermostChannel("growth", "acme/growth", Secret(TOKEN), f"{server.url}/mattermost")

        yield Place(build(), server, world, clock, reading.post, "/posts$", build)


@contextmanager
def _mattermost_webhook(clock: Clock) -> Iterator[Place]:
    world = mattermost.world_of(clock)
    service = mattermost.Mattermost(world)
    path = service.create_hook(world.create_room("growth"))
    with Server({"/mattermost": service}) as server:

        def build() -> Channel:
            return MattermostWebhookChannel("growth", Secret(f"{server.url}/mattermost{path}"))

        yield Place(build(), server, world, clock, reading.post, "/hooks/", build)


@contextmanager
def _teams(clock: Clock) -> Iterator[Place]:
    world = teams.world_of(clock)
    service = teams.Teams(world)
    path = service.create_hook(world.create_room("growth"))
    with Server({"/teams": service}) as server:

        def build() -> Channel:
            return TeamsChannel("growth", Secret(f"{server.url}/teams{path}"))

        yield Place(build(), server, world, clock, reading.card, "/workflows/", build)


@contextmanager
def _google_chat(clock: Clock) -> Iterator[Place]:
    world = google_chat.world_of(clock)
    room = world.create_room("growth")
    with Server({"/google": google_chat.GoogleChat(world, "goalbot@acme.example")}) as server:

        def build() -> Channel:
            urls = f"{server.url}/google/v1", f"{server.url}/google/token"
            return GoogleChatChannel("growth", f"spaces/{room.id}", google_key(), *urls, now=clock)

        yield Place(build(), server, world, clock, reading.chat_card, "/messages$", build)


@contextmanager
def _google_chat_webhook(clock: Clock) -> Iterator[Place]:
    world = google_chat.world_of(clock)
    service = google_chat.GoogleChat(world)
    path = service.create_hook(world.create_room("growth"))
    with Server({"/google": service}) as server:

        def build() -> Channel:
            return GoogleChatWebhookChannel("growth", Secret(f"{server.url}/google{path}"))

        yield Place(build(), server, world, clock, reading.chat_card, "/messages$", build)


@cache
def google_key() -> Secret:
    """Return the key of a service account that the look-alike knows, as its JSON file."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return Secret(json.dumps({"client_email": "goalbot@acme.example", "private_key": pem, "private_key_id": "k1"}))


KINDS: dict[str, Callable[[Clock], Any]] = {
    "discord": _discord,
    "discord-webhook": _discord_webhook,
    "mattermost": _mattermost,
    "mattermost-webhook": _mattermost_webhook,
    "teams": _teams,
    "google-chat": _google_chat,
    "google-chat-webhook": _google_chat_webhook,
}
EDITING = ["discord", "discord-webhook", "mattermost", "google-chat"]
SEARCHING = ["discord", "mattermost", "google-chat"]
"""Kinds that find what was sent before a crash."""
