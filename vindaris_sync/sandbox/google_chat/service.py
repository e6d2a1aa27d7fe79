"""Google Chat's API v1, and the endpoint that gives service accounts their tokens."""

from __future__ import annotations

import base64
import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from vindaris_sync.sandbox.core import Clock, Request, Response, system_clock
from vindaris_sync.sandbox.rooms import ChatService, Message, Refused, Room, Rooms, TooFast
from vindaris_sync.sandbox.routes import Route, document_of, routed

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 32_000
"""Bytes of a message."""
NAME = r"client-[a-z0-9-]{1,56}"
LIFE = 3600.0
"""Seconds that a token lasts."""
WIDGETS = {"textParagraph", "decoratedText", "buttonList", "divider", "columns", "image", "grid"}


def world_of(clock: Clock = system_clock, *, strict_rate: bool = False) -> Rooms:
    """Return an empty domain. ``strict_rate``: one message a second to a space, as Google has it."""
    return Rooms(clock, name_of=lambda number: f"AAAA{number:07}", limit=(1, 1.0) if strict_rate else None)


class GoogleChat(ChatService):
    """Answers webhooks (``world.hooks``: "KEY/TOKEN" to a space's id) and apps.

    ``accounts`` are the service accounts that the app has, by e-mail; of an assertion its claims are checked, and not
    its signature, since the sandbox knows no keys.
    """

    def __init__(self, world: Rooms, *accounts: str) -> None:
        super().__init__(world, "https://chat.googleapis.com")
        self.accounts = set(accounts)
        self._ends: dict[str, float] = {}
        space, message = r"v1/spaces/(\w+)", rf"({NAME}|[\w.-]+)"
        self._routes: list[Route] = [
            ("POST", "token", self._token),
            ("GET", space, self._space),
            ("POST", f"{space}/messages", self._create),
            ("GET", f"{space}/messages/{message}", self._get),
            ("PATCH", f"{space}/messages/{message}", self._patch),
        ]

    def create_hook(self, room: Room) -> str:
        """Create a webhook for a space; return path and query of its address, which are its secret."""
        key, token = f"key-{self.world.new_id()}", f"token-{self.world.new_id():-<40}"
        self.world.hooks[f"{key}/{token}"] = room.id
        return f"/v1/spaces/{room.id}/messages?key={key}&token={token}"

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            answered = routed(request, request.path.lstrip("/"), self._routes)
            return answered if isinstance(answered, Response) else Response.of(answered)
        except LookupError:
            return _refusal(Refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Not found."))
        except Refused as refused:
            return _refusal(refused)
        except TooFast:
            return _refusal(Refused(HTTPStatus.TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "Quota exceeded."))

    def _token(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        claims = _claims(form.get("assertion", ""))
        fresh = float(claims.get("iat", 0)) - 60 <= self.world.now() < float(claims.get("exp", 0))
        if claims.get("iss") not in self.accounts or claims.get("aud") != f"{self.base_url}/token" or not fresh:
            return Response.of({"error": "invalid_grant", "error_description": "Invalid JWT."}, HTTPStatus.BAD_REQUEST)
        if claims.get("scope") != "https://www.googleapis.com/auth/chat.bot":
            return Response.of({"error": "invalid_scope"}, HTTPStatus.BAD_REQUEST)
        token = f"ya29.{self.world.new_id()}-{self.world.new_id()}"
        self._ends[token] = self.world.now() + LIFE
        return Response.of({"access_token": token, "expires_in": int(LIFE), "token_type": "Bearer"})

    def _app(self, request: Request, space: str) -> Room:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or self._ends.get(token, 0.0) <= self.world.now():
            raise Refused(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        room = self.world.rooms.get(space)
        if room is None:
            raise Refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Space not found.")
        if not room.member:
            raise Refused(HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", "The app is not a member of the space.")
        return room

    def _sender(self, request: Request, space: str) -> tuple[str, Room]:
        if "key" not in request.query:
            return "app", self._app(request, space)
        hook = f"{request.query['key']}/{request.query.get('token', '')}"
        if self.world.hooks.get(hook) != space:
            raise Refused(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "The webhook's key or token is not valid.")
        return "webhook", self.world.rooms[space]

    def _space(self, request: Request, space: str) -> dict[str, Any]:
        room = self._app(request, space)
        return {"name": f"spaces/{room.id}", "displayName": room.name, "spaceType": "SPACE"}

    def _create(self, request: Request, space: str) -> dict[str, Any]:
        author, room = self._sender(request, space)
        body, name = _checked(request), request.query.get("messageId", "")
        if name and (author != "app" or not re.fullmatch(NAME, name)):
            raise _invalid("Invalid message ID.")
        if name in room.messages:
            raise Refused(HTTPStatus.CONFLICT, "ALREADY_EXISTS", "A message with this ID exists.")
        key = str((body.pop("thread", None) or {}).get("threadKey", ""))
        answers = key if "REPLY" in request.query.get("messageReplyOption", "") else ""
        return _printed(self.world.post(room, author, body, id=name, thread=answers), room)

    def _found(self, request: Request, space: str, name: str) -> tuple[Room, Message]:
        room = self._app(request, space)
        if name not in room.messages:
            raise Refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Message not found.")
        return room, room.messages[name]

    def _get(self, request: Request, space: str, name: str) -> dict[str, Any]:
        room, message = self._found(request, space, name)
        return _printed(message, room)

    def _patch(self, request: Request, space: str, name: str) -> dict[str, Any]:
        room, message = self._found(request, space, name)
        if message.author != "app":
            raise Refused(HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", "Only the sender may change it.")
        fields = request.query.get("updateMask", "").replace("cards_v2", "cardsV2").split(",")
        if not set(fields) <= {"text", "cardsV2", "fallbackText"}:
            raise _invalid("Invalid update mask.")
        changed = {name: value for name, value in _checked(request).items() if name in fields}
        return _printed(self.world.edit(room, name, {**message.body, **changed}), room)


def _refusal(refused: Refused) -> Response:
    error = {"code": refused.status, "message": refused.message, "status": refused.code}
    return Response.of({"error": error}, refused.status)


def _invalid(message: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", message)


def _checked(request: Request) -> dict[str, Any]:
    body = document_of(request)
    if body is None or not (body.get("text") or body.get("cardsV2")):
        raise _invalid("Message cannot be empty.")
    if len(request.body) > LARGEST:
        raise _invalid("Message is too long.")
    for each in body.get("cardsV2", ()):
        card = each.get("card", {})
        if not card.get("header", {"title": "-"}).get("title"):
            raise _invalid("A card's header needs a title.")
        if "sections" not in card and "header" not in card:
            raise _invalid("Cannot find field: card has nothing.")
        for section in card.get("sections", ()):
            widgets = section.get("widgets")
            if not widgets or not all(len(widget) == 1 and set(widget) <= WIDGETS for widget in widgets):
                raise _invalid("Invalid widgets.")
    return body


def _claims(assertion: str) -> Mapping[str, Any]:
    try:
        part = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _printed(message: Message, room: Room) -> dict[str, Any]:
    name = f"spaces/{room.id}/messages/{message.id}"
    thread = f"spaces/{room.id}/threads/{message.thread or message.id}"
    return {"name": name, "sender": {"type": "BOT"}, "thread": {"name": thread}, **message.body}
