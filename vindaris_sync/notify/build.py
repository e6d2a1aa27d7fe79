"""From a ``[notify.NAME]`` block to its channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vindaris_sync.config.chats import (
    AppriseSettings,
    DiscordSettings,
    DiscordWebhookSettings,
    EmailSettings,
    GoogleChatSettings,
    GoogleChatWebhookSettings,
    LogSettings,
    MattermostSettings,
    MattermostWebhookSettings,
    NotifySettings,
    SlackSettings,
    SlackWebhookSettings,
    TeamsSettings,
    WebhookSettings,
)
from vindaris_sync.notify.discord import DiscordChannel, DiscordWebhookChannel
from vindaris_sync.notify.google_chat import GoogleChatChannel, GoogleChatWebhookChannel
from vindaris_sync.notify.log import LogChannel
from vindaris_sync.notify.mail import MailChannel
from vindaris_sync.notify.mattermost import MattermostChannel, MattermostWebhookChannel
from vindaris_sync.notify.other import AppriseChannel
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_webhook import SlackWebhookChannel
from vindaris_sync.notify.teams import TeamsChannel
from vindaris_sync.notify.webhook import WebhookChannel
from vindaris_sync.sdk.errors import ConfigError

_CHANNELS: Mapping[type[NotifySettings], Callable[[str, Any], Channel]] = {
    SlackSettings: lambda name, block: SlackChannel(
        name, block.channel, block.token, block.api_url, clickable=block.clickable()
    ),
    SlackWebhookSettings: lambda name, block: SlackWebhookChannel(name, block.url),
    DiscordSettings: lambda name, block: DiscordChannel(
        name, block.channel, block.token, block.api_url, clickable=block.clickable()
    ),
    DiscordWebhookSettings: lambda name, block: DiscordWebhookChannel(name, block.url),
    MattermostSettings: lambda name, block: MattermostChannel(
        name, block.channel, block.token, block.api_url, secret=block.secret, callback_url=block.callback_url
    ),
    MattermostWebhookSettings: lambda name, block: MattermostWebhookChannel(name, block.url),
    TeamsSettings: lambda name, block: TeamsChannel(name, block.url),
    GoogleChatSettings: lambda name, block: GoogleChatChannel(
        name, block.space, block.key, block.api_url, block.token_url
    ),
    GoogleChatWebhookSettings: lambda name, block: GoogleChatWebhookChannel(name, block.url),
    EmailSettings: MailChannel,
    AppriseSettings: lambda name, block: AppriseChannel(name, block.url, block.every),
    WebhookSettings: lambda name, block: WebhookChannel(name, block.url, block.secret),
    LogSettings: lambda name, _: LogChannel(name),
}


def build(name: str, settings: NotifySettings) -> Channel:
    """Return the channel of the block ``[notify.NAME]``, without any request; ``ConfigError`` for an unknown kind."""
    if (make := _CHANNELS.get(type(settings))) is None:
        raise ConfigError(f"[notify.{name}] kind: there is no kind of channel {settings.kind!r}")
    return make(name, settings)
