"""A Slack channel written to by a bot: messages are edited in place and recognised by their metadata.

Scope ``chat:write``; with ``channels:read`` and ``channels:history`` an interrupted message is recognised, too.
Source: Slack Web API, ``chat.postMessage``, ``chat.update``, ``conversations.history``, ``auth.test``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.notify import slack_blocks
from vindaris_sync.notify.bot import named
from vindaris_sync.notify.protocol import Ability, ChannelUnusable, MessageGone
from vindaris_sync.notify.slack_api import PAGE, Endless, SlackApi, UnfitBlocks
from vindaris_sync.sdk.errors import VindarisError
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.shapes import sent, understood

_EVENT = "vindaris_sync_message"
_ID = re.compile(r"[CDG][A-Z0-9]{6,}")


class SlackChannel:
    """One channel, by id or ``#name``, of the workspace that ``token`` belongs to.

    ``clickable``: its messages have buttons; ``SlackHearing`` hears what becomes of them.
    """

    spacing = timedelta()

    def __init__(  # noqa: PLR0913 - what a block says, and what tests replace
        self,
        name: str,
        channel: str,
        token: Secret,
        api_url: str = "https://slack.com/api",
        *,
        clickable: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self.abilities = Ability.EDIT | Ability.THREADS | (Ability.BUTTONS if clickable else Ability.NONE)
        self.max_items = slack_blocks.MAX_WITH_BUTTONS if clickable else slack_blocks.MAX_ITEMS
        self._mark = slack_blocks.mark(name) if clickable else ""
        self._channel = channel
        self._api = SlackApi(name, token, api_url, transport=transport)

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
        said = self._api.call("chat.postMessage", body)
        if not said["message"].get("thread_ts"):
            self._api.call("chat.delete", {"channel": said["channel"], "ts": said["ts"]})
            raise MessageGone(f"Slack ({self.name}): the message is no more")

    @understood
    def find(self, key: str, since: datetime) -> str | None:
        """Look through the channel's messages since then; ``None`` where the scopes do not allow it.

        The newest page is looked at in any case: our clock may have been far ahead of Slack's when sending began.
        """
        try:
            channel = self._channel_id()
            query = {"channel": channel, "include_all_metadata": "true"}
            for number, message in enumerate(self._api.pages("conversations.history", query, "messages")):
                if number >= PAGE and float(message["ts"]) < since.timestamp():
                    break
                if message.get("metadata") and message["metadata"] == _mark(key):
                    return f"{channel}:{message['ts']}"
        except Endless:
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
            who = self._api.call("auth.test", {})
        except VindarisError as error:
            return [Finding(Level.ERROR, f"notify.{self.name}", str(error), error.advice)]
        posts = f"posts as {named(who, 'user', otherwise='a bot')}"
        findings = [Finding(Level.OK, f"notify.{self.name}", posts)]
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
        self._api.close()

    def _say(self, method: str, content: Content, place: dict[str, Any], *, repeated: bool = False) -> dict[str, Any]:
        whole = slack_blocks.body(content, repeated=repeated, mark=self._mark)
        try:
            return self._api.call(method, {**place, **whole})
        except UnfitBlocks:
            return self._api.call(method, {**place, **whole, "blocks": []})

    def _replied(self, channel: str, stamp: str, key: str) -> bool | None:
        """Return whether the thread holds our line with ``key``; None where the scopes do not let us look."""
        query = {"channel": channel, "ts": stamp, "include_all_metadata": "true"}
        try:
            pages = self._api.pages("conversations.replies", query, "messages")
            return any(message.get("metadata") == _mark(key) for message in pages)
        except ChannelUnusable as error:
            if isinstance(error, Endless) or error.reason == "permission":
                return None
            raise

    def _channel_id(self) -> str:
        if _ID.fullmatch(self._channel):
            return self._channel
        wanted = self._channel.removeprefix("#").casefold()
        query = {"types": "public_channel,private_channel", "exclude_archived": "true"}
        for channel in self._api.pages("conversations.list", query, "channels"):
            if str(channel.get("name", "")).casefold() == wanted:
                return str(channel["id"])
        raise self._api.refusal("channel_not_found")


def _mark(key: str) -> dict[str, Any]:
    """Return the metadata by which a message of ours is recognised."""
    return {"event_type": _EVENT, "event_payload": {"key": key}}
