"""What people answer in Slack: who signed it, what it says, and how it is answered.

One app has one place where its clicks go, however many channels it writes to: each message's buttons name their
``[notify.NAME]`` block. Source: Slack, "Handling user interaction", "Verifying requests from Slack", "Views".
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import httpx
from slack_sdk.signature import Clock, SignatureVerifier

from vindaris_sync.config.chats import SlackSettings
from vindaris_sync.domain.messages import Act
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import slack_blocks, slack_dialogs
from vindaris_sync.notify.hearing import (
    LARGEST,
    Acknowledgement,
    Click,
    Dialog,
    Found,
    Greeting,
    Heard,
    Person,
    Reply,
    Search,
    Settled,
    Told,
    Unheard,
    Wrong,
)
from vindaris_sync.notify.slack_api import SlackApi
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.shapes import SHAPE_ERRORS, understood

DEADLINE = 2.5
"""Seconds that a call may take while somebody waits: Slack gives a click three."""
FRESH = timedelta(minutes=5)
"""How old a signed request may be; an older one is somebody's copy."""
_REMEMBERED = 10_000  # signatures of the last five minutes; only signed requests take a place
_MEMBERS_FOR = 300.0  # seconds for which a user group's members are believed
_STAMP = re.compile(r"[0-9]{1,12}")
_FIELDS = 10


