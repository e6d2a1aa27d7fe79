"""Slack's Web API: one token, and what Slack refuses, sorted by what happens next.

Slack refuses with status 200 and ``ok: false``; only a limit is a 429. Source: Slack, "Using the Slack Web API".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import httpx

from vindaris_sync.domain.text import one_line
from vindaris_sync.notify.bot import BotLine
from vindaris_sync.notify.http import DEADLINE, Answer, Line, pause
from vindaris_sync.notify.protocol import ChannelUnusable, MessageGone
from vindaris_sync.sdk.errors import Transient, Unknown, VindarisError
from vindaris_sync.sdk.secret import Secret, redact

PAGE = 500
_MOST_PAGES = 20
_NO_QUERY: Mapping[str, str | int] = MappingProxyType({})

_TOKEN = "renew the bot's token in the app's settings, OAuth & Permissions"  # noqa: S105 - an advice
_INVITE = "invite the bot: /invite @its-name in the channel"
_UNUSABLE = {
    "invalid_auth": ("credentials", _TOKEN),
    "not_authed": ("credentials", _TOKEN),
    "account_inactive": ("credentials", _TOKEN),
    "token_revoked": ("credentials", _TOKEN),
    "token_expired": ("credentials", _TOKEN),
    "not_allowed_token_type": ("credentials", "use a bot token (xoxb-…)"),
    "missing_scope": ("permission", "give the app the scope chat:write (docs/chat.md names all) and install it again"),
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


class Endless(ChannelUnusable):
    """Slack names a next page again and again; what was looked for may be on it."""


class UnfitBlocks(ChannelUnusable):
    """Slack does not take the blocks; the text alone tells the same."""


class SlackApi:
    """Slack's methods with one token; ``name`` is the channel's in errors. ``deadline``: seconds a call may take."""

    def __init__(
        self,
        name: str,
        token: Secret,
        api_url: str,
        *,
        deadline: float = DEADLINE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._api = api_url.rstrip("/")
        self._line = BotLine(f"Slack ({name})", token, deadline=deadline, transport=transport)

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._line.close()

    def call(
        self, method: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str | int] = _NO_QUERY
    ) -> dict[str, Any]:
        """Call a method; where our token is refused and has a successor by now, with that one."""
        return self._line.ask(lambda line: self._exchanged(line, method, body, query))

    def pages(self, method: str, query: dict[str, str], field: str) -> Iterator[dict[str, Any]]:
        """Yield what stands in ``field`` of each page; raises ``Endless``."""
        cursor = ""
        for _ in range(_MOST_PAGES):
            said = self.call(method, query={**query, "limit": PAGE, "cursor": cursor})
            yield from said.get(field, ())
            cursor = (said.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return
        raise Endless(
            f"Slack ({self.name}): {method} does not end", reason="protocol", advice="name the channel by its id"
        )

    def _exchanged(
        self, line: Line, method: str, body: Mapping[str, Any] | None, query: Mapping[str, str | int]
    ) -> dict[str, Any]:
        url = f"{self._api}/{method}"
        return self._sorted(line.get(url, query) if body is None else line.post(url, body))

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
            return UnfitBlocks(text, reason="protocol", advice="a message does not fit into Slack: report it")
        return self.refusal(code)

    def refusal(self, code: str) -> ChannelUnusable:
        """Return the error that ``code``, one of Slack's words, stands for."""
        reason, advice = _UNUSABLE.get(code, ("protocol", "look the word up in Slack's list of errors"))
        return ChannelUnusable(f"Slack ({self.name}) refuses: {code}", reason=reason, advice=advice)
