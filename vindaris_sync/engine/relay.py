"""The relay: what waits in the outbox becomes one living message per subject and channel (L8).

An outbox row only says that a list has changed; the text is made when it is sent, from what holds then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from vindaris_sync.domain.living import (
    Continue,
    Living,
    Nothing,
    Post,
    Seek,
    Step,
    advanced,
    begun,
    next_step,
    not_sent,
)
from vindaris_sync.domain.messages import Content
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.teams import Team
from vindaris_sync.engine.telling import Message, about, content_of, message_of, messages_about, surfacing
from vindaris_sync.notify.deliver import deliver
from vindaris_sync.notify.protocol import Ability, Channel, ChannelUnusable
from vindaris_sync.sdk.errors import Transient, Unknown, VindarisError
from vindaris_sync.store.outbox import Waiting

log = structlog.get_logger("vindaris_sync.relay")

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=30)


def relay(context: Context, channels: Mapping[str, Channel]) -> int:
    """Deliver what waits by now; return how many messages were posted or edited.

    A channel that is down postpones its messages and loses none; the others go on.
    """
    now, sent = context.now(), 0
    waiting: dict[Message, list[Waiting]] = defaultdict(list)
    for row in context.store.outbox(now):
        messages = list(messages_about(context, row.announce))
        for message in messages:
            waiting[message].append(row)
        if not messages:
            context.store.delivered(row)
    for message, rows in waiting.items():
        sent += _tell(context, channels[message.team.channel], message, rows)
    return sent


def remind(context: Context) -> None:
    """Let every open list that was not posted today be posted anew, since an edit notifies nobody.

    It is announced as a change is, so that what a channel does not take now is told as soon as it does.
    """
    now = context.now()
    with context.store.transaction():
        for key, name, living in context.store.open_livings():
            message = message_of(context, key)
            if message is None or message.team.channel != name:
                continue
            context.store.put_living(key, name, replace(living, members=frozenset()))
            context.store.announce(about(context, message, now), now=now)


def _tell(context: Context, channel: Channel, message: Message, rows: list[Waiting]) -> int:
    """Bring one message up to date; its outbox rows are done only once that is stored."""
    now = context.now()
    try:
        content = content_of(context, channel, message, now)
        sent = publish(context, channel, content, message.team, now) if content else 0
    except (Transient, ChannelUnusable, Unknown) as error:
        for row in rows:
            context.store.postponed(row, now + _wait(error, row.attempts), str(error))
        log.warning("alert postponed", channel=channel.name, subject=message.subject.key, error=str(error))
        return 0
    context.store.announce(*surfacing(context, message, now), now=now)
    for row in rows:
        context.store.delivered(row)
    return sent


def _wait(error: VindarisError, attempts: int) -> timedelta:
    if isinstance(error, Transient) and error.retry_after is not None:
        return error.retry_after
    return min(_FIRST_WAIT * (1 << min(attempts, 10)), _LONGEST_WAIT)


def publish(context: Context, channel: Channel, content: Content, team: Team, now: datetime) -> int:
    """Show ``content`` in its living message; return 1 if something was sent, 0 if the message is right as it is."""
    key, sent = content.subject.key, False
    living = context.store.living(key, channel.name)
    editable = Ability.EDIT in channel.abilities
    while not isinstance(step := next_step(living, content, now, team.zone, editable=editable), Nothing):
        living = _carry_out(context, channel, step, content, living)
        sent = sent or not isinstance(step, Seek)
    _keep(context, key, channel, living, advanced(living, step, content, "", now))
    return int(sent)


def _carry_out(context: Context, channel: Channel, step: Step, content: Content, living: Living | None) -> Living:
    """Carry out one step and return what is stored of the message then; what is sent anew is stored before it is."""
    now, key = context.now(), content.subject.key
    if isinstance(step, Post | Continue):
        before = begun(living, step, now)
        _keep(context, key, channel, living, before)
        living = before
    try:
        after = deliver(channel, step, content, living, now)
    except (Transient, ChannelUnusable) as error:
        if living is not None and not isinstance(error, Unknown):
            _keep(context, key, channel, living, not_sent(living, now))
        raise
    _keep(context, key, channel, living, after)
    return after


def _keep(context: Context, key: str, channel: Channel, before: Living | None, after: Living) -> None:
    if after != (before or Living()):
        context.store.put_living(key, channel.name, after)
