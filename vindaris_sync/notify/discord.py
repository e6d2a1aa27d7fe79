"""A Discord channel, written to by a webhook or by a bot; both edit their messages in place.

The bot recognises a message whose sending was interrupted by a mark in its footer; within a few minutes Discord itself
drops a repetition (``enforce_nonce``). Source: Discord API v10, "Webhook", "Message", "Rate limits", "Opcodes and
status codes".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import discord_buttons, discord_embeds
from vindaris_sync.notify.bot import BotLine, looked_at, named
from vindaris_sync.notify.http import Answer, Line
from vindaris_sync.notify.one_way import OneWay
from vindaris_sync.notify.protocol import Ability, ChannelUnusable, MessageGone
from vindaris_sync.sdk.errors import Unknown
from vindaris_sync.sdk.secret import Secret, redact
from vindaris_sync.sdk.shapes import sent, understood

_UNKNOWN_MESSAGE = 10008
_MARK = 12  # of the 32 digits of a key: enough in one channel
_NONCE = 25  # characters that Discord takes
_PAGE = 100
_MOST_PAGES = 10
_BOT = "renew the bot's token in the developer portal, Bot"
_UNUSABLE: Mapping[int, tuple[str, str]] = {
    10003: ("channel", "check the channel's id (developer mode, Copy Channel ID)"),
    10015: ("channel", "the webhook was deleted: make a new one in the channel's settings, Integrations"),
    40001: ("credentials", _BOT),
    50001: ("permission", "give the bot View Channel, Send Messages and Embed Links in this channel"),
    50013: ("permission", "give the bot View Channel, Send Messages and Embed Links in this channel"),
    50027: ("credentials", "the webhook's address is not right any more: copy it again"),
}
_BY_STATUS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: ("credentials", _BOT),
    HTTPStatus.FORBIDDEN: ("permission", _UNUSABLE[50013][1]),
    HTTPStatus.NOT_FOUND: ("channel", "check the address and the channel's id"),
}


class DiscordWebhookChannel(OneWay):
    """One webhook; its address is the secret. It can edit what it posted, and cannot search."""

    abilities = Ability.EDIT
    max_items = discord_embeds.MAX_ITEMS

    def __init__(self, name: str, url: Secret, *, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(name)
        self._url = url
        self._line = Line(f"Discord webhook ({name})", transport=transport)

    @sent
    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:  # noqa: ARG002 - nothing finds it
        """Post a message and return its id; a possible repetition says so."""
        said = self._sorted(self._line.post(self._at("", "wait=true"), discord_embeds.body(content, repeated=repeated)))
        return str(said["id"])

    @sent
    def update(self, reference: str, content: Content) -> None:
        """Edit a message of this webhook."""
        self._sorted(self._line.send("PATCH", self._at(f"/messages/{reference}"), discord_embeds.body(content)))

    @understood
    def check(self) -> Sequence[Finding]:
        """Ask for the webhook itself, which posts nothing."""
        return looked_at(self.name, lambda: f"posts as {_named(self._sorted(self._line.get(self._at(''))))}")

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _at(self, path: str, query: str = "") -> str:
        """Return the webhook's address with ``path`` below it; what it names itself (a thread) stays."""
        parts = urlsplit(self._url.reveal())
        both = "&".join(filter(None, (parts.query, query)))
        return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path, query=both))

    def _sorted(self, answer: Answer) -> dict[str, Any]:
        said: dict[str, Any] = _sorted(f"Discord webhook ({self.name})", answer)
        return said