class _Instant(Clock):
    """The instant at which a request is judged."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> float:
        return self._now.timestamp()


class SlackHearing:
    """Listens to one app of Slack, for all ``blocks`` (by name) that share its secret or its token."""

    chat = "Slack"

    def __init__(
        self, name: str, blocks: Mapping[str, SlackSettings], *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.name = name
        self._blocks = dict(blocks)
        self._by_mark = {slack_blocks.mark(each): each for each in blocks}
        first = next(iter(blocks.values()))
        self._secret: Secret | None = first.signing_secret
        self._api = SlackApi(name, first.token, first.api_url, deadline=DEADLINE, transport=transport)
        self._seen: OrderedDict[str, datetime] = OrderedDict()
        self._members: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"SlackHearing({sorted(self._blocks)})"

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._api.close()

    # --- what is heard --------------------------------------------------------------------------------------------

    def heard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:
        """Return what a signed request says; raises ``Unheard``."""
        if len(body) > LARGEST:
            raise Unheard("too large", status=413)
        self._verify(headers, body, now)
        try:
            form = parse_qs(body.decode(), max_num_fields=_FIELDS)
            if "ssl_check" in form:
                return Greeting()
            payload = json.loads(form["payload"][0])
        except (*SHAPE_ERRORS, UnicodeError) as error:
            raise Unheard("no payload", status=400) from error
        return self.read(payload)

    def _verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raise ``Unheard`` unless Slack signed this lately, for the first time."""
        stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if self._secret is None or not _STAMP.fullmatch(stamp) or not signature.isascii():
            raise Unheard("not signed")  # slack_sdk raises ValueError and TypeError for these
        verifier = SignatureVerifier(self._secret.reveal(), _Instant(now))
        try:
            valid = verifier.is_valid(body, stamp, signature)
        except UnicodeDecodeError:
            valid = False
        if not valid:
            raise Unheard("not signed")
        with self._lock:
            while self._seen and (len(self._seen) >= _REMEMBERED or self._oldest() < now - 2 * FRESH):
                self._seen.popitem(last=False)
            if signature in self._seen:
                raise Unheard("heard before", status=409)
            self._seen[signature] = now

    def _oldest(self) -> datetime:
        return next(iter(self._seen.values()))

    def read(self, payload: Any) -> Heard:  # noqa: ANN401 - whatever came
        """Return what a payload says that is known to be Slack's; raises ``Unheard``."""
        try:
            match payload["type"]:
                case "block_actions":
                    return self._pressed(payload)
                case "view_submission":
                    return self._submitted(payload)
                case "block_suggestion":
                    context = json.loads(payload["view"]["private_metadata"])
                    text = one_line(str(payload["value"]), 200)
                    return Search(self._block(context["mark"]), str(context["value"]), text, _person(payload))
                case _:
                    return Greeting()
        except (*SHAPE_ERRORS, UnicodeError) as error:
            raise Unheard("a payload of no known shape", status=400) from error

    def _pressed(self, payload: Mapping[str, Any]) -> Heard:
        action = payload["actions"][0]
        mark, colon, _ = str(action["block_id"]).partition(":")
        if action["type"] != "button" or not colon:
            return Greeting()
        channel, stamp = str(payload["channel"]["id"]), str(payload["container"]["message_ts"])
        who = _person(payload)
        return Click(
            id=_id(name := self._block(mark), payload),
            channel=name,
            action=Act(str(action["action_id"]).partition(":")[0]),
            value=str(action["value"]),
            who=who,
            reference=f"{channel}:{stamp}",
            handle={"trigger": str(payload["trigger_id"]), "channel": channel, "user": who.id},
        )

    def _submitted(self, payload: Mapping[str, Any]) -> Click:
        view = payload["view"]
        context = json.loads(view["private_metadata"])
        return Click(
            id=_id(name := self._block(context["mark"]), payload),
            channel=name,
            action=Act(view["callback_id"]),
            value=str(context["value"]),
            who=_person(payload),
            reference=str(context["reference"]),
            given=slack_dialogs.given(view),
        )

    def _block(self, mark: str) -> str:
        """Return the name of the block that ``mark`` stands for; raises ``LookupError`` where it is no more."""
        return self._by_mark[mark]

    # --- who may --------------------------------------------------------------------------------------------------

    def may_decide(self, channel: str, who: Person) -> bool:
        """Return whether this person is among the block's deciders, by id or by a user group."""
        deciders = self._blocks[channel].deciders
        if deciders == "anyone":
            return not who.stranger
        groups = [each for each in deciders if each.startswith("S")]
        return who.id in deciders or any(who.id in self._members_of(group) for group in groups)

    @understood
    def _members_of(self, group: str) -> frozenset[str]:
        at, members = self._members.get(group, (-_MEMBERS_FOR, frozenset[str]()))
        if monotonic() - at >= _MEMBERS_FOR:
            said = self._api.call("usergroups.users.list", query={"usergroup": group})
            members = frozenset(map(str, said["users"]))
            self._members[group] = monotonic(), members
        return members

    # --- how it is answered ---------------------------------------------------------------------------------------

    def acknowledged(self, heard: Heard, reply: Reply | None) -> Acknowledgement:
        """Return what Slack is answered: options, what a modal shows next, or nothing."""
        match heard:
            case Greeting():
                return Acknowledgement(heard.answer)
            case Search():
                found = reply.choices if isinstance(reply, Found) else ()
                return Acknowledgement({"options": [slack_dialogs.option(choice) for choice in found]})
            case Click(given=None):
                return Acknowledgement()
        return Acknowledgement(_next_view(reply))

    @understood
    def follow(self, heard: Heard, reply: Reply) -> None:
        """Open the modal, or tell the person alone; what everybody sees is the message."""
        if not isinstance(heard, Click) or heard.given is not None or isinstance(reply, Settled):
            return
        if isinstance(reply, Dialog):
            context = {"mark": slack_blocks.mark(heard.channel), "reference": heard.reference}
            view = slack_dialogs.view(reply, context)
            self._api.call("views.open", {"trigger_id": heard.handle["trigger"], "view": view})
        elif isinstance(reply, Told):
            whisper = {"channel": heard.handle["channel"], "user": heard.handle["user"]}
            self._api.call("chat.postEphemeral", {**whisper, **slack_blocks.said(reply.text)})


def _next_view(reply: Reply | None) -> dict[str, Any]:
    """Return what becomes of a modal that was filled in."""
    match reply:
        case Wrong():
            return {"response_action": "errors", "errors": {reply.field: reply.text}}
        case Told():
            return {"response_action": "update", "view": slack_dialogs.notice("Goals", reply.text)}
    return {"response_action": "clear"}


def _person(payload: Mapping[str, Any]) -> Person:
    user, team = payload["user"], payload.get("team") or {}
    name = one_line(str(user.get("name") or user.get("username") or user["id"]), 60)
    home = user.get("team_id")
    return Person(str(user["id"]), name, stranger=bool(home and team.get("id") and home != team["id"]))


def _id(name: str, payload: Mapping[str, Any]) -> str:
    """Return what tells this click from every other: Slack makes a new trigger for each, and repeats it with it.

    Triggers of two workspaces need not differ, so the block's ``name`` goes with it.
    """
    return sha256(f"slack {name} {payload['trigger_id']}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
