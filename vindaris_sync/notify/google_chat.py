"""A Google Chat space, written to by an app (a service account) or by a webhook.

The app names its messages itself, after our keys: so what was sent is found by one question, and never sent twice.
Source: Google Chat API v1, "spaces.messages" (create, get, patch), "Name a message", "Use Google Chat as a service
account"; RFC 7523 for the token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
import jwt
import orjson

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import google_cards
from vindaris_sync.notify.bot import looked_at, named
from vindaris_sync.notify.http import Answer, Line
from vindaris_sync.notify.one_way import Hook
from vindaris_sync.notify.protocol import Ability, ChannelUnusable, MessageGone
from vindaris_sync.sdk.errors import Unknown, VindarisError
from vindaris_sync.sdk.secret import Secret, redact
from vindaris_sync.sdk.shapes import sent, understood

SCOPE = "https://www.googleapis.com/auth/chat.bot"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = timedelta(hours=1)
_SPARE = timedelta(minutes=2)
_KEY = "make a new key of the service account (Google Cloud, IAM, Service Accounts, Keys)"
_ADD = "add the Chat app to the space, and enable the Google Chat API in its project"
_UNUSABLE: Mapping[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: ("credentials", _KEY),
    HTTPStatus.FORBIDDEN: ("permission", _ADD),
    HTTPStatus.NOT_FOUND: ("channel", f"check the space's name, spaces/…; {_ADD}"),
}


class GoogleChatWebhookChannel(Hook):
    """One webhook of a space; its address is the secret."""

    service = "Google Chat webhook"
    max_items = google_cards.MAX_ITEMS
    advice = dict.fromkeys(
        (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
        "the webhook is no more: make a new one (the space's menu, Apps & integrations, Webhooks)",
    )

    def document(self, content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:
        """Return a message with one card."""
        return google_cards.body(content, key, repeated=repeated)

    def word(self, answer: Answer) -> str:
        """Return Google's status word."""
        return _status(answer)


class _Access:
    """Short-lived tokens for a service account, asked for when the last one is about to end."""

    def __init__(self, key: Secret, token_url: str, line: Line, now: Callable[[], datetime]) -> None:
        self._key, self._url, self._line, self._now = key, token_url, line, now
        self._token, self._until = Secret(""), datetime.min.replace(tzinfo=UTC)

    def header(self) -> dict[str, str]:
        """Return the header that proves who asks."""
        if self._now() >= self._until:
            self._renew()
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    def forget(self) -> None:
        """Let the next request ask for a new token."""
        self._until = datetime.min.replace(tzinfo=UTC)

    def _renew(self) -> None:
        now = self._now()
        answer = self._line.form(self._url, {"grant_type": _GRANT, "assertion": self._assertion(now)})
        said = answer.json()
        if answer.status != HTTPStatus.OK or not isinstance(said, dict) or "access_token" not in said:
            raise ChannelUnusable(
                f"Google refuses the service account's key ({answer.status})", reason="credentials", advice=_KEY
            )
        self._token = Secret(str(said["access_token"]), fleeting=True)
        self._until = now + timedelta(seconds=min(int(said.get("expires_in", 3600)), 3600)) - _SPARE

    def _assertion(self, now: datetime) -> str:
        try:
            key = orjson.loads(self._key.reveal())
            who, private, number = str(key["client_email"]), Secret(key["private_key"]), str(key["private_key_id"])
            claims = {"iss": who, "scope": SCOPE, "aud": self._url, "iat": now, "exp": now + _LIFE}
            return jwt.encode(claims, private.reveal(), "RS256", {"kid": number})
        except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            raise ChannelUnusable(
                f"the service account's key cannot be used ({type(error).__name__})",
                reason="credentials",
                advice="the secret is the whole JSON file of the key",
            ) from None


