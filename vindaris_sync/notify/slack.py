"""A Slack channel written to by a bot: messages are edited in place and recognised by their metadata.

Scope ``chat:write``; with ``channels:read`` and ``channels:history`` an interrupted message is recognised, too.
Source: Slack Web API, ``chat.postMessage``, ``chat.update``, ``conversations.history``, ``auth.test``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import httpx

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import slack_blocks
from vindaris_sync.notify.http import Answer, Line, pause
from vindaris_sync.notify.protocol import Ability, ChannelUnusable, MessageGone
from vindaris_sync.sdk.errors import Transient, Unknown, VindarisError
from vindaris_sync.sdk.secret import Secret, redact
from vindaris_sync.sdk.shapes import sent, understood

_EVENT = "vindaris_sync_message"
_NO_QUERY: Mapping[str, str | int] = MappingProxyType({})
_PAGE = 500
_MOST_PAGES = 20
_ID = re.compile(r"[CDG][A-Z0-9]{6,}")

_TOKEN = "renew the bot's token in the app's settings, OAuth & Permissions"  # noqa: S105 - an advice
_INVITE = "invite the bot: /invite @its-name in the channel"
_UNUSABLE = {
    "invalid_auth": ("credentials", _TOKEN),
    "not_authed": ("credentials", _TOKEN),
    "account_inactive": ("credentials", _TOKEN),
    "token_revoked": ("credentials", _TOKEN),
    "token_expired": ("credentials", _TOKEN),
    "not_allowed_token_type": ("credentials", "use a bot token (xoxb-…)"),
    "missing_scope": ("permission", "give the app the scope chat:write and install it again"),
    "no_permission": ("permission", _INVITE),
    "restricted_action": ("permission", "let the bot post in this channel (channel settings, posting permissions)"),
    "channel_not_found": ("channel", "check the channel's name or id; a private channel needs: " + _INVITE),
    "not_in_channel": ("channel", _INVITE),
    "is_archived": ("channel", "unarchive the channel, or name another one"),
}
_GONE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", "thread_not_found",
     "cannot_reply_to_message"}
)  # fmt: skip
_LATER = frozenset({"service_unavailable", "internal_error", "fatal_error", "request_timeout", "accesslimited"})
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_UNFIT = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})


class _Endless(ChannelUnusable):
    """Slack names a next page again and again; what was looked for may be on it."""


class _UnfitBlocks(ChannelUnusable):
    """Slack does not take the blocks; the text alone tells the same."""


class SlackChannel:
    """One channel, by id or ``#name``, of the workspace that ``token`` belongs to."""

    abilities = Ability.EDIT | Ability.THREADS
    max_items = slack_blocks.MAX_ITEMS

    def __init__(
        self,
        name: str,
        channel: str,
        token: Secret,
        api_url: str = "https://slack.com/api",
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._channel = channel
        self._api = api_url.rstrip("/")
        self._token = token
        self._transport = transport
        self._line = self._opened()

    def __repr__(self) -> str:
        return f"SlackChannel({self.name!r}, {self._channel!r})"

    @sent
    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Post a message that carries ``key`` in its metadata."""
        place = {"channel": self._channel, "metadata": _mark(key)}
        said = self._say("chat.postMessage", content, place, repeated=repeated)
        return f"{said['channel']}:{said['ts']}"

    @sent
    def update(self, reference: str, content: Content) -> None:
        """Edit a message; its metadata stays (Slack keeps what an update does not name)."""
        channel, _, stamp = reference.partition(":")
        self._say("chat.update", content, {"channel": channel, "ts": stamp})

    @sent
    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Add a line to the message's thread; it carries ``key`` in its metadata.

        Where the message was deleted, Slack says it to the whole channel instead and tells so by leaving out
        ``thread_ts`` alone (slack-go/slack#1571): that is taken back.
        """
        channel, _, stamp = reference.partition(":")
        if repeated and self._replied(channel, stamp, key) is not False:
            return
        body = {"channel": channel, "thread_ts": stamp, "metadata": _mark(key), **slack_blocks.said(text)}
        said = self._asked("chat.postMessage", body)
        if not said["message"].get("thread_ts"):
            self._asked("chat.delete", {"channel": said["channel"], "ts": said["ts"]})
            raise MessageGone(f"Slack ({self.name}): the message is no more")

    @understood
    def find(self, key: str, since: datetime) -> str | None:
        """Look through the channel's messages since then; ``None`` where the scopes do not allow it.

        The newest page is looked at in any case: our clock may have been far ahead of Slack's when sending began.
        """
        try:
            channel = self._channel_id()
            query = {"channel": channel, "include_all_metadata": "true"}
            for number, message in enumerate(self._pages("conversations.history", query, "messages")):
                if number >= _PAGE and float(message["ts"]) < since.timestamp():
                    break
                if message.get("metadata") and message["metadata"] == _mark(key):
                    return f"{channel}:{message['ts']}"
        except _Endless:
            return None
        except ChannelUnusable as error:
            if error.reason == "permission":
                return None
            raise
        return ""

    @understood
    def check(self) -> Sequence[Finding]:
        """Ask who we are, and whether the channel can be found; a scope that is missing for the latter is a hint."""
        try:
            who = self._asked("auth.test", {})
        except VindarisError as error:
            return [Finding(Level.ERROR, f"notify.{self.name}", str(error), error.advice)]
        name = one_line(redact(str(who.get("user", "a bot"))), 40)
        findings = [Finding(Level.OK, f"notify.{self.name}", f"posts as {name}")]
        try:
            self._channel_id()
        except ChannelUnusable as error:
            level = Level.WARNING if error.reason == "permission" else Level.ERROR
            advice = "channels:read and channels:history let an interrupted message be recognised"
            findings.append(
                Finding(level, f"notify.{self.name}", str(error), advice if level is Level.WARNING else error.advice)
            )
        except VindarisError as error:
            findings.append(Finding(Level.WARNING, f"notify.{self.name}", str(error), error.advice))
        return findings

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _opened(self) -> Line:
        headers = {"Authorization": f"Bearer {self._token.reveal()}"}
        return Line(f"Slack ({self.name})", headers, transport=self._transport)

    def _asked(
        self, method: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str | int] = _NO_QUERY
    ) -> dict[str, Any]:
        """Call a method; where our token is refused and another one has been put in its place since, with that."""
        renewed = self._token.watch()
        try:
            return self._exchanged(method, body, query)
        except ChannelUnusable as error:
            if error.reason != "credentials" or not renewed():
                raise
        self._line.close()
        self._line = self._opened()
        return self._exchanged(method, body, query)

    def _exchanged(self, method: str, body: Mapping[str, Any] | None, query: Mapping[str, str | int]) -> dict[str, Any]:
        url = f"{self._api}/{method}"
        return self._sorted(self._line.get(url, query) if body is None else self._line.post(url, body))

    def _say(self, method: str, content: Content, place: dict[str, Any], *, repeated: bool = False) -> dict[str, Any]:
        whole = slack_blocks.body(content, repeated=repeated)
        try:
            return self._asked(method, {**place, **whole})
        except _UnfitBlocks:
            return self._asked(method, {**place, **whole, "blocks": []})

    def _replied(self, channel: str, stamp: str, key: str) -> bool | None:
        """Return whether the thread holds our line with ``key``; None where the scopes do not let us look."""
        query = {"channel": channel, "ts": stamp, "include_all_metadata": "true"}
        try:
            pages = self._pages("conversations.replies", query, "messages")
            return any(message.get("metadata") == _mark(key) for message in pages)
        except ChannelUnusable as error:
            if isinstance(error, _Endless) or error.reason == "permission":
                return None
            raise

    def _channel_id(self) -> str:
        if _ID.fullmatch(self._channel):
            return self._channel
        wanted = self._channel.removeprefix("#").casefold()
        query = {"types": "public_channel,private_channel", "exclude_archived": "true"}
        for channel in self._pages("conversations.list", query, "channels"):
            if str(channel.get("name", "")).casefold() == wanted:
                return str(channel["id"])
        raise self._unusable("channel_not_found")

    def _pages(self, method: str, query: dict[str, str], field: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        for _ in range(_MOST_PAGES):
            said = self._asked(method, query={**query, "limit": _PAGE, "cursor": cursor})
            yield from said.get(field, ())
            cursor = (said.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return
        raise _Endless(
            f"Slack ({self.name}): {method} does not end", reason="protocol", advice="name the channel by its id"
        )

    def _sorted(self, answer: Answer) -> dict[str, Any]:
        """Return the answer of a call that worked; Slack refuses with status 200 and ``ok: false``."""
        said = answer.json()
        if not isinstance(said, dict):
            if answer.status == HTTPStatus.OK:
                raise Unknown(f"Slack ({self.name}) gave no JSON")
            raise ChannelUnusable(
                f"Slack ({self.name}) answered {answer.status}", reason="protocol", advice="check api_url"
            )
        if said.get("ok") is True:
            return said
        raise self._error(one_line(redact(str(said.get("error", "no reason"))), 60), answer)

    def _error(self, code: str, answer: Answer) -> VindarisError:
        text = f"Slack ({self.name}): {code}"
        if code in _GONE:
            return MessageGone(text)
        if code in _LIMITED:
            return Transient(text, retry_after=pause(answer))
        if code in _LATER:
            return Unknown(text, retry_after=timedelta(minutes=1))
        if code in _UNFIT:
            return _UnfitBlocks(text, reason="protocol", advice="a message does not fit into Slack: report it")
        return self._unusable(code)

    def _unusable(self, code: str) -> ChannelUnusable:
        reason, advice = _UNUSABLE.get(code, ("protocol", "look the word up in Slack's list of errors"))
        return ChannelUnusable(f"Slack ({self.name}) refuses: {code}", reason=reason, advice=advice)


def _mark(key: str) -> dict[str, Any]:
    """Return the metadata by which a message of ours is recognised."""
    return {"event_type": _EVENT, "event_payload": {"key": key}}
