"""What the block of a chat channel may hold; ``kind`` chooses which."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import formataddr, parseaddr
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from vindaris_sync.sdk.addresses import base_url, loopback, webhook_url
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import Duration, SecretValue, Settings, TokenValue


def _as_api(url: str) -> str:
    return base_url(
        url, wanted="the address of the chat's API, https://slack.com/api for instance", credentials="token"
    )


def _as_webhook(url: Secret) -> Secret:
    if url.reveal():  # else it could not be read, which is said already
        webhook_url(url.reveal())
    return url


ApiUrl = Annotated[str, AfterValidator(_as_api)]
"""Where a chat's API is, without a trailing slash."""


def _as_mail_address(text: str) -> str:
    name, address = parseaddr(text)
    if not re.fullmatch(r"[!-~]{1,64}@[A-Za-z0-9.-]{1,190}", address) or not text.isprintable() or "," in text:
        raise ValueError(f"{text!r}: write an address, goals@acme.example or Goals <goals@acme.example>")
    return formataddr((name, address))


MailAddress = Annotated[str, AfterValidator(_as_mail_address)]
"""One mail address in ASCII, with or without a name."""
WebhookUrl = Annotated[SecretValue, AfterValidator(_as_webhook)]
"""A secret that is an address."""


class NotifySettings(Settings):
    """What every chat channel's block holds; ``kind`` chooses which."""

    kind: str
    public: bool = False
    """Whether strangers read it: titles of private goals are kept out of its messages then."""

    def sends_to(self) -> tuple[str, str] | None:
        """Return the host and the credential whose limits the channel shares; ``None``: it sends nothing outside."""
        return None


class BotSettings(NotifySettings):
    """A channel that a bot writes to, by a chat's API at ``api_url``."""

    token: TokenValue
    api_url: ApiUrl
    deciders: Literal["anyone"] | Annotated[tuple[str, ...], Field(min_length=1)] = "anyone"
    """Who may decide with its buttons: ``anyone`` of the organisation who sees them, or people and groups by id."""

    def clickable(self) -> bool:
        """Return whether it is told how clicks on buttons come back; without, its messages have none."""
        return False

    def sends_to(self) -> tuple[str, str] | None:
        """Return the API's host and the bot's token."""
        return urlsplit(self.api_url).netloc, self.token.reveal()


class UrlSettings(NotifySettings):
    """A channel that is an address, which is its credential."""

    url: WebhookUrl

    def sends_to(self) -> tuple[str, str] | None:
        """Return the address' host and the whole address."""
        return urlsplit(self.url.reveal()).netloc.rpartition("@")[2], self.url.reveal()


class SlackSettings(BotSettings):
    """A Slack channel written to by a bot, whose messages are edited in place."""

    kind: Literal["slack"] = "slack"
    channel: str = Field(min_length=1)
    """``#name`` or the channel's id."""
    token: TokenValue
    """The bot's token (``xoxb-…``), scope ``chat:write``."""
    api_url: ApiUrl = "https://slack.com/api"
    signing_secret: SecretValue | None = None
    """The app's signing secret: clicks come to ``/in/chat/NAME`` on the page's address, signed with it."""
    app_token: TokenValue | None = None
    """The app's own token (``xapp-…``, scope ``connections:write``): clicks come over a connection that we open."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.signing_secret is not None and self.app_token is not None:
            raise ValueError("signing_secret or app_token: an app's clicks come one way, by HTTP or by Socket Mode")
        return self

    def clickable(self) -> bool:
        """Return whether it has a secret for either way."""
        return self.signing_secret is not None or self.app_token is not None


class SlackWebhookSettings(UrlSettings):
    """A Slack incoming webhook; its messages cannot be edited."""

    kind: Literal["slack-webhook"] = "slack-webhook"


class DiscordSettings(BotSettings):
    """A Discord channel written to by a bot, whose messages are edited in place."""

    kind: Literal["discord"] = "discord"
    channel: str = Field(pattern=r"^\d{5,20}$")
    """The channel's id (developer mode, Copy Channel ID)."""
    token: TokenValue
    """The bot's token; permissions View Channel, Send Messages, Embed Links, Read Message History."""
    api_url: ApiUrl = "https://discord.com/api/v10"
    public_key: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    """The application's public key: clicks come to ``/in/chat/NAME`` on the page's address, signed by Discord."""

    def clickable(self) -> bool:
        """Return whether it is told how clicks are signed."""
        return bool(self.public_key)


class DiscordWebhookSettings(UrlSettings):
    """A webhook of a Discord channel; its messages are edited in place."""

    kind: Literal["discord-webhook"] = "discord-webhook"


