"""From ``[notify.NAME]`` blocks to what listens for clicks on their messages; only the daemon needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from vindaris_sync.config.chats import DiscordSettings, MattermostSettings, NotifySettings, SlackSettings
from vindaris_sync.notify.discord_hearing import DiscordHearing
from vindaris_sync.notify.hearing import Connection, Hearing
from vindaris_sync.notify.mattermost_hearing import MattermostHearing
from vindaris_sync.notify.slack_hearing import SlackHearing
from vindaris_sync.notify.slack_socket import SlackSocket
from vindaris_sync.sdk.secret import Secret


def hearings(blocks: Mapping[str, NotifySettings]) -> dict[str, Hearing]:
    """Return what listens for clicks, by the name of each block that has buttons, without any request.

    Blocks that share an app share what listens: an app's clicks go to one place.
    """
    found: dict[str, Hearing] = {}
    for same in _apps(blocks).values():
        hearing = SlackHearing(next(iter(same)), same)
        found |= dict.fromkeys(same, hearing)
    for these in _applications(blocks).values():
        found |= dict.fromkeys(these, DiscordHearing(next(iter(these)), these))
    for name, block in blocks.items():
        if isinstance(block, MattermostSettings) and block.clickable():
            found[name] = MattermostHearing(name, block)
    return found


def connections(
    blocks: Mapping[str, NotifySettings], hearings: Mapping[str, Hearing]
) -> list[tuple[Hearing, Connection]]:
    """Return the connections that are to be opened so that clicks are heard, one for each app, with what hears."""
    found: list[tuple[Hearing, Connection]] = []
    for same in _apps(blocks).values():
        name, block = next(iter(same.items()))
        hearing = hearings[name]
        if block.app_token is not None and isinstance(hearing, SlackHearing):
            found.append((hearing, SlackSocket(hearing, block.app_token, block.api_url)))
    return found


def _apps(blocks: Mapping[str, NotifySettings]) -> dict[Secret, dict[str, SlackSettings]]:
    apps: dict[Secret, dict[str, SlackSettings]] = defaultdict(dict)
    for name, block in blocks.items():
        secret = (block.signing_secret or block.app_token) if isinstance(block, SlackSettings) else None
        if isinstance(block, SlackSettings) and secret is not None:
            apps[secret][name] = block
    return dict(apps)


def _applications(blocks: Mapping[str, NotifySettings]) -> dict[str, dict[str, DiscordSettings]]:
    found: dict[str, dict[str, DiscordSettings]] = defaultdict(dict)
    for name, block in blocks.items():
        if isinstance(block, DiscordSettings) and block.clickable():
            found[block.public_key][name] = block
    return dict(found)