class GoogleChatChannel:
    """One space, ``spaces/…``, that the Chat app of the service account ``key`` was added to."""

    abilities = Ability.EDIT | Ability.THREADS
    max_items = google_cards.MAX_ITEMS
    spacing = timedelta()

    def __init__(  # noqa: PLR0913 - where it is, who we are, and what tests put in their place
        self,
        name: str,
        space: str,
        key: Secret,
        api_url: str = "https://chat.googleapis.com/v1",
        token_url: str = "https://oauth2.googleapis.com/token",  # noqa: S107 - an address
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._api, self._space = api_url.rstrip("/"), space
        self._line = Line(f"Google Chat ({name})", transport=transport)
        self._access = _Access(key, token_url, self._line, now)

    def __repr__(self) -> str:
        return f"GoogleChatChannel({self.name!r}, {self._space!r})"

    @sent
    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Post a message under a name of ours, in a thread of its own; where it is there already, it is edited."""
        reference = _named(key)
        place = {**google_cards.body(content, key, repeated=repeated), "thread": {"threadKey": reference}}
        if not self._create(place, reference):
            self.update(reference, content)
        return reference

    @sent
    def update(self, reference: str, content: Content) -> None:
        """Edit a message's card."""
        body = google_cards.body(content, reference.removeprefix("client-"))
        self._asked("PATCH", f"messages/{reference}?updateMask=cardsV2", {"cardsV2": body["cardsV2"]})

    @sent
    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:  # noqa: ARG002 - named by its key
        """Add a line to the message's thread, under a name of ours: it is never there twice."""
        line = {**google_cards.said(text), "thread": {"threadKey": reference}}
        self._create(line, _named(key), "&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")

    @understood
    def find(self, key: str, since: datetime) -> str | None:  # noqa: ARG002 - asked for by its name
        """Ask for the message under the name that we would have given it."""
        try:
            self._asked("GET", f"messages/{_named(key)}")
        except MessageGone:
            return ""
        return _named(key)

    @understood
    def check(self) -> Sequence[Finding]:
        """Ask for the space, with a token of the service account."""

        def space() -> str:
            return f"space {named(self._asked('GET', ''), 'displayName', otherwise='without a name')}"

        return looked_at(self.name, space)

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _create(self, body: dict[str, Any], name: str, more: str = "") -> bool:
        """Return whether the message was made; where one of this name is there, it was not."""
        try:
            self._asked("POST", f"messages?messageId={name}{more}", body)
        except _AlreadyThere:
            return False
        return True

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - a document
        answer = self._exchanged(method, path, body)
        if answer.status == HTTPStatus.UNAUTHORIZED:  # the token may have ended before its time
            self._access.forget()
            answer = self._exchanged(method, path, body)
        return self._sorted(answer, message="messages/" in path)

    def _exchanged(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        url, header = f"{self._api}/{self._space}/{path}".rstrip("/"), self._access.header()
        return self._line.get(url, headers=header) if body is None else self._line.send(method, url, body, header)

    def _sorted(self, answer: Answer, *, message: bool) -> dict[str, Any]:
        said = answer.json()
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            if not isinstance(said, dict):
                raise Unknown(f"Google Chat ({self.name}) gave no JSON")
            return said
        text = f"Google Chat ({self.name}) refuses: {one_line(_status(answer), 60) or 'no reason'} ({answer.status})"
        if answer.status == HTTPStatus.CONFLICT:
            raise _AlreadyThere(text)
        if answer.status == HTTPStatus.NOT_FOUND and message:
            raise MessageGone(text)
        reason, advice = _UNUSABLE.get(answer.status, ("protocol", "look the word up in Google Chat's errors"))
        raise ChannelUnusable(text, reason=reason, advice=advice)


class _AlreadyThere(VindarisError):
    """A message of this name exists."""


def _named(key: str) -> str:
    return f"client-{key}"


def _status(answer: Answer) -> str:
    said = answer.json()
    error = said.get("error") if isinstance(said, dict) else None
    return redact(str(error.get("status", ""))) if isinstance(error, dict) else ""
