"""What people answer in Mattermost: buttons whose context we signed ourselves, and dialogs.

The server signs nothing that it sends, but keeps a button's context from its clients: so who knows our signature of it
is the server. Source: Mattermost, "Interactive messages" and "Interactive dialogs".
"""

from __future__ import annotations

import hmac
import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Any

import httpx

from vindaris_sync.config.chats import MattermostSettings
from vindaris_sync.domain.messages import Act, Line, Style
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify.bot import BotLine
from vindaris_sync.notify.hearing import (
    LARGEST,
    Acknowledgement,
    Click,
    Dialog,
    Field,
    Greeting,
    Heard,
    Input,
    Person,
    Reply,
    Told,
    Unheard,
    Wrong,
)
from vindaris_sync.notify.markup import MATTERMOST
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.shapes import SHAPE_ERRORS, understood

_REMEMBERED = 10_000
_SHORT = 150  # characters of a one-line input; more take an area
_STYLES = {Style.PLAIN: "default", Style.PRIMARY: "primary", Style.DANGER: "danger"}


def actions(line: Line, name: str, url: str, secret: Secret) -> dict[str, Any]:
    """Return an attachment with a line's buttons; ``name`` is the ``[notify.NAME]`` block's, ``url`` our address."""
    buttons = [
        {
            "id": f"b{number}",
            "type": "button",
            "name": one_line(button.label, 75),
            "style": _STYLES[button.style],
            "integration": {"url": url, "context": _signed(secret, name, str(button.action), button.value)},
        }
        for number, button in enumerate(line.buttons)
    ]
    return {"fallback": "", "text": MATTERMOST.strong(line.key), "actions": buttons}


def _signed(secret: Secret, whom: str, action: str, value: str) -> dict[str, str]:
    mac = hmac.new(secret.reveal().encode(), f"{whom}\n{action}\n{value}".encode(), "sha256").hexdigest()
    return {"action": action, "value": value, "mac": mac}


class MattermostHearing:
    """Listens to the buttons of one block."""

    chat = "Mattermost"

    def __init__(self, name: str, block: MattermostSettings, *, transport: httpx.BaseTransport | None = None) -> None:
        if block.secret is None:
            raise ValueError(name)
        self.name, self._block, self._secret = name, block, block.secret
        self._line = BotLine(f"Mattermost ({name})", block.token, transport=transport)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"MattermostHearing({self.name!r})"

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._line.close()

    def heard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:  # noqa: ARG002 - it signs neither
        """Return what a press or a dialog says whose context is ours; raises ``Unheard``."""
        if len(body) > LARGEST:
            raise Unheard("too large", status=413)
        try:
            said = json.loads(body)
            dialog = said.get("type") == "dialog_submission"
            context = json.loads(said["state"]) if dialog else said["context"]
            action, value = str(context["action"]), str(context["value"])
            self._verify(context, self._asked(str(said["user_id"])) if dialog else self.name, action, value)
            if said.get("cancelled"):
                return Greeting()
            return self._click(said, Act(action), value, str(context.get("reference", said.get("post_id", ""))), dialog)
        except (*SHAPE_ERRORS, UnicodeError) as error:
            raise Unheard("a payload of no known shape", status=400) from error

    def _asked(self, user: str) -> str:
        """Return for whom a dialog is signed: a client sees what is signed there, and may use it as itself alone."""
        return f"{self.name}\n{user}"

    def _verify(self, context: Mapping[str, Any], whom: str, action: str, value: str) -> None:
        wanted = _signed(self._secret, whom, action, value)["mac"]
        if not hmac.compare_digest(wanted.encode(), str(context["mac"]).encode("utf-8", "replace")):
            raise Unheard("not signed")

    def _click(self, said: Mapping[str, Any], action: Act, value: str, reference: str, dialog: bool) -> Click:  # noqa: FBT001 - the parts of a click
        user = str(said["user_id"])
        once = str(said["trigger_id"]) if not dialog else f"{reference} {user} {json.dumps(said['submission'])}"
        identity = sha256(f"mattermost {self.name} {once}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
        if not dialog:
            self._first_time(identity)
        given = {name: str(filled or "") for name, filled in said["submission"].items()} if dialog else None
        who = Person(user, one_line(str(said.get("user_name") or user), 60))
        handle = {} if dialog else {"trigger": str(said["trigger_id"])}
        return Click(identity, self.name, action, value, who, reference, given, handle)

    def _first_time(self, identity: str) -> None:
        with self._lock:
            if identity in self._seen:
                raise Unheard("heard before", status=409)
            self._seen[identity] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)

    def may_decide(self, channel: str, who: Person) -> bool:  # noqa: ARG002 - one block, one channel
        """Return whether this person is among the block's deciders, by id."""
        return self._block.deciders == "anyone" or who.id in self._block.deciders

    def acknowledged(self, heard: Heard, reply: Reply | None) -> Acknowledgement:
        """Return what the server is answered: words for this person alone, or what is wrong in the dialog."""
        if isinstance(heard, Click) and heard.given is not None:
            match reply:
                case Wrong():
                    return Acknowledgement({"errors": {reply.field: reply.text}})
                case Told():
                    return Acknowledgement({"error": reply.text})
        elif isinstance(reply, Told):
            return Acknowledgement({"ephemeral_text": MATTERMOST.escape(reply.text)})
        return Acknowledgement({})

    @understood
    def follow(self, heard: Heard, reply: Reply) -> None:
        """Open the dialog; what everybody sees is the message."""
        if not isinstance(heard, Click) or heard.given is not None or not isinstance(reply, Dialog):
            return
        context = _signed(self._secret, self._asked(heard.who.id), str(reply.action), reply.value)
        dialog = {
            "callback_id": str(reply.action),
            "title": one_line(reply.title, 24),
            "introduction_text": MATTERMOST.escape(one_line(reply.about, 300)),
            "submit_label": one_line(reply.submit, 24),
            "state": json.dumps({**context, "reference": heard.reference}),
            "elements": [_element(field) for field in reply.fields],
        }
        body = {"trigger_id": heard.handle["trigger"], "url": self._block.callback_url, "dialog": dialog}
        url = f"{self._block.api_url}/api/v4/actions/dialogs/open"
        answer = self._line.ask(lambda line: line.post(url, body))
        if answer.status >= 300:  # noqa: PLR2004 - beyond success
            text = f"Mattermost ({self.name}) opens no dialog ({answer.status})"
            raise ChannelUnusable(text, reason="protocol", advice="the server's log says why")


def _element(field: Field) -> dict[str, Any]:
    begun = {"default": field.initial} if field.initial else {}
    whole = {"display_name": one_line(field.label, 24), "name": field.name, "optional": not field.needed, **begun}
    if field.input is Input.CHOICE:
        return {
            **whole,
            "type": "select",
            "options": [{"text": one.label, "value": one.value} for one in field.choices],
        }
    kind = "text" if field.longest <= _SHORT else "textarea"
    return {**whole, "type": kind, "max_length": field.longest}
