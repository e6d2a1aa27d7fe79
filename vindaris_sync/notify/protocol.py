"""What every channel can be asked, and the errors it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Flag, auto
from typing import Protocol

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding
from vindaris_sync.sdk.errors import Unknown, VindarisError


class ChannelUnusable(VindarisError):
    """The channel takes nothing until a person acts: its messages wait in the outbox, the other channels go on.

    ``reason`` is a stable word for deduplication: ``credentials``, ``channel``, ``permission``, ``protocol``.
    """

    def __init__(self, message: str, *, reason: str, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.reason = reason


class MessageGone(VindarisError):
    """The message that was to be edited exists no more, or can be edited no more; what is still open is posted anew."""


class Repeated(Unknown):
    """A message was sent again where nobody can look for it, and its outcome is unknown, too: it may be there twice."""


class Ability(Flag):
    """What a channel can do beyond taking new messages; who wants more asks first."""

    NONE = 0
    EDIT = auto()
    """``update``: messages are changed in place. Where not, every change is a new message."""
    BUTTONS = auto()
    """Lines are shown with their buttons, and clicks come back (``notify/hearing.py``)."""
    THREADS = auto()
    """``reply``: a message has a thread."""
    FILES = auto()
    """Files can be attached."""


class Channel(Protocol):
    """One configured place in a chat.

    Every method that speaks to the chat raises ``Transient`` (later, ``retry_after`` where the chat says so),
    ``Unknown`` (sent, outcome unknown: never repeated without ``find``) or ``ChannelUnusable``; no text of an error
    holds an address or a token. Whatever stands in a content arrives as text, never as markup or as a mention.
    """

    name: str
    abilities: Ability
    max_items: int
    """How many lines of a list it shows well."""
    spacing: timedelta
    """How long after one new message on a subject the next one waits; nothing where messages are edited."""

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Send a new message and return its reference, which is empty where the channel names none.

        ``key`` is the same on every attempt; with it ``find`` recognises the message. ``repeated`` says that an
        earlier attempt may have arrived: a channel that cannot tell says so in the message.
        """
        ...

    def update(self, reference: str, content: Content) -> None:
        """Show ``content`` in a message of ours; raises ``MessageGone``."""
        ...

    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Add one line of plain ``text`` to the thread of a message of ours; raises ``MessageGone``.

        ``key`` is the same on every attempt. ``repeated`` says that an earlier attempt may have arrived: then it is
        sent only where the channel can tell that it did not; a thread misses a line rather than showing it twice.
        """
        ...

    def find(self, key: str, since: datetime) -> str | None:
        """Return the reference of our message with ``key`` sent since then.

        Empty: there surely is none. ``None``: nobody can tell.
        """
        ...

    def check(self) -> Sequence[Finding]:
        """Look at credentials and channel without posting anything; each finding names its fix."""
        ...

    def close(self) -> None:
        """Release connections; idempotent."""
        ...
