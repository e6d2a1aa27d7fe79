"""Mattermost's API v4: errors carry an id and a status; a deleted post cannot be edited for want of permission."""

from __future__ import annotations

import json
import math
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.core import Clock, Request, Response, system_clock
from vindaris_sync.sandbox.rooms import ChatService, Message, Refused, Room, Rooms, TooFast
from vindaris_sync.sandbox.routes import Route, document_of, plain, routed

if TYPE_CHECKING:
    from collections.abc import Iterable

MESSAGE = 16_383
"""Characters of a post."""
PROPS = 800_000
"""Characters of its properties."""
TEAM = "acme"
TITLE = 24
"""Characters of a dialog's title and labels."""


def world_of(clock: Clock = system_clock, *, strict_rate: bool = False) -> Rooms:
    """Return an empty server; ids have 26 characters. ``strict_rate``: ten posts a second, the server's default."""
    return Rooms(
        clock, name_of=lambda number: f"{number:026}".translate(_LETTERS), limit=(10, 1.0) if strict_rate else None
    )


_LETTERS = str.maketrans("0123456789", "yb3k5m7pd9")


class Mattermost(ChatService):
    """Answers bots (``world.tokens``) and incoming webhooks (``world.hooks``: the key to a room's id)."""

    def __init__(self, world: Rooms) -> None:
        super().__init__(world, "https://mattermost.example")
        self.dialogs: list[dict[str, Any]] = []
        """Dialogs that were opened, newest last."""
        self._triggers: set[str] = set()
        post = r"posts/(\w{26})"
        self._routes: list[Route] = [
            ("GET", r"users/me", self._me),
            ("GET", r"teams/name/([\w-]+)/channels/name/([\w-]+)", self._by_name),
            ("GET", r"channels/(\w{26})", self._channel),
            ("GET", r"channels/(\w{26})/posts", self._history),
            ("POST", r"posts", self._post),
            ("GET", post, self._get),
            ("PUT", rf"{post}/patch", self._patch),
            ("GET", rf"{post}/thread", self._thread),
            ("POST", "actions/dialogs/open", self._open),
        ]

    def create_hook(self, room: Room) -> str:
        """Create an incoming webhook for a room; return its path, which is its secret."""
        key = self.world.new_id()
        self.world.hooks[key] = room.id
        return f"/hooks/{key}"

    def pressed(self, message: Message, name: str, who: str) -> bytes:
        """Return the body that the server sends when somebody presses the first button of that name."""
        attachments = message.body["props"]["attachments"]
        action = next(each for one in attachments for each in one.get("actions", ()) if each["name"] == name)
        trigger = self.world.new_id()
        self._triggers.add(trigger)
        person = {"user_id": who, "user_name": f"user-{who}", "post_id": message.id, "trigger_id": trigger}
        return json.dumps({**person, "type": "button", "context": action["integration"]["context"]}).encode()

    def _open(self, request: Request) -> dict[str, Any]:
        body = document_of(request) or {}
        if body.get("trigger_id") not in self._triggers:
            raise Refused(HTTPStatus.BAD_REQUEST, "interactive_message.decode_trigger_id.expired", "Trigger expired.")
        dialog = body["dialog"]
        if len(dialog["title"]) > TITLE or any(len(each["display_name"]) > TITLE for each in dialog["elements"]):
            raise Refused(HTTPStatus.BAD_REQUEST, "app.open_interactive_dialog.error", "Too long.")
        self._triggers.discard(str(body["trigger_id"]))
        self.dialogs.append(body)
        return {"status": "OK"}

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            if request.path.startswith("/hooks/"):
                return self._hook(request)
            return Response.of(routed(request, request.path.removeprefix("/api/v4/"), self._routes), _status(request))
        except LookupError:
            return _refusal(
                Refused(HTTPStatus.NOT_FOUND, "api.context.404.app_error", "Sorry, we could not find the page.")
            )
        except Refused as refused:
            return _refusal(refused)
        except TooFast as fast:
            answer = plain(HTTPStatus.TOO_MANY_REQUESTS, "limit exceeded")
            answer.headers |= {"Retry-After": str(math.ceil(fast.seconds)), "X-Ratelimit-Remaining": "0"}
            return answer

    def _hook(self, request: Request) -> Response:
        room = self.world.hooks.get(request.path.removeprefix("/hooks/"))
        if room is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "web.incoming_webhook.invalid.app_error", "Invalid webhook.")
        body = document_of(request)
        if body is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "api.webhook.incoming.error", "Unable to decode the payload.")
        if not body.get("text") and not body.get("attachments"):
            raise Refused(HTTPStatus.BAD_REQUEST, "web.incoming_webhook.text.app_error", "No text specified.")
        text = _slack_mentions(str(body.get("text") or ""))
        self.world.post(
            self.world.rooms[room], "webhook", {"message": text, "props": {"attachments": body.get("attachments", [])}}
        )
        return plain(HTTPStatus.OK, "ok")

    def _user(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.world.tokens:
            raise Refused(
                HTTPStatus.UNAUTHORIZED, "api.context.session_expired.app_error", "Invalid or expired session."
            )
        return self.world.tokens[token]

    def _seen(self, request: Request, number: str) -> tuple[str, Room]:
        user, room = self._user(request), self.world.rooms.get(number)
        if room is None:
            raise Refused(HTTPStatus.NOT_FOUND, "app.channel.get.existing.app_error", "Unable to find the channel.")
        if not room.member:
            raise _forbidden()
        return user, room

    def _me(self, request: Request) -> dict[str, Any]:
        return {"id": self._user(request), "username": "goalbot", "is_bot": True}

    def _by_name(self, request: Request, team: str, name: str) -> dict[str, Any]:
        self._user(request)
        room = next((room for room in self.world.rooms.values() if room.name == name and team == TEAM), None)
        if room is None:
            raise Refused(HTTPStatus.NOT_FOUND, "app.channel.get_by_name.missing.app_error", "Channel does not exist.")
        return {"id": room.id, "name": room.name}

    def _channel(self, request: Request, number: str) -> dict[str, Any]:
        _, room = self._seen(request, number)
        return {"id": room.id, "name": room.name}

    def _post(self, request: Request) -> dict[str, Any]:
        body = document_of(request) or {}
        user, room = self._seen(request, str(body.get("channel_id")))
        root = str(body.get("root_id") or "")
        if root and root not in room.messages:
            raise Refused(HTTPStatus.BAD_REQUEST, "api.post.create_post.root_id.app_error", "Invalid RootId parameter.")
        return _printed(self.world.post(room, user, _said(body), thread=root), room)

    def _found(self, request: Request, number: str) -> tuple[str, Room, Message]:
        user = self._user(request)
        room = next((room for room in self.world.rooms.values() if number in room.messages), None)
        if room is None:
            raise Refused(HTTPStatus.NOT_FOUND, "app.post.get.app_error", "Unable to get the post.")
        return user, room, room.messages[number]

    def _get(self, request: Request, number: str) -> dict[str, Any]:
        _, room, message = self._found(request, number)
        return _printed(message, room)

    def _patch(self, request: Request, number: str) -> dict[str, Any]:
        try:
            user, room, message = self._found(request, number)
        except Refused as refused:
            raise (_forbidden() if refused.status == HTTPStatus.NOT_FOUND else refused) from None
        if message.author != user:
            raise _forbidden()
        return _printed(self.world.edit(room, number, _said({**message.body, **(document_of(request) or {})})), room)

    def _thread(self, request: Request, number: str) -> dict[str, Any]:
        _, room, message = self._found(request, number)
        return _listed([message, *(each for each in room.messages.values() if each.thread == number)], room)

    def _history(self, request: Request, number: str) -> dict[str, Any]:
        _, room = self._seen(request, number)
        page, size = int(request.query.get("page", "0")), min(int(request.query.get("per_page", "60")), 200)
        return _listed(list(reversed(room.messages.values()))[page * size : (page + 1) * size], room)


def _status(request: Request) -> int:
    return HTTPStatus.CREATED if request.method == "POST" else HTTPStatus.OK


def _forbidden() -> Refused:
    words = "You do not have the appropriate permissions."
    return Refused(HTTPStatus.FORBIDDEN, "api.context.permissions.app_error", words)


def _refusal(refused: Refused) -> Response:
    document = {"id": refused.code, "message": refused.message, "request_id": "r1", "status_code": refused.status}
    return Response.of(document, refused.status)


def _said(body: dict[str, Any]) -> dict[str, Any]:
    message, props = str(body.get("message") or ""), body.get("props") or {}
    if not message and not props.get("attachments"):
        raise Refused(HTTPStatus.BAD_REQUEST, "api.post.create_post.no_message.app_error", "Post has no content.")
    if len(message) > MESSAGE:
        raise Refused(HTTPStatus.BAD_REQUEST, "model.post.is_valid.message_length.app_error", "Message is too long.")
    if len(str(props)) > PROPS:
        raise Refused(HTTPStatus.BAD_REQUEST, "model.post.is_valid.props.app_error", "Invalid props.")
    return {"message": message, "props": props}


def _slack_mentions(text: str) -> str:
    """Return what a webhook's text becomes: the server takes Slack's way of writing mentions and links."""
    return re.sub(r"<!(channel|here|all)>", r"@\1", text)


def _printed(message: Message, room: Room) -> dict[str, Any]:
    at = int(message.at * 1000)
    stated = {"message": message.body["message"], "props": message.body["props"]}
    edited = 0 if message.edited is None else int(message.edited * 1000)
    place = {"channel_id": room.id, "root_id": message.thread, "user_id": message.author}
    return {"id": message.id, "create_at": at, "edit_at": edited, "delete_at": 0, **place, **stated}


def _listed(messages: Iterable[Message], room: Room) -> dict[str, Any]:
    posts = {message.id: _printed(message, room) for message in messages}
    return {"order": list(posts), "posts": posts, "next_post_id": "", "prev_post_id": ""}