class MattermostSettings(BotSettings):
    """A Mattermost channel written to by a bot, whose messages are edited in place."""

    kind: Literal["mattermost"] = "mattermost"
    channel: str = Field(pattern=r"^([a-z0-9]{26}|[a-z0-9._-]+/[a-z0-9._-]+)$")
    """The channel's id, or ``team/channel`` as in its address."""
    token: TokenValue
    """The bot's token."""
    api_url: ApiUrl
    """The server's address, https://chat.acme.example."""
    secret: SecretValue | None = None
    """Signs the buttons that the server hands back; with ``callback_url``."""
    callback_url: ApiUrl | Literal[""] = ""
    """Where the server calls us when a button is pressed: ``/in/chat/NAME`` on the page's address."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.callback_url) != (self.secret is not None):
            raise ValueError("secret and callback_url belong together: they give buttons")
        return self

    def clickable(self) -> bool:
        """Return whether the server is told where to call us."""
        return self.secret is not None


class MattermostWebhookSettings(UrlSettings):
    """A Mattermost incoming webhook; its messages cannot be edited."""

    kind: Literal["mattermost-webhook"] = "mattermost-webhook"


class TeamsSettings(UrlSettings):
    """A Microsoft Teams workflow that posts what its address is sent; its messages cannot be edited."""

    kind: Literal["teams"] = "teams"


class GoogleChatSettings(NotifySettings):
    """A Google Chat space written to by an app, whose messages are edited in place."""

    kind: Literal["google-chat"] = "google-chat"
    space: str = Field(pattern=r"^spaces/[A-Za-z0-9_-]{5,40}$")
    """The space's name, ``spaces/AAAA…``."""
    key: SecretValue
    """The service account's key: the whole JSON file."""
    api_url: ApiUrl = "https://chat.googleapis.com/v1"
    token_url: ApiUrl = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    """Where tokens are asked for; what the key's file names is not used."""

    def sends_to(self) -> tuple[str, str] | None:
        """Return the API's host, and space and key: Google counts by space."""
        return urlsplit(self.api_url).netloc, f"{self.space}\n{self.key.reveal()}"


class GoogleChatWebhookSettings(UrlSettings):
    """A webhook of a Google Chat space; its messages cannot be edited."""

    kind: Literal["google-chat-webhook"] = "google-chat-webhook"


class EmailSettings(NotifySettings):
    """Mails to some people; a list that has changed comes anew."""

    kind: Literal["email"] = "email"
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$")]
    """The mail server."""
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """``starttls``, ``tls`` from the start (port 465), or ``none``, on loopback only."""
    user: str = Field("", pattern=r"^[ -~]*$")
    password: TokenValue | None = None
    """With ``user``; absent: the server asks for none."""
    sender: MailAddress
    """``goals@acme.example``, or with a name, ``Goals <goals@acme.example>``."""
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1, max_length=50)]
    every: Duration = timedelta(hours=1)
    """At most one mail about one subject in this time; what changes meanwhile is in the next. ``0s``: each change."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and not loopback(self.host):
            raise ValueError("security: mails would be readable on the way; only loopback may have none")
        if bool(self.user) != (self.password is not None):
            raise ValueError("user and password belong together")
        return self

    def sends_to(self) -> tuple[str, str] | None:
        """Return the server, and who logs in there."""
        return f"{self.host}:{self.port}", f"{self.user}\n{self.password.reveal() if self.password else ''}"


class AppriseSettings(NotifySettings):
    """One of the services that the library apprise reaches; it tells no more than whether it believes to have sent."""

    kind: Literal["apprise"] = "apprise"
    url: SecretValue
    """The service's address as apprise writes it, ``ntfys://token@host/topic`` for instance."""
    every: Duration = timedelta(hours=1)
    """At most one message about one subject in this time, as for mails."""

    def sends_to(self) -> tuple[str, str] | None:
        """Return what the address begins with, and the whole of it."""
        return self.url.reveal().partition("://")[0], self.url.reveal()


class WebhookSettings(UrlSettings):
    """Any address that takes our alerts as JSON by POST."""

    kind: Literal["webhook"] = "webhook"
    secret: SecretValue | None = None
    """Signs every message (header ``X-Vindaris-Signature``); absent: unsigned."""


class LogSettings(NotifySettings):
    """Alerts go to the daemon's log only."""

    kind: Literal["log"] = "log"


NOTIFY_KINDS: dict[str, type[NotifySettings]] = {
    "slack": SlackSettings,
    "slack-webhook": SlackWebhookSettings,
    "discord": DiscordSettings,
    "discord-webhook": DiscordWebhookSettings,
    "mattermost": MattermostSettings,
    "mattermost-webhook": MattermostWebhookSettings,
    "teams": TeamsSettings,
    "google-chat": GoogleChatSettings,
    "google-chat-webhook": GoogleChatWebhookSettings,
    "email": EmailSettings,
    "apprise": AppriseSettings,
    "webhook": WebhookSettings,
    "log": LogSettings,
}