class DiscordChannel:
    """One channel, by id, of a server that the bot of ``token`` was added to.

    ``clickable``: its messages have buttons; ``DiscordHearing`` hears what becomes of them.
    """

    max_items = discord_embeds.MAX_ITEMS
    spacing = timedelta()

    def __init__(  # noqa: PLR0913 - what a block says, and what tests replace
        self,
        name: str,
        channel: str,
        token: Secret,
        api_url: str = "https://discord.com/api/v10",
        *,
        clickable: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self.abilities = Ability.EDIT | Ability.THREADS | (Ability.BUTTONS if clickable else Ability.NONE)
        self._api, self._channel = api_url.rstrip("/"), channel
        self._line = BotLine(f"Discord ({name})", token, "Bot", transport=transport)

    def __repr__(self) -> str:
        return f"DiscordChannel({self.name!r}, {self._channel!r})"

    @sent
    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Post a message that carries a mark of ``key``, and return its id."""
        whole = self._body(content, key[:_MARK], repeated=repeated)
        said = self._asked("POST", "messages", {**whole, "nonce": key[:_NONCE], "enforce_nonce": True})
        return f"{said['id']}:{key[:_MARK]}"

    @sent
    def update(self, reference: str, content: Content) -> None:
        """Edit a message; its mark stays."""
        number, _, mark = reference.partition(":")
        self._asked("PATCH", f"messages/{number}", self._body(content, mark))

    @sent
    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Add a line to the message's thread, which has the message's own id; the first one begins the thread.

        Within a thread nothing tells lines apart, so one that may have been sent is not sent again.
        """
        if repeated:
            return
        number = reference.partition(":")[0]
        line = {**discord_embeds.said(text), "nonce": key[:_NONCE], "enforce_nonce": True}
        try:
            self._asked("POST", f"/channels/{number}/messages", line)
        except ChannelUnusable as error:
            if error.reason != "channel":
                raise
            self._asked("POST", f"messages/{number}/threads", {"name": "History", "auto_archive_duration": 10_080})
            self._asked("POST", f"/channels/{number}/messages", line)

    @understood
    def find(self, key: str, since: datetime) -> str | None:
        """Look through the channel's messages since then; ``None`` where the bot may not read them."""
        try:
            me = str(self._asked("GET", "/users/@me")["id"])
            for message in self._messages(since):
                ours = str((message.get("author") or {}).get("id")) == me
                if ours and discord_embeds.mark_of(message) == key[:_MARK]:
                    return f"{message['id']}:{key[:_MARK]}"
        except ChannelUnusable as error:
            if error.reason in {"permission", "protocol"}:
                return None
            raise
        return ""

    @understood
    def check(self) -> Sequence[Finding]:
        """Ask who we are and whether the channel can be seen."""
        return looked_at(
            self.name,
            lambda: f"posts as {_named(self._asked('GET', '/users/@me'))}",
            lambda: f"channel {_named(self._asked('GET', ''))}",
        )

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _body(self, content: Content, mark: str, *, repeated: bool = False) -> dict[str, Any]:
        whole = discord_embeds.body(content, mark, repeated=repeated)
        return {**whole, "components": discord_buttons.components(content) if Ability.BUTTONS in self.abilities else []}

    def _messages(self, since: datetime) -> Iterator[dict[str, Any]]:
        """Yield the channel's messages, the newest first, the first page in any case: clocks differ."""
        before = ""
        for _ in range(_MOST_PAGES):
            page = self._asked("GET", f"messages?limit={_PAGE}{before}")
            yield from page
            if len(page) < _PAGE or _time_of(page[-1]) < since:
                return
            before = f"&before={page[-1]['id']}"
        raise ChannelUnusable(f"Discord ({self.name}): the channel's past does not end", reason="protocol")

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - a document
        place = path if path.startswith("/") else f"/channels/{self._channel}/{path}".rstrip("/")
        url = f"{self._api}{place}"

        def exchange(line: Line) -> Any:  # noqa: ANN401 - as above
            answer = line.get(url) if body is None else line.send(method, url, body)
            return _sorted(f"Discord ({self.name})", answer)

        return self._line.ask(exchange)


def _named(document: Mapping[str, Any]) -> str:
    return named(document, "username", "name")


def _time_of(message: Mapping[str, Any]) -> datetime:
    at = datetime.fromisoformat(message["timestamp"])
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _sorted(who: str, answer: Answer) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
    """Return the document of an exchange that worked; Discord refuses with a status and a code in the body."""
    said = answer.json()
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        if said is None:
            raise Unknown(f"{who} gave no JSON")
        return said
    code = said.get("code") if isinstance(said, dict) else None
    code = code if isinstance(code, int) else 0
    if code == _UNKNOWN_MESSAGE:
        raise MessageGone(f"{who}: the message was deleted")
    reason, advice = _UNUSABLE.get(code) or _BY_STATUS.get(
        answer.status, ("protocol", "look the code up in Discord's list of JSON error codes")
    )
    told = one_line(redact(str(said.get("message", ""))), 80) if isinstance(said, dict) else ""
    raise ChannelUnusable(
        f"{who} refuses: {told or 'no reason'} ({answer.status}, code {code})", reason=reason, advice=advice
    )
