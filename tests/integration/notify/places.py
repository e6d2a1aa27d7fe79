"""Every kind of channel beside the look-alike it speaks to over real sockets, and what people see there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.integration.notify import reading
from tests.integration.notify.reading import Shown
from tests.integration.notify.test_slack import FRIDAY, Clock
from vindaris_sync.notify import Channel
from vindaris_sync.notify.discord import DiscordChannel, DiscordWebhookChannel
from vindaris_sync.sandbox import discord
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


KINDS: dict[str, Callable[[Clock], Any]] = {"discord": _discord, "discord-webhook": _discord_webhook}
EDITING = ["discord", "discord-webhook"]
SEARCHING = ["discord"]
"""Kinds that find what was sent before a crash."""
