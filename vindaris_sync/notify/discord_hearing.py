"""What people answer in Discord: who signed it, what it says, and how it is answered, all in one exchange.

Source: Discord, "Interactions overview" (Ed25519 over timestamp and body; an endpoint that takes a wrong signature is
switched off), "Receiving and responding" (types of interactions and of answers; three seconds).
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vindaris_sync.config.chats import DiscordSettings
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify import discord_buttons, discord_embeds
from vindaris_sync.notify.hearing import (
    LARGEST,
    Acknowledgement,
    Click,
    Dialog,
    Greeting,
    Heard,
    Person,
    Reply,
    Settled,
    Told,
    Unheard,
    Wrong,
)
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

FRESH = timedelta(minutes=5)
"""How old a signed request may be; an older one is somebody's copy."""
_REMEMBERED = 10_000  # ids of the last minutes; only signed requests take a place
_STAMP = re.compile(r"[0-9]{1,12}")
_PING, _COMPONENT, _MODAL_SUBMIT = 1, 3, 5
_PONG, _MESSAGE, _LATER_UPDATE, _MODAL = 1, 4, 6, 9
_FOR_ONE = 64  # the flag of a message that one person sees


class DiscordHearing:
    """Listens to one application of Discord, for all ``blocks`` (by name) that have its public key."""

    chat = "Discord"

    def __init__(self, name: str, blocks: Mapping[str, DiscordSettings]) -> None:
        self.name = name
        self._blocks = dict(blocks)
        self._by_channel = {block.channel: each for each, block in blocks.items()}
        self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(next(iter(blocks.values())).public_key))
        self._seen: OrderedDict[str, datetime] = OrderedDict()
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"DiscordHearing({sorted(self._blocks)})"

    def close(self) -> None:
        """Do nothing: no connection is needed."""

    def heard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:
        """Return what a signed interaction says; raises ``Unheard``."""
        if len(body) > LARGEST:
            raise Unheard("too large", status=413)
        self._verify(headers, body, now)
        try:
            said = json.loads(body)
            if said["type"] == _PING:
                return Greeting({"type": _PONG})
            self._first_time(str(said["id"]), now)
            return self._read(said)
        except (*SHAPE_ERRORS, UnicodeError) as error:
            raise Unheard("a payload of no known shape", status=400) from error

    def may_decide(self, channel: str, who: Person) -> bool:
        """Return whether this person is among the block's deciders, by id or by a role."""
        deciders = self._blocks[channel].deciders
        return deciders == "anyone" or not {who.id, *who.groups}.isdisjoint(deciders)

    def acknowledged(self, heard: Heard, reply: Reply | None) -> Acknowledgement:
        """Return what Discord is answered: a modal, words for this person alone, or that the message will change."""
        if isinstance(heard, Greeting):
            return Acknowledgement(heard.answer)
        match reply:
            case Dialog() if isinstance(heard, Click) and heard.given is None:
                return Acknowledgement({"type": _MODAL, "data": discord_buttons.modal(reply)})
            case Told() | Wrong():
                data = {**discord_embeds.said(reply.text), "flags": _FOR_ONE}
                return Acknowledgement({"type": _MESSAGE, "data": data})
            case Settled() | None | _:
                return Acknowledgement({"type": _LATER_UPDATE})

    def follow(self, heard: Heard, reply: Reply) -> None:
        """Do nothing: all that Discord is to show stands in the answer."""

    def _verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raise ``Unheard`` unless Discord signed this lately."""
        stamp, signature = headers.get("x-signature-timestamp", ""), headers.get("x-signature-ed25519", "")
        if not _STAMP.fullmatch(stamp):
            raise Unheard("not signed")
        try:
            self._key.verify(bytes.fromhex(signature), stamp.encode() + body)
        except (InvalidSignature, ValueError):
            raise Unheard("not signed") from None
        if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
            raise Unheard("too old")

    def _first_time(self, identity: str, now: datetime) -> None:
        with self._lock:
            while self._seen and (len(self._seen) >= _REMEMBERED or next(iter(self._seen.values())) < now - 2 * FRESH):
                self._seen.popitem(last=False)
            if identity in self._seen:
                raise Unheard("heard before", status=409)
            self._seen[identity] = now

    def _read(self, said: Mapping[str, Any]) -> Heard:
        if said["type"] not in (_COMPONENT, _MODAL_SUBMIT):
            return Greeting()
        data, member = said["data"], said.get("member") or {}
        user = member.get("user") or said["user"]
        name = member.get("nick") or user.get("global_name") or user.get("username") or user["id"]
        action, value = discord_buttons.pressed(str(data["custom_id"]))
        return Click(
            id=sha256(f"discord {said['id']}".encode("utf-8", "backslashreplace")).hexdigest()[:32],
            channel=self._by_channel[str(said["channel_id"])],
            action=action,
            value=value,
            who=Person(str(user["id"]), one_line(str(name), 60), groups=frozenset(map(str, member.get("roles") or ()))),
            reference=str((said.get("message") or {}).get("id", "")),
            given=discord_buttons.given(data) if said["type"] == _MODAL_SUBMIT else None,
        )
