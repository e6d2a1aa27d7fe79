"""Living messages: what is to be done with the message that tells a team about one subject.

A subject's message lives in *episodes*: one opens when its list becomes non-empty and is resolved when it is empty.
The order for who carries this out, until the next step is ``Nothing``: ``next_step``; store ``begun``; deliver; store
``advanced``, or ``not_sent`` where sending failed for sure, or ``gone`` where a person deleted the message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import assert_never

from vindaris_sync.domain.messages import Content, State, Subject, digest
from vindaris_sync.domain.quiet import Hours


class Voice(StrEnum):
    """Whether a message may notify now; an edit notifies nobody and is always made."""

    ALOUD = "aloud"
    LATER = "later"
    """Not now: what is added meanwhile still counts as added when it may."""
    SOFTLY = "softly"
    """Not for this: who is concerned knows."""


@dataclass(frozen=True, slots=True)
class Living:
    """What is remembered of a subject's message, in values that a table can hold.

    ``reference`` is the channel's own name for the newest message. ``attempt`` is the key of a message whose sending
    was begun at ``attempted`` and is not known to have ended; it is stored before anything is sent.

    ``thread`` is the message in whose thread decisions are told, the newest one even after its episode. They are told
    up to the instant ``told``, in microseconds; ``telling`` is the one whose telling was begun, 0 for none.
    """

    episode: int = 0
    part: int = 0
    open: bool = False
    reference: str = ""
    digest: str = ""
    members: frozenset[str] = frozenset()
    posted: datetime | None = None
    reminded: int = 0
    """How often this episode was told again only because nobody had answered."""
    attempt: str = ""
    attempted: datetime | None = None
    thread: str = ""
    told: int = 0
    telling: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """Send a new message; ``key`` is the same on every attempt to send this one."""

    key: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Send a new message as ``key`` and mark the one at ``reference`` as continued."""

    reference: str
    key: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Show the content in the message at ``reference``; nobody is notified.

    ``unannounced``: nobody is at work, so what it adds still counts as an addition of the next working day.
    """

    reference: str
    unannounced: bool = False


@dataclass(frozen=True, slots=True)
class Resolve:
    """Show in the message at ``reference`` that nothing is left; the episode ends."""

    reference: str


@dataclass(frozen=True, slots=True)
class Seek:
    """Look for the message ``key``, which may have been sent: where it was, it shows the content and carries on.

    ``reference`` is the message that it continues, empty where it began an episode.
    """

    key: str
    reference: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Leave everything as it is, and why; ``held``: something is to be sent, and not now."""

    reason: str
    held: bool = False


Step = Post | Continue | Edit | Resolve | Seek | Nothing


def message_key(subject: Subject, episode: int, part: int) -> str:
    """Return the key of one message: 32 hexadecimal digits, the same whenever and wherever it is computed."""
    return sha256(f"{subject.key}\n{episode}\n{part}".encode("utf-8", "backslashreplace")).hexdigest()[:32]


def next_step(  # noqa: PLR0913 - the message, what it is to show, and how it may be told
    living: Living | None,
    content: Content,
    now: datetime,
    hours: Hours,
    *,
    editable: bool = True,
    voice: Voice = Voice.ALOUD,
) -> Step:
    """Return what brings the subject's message up to date; applied once, the next step is ``Nothing``.

    Where sending was begun, its end is unknown, and that message is not what is wanted any more, it is looked for
    first: people may see it. An edit notifies nobody, so the first addition of a working day (of ``hours``) starts a
    new message, within those hours. Where a channel cannot edit, a new message is due only when the list gained or lost
    something. Unless it may be told ``ALOUD``, nothing new is sent.
    """
    living = living or Living()
    manner = _Manner(hours, editable, voice)
    step = _going_on(living, content, now, manner) if living.open else _opening(living, content, voice)
    if living.attempt and not (isinstance(step, Post | Continue) and step.key == living.attempt):
        return Seek(living.attempt, living.reference if living.open else "")
    return step


@dataclass(frozen=True, slots=True)
class _Manner:
    hours: Hours
    editable: bool
    voice: Voice


def _opening(living: Living, content: Content, voice: Voice) -> Step:
    if content.state is State.RESOLVED:
        return Nothing("nothing to say")
    return _aloud(Post(message_key(content.subject, living.episode + 1, 1)), voice)


