"""The relay: what waits in the outbox becomes one living message per subject and channel (L8).

An outbox row only says that a list has changed; the text is made when it is sent, from what holds then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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
    Voice,
    advanced,
    begun,
    next_step,
    not_sent,
    reminder_due,
    reminding,
)
from vindaris_sync.domain.messages import Content, Kind
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.digests import digest_of
from vindaris_sync.engine.silence import Hold, Silence
from vindaris_sync.engine.teams import Team
from vindaris_sync.engine.telling import (
    Message,
    about,
    content_of,
    list_of,
    message_of,
    messages_about,
    surfacing,
    telling_of,
)
from vindaris_sync.engine.threads import tell_thread
from vindaris_sync.notify.deliver import deliver
from vindaris_sync.notify.protocol import Ability, Channel, ChannelUnusable, Repeated
from vindaris_sync.sdk.errors import NotNow, Transient, Unknown, VindarisError
from vindaris_sync.store.errors import StoreError
from vindaris_sync.store.outbox import Waiting

log = structlog.get_logger("vindaris_sync.relay")

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=30)
_RARELY = timedelta(hours=24)  # every further attempt may be one more copy in a chat that cannot be searched


def relay(context: Context, channels: Mapping[str, Channel]) -> int:
    """Deliver what waits by now; return how many messages were posted or edited.

    A channel that is down, or has a defect, postpones its messages and loses none; the others go on. What may not
    notify now is shown in messages that are there already, and sent when it may.
    """
    now, sent = context.now(), 0
    waiting: dict[Message, list[Waiting]] = defaultdict(list)
    rows = context.store.outbox(now)
    for row in rows:
        for message in messages_about(context, row.announce):
            waiting[message].append(row)
    failed: set[int] = set()
    silence = Silence.at(context.store, now)
    digests: dict[tuple[str, str], frozenset[str]] = {}
    for message, its in waiting.items():
        team, channel = message.team, channels[message.team.channel]
        try:
            if (where := (team.name, channel.name)) not in digests:
                together = [each for each in waiting if (each.team.name, each.team.channel) == where]
                digests[where] = _digest(context, channel, team, together, silence)
            hold = _hold(silence, message, its, digests[where])
            sent += _tell(context, channel, message, its, hold, now)
        except (Transient, ChannelUnusable, Unknown) as error:
            failed.update(row.id for row in its)
            _postpone(context, message, its, error)
        except StoreError:
            raise
        except Exception as error:
            log.exception("defect", work=f"relay {channel.name}")
            failed.update(row.id for row in its)
            _postpone(context, message, its, Transient(f"a defect: {type(error).__name__}"))
    for row in rows:
        if row.id not in failed:
            context.store.delivered(row)
    return sent


def remind(context: Context) -> None:
    """Let open lists that nobody has answered be posted anew, since an edit notifies nobody; seldomer each time.

    It is announced as a change is, so that what a channel does not take now is told as soon as it does.
    """
    now = context.now()
    with context.store.transaction():
        for key, name, living in context.store.open_livings():
            message = message_of(context, key)
            if message is None or message.team.channel != name or not reminder_due(living, now, message.team.working):
                continue
            context.store.put_living(key, name, reminding(living))
            context.store.announce(about(context, message, now), now=now)


def _digest(
    context: Context, channel: Channel, team: Team, waiting: Sequence[Message], silence: Silence
) -> frozenset[str]:
    """Bring the team's digest up to date; return the subjects that are told by it and not by themselves."""
    hold = silence.hold(team, Kind.DIGEST)
    found = digest_of(context, channel, team, waiting, silent=hold is not None)
    if found is None:
        return frozenset()
    publish(context, channel, found.content, team, context.now(), hold.voice if hold else Voice.ALOUD)
    return found.told


def _hold(silence: Silence, message: Message, rows: Sequence[Waiting], digested: Collection[str]) -> Hold | None:
    if message.subject.key in digested:
        return Hold(silence.now, "told in a digest", Voice.SOFTLY)
    return silence.hold(message.team, message.subject.kind, message.cause) or silence.own_doing(rows)


