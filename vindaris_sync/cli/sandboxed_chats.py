"""The sandbox's chats beside Slack: each with a room ``goals``, a bot where one needs no key, and a webhook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from vindaris_sync.sandbox import discord, google_chat, mattermost, teams

TOKEN = "sandbox-chat-token"  # noqa: S105 - of the look-alikes, on loopback
ROOM = "goals"
Chat = discord.Discord | mattermost.Mattermost | teams.Teams | google_chat.GoogleChat


def chats(names: Iterable[str]) -> Iterator[tuple[str, Chat, Mapping[str, str]]]:
    """Yield name, service and what a configuration needs to know of each chat among ``names``.

    ``api_url`` and ``webhook`` are paths below the service's URL.
    """
    for name in names:
        if name == "discord":
            bots = discord.Discord(discord.world_of(strict_rate=True))
            yield name, bots, {"api_url": "/api/v10", **_room(bots, by_id=True)}
        elif name == "mattermost":
            posts = mattermost.Mattermost(mattermost.world_of(strict_rate=True))
            yield name, posts, {"api_url": "", **_room(posts, by_id=False)}
        elif name == "teams":
            flows = teams.Teams(teams.world_of(strict_rate=True))
            yield name, flows, {"webhook": flows.create_hook(flows.world.create_room(ROOM))}
        elif name == "google-chat":
            spaces = google_chat.GoogleChat(google_chat.world_of(strict_rate=True))
            yield name, spaces, {"webhook": spaces.create_hook(spaces.world.create_room(ROOM))}


def _room(service: discord.Discord | mattermost.Mattermost, *, by_id: bool) -> dict[str, str]:
    """Open the room, with a bot in it, and return how both are named."""
    room = service.world.create_room(ROOM)
    service.world.tokens[TOKEN] = service.world.new_id()
    channel = room.id if by_id else f"acme/{ROOM}"
    return {"token": TOKEN, "channel": channel, "webhook": service.create_hook(room)}
