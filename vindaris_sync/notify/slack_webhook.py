"""A Slack incoming webhook: it names no message, so nothing can be edited or recognised.

Source: Slack, "Sending messages using incoming webhooks" (errors are plain words with 4xx).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from vindaris_sync.domain.messages import Content
from vindaris_sync.notify import slack_blocks
from vindaris_sync.notify.http import Answer
from vindaris_sync.notify.one_way import Hook

_ADVICE: Mapping[int, str] = {
    HTTPStatus.FORBIDDEN: "the webhook was revoked or may not post: make a new one in the Slack app's settings",
    HTTPStatus.NOT_FOUND: "the webhook or its channel is no more: make a new one in the Slack app's settings",
    HTTPStatus.GONE: "the channel is archived: unarchive it, or make a webhook for another one",
}
_NO_BLOCKS = frozenset({"invalid_blocks", "invalid_payload", "msg_blocks_too_long"})


class SlackWebhookChannel(Hook):
    """One incoming webhook; its address is the secret."""

    service = "Slack webhook"
    max_items = slack_blocks.MAX_ITEMS
    advice = _ADVICE
    otherwise = "look the word up in Slack's list of webhook errors"

    def document(self, content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:  # noqa: ARG002 - no place for a key
        """Return text and blocks, as a bot would post them."""
        return slack_blocks.body(content, repeated=repeated)

    def word(self, answer: Answer) -> str:
        """Return the word that is the whole answer."""
        return answer.body.decode("utf-8", "replace")

    def _send(self, document: dict[str, Any], key: str) -> Answer:
        answer = super()._send(document, key)
        return super()._send({**document, "blocks": []}, key) if self.word(answer) in _NO_BLOCKS else answer
