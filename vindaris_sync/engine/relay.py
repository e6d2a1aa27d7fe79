"""The relay: what waits in the outbox becomes one living message per subject and channel (L8).

An outbox row only says that a list has changed; the text is made when it is sent, from what holds then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from vindaris_sync.domain.living import Continue, Living, Nothing, Post, advanced, begun, next_step, not_sent
from vindaris_sync.domain.messages import Content, Item, Kind, Subject, compose
from vindaris_sync.domain.records import Reason
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.goals import REFUSED
from vindaris_sync.engine.teams import Team
from vindaris_sync.notify.deliver import deliver
from vindaris_sync.notify.protocol import Channel, ChannelUnusable
from vindaris_sync.sdk.errors import Transient, Unknown, VindarisError
from vindaris_sync.store.lists import AskedList
from vindaris_sync.store.outbox import Waiting

log = structlog.get_logger("vindaris_sync.relay")

KINDS: Mapping[str, Kind] = {
    Reason.UNLINKED: Kind.UNLINKED,
    Reason.GOAL_CHANGED: Kind.SUSPECT,
    Reason.GOAL_CLOSED: Kind.CLOSED_GOAL,
    Reason.PARENT_CHANGED: Kind.PARENT_CHANGED,
    Reason.UNKNOWN_GOAL: Kind.UNKNOWN_GOAL,
    Reason.CONFLICT: Kind.CONFLICT,
    Kind.HELD: Kind.HELD,
    Kind.TRACKER: Kind.TRACKER,
    Kind.GOALS: Kind.GOALS,
}
"""What is announced, and what the message about it is; a review that a person asked for needs no message."""

_REASONS = {kind: reason for reason, kind in KINDS.items() if isinstance(reason, Reason)}
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Message:
    """One message to bring up to date: its subject, its team, and the goal or tracker it is about."""

    subject: Subject
    team: Team
    about: str = ""
    cause: str = ""
    """The goal's id as causes name it; empty where none is."""


def relay(context: Context, channels: Mapping[str, Channel]) -> int:
    """Deliver what waits by now; return how many messages were posted or edited.

    A channel that is down postpones its messages and loses none; the others go on.
    """
    now, sent = context.now(), 0
    waiting: dict[_Message, list[Waiting]] = defaultdict(list)
    for row in context.store.outbox(now):
        messages = list(_messages(context, row))
        for message in messages:
            waiting[message].append(row)
        if not messages:
            context.store.delivered(row)
    for message, rows in waiting.items():
        sent += _tell(context, channels[message.team.channel], message, rows)
    return sent


def _messages(context: Context, row: Waiting) -> Iterable[_Message]:
    kind = KINDS.get(row.announce.kind)
    if kind is None:
        return
    teams = context.teams
    if kind is Kind.GOALS:
        chosen = tuple(teams.teams.values())
    elif kind in (Kind.HELD, Kind.TRACKER):
        chosen = teams.of_tracker(row.announce.tracker)
    else:
        team = teams.of_place(row.announce.tracker, row.announce.place)
        chosen = (team,) if team else ()
    for team in chosen:
        if kind in (Kind.HELD, Kind.TRACKER):
            yield _Message(Subject(team.name, kind, row.announce.tracker), team, row.announce.tracker)
        elif row.announce.goal:
            goal = context.book().goals[int(row.announce.goal)]
            yield _Message(Subject(team.name, kind, goal.key), team, f"{goal.key} {goal.title}", row.announce.goal)
        else:
            yield _Message(Subject(team.name, kind), team)


def _tell(context: Context, channel: Channel, message: _Message, rows: list[Waiting]) -> int:
    """Bring one message up to date; its outbox rows are done only once that is stored."""
    now = context.now()
    try:
        sent = _deliver(context, channel, message, now)
    except (Transient, ChannelUnusable, Unknown) as error:
        for row in rows:
            context.store.postponed(row, now + _wait(error, row.attempts), str(error))
        log.warning("alert postponed", channel=channel.name, subject=message.subject.key, error=str(error))
        return 0
    for row in rows:
        context.store.delivered(row)
    return sent


def _wait(error: VindarisError, attempts: int) -> timedelta:
    if isinstance(error, Transient) and error.retry_after is not None:
        return error.retry_after
    return min(_FIRST_WAIT * (1 << min(attempts, 10)), _LONGEST_WAIT)


def _deliver(context: Context, channel: Channel, message: _Message, now: datetime) -> int:
    content = _content(context, channel, message, now)
    return publish(context, channel, content, message.team, now)


def publish(context: Context, channel: Channel, content: Content, team: Team, now: datetime) -> int:
    """Show ``content`` in its living message; return 1 if something was sent, 0 if the message is right as it is."""
    key = content.subject.key
    living = context.store.living(key, channel.name)
    step = next_step(living, content, now, team.zone, editable=channel.editable)
    if isinstance(step, Nothing):
        _keep(context, key, channel, living, advanced(living, step, content, "", now))
        return 0
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
    return 1


def _keep(context: Context, key: str, channel: Channel, before: Living | None, after: Living) -> None:
    if after != (before or Living()):
        context.store.put_living(key, channel.name, after)


def _content(context: Context, channel: Channel, message: _Message, now: datetime) -> Content:
    kind = message.subject.kind
    if kind is Kind.TRACKER:
        items = _stopped(context, message.subject.goal)
    elif kind is Kind.GOALS:
        items = [Item(line, "goals", line) for line in context.store.note(REFUSED) or ()]
    else:
        return _listing(context, channel, message, now)
    return compose(message.subject, items, now, about=message.about, most=channel.max_items)


def _stopped(context: Context, tracker: str) -> list[Item]:
    health = context.store.tracker(tracker)
    if not health.stopped_reason:
        return []
    return [Item(f"{tracker}:{health.stopped_reason}", tracker, health.stopped_advice, since=health.stopped_at)]


def _listing(context: Context, channel: Channel, message: _Message, now: datetime) -> Content:
    listing = _asked(context, channel, message, now)
    items = [
        Item(f"{one.tracker}:{one.id}", one.key, one.title, one.url, one.note, since=one.since) for one in listing.items
    ]
    return compose(message.subject, items, now, members=listing.members, about=message.about, most=channel.max_items)


def _asked(context: Context, channel: Channel, message: _Message, now: datetime) -> AskedList:
    kind, most = message.subject.kind, channel.max_items
    if kind is Kind.HELD:
        return context.store.held_list(message.about, most)
    places, others = context.teams.places(message.team.name), tuple(context.teams.by_scope)
    return context.store.asked(places, others, _REASONS[kind], message.cause, now, most)
