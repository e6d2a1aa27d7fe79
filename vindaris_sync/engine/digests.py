"""Many new messages at once become one digest: it lists their subjects with counts, and resolves as they do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from vindaris_sync.domain.living import Continue, Living, Post, next_step
from vindaris_sync.domain.messages import Content, Item, Kind, State, Subject, compose
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.teams import Team
from vindaris_sync.engine.telling import REMINDED, Message, content_of, message_of
from vindaris_sync.notify.protocol import Ability, Channel


@dataclass(frozen=True, slots=True)
class Digest:
    """What a team's digest shows now, and the subjects (their keys) that are told by it and not by themselves."""

    content: Content
    told: frozenset[str]


def digest_of(
    context: Context, channel: Channel, team: Team, waiting: Collection[Message], *, silent: bool
) -> Digest | None:
    """Return the digest in which ``waiting`` messages are told; None where each is told by itself.

    ``silent``: nothing may notify now, so nothing is taken into it; what it holds is kept true all the same. A subject
    that gains something on a later day than the digest's is told by itself again, or by the next digest.
    """
    if team.digest_above is None:
        return None
    now, key = context.now(), Subject(team.name, Kind.DIGEST).key
    living = context.store.living(key, channel.name) or Living()
    inside = _inside(living)
    kept, loud = set[str](), set[str]()
    for message in waiting:
        if message.subject.kind in REMINDED:
            kept |= {message.subject.key} if _kept(context, channel, message, inside, living) else set()
            loud |= {message.subject.key} if not silent and _loud(context, channel, message) else set()
    loud -= kept
    joining = loud if len(loud) + _recent(context, team, channel, now) > team.digest_above else set[str]()
    if not joining and not (inside.keys() & {message.subject.key for message in waiting}):
        return None
    alone = loud - joining  # told by itself from now on
    held = {**dict.fromkeys(joining, frozenset[str]()), **{each: inside[each] for each in inside if each not in alone}}
    content = _content(context, channel, team, held, joining)
    return Digest(content, frozenset(joining | kept))


def _inside(living: Living) -> dict[str, frozenset[str]]:
    """Return what an open digest holds: by subject the members that it told of."""
    found: dict[str, set[str]] = defaultdict(set)
    for member in living.members if living.open else ():
        key, _, one = member.partition("\n")
        found[key].add(one)
    return {key: frozenset(ones) for key, ones in found.items()}


def _kept(
    context: Context, channel: Channel, message: Message, inside: Mapping[str, frozenset[str]], living: Living
) -> bool:
    """Return whether the digest that is there tells of the subject, and goes on doing so."""
    own = context.store.living(message.subject.key, channel.name)
    if message.subject.key not in inside or (own is not None and own.open):
        return False
    now, zone = context.now(), message.team.zone
    content = content_of(context, channel, message, now)
    added = content is not None and content.members - inside[message.subject.key]
    return not added or (living.posted or now).astimezone(zone).date() == now.astimezone(zone).date()


def _loud(context: Context, channel: Channel, message: Message) -> bool:
    now, own = context.now(), context.store.living(message.subject.key, channel.name)
    content = content_of(context, channel, message, now)
    editable = Ability.EDIT in channel.abilities
    return content is not None and isinstance(
        next_step(own, content, now, message.team.working, editable=editable), Post | Continue
    )


def _recent(context: Context, team: Team, channel: Channel, now: datetime) -> int:
    """Return how many messages the team got lately."""
    since = now - team.digest_within
    livings = ((message_of(context, key), name, living) for key, name, living in context.store.open_livings())
    return sum(
        message is not None and message.team.name == team.name and name == channel.name
        and living.posted is not None and since < living.posted <= now
        for message, name, living in livings
    )  # fmt: skip


def _content(
    context: Context, channel: Channel, team: Team, subjects: Mapping[str, Iterable[str]], joining: Collection[str]
) -> Content:
    found = list(_open(context, channel, subjects, joining))
    content = compose(
        Subject(team.name, Kind.DIGEST), [item for item, _ in found], context.now(), most=channel.max_items
    )
    return replace(content, members=frozenset(member for _, members in found for member in members))


def _open(
    context: Context, channel: Channel, subjects: Mapping[str, Iterable[str]], joining: Collection[str]
) -> Iterator[tuple[Item, set[str]]]:
    """Yield what is still asked: the line of each subject, and what the digest tells of it.

    Where a subject has a message of its own, additions are told there: the digest tells of it once, as a whole.
    """
    for key, before in sorted(subjects.items()):
        message, own = message_of(context, key), context.store.living(key, channel.name)
        alone = own is not None and own.open
        if message is None or (alone and key not in joining and "" not in before):
            continue
        content = content_of(context, channel, message, context.now())
        if content is not None and content.state is not State.RESOLVED:
            members = {f"{key}\n"} if alone else {f"{key}\n{one}" for one in content.members}
            yield Item(key, f"{content.total:,}", content.headline), members
