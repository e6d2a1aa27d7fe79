"""Slack's Web API: errors are HTTP 200 with ``{"ok": false, "error": …}``; only a limit is a 429."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.slack import blocks, pages, views
from vindaris_sync.sandbox.slack.people import People
from vindaris_sync.sandbox.slack.sockets import Sockets
from vindaris_sync.sandbox.slack.world import TEAM, Channel, Message, Refused, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from threading import RLock

    from vindaris_sync.sandbox.core import Outbox, Weather

ABOUT = {"team": "Sandbox", "team_id": TEAM}
PLAIN = {"Content-Type": "text/html"}
HOOK_STATUS = {"channel_not_found": HTTPStatus.NOT_FOUND, "is_archived": HTTPStatus.GONE}
RATE = 1.0
MAX_LIMIT = 1000


class TooFast(Exception):
    """A channel's second message within a second."""


class Slack:
    """Answers the methods that a notifier calls, and incoming webhooks, from a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base_url = "https://slack.com"
        self.weather: Weather = world.weather
        self.lock: RLock = world.lock
        self.outbox: Outbox = world.outbox
        self.sockets = Sockets(world.app.id)
        self.people = People(world, self.sockets)
        self._methods: Mapping[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.info": self._info,
            "conversations.list": self._list,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "chat.postEphemeral": self._whisper,
            "views.open": self._open,
            "usergroups.users.list": self._members,
        }

    def view(self) -> object:
        """Return what people see in every channel."""
        return self.world.view()

    def page(self, path: str) -> str | None:
        """Return what people see in a browser."""
        return pages.page(self.world, self.base_url, path)

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/services/"):
            return self._hook(request)
        name = request.path.removeprefix("/api/")
        if name == "apps.connections.open":
            return self._connect(request)
        try:
            document = self._methods.get(name, _unknown)(self._bot(request), _arguments(request))
        except Refused as refused:
            details = {"errors": list(refused.details), "response_metadata": {"messages": list(refused.details)}}
            return Response.of({"ok": False, "error": refused.code, **(details if refused.details else {})})
        except TooFast:
            body = {"ok": False, "error": "ratelimited"}
            return Response.of(body, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "1"})
        return Response.of({"ok": True, **document})

    def close(self) -> None:
        """Close what listens beside HTTP."""
        self.sockets.close()

    def _connect(self, request: Request) -> Response:
        """Answer ``apps.connections.open``, which takes the app's own token and no bot's."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token in self.world.tokens:
            return Response.of({"ok": False, "error": "not_allowed_token_type"})
        if token != self.world.app.token:
            return Response.of({"ok": False, "error": "invalid_auth"})
        if not self.world.app.socket_mode:
            return Response.of({"ok": False, "error": "socket_mode_disabled"})
        return Response.of({"ok": True, "url": self.sockets.ticket()})

    def _bot(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            raise Refused("not_authed")
        if scheme.lower() != "bearer" or token not in self.world.tokens:
            raise Refused("invalid_auth")
        return self.world.tokens[token]

    def _auth_test(self, bot: str, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": f"{self.base_url}/",
            **ABOUT,
            "user": bot,
            "user_id": f"U{bot.upper()}",
            "bot_id": f"B{bot.upper()}",
        }

    def _post(self, bot: str, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.world.channel(arguments.get("channel"))
        if not channel.member:
            raise Refused("not_in_channel")
        parts = _content(arguments)
        self._pace(channel)
        parts["metadata"] = _metadata(arguments) or {}
        message = self.world.post(channel, bot, **parts, thread_ts=arguments.get("thread_ts"))
        return {"channel": channel.id, "ts": message.ts, "message": _printed(message)}

    def _update(self, bot: str, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.world.channel(arguments.get("channel"))
        if not str(arguments.get("channel")).startswith("C"):
            raise Refused("channel_not_found")  # chat.update takes ids only
        message = channel.message(str(arguments.get("ts")))
        if message.author != bot:
            raise Refused("cant_update_message")
        metadata = _metadata(arguments)  # an update that names none leaves what is there (chat.update)
        kept = message.metadata if metadata is None else metadata
        self.world.update(channel, message.ts, **_content(arguments), metadata=kept)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": _printed(message)}

    def _delete(self, bot: str, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.world.channel(arguments.get("channel"))
        message = channel.message(str(arguments.get("ts")))
        if message.author != bot:
            raise Refused("cant_delete_message")
        channel.messages.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def _info(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"channel": _channel(self.world.channel(arguments.get("channel")))}

    def _list(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        hidden = str(arguments.get("exclude_archived", "false")).lower() in {"true", "1"}
        known = [channel for channel in self.world.channels.values() if not (hidden and channel.archived)]
        size = min(_number(arguments, "limit", 100), MAX_LIMIT)
        begin = _number(arguments, "cursor", 0)
        more = str(begin + size) if begin + size < len(known) else ""
        shown = [_channel(channel) for channel in known[begin : begin + size]]
        return {"channels": shown, "response_metadata": {"next_cursor": more}}

    def _history(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.world.channel(arguments.get("channel"))
        if not channel.member:
            raise Refused("not_in_channel")
        oldest = str(arguments.get("oldest") or 0)
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", oldest):
            raise Refused("invalid_ts_oldest")
        found = [message for message in reversed(channel.messages) if float(message.ts) > float(oldest)]
        return _listed(found, arguments)

    def _replies(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.world.channel(arguments.get("channel"))
        if not channel.member:
            raise Refused("not_in_channel")
        ts = str(arguments.get("ts"))
        parent = next((message for message in channel.messages if message.ts == ts), None)
        if parent is None:
            raise Refused("thread_not_found")
        return _listed([parent, *channel.thread(ts)], arguments)

    def _whisper(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self.world.channel(arguments.get("channel"))
        if not channel.member:
            raise Refused("not_in_channel")
        user = self.world.users.get(str(arguments.get("user")))
        if user is None:
            raise Refused("user_not_in_channel")
        channel.whispers.append((user.id, _content(arguments)["text"]))
        return {"message_ts": f"{self.world.now():.6f}"}

    def _open(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        given = arguments.get("view")
        try:
            document = views.check(json.loads(given) if isinstance(given, str) else given)
        except ValueError as error:
            raise Refused("invalid_arguments") from error
        view = self.world.open_view(str(arguments.get("trigger_id")), document)
        return {"view": {"id": view.id, "hash": view.hash, **document}}

    def _members(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        members = self.world.groups.get(str(arguments.get("usergroup")))
        if members is None:
            raise Refused("no_such_subteam")
        return {"users": members}

    def _pace(self, channel: Channel) -> None:
        if self.world.strict_rate and channel.last_post is not None and self.world.now() - channel.last_post < RATE:
            raise TooFast

    def _hook(self, request: Request) -> Response:
        """Answer an incoming webhook: a plain text, and no reference to the message."""
        name = self.world.hooks.get(request.path)
        if name is None:
            return Response(HTTPStatus.NOT_FOUND, b"no_service", dict(PLAIN))
        try:
            channel = self.world.channel(name)
            arguments = _arguments(request)
            parts = _content(arguments)
            self._pace(channel)
            self.world.post(channel, "incoming-webhook", **parts)
        except Refused as refused:
            return Response(HOOK_STATUS.get(refused.code, HTTPStatus.BAD_REQUEST), refused.code.encode(), dict(PLAIN))
        except TooFast:
            return Response(HTTPStatus.TOO_MANY_REQUESTS, b"rate_limited", {**PLAIN, "Retry-After": "1"})
        return Response(HTTPStatus.OK, b"ok", dict(PLAIN))


def _unknown(_: str, __: dict[str, Any]) -> dict[str, Any]:
    raise Refused("unknown_method")


def _number(arguments: Mapping[str, Any], name: str, default: int) -> int:
    text = str(arguments.get(name) or default)
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Refused(f"invalid_{name}")
    return int(text)


def _arguments(request: Request) -> dict[str, Any]:
    """Return the arguments from a JSON body, a form, or the query."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            document = request.json()
        except ValueError as error:
            raise Refused("invalid_json") from error
        if not isinstance(document, dict):
            raise Refused("json_not_object")
        return document
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return {**request.query, **form}


def _content(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message's parts; raises ``Refused`` where Slack takes none of them or one is too large."""
    text = arguments.get("text") or ""
    if not isinstance(text, str):
        raise Refused("invalid_arguments")
    if len(text) > blocks.MAX_TEXT:
        raise Refused("msg_too_long")
    chosen = blocks.check(_decoded(arguments.get("blocks")))
    attachments = _decoded(arguments.get("attachments"))
    if not text and not chosen and not attachments:
        raise Refused("no_text")
    for attachment in attachments:
        blocks.check(attachment.get("blocks") or [])
    return {"text": text, "blocks": chosen, "attachments": attachments}


def _metadata(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a message's metadata, ``None`` where the request names none; raises ``Refused`` for a wrong shape."""
    metadata = arguments.get("metadata")
    if metadata is None or metadata == {}:
        return metadata
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    return metadata


def _decoded(value: object) -> list[dict[str, Any]]:
    """Return a list that came as JSON or, in a form, as JSON inside a text."""
    try:
        decoded = json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise Refused("invalid_blocks_format") from error
    if decoded is None:
        return []
    if not isinstance(decoded, list) or not all(isinstance(item, dict) for item in decoded):
        raise Refused("invalid_blocks_format")
    return decoded


def _printed(message: Message) -> dict[str, Any]:
    edited = {"edited": {"user": message.author, "ts": f"{message.edited:.6f}"}} if message.edited else {}
    rich = {"blocks": message.blocks} if message.blocks else {}
    thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
    said = {"type": "message", "user": message.author, "text": message.text, "ts": message.ts}
    return {**said, **rich, **thread, **edited}


def _listed(found: Sequence[Message], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of messages."""
    marked = str(arguments.get("include_all_metadata", "false")).lower() in {"true", "1"}
    size = min(_number(arguments, "limit", 100), MAX_LIMIT)
    begin = _number(arguments, "cursor", 0)
    more = str(begin + size) if begin + size < len(found) else ""
    shown = [
        {**_printed(message), **({"metadata": message.metadata} if marked and message.metadata else {})}
        for message in found[begin : begin + size]
    ]
    return {"messages": shown, "has_more": bool(more), "response_metadata": {"next_cursor": more}}


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": True,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": channel.member,
    }