def _aloud(step: Step, voice: Voice) -> Step:
    return step if voice is Voice.ALOUD else Nothing(f"told {voice}", held=True)


def _going_on(living: Living, content: Content, now: datetime, manner: _Manner) -> Step:
    if not manner.editable:
        return _post_if_changed(living, content, manner.voice)
    if not living.reference:
        resolved = content.state is State.RESOLVED
        return Nothing("deleted by a person") if resolved else _aloud(Post(_next_key(living, content)), manner.voice)
    if content.state is State.RESOLVED:
        return Resolve(living.reference)
    added, working = content.members - living.members, manner.hours.open(now) and manner.voice is not Voice.LATER
    if added and working and manner.voice is Voice.ALOUD and _new_day(living, now, manner.hours):
        return Continue(living.reference, _next_key(living, content))
    if digest(content) == living.digest:
        return Nothing("unchanged")
    return Edit(living.reference, unannounced=not working)


def _post_if_changed(living: Living, content: Content, voice: Voice) -> Step:
    changed = content.members != living.members or content.state is State.RESOLVED
    return _aloud(Post(_next_key(living, content)), voice) if changed else Nothing("nothing was added or resolved")


def _next_key(living: Living, content: Content) -> str:
    return message_key(content.subject, living.episode, living.part + 1)


def _new_day(living: Living, now: datetime, hours: Hours) -> bool:
    if living.posted is None:
        return False
    return living.posted.astimezone(hours.zone).date() != now.astimezone(hours.zone).date()  # later: a clock was ahead


def gone(living: Living | None) -> Living:
    """Return what to store where the message is no more: what is still open is to be posted anew."""
    return replace(living or Living(), reference="", attempt="", attempted=None)


def begun(living: Living | None, step: Step, now: datetime) -> Living:
    """Return what to store before ``step`` is carried out, since nobody may learn how that ends.

    What an edited message shows is unknown from now on; ``attempted`` of a repeated attempt to send stays the first.
    """
    living = living or Living()
    if isinstance(step, Edit | Resolve):
        return replace(living, digest="")
    if not isinstance(step, Post | Continue):
        return living
    again = living.attempt == step.key and living.attempted is not None
    return replace(living, attempt=step.key, attempted=living.attempted if again else now)


def not_sent(living: Living, now: datetime) -> Living:
    """Return what to store where the attempt begun at ``now`` surely did not arrive; an older one stays unknown."""
    return replace(living, attempt="", attempted=None) if living.attempted == now else living


def advanced(living: Living | None, step: Step, content: Content, reference: str, now: datetime) -> Living:
    """Return what to store once ``step`` was carried out; ``reference`` is the newest message's."""
    living = living or Living()
    match step:
        case Nothing():
            return _ended(living) if content.state is State.RESOLVED and not step.held else living
        case Resolve():
            return _ended(living)
        case Edit():
            members = living.members & content.members if step.unannounced else content.members
            return replace(living, digest=digest(content), members=members, attempt="", attempted=None)
        case Seek() if not reference:
            return replace(living, attempt="", attempted=None)
        case Post() | Continue() | Seek():
            episode, part = (living.episode, living.part + 1) if living.open else (living.episode + 1, 1)
            told = living.told if living.open else int(now.timestamp() * 1_000_000)
            if content.state is State.RESOLVED:
                return Living(episode, part, thread=reference, told=told)
            again = living.reminded if living.open else 0
            shown = digest(content), content.members, now, again
            return Living(episode, part, True, reference, *shown, thread=reference, told=told)  # noqa: FBT003
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(step)


def _ended(living: Living) -> Living:
    return Living(living.episode, living.part, thread=living.thread, told=living.told, telling=living.telling)


_LONGEST_PATIENCE = 16
"""Working days between two reminders at most."""


def reminder_due(living: Living, now: datetime, hours: Hours) -> bool:
    """Return whether an open list is to be told again for want of an answer.

    That is 1, 2, 4, 8, 16, 16 … working days after it was told last, on a working day.
    """
    if not living.open or living.posted is None or hours.day_off(now):
        return False
    patience: int = min(1 << min(living.reminded, 10), _LONGEST_PATIENCE)
    return hours.days_between(living.posted, now, patience) >= patience


def reminding(living: Living) -> Living:
    """Return what to store so that all that the list holds is told as if it had just been added."""
    return replace(living, members=frozenset(), reminded=living.reminded + 1)
