"""Living messages: what is to be done with the message that tells a team about one subject.

A subject's message lives in *episodes*: one opens when its list becomes non-empty and is resolved when it is empty.
The order for who carries this out, until the next step is ``Nothing``: ``next_step``; for a new message store
``begun``; deliver; store ``advanced``, or ``not_sent`` where sending failed for sure, or ``gone`` where a person
deleted the message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import assert_never

from vindaris_sync.domain.messages import Content, State, Subject, digest

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Living:
    """What is remembered of a subject's message, in values that a table can hold.

    ``reference`` is the channel's own name for the newest message. ``attempt`` is the key of a message whose sending
    was begun at ``attempted`` and is not known to have ended; it is stored before anything is sent.
    """

    episode: int = 0
    part: int = 0
    open: bool = False
    reference: str = ""
    digest: str = ""
    members: frozenset[str] = frozenset()
    posted: datetime | None = None
    attempt: str = ""
    attempted: datetime | None = None


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

    ``unannounced``: it is a day off, so what it adds still counts as an addition of the next working day.
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
    """Leave everything as it is, and why."""

    reason: str


Step = Post | Continue | Edit | Resolve | Seek | Nothing


def message_key(subject: Subject, episode: int, part: int) -> str:
    """Return the key of one message: 32 hexadecimal digits, the same whenever and wherever it is computed."""
    return sha256(f"{subject.key}\n{episode}\n{part}".encode("utf-8", "backslashreplace")).hexdigest()[:32]


def next_step(living: Living | None, content: Content, now: datetime, zone: tzinfo, *, editable: bool = True) -> Step:
    """Return what brings the subject's message up to date; applied once, the next step is ``Nothing``.

    Where sending was begun, its end is unknown, and that message is not what is wanted any more, it is looked for
    first: people may see it. An edit notifies nobody, so the first addition of a working day (Monday to Friday in
    ``zone``) starts a new message. Where a channel cannot edit, a new message is due only when the list gained or lost
    something.
    """
    living = living or Living()
    step = _going_on(living, content, now, zone, editable=editable) if living.open else _opening(living, content)
    if living.attempt and not (isinstance(step, Post | Continue) and step.key == living.attempt):
        return Seek(living.attempt, living.reference if living.open else "")
    return step


def _opening(living: Living, content: Content) -> Step:
    empty = content.state is State.RESOLVED
    return Nothing("nothing to say") if empty else Post(message_key(content.subject, living.episode + 1, 1))


def _going_on(living: Living, content: Content, now: datetime, zone: tzinfo, *, editable: bool) -> Step:
    if not editable:
        return _post_if_changed(living, content)
    if not living.reference:
        resolved = content.state is State.RESOLVED
        return Nothing("deleted by a person") if resolved else Post(_next_key(living, content))
    if content.state is State.RESOLVED:
        return Resolve(living.reference)
    if content.members - living.members and _new_day(living, now, zone):
        return Continue(living.reference, _next_key(living, content))
    if digest(content) == living.digest:
        return Nothing("unchanged")
    return Edit(living.reference, unannounced=_day_off(now, zone))


def _post_if_changed(living: Living, content: Content) -> Step:
    changed = content.members != living.members or content.state is State.RESOLVED
    return Post(_next_key(living, content)) if changed else Nothing("nothing was added or resolved")


def _next_key(living: Living, content: Content) -> str:
    return message_key(content.subject, living.episode, living.part + 1)


def _day_off(now: datetime, zone: tzinfo) -> bool:
    return now.astimezone(zone).weekday() >= _SATURDAY


def _new_day(living: Living, now: datetime, zone: tzinfo) -> bool:
    if living.posted is None or _day_off(now, zone):
        return False
    return living.posted.astimezone(zone).date() != now.astimezone(zone).date()  # later: by a clock that was ahead


def gone(living: Living | None) -> Living:
    """Return what to store where the message is no more: what is still open is to be posted anew."""
    return replace(living or Living(), reference="", attempt="", attempted=None)


def begun(living: Living | None, step: Post | Continue, now: datetime) -> Living:
    """Return what to store before ``step`` is carried out; ``attempted`` of a repeated attempt stays the first."""
    living = living or Living()
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
            return _ended(living) if content.state is State.RESOLVED else living
        case Resolve():
            return _ended(living)
        case Edit():
            members = living.members & content.members if step.unannounced else content.members
            return replace(living, digest=digest(content), members=members, attempt="", attempted=None)
        case Seek() if not reference:
            return replace(living, attempt="", attempted=None)
        case Post() | Continue() | Seek():
            episode, part = (living.episode, living.part + 1) if living.open else (living.episode + 1, 1)
            if content.state is State.RESOLVED:
                return Living(episode, part)
            return Living(episode, part, True, reference, digest(content), content.members, now)  # noqa: FBT003
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(step)


def _ended(living: Living) -> Living:
    return Living(episode=living.episode, part=living.part)
