"""Carrying out one step of a living message against one channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from vindaris_sync.domain.living import Continue, Edit, Living, Post, Resolve, Seek, Step, advanced, gone, message_key
from vindaris_sync.domain.messages import Content, continued
from vindaris_sync.notify.protocol import Channel, ChannelUnusable, MessageGone, Repeated
from vindaris_sync.sdk.errors import Transient, Unknown

CLOCKS_APART = timedelta(minutes=15)
"""How far before an attempt its message is looked for: the chat's clock is not ours."""


def deliver(channel: Channel, step: Step, content: Content, living: Living | None, now: datetime) -> Living:
    """Carry out ``step`` and return what to store; raises the channel's errors, after which it may be repeated.

    ``living`` is what is stored; for a new message it holds the attempt (``begun``), stored before this call. An
    attempt begun at another instant than ``now`` (later by a clock that was ahead, too) was interrupted: its message is
    looked for first, so that a crash between sending and storing leaves one message, or one marked as a possible
    repetition where the channel cannot be searched. Where a person deleted the message, what is returned says so, and
    the next step posts anew what is still open.
    """
    try:
        return advanced(living, step, content, _carry_out(channel, step, content, living, now), now)
    except MessageGone as error:
        if isinstance(step, Post):  # what is not there yet cannot be gone: posting it again at once might never end
            raise Unknown(str(error)) from error
        return gone(living)


def _carry_out(channel: Channel, step: Step, content: Content, living: Living | None, now: datetime) -> str:
    """Return the reference of the newest message, empty where there is none."""
    match step:
        case Post(key):
            return _send(channel, content, key, living, now)
        case Continue(old, key):
            return _continue(channel, content, key, old, living, now)
        case Seek(key, old):
            return _resume(channel, content, key, old, living)
        case Edit(reference) | Resolve(reference):
            channel.update(reference, content)
            return reference
        case _:
            return ""


def _send(channel: Channel, content: Content, key: str, living: Living | None, now: datetime) -> str:
    content = replace(content, thread=_first_key(content, living))
    interrupted = living.attempted if living and living.attempt == key else None
    if interrupted is None or interrupted == now:
        return channel.post(content, key)
    found = channel.find(key, interrupted - CLOCKS_APART)
    if found is None:
        return _repeat(channel, content, key)
    if not found:
        return channel.post(content, key)
    channel.update(found, content)
    return found


def _repeat(channel: Channel, content: Content, key: str) -> str:
    try:
        return channel.post(content, key, repeated=True)
    except Unknown as error:
        raise Repeated(str(error), retry_after=error.retry_after) from error


def _first_key(content: Content, living: Living | None) -> str:
    """Return the key of the message that the episode began with, or begins with now."""
    living = living or Living()
    return message_key(content.subject, living.episode if living.open else living.episode + 1, 1)


def _continue(  # noqa: PLR0913, PLR0917 - the message, the one before it, and what is known of both
    channel: Channel, content: Content, key: str, old: str, living: Living | None, now: datetime
) -> str:
    """Send the message and mark the one that it continues; where only that fails, the attempt is not over.

    Raises ``Unknown`` then: the message is out, and is looked for and not sent again.
    """
    reference = _send(channel, content, key, living, now)
    try:
        _mark_continued(channel, old, content)
    except (Transient, ChannelUnusable) as error:
        wait = error.retry_after if isinstance(error, Transient) else None
        raise Unknown(f"the message before it is not marked yet: {error}", retry_after=wait) from error
    return reference


def _resume(channel: Channel, content: Content, key: str, old: str, living: Living | None) -> str:
    """Return the reference of a message that may have been sent, brought up to date; empty where it is not found."""
    since = living.attempted if living else None
    found = channel.find(key, since - CLOCKS_APART) if since else None
    if not found:
        return ""
    channel.update(found, content)
    if old:
        _mark_continued(channel, old, content)
    return found


def _mark_continued(channel: Channel, reference: str, content: Content) -> None:
    try:
        channel.update(reference, continued(content))
    except MessageGone:
        return  # the old message needs no mark where it is no more
