"""Discord's HTTP API, version 10: refusals carry a status and a JSON code; a limit says how long in the body, too."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vindaris_sync.sandbox.core import Clock, Delivery, Request, Response, system_clock
from vindaris_sync.sandbox.discord import form
from vindaris_sync.sandbox.rooms import ChatService, Message, Refused, Room, Rooms, TooFast
from vindaris_sync.sandbox.routes import Route, routed

EPOCH = 1_420_070_400_000  # milliseconds: the first of January 2015, where snowflakes begin
PAGE = 100
THREAD_NAME = 100
LIMIT = (5, 5.0)
"""Messages to one channel, and seconds (what bots and webhooks meet in practice)."""


def world_of(clock: Clock = system_clock, *, strict_rate: bool = False) -> Rooms:
    """Return an empty server; its ids are snowflakes, which grow."""
    return Rooms(
        clock, name_of=lambda number: str((1_400_000_000_000 << 22) + number), limit=LIMIT if strict_rate else None
    )


class Discord(ChatService):
    """Answers webhooks (``world.hooks``: "ID/TOKEN" to a room's id) and bots (``world.tokens``)."""

    def __init__(self, world: Rooms) -> None:
        super().__init__(world, "https://discord.com")
        self.signing = Ed25519PrivateKey.generate()
        self.endpoint = ""
        """The interactions endpoint: where clicks are sent."""
        self._nonces: dict[tuple[str, str], str] = {}
        self._routes: list[Route] = [
            ("POST", r"webhooks/(\d+/[\w-]+)", self._execute),
            ("GET", r"webhooks/(\d+/[\w-]+)", self._hook),
            ("PATCH", r"webhooks/(\d+/[\w-]+)/messages/(\d+)", self._edit_by_hook),
            ("DELETE", r"webhooks/(\d+/[\w-]+)/messages/(\d+)", self._delete_by_hook),
            ("GET", r"users/@me", self._me),
            ("GET", r"channels/(\d+)", self._channel),
            ("GET", r"channels/(\d+)/messages", self._history),
            ("POST", r"channels/(\d+)/messages", self._post),
            ("PATCH", r"channels/(\d+)/messages/(\d+)", self._edit),
            ("POST", r"channels/(\d+)/messages/(\d+)/threads", self._thread),
        ]

    def create_hook(self, room: Room) -> str:
        """Create a webhook for a room; return its path, which is its secret."""
        secret = f"{self.world.new_id()}/{token_urlsafe(51)}"
        self.world.hooks[secret] = room.id
        return f"/api/webhooks/{secret}"

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        path = re.sub(r"^/api(/v\d+)?/", "", request.path)
        try:
            return self._answered(routed(request, path, self._routes))
        except LookupError:
            return Response.of({"message": "404: Not Found", "code": 0}, HTTPStatus.NOT_FOUND)
        except Refused as refused:
            document = {"message": refused.message, "code": refused.code, **refused.more}
            return Response.of(document, refused.status)
        except TooFast as fast:
            body = {"message": "You are being rate limited.", "retry_after": fast.seconds, "global": False}
            headers = {"Retry-After": str(math.ceil(fast.seconds)), "X-RateLimit-Remaining": "0"}
            return Response.of(body, HTTPStatus.TOO_MANY_REQUESTS, headers)

    @staticmethod
    def _answered(document: object) -> Response:
        return Response(HTTPStatus.NO_CONTENT) if document is None else Response.of(document)

    # --- what people press ---------------------------------------------------------------------------------------

    def press(self, room: Room, message: Message, label: str, who: str, **user: Any) -> Delivery:  # noqa: ANN401 - JSON
        """Return the request that Discord sends when somebody presses a button; send it with ``server.post``."""
        rows = message.body.get("components", ())
        pressed = next(each for row in rows for each in row["components"] if each["label"] == label)
        data = {"component_type": 2, "custom_id": pressed["custom_id"]}
        return self.interaction(3, room, data, who, message=_printed(message, room), **user)

    def interaction(self, kind: int, room: Room, data: object, who: str, **more: Any) -> Delivery:  # noqa: ANN401 - JSON
        """Return a signed interaction: ``kind`` 1 asks whether anybody is there, 5 is a modal that was filled in."""
        member = {"user": {"id": who, "username": f"user-{who}"}, "roles": more.pop("roles", [])}
        document = {
            "id": self.world.new_id(),
            "type": kind,
            "channel_id": room.id,
            "data": data,
            "member": member,
            **more,
        }
        body, stamp = json.dumps(document).encode(), str(int(self.world.now()))
        signature = self.signing.sign(stamp.encode() + body).hex()
        headers = {"Content-Type": "application/json", "X-Signature-Timestamp": stamp, "X-Signature-Ed25519": signature}
        return Delivery(self.endpoint, headers, body)

    @property
    def public_key(self) -> str:
        """The application's public key, as the developer portal shows it."""
        return self.signing.public_key().public_bytes_raw().hex()

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def _room_of(self, secret: str) -> Room:
        number = secret.partition("/")[0]
        if secret in self.world.hooks:
            return self.world.rooms[self.world.hooks[secret]]
        if any(known.startswith(f"{number}/") for known in self.world.hooks):
            raise Refused(HTTPStatus.UNAUTHORIZED, 50027, "Invalid Webhook Token")
        raise Refused(HTTPStatus.NOT_FOUND, 10015, "Unknown Webhook")

    def _hook(self, _: Request, secret: str) -> dict[str, Any]:
        room = self._room_of(secret)
        number, token = secret.split("/")
        return {"id": number, "type": 1, "name": "Goals", "channel_id": room.id, "token": token}

    def _execute(self, request: Request, secret: str) -> dict[str, Any] | None:
        room = self._room_of(secret)
        message = self.world.post(room, secret.partition("/")[0], form.check(_json(request)))
        return _printed(message, room) if request.query.get("wait") == "true" else None

    def _edit_by_hook(self, request: Request, secret: str, number: str) -> dict[str, Any]:
        room = self._room_of(secret)
        return self._edited(room, number, secret.partition("/")[0], _json(request))

    def _delete_by_hook(self, _: Request, secret: str, number: str) -> None:
        room = self._room_of(secret)
        room.messages.pop(_message(room, number).id)

    # --- bots --------------------------------------------------------------------------------------------------------

    def _bot(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bot" or token not in self.world.tokens:
            raise Refused(HTTPStatus.UNAUTHORIZED, 0, "401: Unauthorized")
        return self.world.tokens[token]

    def _seen(self, request: Request, number: str) -> tuple[str, Room]:
        bot, room = self._bot(request), self.world.rooms.get(number)
        if room is None:
            raise Refused(HTTPStatus.NOT_FOUND, 10003, "Unknown Channel")
        if not room.member:
            raise Refused(HTTPStatus.FORBIDDEN, 50001, "Missing Access")
        return bot, room

    def _me(self, request: Request) -> dict[str, Any]:
        bot = self._bot(request)
        return {"id": bot, "username": "goalbot", "bot": True}

    def _channel(self, request: Request, number: str) -> dict[str, Any]:
        _, room = self._seen(request, number)
        return {"id": room.id, "type": 0, "name": room.name}

    def _post(self, request: Request, number: str) -> dict[str, Any]:
        bot, room = self._seen(request, number)
        body = _json(request)
        parts, nonce = form.check(body), (room.id, str(body.get("nonce", "")))
        known = room.messages.get(self._nonces.get(nonce, "")) if body.get("enforce_nonce") else None
        if known is None:
            known = self.world.post(room, bot, parts)
            self._nonces[nonce] = known.id
        return _printed(known, room)

    def _edit(self, request: Request, channel: str, number: str) -> dict[str, Any]:
        bot, room = self._seen(request, channel)
        return self._edited(room, number, bot, _json(request))

    def _thread(self, request: Request, channel: str, number: str) -> dict[str, Any]:
        """Begin a message's thread, a channel under the message's own id."""
        _, room = self._seen(request, channel)
        message, name = _message(room, number), str(_json(request).get("name", ""))
        if number in self.world.rooms:
            raise Refused(HTTPStatus.BAD_REQUEST, 160004, "A thread has already been created for this message")
        if not 1 <= len(name) <= THREAD_NAME:
            raise Refused(HTTPStatus.BAD_REQUEST, 50035, "Invalid Form Body")
        self.world.rooms[message.id] = Room(message.id, f"{room.name}/{name}")
        return {"id": message.id, "type": 11, "name": name, "parent_id": room.id}

    def _edited(self, room: Room, number: str, author: str, body: dict[str, Any]) -> dict[str, Any]:
        message = _message(room, number)
        if message.author != author:
            raise Refused(HTTPStatus.FORBIDDEN, 50005, "Cannot edit a message authored by another user")
        parts = form.check({**message.body, **body})
        return _printed(self.world.edit(room, message.id, parts), room)

    def _history(self, request: Request, number: str) -> list[dict[str, Any]]:
        _, room = self._seen(request, number)
        before, size = request.query.get("before"), int(request.query.get("limit", "50"))
        if not 1 <= size <= PAGE:
            raise Refused(HTTPStatus.BAD_REQUEST, 50035, "Invalid Form Body")
        found = [each for each in reversed(room.messages.values()) if before is None or int(each.id) < int(before)]
        return [_printed(each, room) for each in found[:size]]


def _json(request: Request) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
    try:
        return request.json()
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, 50109, "The request body contains invalid JSON.") from None


def _message(room: Room, number: str) -> Message:
    if number not in room.messages:
        raise Refused(HTTPStatus.NOT_FOUND, 10008, "Unknown Message")
    return room.messages[number]


def _printed(message: Message, room: Room) -> dict[str, Any]:
    at, edited = (
        None if each is None else datetime.fromtimestamp(each, UTC).isoformat() for each in (message.at, message.edited)
    )
    author = {"id": message.author, "username": "goalbot", "bot": True}
    shown = {"content": "", "embeds": [], "components": [], **message.body}
    shown.pop("allowed_mentions", None)
    return {
        "id": message.id,
        "channel_id": room.id,
        "author": author,
        "timestamp": at,
        "edited_timestamp": edited,
        **shown,
    }
