"""A Slack incoming webhook: it names no message, so nothing can be edited or recognised.

Source: Slack, "Sending messages using incoming webhooks" (errors are plain words with 4xx).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import slack_blocks
from vindaris_sync.notify.http import Answer, Line
from vindaris_sync.notify.one_way import OneWay
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.secret import Secret, redact

_ADVICE: Mapping[int, str] = {
    HTTPStatus.FORBIDDEN: "the webhook was revoked or may not post: make a new one in the Slack app's settings",
    HTTPStatus.NOT_FOUND: "the webhook or its channel is no more: make a new one in the Slack app's settings",
    HTTPStatus.GONE: "the channel is archived: unarchive it, or make a webhook for another one",
}
_NO_BLOCKS = frozenset({"invalid_blocks", "invalid_payload", "msg_blocks_too_long"})


class SlackWebhookChannel(OneWay):
    """One incoming webhook; its address is the secret."""

    max_items = slack_blocks.MAX_ITEMS

    def __init__(self, name: str, url: Secret) -> None:
        super().__init__(name, Line(f"Slack webhook ({name})"))
        self._url = url

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:  # noqa: ARG002 - no place for a key
        """Send a new message; a possible repetition says so."""
        whole = slack_blocks.body(content, repeated=repeated)
        answer = self._line.post(self._url.reveal(), whole)
        if self._word(answer) in _NO_BLOCKS:
            answer = self._line.post(self._url.reveal(), {**whole, "blocks": []})
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer)
        return ""

    def _refusal(self, answer: Answer) -> ChannelUnusable:
        return ChannelUnusable(
            f"Slack webhook ({self.name}) refuses: {self._word(answer)} ({answer.status})",
            reason="channel" if answer.status in _ADVICE else "protocol",
            advice=_ADVICE.get(answer.status, "look the word up in Slack's list of webhook errors"),
        )

    def _word(self, answer: Answer) -> str:
        return one_line(redact(answer.body.decode("utf-8", "replace")), 60)
