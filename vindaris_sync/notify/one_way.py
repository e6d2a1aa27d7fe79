"""Channels that only take messages: nothing sent through them can be found again, and most of it not be edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify.http import Answer, Line
from vindaris_sync.notify.protocol import Ability, ChannelUnusable
from vindaris_sync.sdk.secret import Secret, redact


class OneWay:
    """What they have in common; ``post``, and what one can do beyond it, is each one's own."""

    abilities = Ability.NONE
    spacing = timedelta()
    untried = "a webhook cannot be tested without posting"

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def update(self, reference: str, content: Content) -> None:
        """Refuse: callers ask for ``Ability.EDIT`` first."""
        raise NotImplementedError(self.name, reference, content.headline)

    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Refuse: callers ask for ``Ability.THREADS`` first."""
        raise NotImplementedError(self.name, reference, text, key, repeated)

    def find(self, key: str, since: datetime) -> str | None:  # noqa: ARG002 - nothing can be asked
        """Return ``None``: there is nobody to ask."""
        return None

    def check(self) -> Sequence[Finding]:
        """Say that only a message could tell whether it works."""
        return [Finding(Level.OK, f"notify.{self.name}", self.untried)]

    def close(self) -> None:
        """Release nothing."""


class Hook(OneWay):
    """An address that takes a JSON document by POST, which is the secret. ``service`` is what errors call it.

    ``advice`` says by status what a person must do; ``reasons`` which of them are not about the channel.
    """

    service = "webhook"
    advice: Mapping[int, str] = {}
    reasons: Mapping[int, str] = {}
    otherwise = "check the webhook's url and what its receiver expects"

    def __init__(self, name: str, url: Secret) -> None:
        super().__init__(name)
        self._url = url
        self._line = Line(f"{self.service} ({name})")

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Send a new message; a possible repetition says so, or is recognised by its key."""
        answer = self._send(self.document(content, key, repeated=repeated), key)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(answer)
        return ""

    def document(self, content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:
        """Return the body that is sent."""
        raise NotImplementedError

    def word(self, answer: Answer) -> str:
        """Return the service's own word for why it refuses, if it has one."""
        del answer
        return ""

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _send(self, document: dict[str, Any], key: str) -> Answer:
        del key
        return self._line.post(self._url.reveal(), document)

    def _refusal(self, answer: Answer) -> ChannelUnusable:
        word = one_line(redact(self.word(answer)), 80)
        told = f": {word}" if word else ""
        return ChannelUnusable(
            f"{self.service} ({self.name}) refuses{told} ({answer.status})",
            reason=self.reasons.get(answer.status, "channel" if answer.status in self.advice else "protocol"),
            advice=self.advice.get(answer.status, self.otherwise),
        )
