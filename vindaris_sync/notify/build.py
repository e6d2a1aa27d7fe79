"""From a ``[notify.NAME]`` block to its channel."""

from __future__ import annotations

from vindaris_sync.config.chats import (
    DiscordSettings,
    DiscordWebhookSettings,
    LogSettings,
    NotifySettings,
    SlackSettings,
    SlackWebhookSettings,
    WebhookSettings,
)
from vindaris_sync.notify.discord import DiscordChannel, DiscordWebhookChannel
from vindaris_sync.notify.log import LogChannel
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.notify.slack_webhook import SlackWebhookChannel
from vindaris_sync.notify.webhook import WebhookChannel
from vindaris_sync.sdk.errors import ConfigError


def build(name: str, settings: NotifySettings) -> Channel:
    """Return the channel of the block ``[notify.NAME]``, without any request; ``ConfigError`` for an unknown kind."""
    match settings:
        case SlackSettings():
            return SlackChannel(name, settings.channel, settings.token, settings.api_url)
        case SlackWebhookSettings():
            return SlackWebhookChannel(name, settings.url)
        case DiscordSettings():
            return DiscordChannel(name, settings.channel, settings.token, settings.api_url)
        case DiscordWebhookSettings():
            return DiscordWebhookChannel(name, settings.url)
        case WebhookSettings():
            return WebhookChannel(name, settings.url, settings.secret)
        case LogSettings():
            return LogChannel(name)
    raise ConfigError(f"[notify.{name}] kind: there is no kind of channel {settings.kind!r}")
