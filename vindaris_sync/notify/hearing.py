"""What people answer in a chat, what they are answered, and the protocol of what listens for it.

A click comes by HTTP or over a connection of ours. The listener proves that it comes from the chat and says what it
means (``heard``); ``engine/clicks.py`` decides; the listener words the answer (``acknowledged``), which is due within
three seconds; what takes requests of our own comes after it (``follow``). Nothing of a payload is believed but what
the chat signs for: who clicked, where, and the value that we gave the button ourselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Event
from typing import Any, Protocol

from vindaris_sync.domain.messages import Act
from vindaris_sync.sdk.errors import VindarisError

LARGEST = 262_144
"""Bytes of a request that are read; a dialog filled in takes a few thousand."""


class Unheard(VindarisError):
    """What came is not taken: not signed by the chat, too old, too large, or of no shape that is known.

    ``status`` is the HTTP status it is answered with; the text tells a stranger nothing.
    """

    def __init__(self, message: str, *, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


# --- what people say ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a chat. ``name`` is clean text; ``stranger``: of another organisation that shares the channel.

    ``groups`` are the ids of groups that the chat itself says the person is in, where it does so with every click.
    """

    id: str
    name: str
    stranger: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Click:
    """A person pressed a button, or filled in the dialog that a button opened.

    ``id`` is the same however often the chat delivers it. ``channel`` is the name of the ``[notify.NAME]`` block,
    ``value`` the button's. ``given`` is what the dialog was filled with, by ``Field.name``; None: a button.
    ``handle`` is the chat's own: with what a dialog is opened and this person is told something alone.
    """

    id: str
    channel: str
    action: Act
    value: str
    who: Person
    reference: str = ""
    given: Mapping[str, str] | None = None
    handle: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Search:
    """A person types into a dialog's search; ``value`` is the button's that opened it."""

    channel: str
    value: str
    text: str
    who: Person


@dataclass(frozen=True, slots=True)
class Greeting:
    """The chat asks whether anybody is there, or says what needs no deed; ``answer`` is what it wants to hear."""

    answer: Mapping[str, Any] | None = None


Heard = Click | Search | Greeting


# --- what they are answered ---------------------------------------------------------------------------------------


class Input(StrEnum):
    """How a field of a dialog is filled."""

    SEARCH = "search"
    """One of what ``Search`` finds; where a chat has no search, the words are typed."""
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose. ``label`` is clean text of at most 75 characters, ``value`` ASCII of at most 75."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a dialog. ``label`` is clean and short; ``initial`` is one of ``choices`` or a text."""

    name: str
    label: str
    input: Input
    choices: tuple[Choice, ...] = ()
    initial: str = ""
    needed: bool = True
    longest: int = 300


@dataclass(frozen=True, slots=True)
class Dialog:
    """What a person is asked before something is decided; all texts are clean and plain.

    ``title`` has at most 24 characters, ``submit`` at most 24. ``about`` says which issue it is about.
    """

    action: Act
    value: str
    title: str
    about: str
    submit: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """It is decided and kept; the message is told anew for everybody to see. ``text`` says what was decided."""

    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """Nothing was decided; ``text`` tells this person alone why, politely."""

    text: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The dialog stays open: ``text`` says what is wrong with its ``field``."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found, the best first."""

    choices: tuple[Choice, ...]


Reply = Settled | Told | Wrong | Found | Dialog


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the chat's own request is answered with; ``document`` None: nothing but the status."""

    document: Mapping[str, Any] | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of something heard: what the chat is answered at once, and what is to be done right after that."""

    acknowledgement: Acknowledgement
    after: Callable[[], None]


class Hearing(Protocol):
    """What listens to one app of a chat, which may serve several channels."""

    name: str
    chat: str
    """What people call the chat: ``Slack``."""

    def heard(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:
        """Return what a request over HTTP says; raises ``Unheard``. Headers' names are in lower case.

        No request is made, nothing is kept but what was seen already, so that nobody plays it back.
        """
        ...

    def may_decide(self, channel: str, who: Person) -> bool:
        """Return whether a person may decide in a channel (``deciders``); raises its errors where it must ask."""
        ...

    def acknowledged(self, heard: Heard, reply: Reply | None) -> Acknowledgement:
        """Return what the chat is answered; no request is made. ``reply`` None: it needs no words."""
        ...

    def follow(self, heard: Heard, reply: Reply) -> None:
        """Do what comes after the answer: open the dialog, tell the person alone; raises the channel's errors."""
        ...

    def close(self) -> None:
        """Release connections; idempotent."""
        ...


class Connection(Protocol):
    """What hears a chat over a connection that we open."""

    name: str

    def run(self, take: Callable[[Heard], Taken], stop: Event) -> None:
        """Hear and answer until ``stop`` is set, over as many connections as it takes; raises nothing."""
        ...