def _tell(  # noqa: PLR0913, PLR0917 - the message, where it is shown, and what holds it back when
    context: Context, channel: Channel, message: Message, rows: Sequence[Waiting], hold: Hold | None, now: datetime
) -> int:
    """Bring one message up to date; its outbox rows are done only once that is stored.

    ``now`` is when ``hold`` was found. It may be over since, if messages before took long: what it held back waits on,
    and is told in the next round.
    """
    content = content_of(context, channel, message, now)
    sent = publish(context, channel, content, message.team, now, hold.voice if hold else Voice.ALOUD) if content else 0
    with context.store.transaction():
        context.store.announce(*surfacing(context, message, now), now=now)
        if hold and hold.until > now and content and _unheard(context, channel, content, message.team, hold.until):
            context.store.announce(*(replace(row.announce, due=hold.until) for row in rows), now=now)
    if listed := list_of(context, message):
        told = telling_of(context, message.team)
        tell_thread(context, channel, message.subject.key, listed, told)
    return sent


def _unheard(context: Context, channel: Channel, content: Content, team: Team, until: datetime) -> bool:
    """Return whether something is to be sent once it may notify."""
    living, editable = context.store.living(content.subject.key, channel.name), Ability.EDIT in channel.abilities
    return isinstance(next_step(living, content, until, team.working, editable=editable), Post | Continue)


def _postpone(context: Context, message: Message, rows: Sequence[Waiting], error: VindarisError) -> None:
    for row in rows:
        context.store.postponed(row, context.now() + _wait(error, row.attempts), str(error))
    tell = log.info if isinstance(error, NotNow) else log.warning
    tell("alert postponed", channel=message.team.channel, subject=message.subject.key, error=str(error))


def _wait(error: VindarisError, attempts: int) -> timedelta:
    if isinstance(error, Transient) and error.retry_after is not None:
        return error.retry_after
    longest = _RARELY if isinstance(error, Repeated) else _LONGEST_WAIT
    return min(_FIRST_WAIT * (1 << min(attempts, 12)), longest)


def publish(  # noqa: PLR0913, PLR0917 - the message, where it is shown, and how it may be told
    context: Context, channel: Channel, content: Content, team: Team, now: datetime, voice: Voice = Voice.ALOUD
) -> int:
    """Show ``content`` in its living message; return 1 if something was sent, 0 if the message is right as it is."""
    key, sent = content.subject.key, False
    living = context.store.living(key, channel.name)
    editable = Ability.EDIT in channel.abilities
    hours = team.working
    while not isinstance(step := next_step(living, content, now, hours, editable=editable, voice=voice), Nothing):
        if isinstance(step, Post) and living is not None and living.open:
            _keep_apart(channel, living, now)
        living = _carry_out(context, channel, step, content, living)
        sent = sent or not isinstance(step, Seek)
    _keep(context, key, channel, living, advanced(living, step, content, "", now))
    return int(sent)


def _keep_apart(channel: Channel, living: Living, now: datetime) -> None:
    """Raise ``NotNow`` where the subject's last message is not old enough yet; the next one tells all there is then."""
    wait = channel.spacing - (now - living.posted) if living.posted else timedelta()
    if timedelta() < wait <= channel.spacing:
        raise NotNow(f"{channel.name} gathers what changes", retry_after=wait)


def _carry_out(context: Context, channel: Channel, step: Step, content: Content, living: Living | None) -> Living:
    """Carry out one step and return what is stored of the message then; what is begun is stored before it is."""
    now, key = context.now(), content.subject.key
    before = begun(living, step, now)
    _keep(context, key, channel, living, before)
    try:
        after = deliver(channel, step, content, before, now)
    except (Transient, ChannelUnusable) as error:
        if not isinstance(error, Unknown):
            _keep(context, key, channel, before, not_sent(before, now))
        raise
    _keep(context, key, channel, before, after)
    return after


def _keep(context: Context, key: str, channel: Channel, before: Living | None, after: Living) -> None:
    if after != (before or Living()):
        context.store.put_living(key, channel.name, after)
