"""A Mattermost channel, written to by a bot (messages are edited, found, and have threads) or an incoming webhook.

Source: Mattermost API v4, "posts" and "channels"; "Incoming webhooks"; error ids as the server words them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import mattermost_hearing, mattermost_posts
from vindaris_sync.notify.bot import BotLine, looked_at, named
from vindaris_sync.notify.http import Answer, Line
from vindaris_sync.notify.one_way import Hook
from vindaris_sync.notify.protocol import Ability, ChannelUnusable, MessageGone
from vindaris_sync.sdk.errors import Unknown
from vindaris_sync.sdk.secret import Secret, redact
from vindaris_sync.sdk.shapes import sent, understood

_KEY = "vindaris_key"
_ID = re.compile(r"[a-z0-9]{26}")
_PAGE = 200
_MOST_PAGES = 10
_INVITE = "add the bot to its team and to the channel"
_UNUSABLE: Mapping[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: ("credentials", "make the bot a new token (Integrations, Bot Accounts)"),
    HTTPStatus.FORBIDDEN: ("permission", _INVITE),
    HTTPStatus.NOT_FOUND: ("channel", f"check api_url and the channel's id or team/name; {_INVITE}"),
}
_GONE = frozenset(
    {"app.post.get.app_error", "store.sql_post.get.app_error", "api.post.create_post.root_id.app_error",
     "api.post.update_post.permissions_time_limit.app_error", "api.post.update_post.find.app_error"}
)  # fmt: skip


class MattermostChannel:
    """One channel, by id or ``team/channel``, of the server at ``api_url``.

    With ``secret`` and ``callback_url`` its messages have buttons; ``MattermostHearing`` hears what becomes of them.
    """

    max_items = mattermost_posts.MAX_ITEMS
    spacing = timedelta()

    def __init__(  # noqa: PLR0913 - what a block says, and what tests replace
        self,
        name: str,
        channel: str,
        token: Secret,
        api_url: str,
        *,
        secret: Secret | None = None,
        callback_url: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self.abilities = Ability.EDIT | Ability.THREADS | (Ability.BUTTONS if secret else Ability.NONE)
        self._secret, self._callback = secret, callback_url
        self._channel = channel
        self._api = f"{api_url.rstrip('/')}/api/v4"
        self._line = BotLine(f"Mattermost ({name})", token, transport=transport)
        self._id = channel if _ID.fullmatch(channel) else ""

    def __repr__(self) -> str:
        return f"MattermostChannel({self.name!r}, {self._channel!r})"

    @sent
    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Post a message that carries ``key`` in its properties."""
        body = {"channel_id": self._channel_id(), "message": "", "props": self._props(content, key, repeated=repeated)}
        return f"{self._asked('POST', 'posts', body)['id']}:{key}"

    @sent
    def update(self, reference: str, content: Content) -> None:
        """Edit a message; a server answers for a deleted one as if we might not edit it, so it is looked for then."""
        number, _, key = reference.partition(":")
        try:
            self._asked("PUT", f"posts/{number}/patch", {"message": "", "props": self._props(content, key)})
        except ChannelUnusable as error:
            if error.reason == "permission":
                self._asked("GET", f"posts/{number}")
            raise

    @sent
    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Add a line to the message's thread; it carries ``key`` in its properties."""
        number = reference.partition(":")[0]
        if repeated:
            thread = self._asked("GET", f"posts/{number}/thread")
            if any(_key_of(post) == key for post in thread["posts"].values()):
                return
        place = {"channel_id": self._channel_id(), "root_id": number}
        self._asked("POST", "posts", {**place, "message": mattermost_posts.said(text), "props": {_KEY: key}})

    @understood
    def find(self, key: str, since: datetime) -> str | None:
        """Look through the channel's posts since then; ``None`` where the bot may not read them."""
        try:
            me = str(self._asked("GET", "users/me")["id"])
            for post in self._posts(since):
                if post.get("user_id") == me and _key_of(post) == key:
                    return f"{post['id']}:{key}"
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
            lambda: f"posts as {named(self._asked('GET', 'users/me'), 'username')}",
            lambda: f"channel {named(self._asked('GET', f'channels/{self._channel_id()}'), 'name')}",
        )

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def _props(self, content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:
        attachments = [mattermost_posts.attachment(content, repeated=repeated)]
        if self._secret is not None:
            lines = (line for line in (*content.lines, *content.decided) if line.buttons)
            attachments += [mattermost_hearing.actions(line, self.name, self._callback, self._secret) for line in lines]
        return {"attachments": attachments, _KEY: key}

    def _channel_id(self) -> str:
        if not self._id:
            team, _, channel = self._channel.partition("/")
            self._id = str(self._asked("GET", f"teams/name/{team}/channels/name/{channel}")["id"])
        return self._id

    def _posts(self, since: datetime) -> Iterator[dict[str, Any]]:
        """Yield the channel's posts, the newest first, the first page in any case: clocks differ."""
        for page in range(_MOST_PAGES):
            path = f"channels/{self._channel_id()}/posts?page={page}&per_page={_PAGE}"
            found = self._asked("GET", path)
            posts = [found["posts"][number] for number in found["order"]]
            yield from posts
            if len(posts) < _PAGE or posts[-1]["create_at"] < since.timestamp() * 1000:
                return
        raise ChannelUnusable(f"Mattermost ({self.name}): the channel's past does not end", reason="protocol")

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - a document
        url = f"{self._api}/{path}"

        def exchange(line: Line) -> Any:  # noqa: ANN401 - as above
            return self._sorted(line.get(url) if body is None else line.send(method, url, body))

        return self._line.ask(exchange)

    def _sorted(self, answer: Answer) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
        said = answer.json()
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            if not isinstance(said, dict):
                raise Unknown(f"Mattermost ({self.name}) gave no JSON")
            return said
        word = one_line(redact(str(said.get("id", ""))), 80) if isinstance(said, dict) else ""
        if word in _GONE:
            raise MessageGone(f"Mattermost ({self.name}): {word}")
        reason, advice = _UNUSABLE.get(answer.status, ("protocol", "look the word up in the server's log"))
        text = f"Mattermost ({self.name}) refuses: {word or 'no reason'} ({answer.status})"
        raise ChannelUnusable(text, reason=reason, advice=advice)


class MattermostWebhookChannel(Hook):
    """One incoming webhook; its address is the secret."""

    service = "Mattermost webhook"
    max_items = mattermost_posts.MAX_ITEMS
    advice = dict.fromkeys(
        (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
        "the webhook or its channel is no more: make a new one (Integrations, Incoming Webhooks)",
    )

    def document(self, content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:  # noqa: ARG002 - no place for a key
        """Return the attachment that a bot would post."""
        return {"attachments": [mattermost_posts.attachment(content, repeated=repeated)]}

    def word(self, answer: Answer) -> str:
        """Return the server's id of the error."""
        said = answer.json()
        return str(said.get("id", "")) if isinstance(said, dict) else ""


def _key_of(post: Mapping[str, Any]) -> str:
    return str((post.get("props") or {}).get(_KEY, ""))
