"""What people do in this Slack with what apps show them: they press buttons, fill in modals and search.

Payloads and signatures are those of Slack: "Handling user interaction", "Verifying requests from Slack". An act ends
when the app has answered; nobody holds the world's lock meanwhile, so that the app may call back.
"""

from __future__ import annotations

import hmac
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from vindaris_sync.sandbox.slack import views
from vindaris_sync.sandbox.slack.sockets import Sockets
from vindaris_sync.sandbox.slack.world import TEAM, Channel, Message, Refused, User, View, World

PATIENCE = 3.0
"""Seconds within which an app answers; later people read that it did not."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an act: the HTTP status (None: no answer in time) and the document, ``{}`` for none."""

    status: int | None
    document: dict[str, Any]


class People:
    """The hands of everybody in the workspace; people are named by id or name."""

    def __init__(self, world: World, sockets: Sockets) -> None:
        self._world = world
        self._sockets = sockets

    def press(self, user: str, channel: str, label: str, *, near: str = "", ts: str = "") -> Answered:
        """Press the button ``label`` below the line in which ``near`` stands, in a message (default the newest).

        Raises ``LookupError`` where people see no such button.
        """
        return self.send(self.pressed(user, channel, label, near=near, ts=ts))

    def pressed(self, user: str, channel: str, label: str, *, near: str = "", ts: str = "") -> dict[str, Any]:
        """Return the payload that pressing makes; it opens modals for three seconds."""
        with self._world.lock:
            who, where = self._world.user(user), self._world.channel(channel)
            message = where.message(ts) if ts else where.messages[-1]
            block, button = next(
                ((block, button) for block, button in _buttons(message, near) if button["text"]["text"] == label),
                (None, None),
            )
            if block is None or button is None:
                raise LookupError(f"no button {label!r} near {near!r} in {message.text!r}")
            return self._press(who, where, message, block, button)

    def modal(self, user: str) -> View:
        """Return the modal that this person sees; raises ``LookupError`` where there is none."""
        who = self._world.user(user)
        found = [view for view in self._world.views.values() if view.user == who.id]
        if not found:
            raise LookupError(f"{who.name} sees no modal")
        return found[-1]

    def search(self, user: str, text: str) -> list[dict[str, Any]]:
        """Type into the modal's search; return the options that are offered."""
        who, view = self._world.user(user), self.modal(user)
        block, element = next(each for each in views.inputs(view.document) if each[1]["type"] == "external_select")
        typed = {"action_id": element["action_id"], "block_id": block, "value": text}
        container = {"type": "view", "view_id": view.id}
        said = self.send({
            "type": "block_suggestion", **self._frame(who), "container": container, **typed,
            "view": self._view(view, {}),
        })  # fmt: skip
        offered: list[dict[str, Any]] = said.document.get("options", [])
        if problems := list(views.options(offered, least=0)):
            raise Refused("invalid_options", *problems)
        return offered

    def submit(self, user: str, **values: object) -> Answered:
        """Fill the modal's fields (by action id: a text, or the option chosen) and submit it.

        What Slack checks itself, an empty or too long field, raises ``Refused``. A modal that is answered with errors
        stays open and shows them.
        """
        view = self.modal(user)
        answered = self.send(self.submitted(user, **values))
        with self._world.lock:
            if answered.document.get("response_action") == "errors":
                view.errors = dict(answered.document["errors"])
            elif answered.status == http.client.OK:
                self._world.views.pop(view.id, None)
        return answered

    def submitted(self, user: str, **values: object) -> dict[str, Any]:
        """Return the payload that submitting makes."""
        who, view = self._world.user(user), self.modal(user)
        return {
            "type": "view_submission", **self._frame(who), "trigger_id": self._world.pull_trigger(who.id),
            "view": self._view(view, values), "response_urls": [],
        }  # fmt: skip

    def send(self, payload: dict[str, Any]) -> Answered:
        """Send a payload the way the app is set up: over its connections, or signed to its request URL."""
        app = self._world.app
        if app.socket_mode:
            document = self._sockets.send("interactive", payload, PATIENCE)
            return Answered(None, {}) if document is None else Answered(http.client.OK, document)
        return self.post(*self.signed(payload))

    def signed(self, payload: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of the request that carries a payload."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        stamp = str(int(self._world.now()))
        mac = hmac.new(self._world.app.signing_secret.encode(), f"v0:{stamp}:".encode() + body, "sha256")
        return body, {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={mac.hexdigest()}",
        }

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Send a request to the app's request URL."""
        parts = urlsplit(self._world.app.request_url)
        secure = parts.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            connection.request("POST", parts.path or "/", body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return Answered(None, {})
        finally:
            connection.close()
        try:
            document = json.loads(text or b"{}")
        except ValueError:
            document = {}
        return Answered(answer.status, document if isinstance(document, dict) else {})

    # --- payloads -------------------------------------------------------------------------------------------------

    def _press(
        self, who: User, where: Channel, message: Message, block: dict[str, Any], button: dict[str, Any]
    ) -> dict[str, Any]:
        named = {name: button[name] for name in ("type", "action_id", "text", "value", "style") if name in button}
        now = self._world.now()
        rich = {"blocks": message.blocks} if message.blocks else {}
        shown = {"type": "message", "user": message.author, "text": message.text, "ts": message.ts, **rich}
        return {
            "type": "block_actions",
            **self._frame(who),
            "container": {
                "type": "message", "message_ts": message.ts, "channel_id": where.id, "is_ephemeral": False,
            },
            "trigger_id": self._world.pull_trigger(who.id),
            "channel": {"id": where.id, "name": where.name},
            "message": shown,
            "state": {"values": {}},
            "response_url": f"https://hooks.slack.com/actions/{TEAM}/{int(now)}/sandbox",
            "actions": [{**named, "block_id": block["block_id"], "action_ts": f"{now:.6f}"}],
        }  # fmt: skip

    def _frame(self, who: User) -> dict[str, Any]:
        user = {"id": who.id, "username": who.name.lower(), "name": who.name, "team_id": who.team}
        team = {"id": TEAM, "domain": "sandbox"}
        return {
            "user": user, "api_app_id": self._world.app.id, "token": "deprecated", "team": team, "enterprise": None,
            "is_enterprise_install": False,
        }  # fmt: skip

    def _view(self, view: View, values: Mapping[str, object]) -> dict[str, Any]:
        filled: dict[str, dict[str, Any]] = {}
        for block, element in views.inputs(view.document):
            name = element["action_id"]
            given = values.get(name, views.initial(element))
            filled[block] = {name: views.state_of(element, given)}
            if len(str(given or "")) > element.get("max_length", views.MAX_TYPED):
                raise Refused("too_long", name)
        return {
            **view.document, "id": view.id, "hash": view.hash, "team_id": TEAM, "state": {"values": filled},
            "app_id": self._world.app.id,
        }  # fmt: skip


def _buttons(message: Message, near: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the buttons of a message with their blocks: those below a block in which ``near`` stands."""
    last = ""
    for number, block in enumerate(message.blocks):
        if block["type"] != "actions":
            last = json.dumps(block, ensure_ascii=False)
            continue
        named = {"block_id": f"generated-{number}", **block}
        if near in last:
            yield from ((named, element) for element in block["elements"] if element["type"] == "button")
