"""A Slack incoming webhook: it names no message, so nothing can be edited or recognised.

Source: Slack, "Sending messages using incoming webhooks" (errors are plain words with 4xx).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import slack_blocks
from vindaris_sync.notify.http import Answer, Line
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.secret import Secret, redact

_ADVICE: Mapping[int, str] = {
    HTTPStatus.FORBIDDEN: "the webhook was revoked or may not post: make a new one in the Slack app's settings",
    HTTPStatus.NOT_FOUND: "the webhook or its channel is no more: make a new one in the Slack app's settings",
    HTTPStatus.GONE: "the channel is archived: unarchive it, or make a webhook for another one",
}
_NO_BLOCKS = frozenset({"invalid_blocks", "invalid_payload", "msg_blocks_too_long"})


class SlackWebhookChannel:
    """One incoming webhook; its address is the secret."""

    editable = False
    max_items = slack_blocks.MAX_ITEMS

    def __init__(self, name: str, url: Secret) -> None:
        self.name = name
        self._url = url
        self._line = Line(f"Slack webhook ({name})")

    def __repr__(self) -> str:
        return f"SlackWebhookChannel({self.name!r})"

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:  # noqa: ARG002 - no place for a key
        """Send a new message; a possible repetition says so."""
        whole = slack_blocks.body(content, repeated=repeated)
        answer = self._line.post(self._url.reveal(), whole)
        if self._word(answer) in _NO_BLOCKS:
            answer = self._line.post(self._url.reveal(), {**whole, "blocks": []})
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer)
        return ""

    def update(self, reference: str, content: Content) -> None:
        """Refuse: callers ask ``editable`` first."""
        raise NotImplementedError(self.name, reference, content.headline)

    def find(self, key: str, since: datetime) -> str | None:  # noqa: ARG002 - nothing can be asked
        """Return ``None``: a webhook cannot be asked."""
        return None

    def check(self) -> Sequence[Finding]:
        """Say that only a message could tell whether the webhook works."""
        return [Finding(Level.OK, f"notify.{self.name}", "a webhook cannot be tested without posting")]

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _refusal(self, answer: Answer) -> ChannelUnusable:
        return ChannelUnusable(
            f"Slack webhook ({self.name}) refuses: {self._word(answer)} ({answer.status})",
            reason="channel" if answer.status in _ADVICE else "protocol",
            advice=_ADVICE.get(answer.status, "look the word up in Slack's list of webhook errors"),
        )

    def _word(self, answer: Answer) -> str:
        return one_line(redact(answer.body.decode("utf-8", "replace")), 60)
