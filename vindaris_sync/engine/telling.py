"""Who is told what: from a subject in the outbox to the content that its team's channel shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shlex import quote
from urllib.parse import urlencode

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.findings_json import from_json
from vindaris_sync.domain.goals import Goal, by_key
from vindaris_sync.domain.messages import MOST, Content, Item, Kind, State, Subject, compose
from vindaris_sync.domain.records import Reason
from vindaris_sync.domain.ruling import Scope
from vindaris_sync.domain.succession import successor_of
from vindaris_sync.domain.summary import summary
from vindaris_sync.domain.text import counted
from vindaris_sync.domain.visibility import as_told, for_strangers
from vindaris_sync.engine import buttons, offering
from vindaris_sync.engine.backups import FAILED
from vindaris_sync.engine.changed import told_in_chat
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.dropped import dropped_items
from vindaris_sync.engine.escalating import overdue, owner_of, reached
from vindaris_sync.engine.goals import REFUSED
from vindaris_sync.engine.outcomes import TROUBLES
from vindaris_sync.engine.teams import Team
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.store.lists import AskedList
from vindaris_sync.store.told import About

KINDS: Mapping[str, Kind] = {
    Reason.UNLINKED: Kind.UNLINKED,
    Reason.GOAL_CHANGED: Kind.SUSPECT,
    Reason.GOAL_CLOSED: Kind.CLOSED_GOAL,
    Reason.PARENT_CHANGED: Kind.PARENT_CHANGED,
    Reason.UNKNOWN_GOAL: Kind.UNKNOWN_GOAL,
    Reason.CONFLICT: Kind.CONFLICT,
    Reason.WORK_DROPPED: Kind.WORK_DROPPED,
    Kind.OVERDUE: Kind.OVERDUE,
    Kind.CONTESTED: Kind.CONTESTED,
    Kind.HELD: Kind.HELD,
    Kind.ATTENTION: Kind.ATTENTION,
    Kind.MISSING: Kind.MISSING,
    Kind.TRACKER: Kind.TRACKER,
    Kind.GOALS: Kind.GOALS,
    Kind.MISSING_GOALS: Kind.MISSING_GOALS,
    Kind.OUTCOMES: Kind.OUTCOMES,
    Kind.BACKUP: Kind.BACKUP,
    Kind.NIGHTLY: Kind.NIGHTLY,
}
"""What is announced, and what the message about it is; a review that a person asked for needs no message."""

_REASONS = {kind: reason for reason, kind in KINDS.items() if isinstance(reason, Reason)}
REMINDED = frozenset(_REASONS)
"""Lists of questions: reminders, digests and mutes are about these."""
_LISTED = (*_REASONS, Kind.CONTESTED, Kind.HELD)
_OF_TRACKER = (Kind.HELD, Kind.ATTENTION, Kind.MISSING, Kind.TRACKER)
_OF_ALL = (Kind.GOALS, Kind.MISSING_GOALS, Kind.OUTCOMES, Kind.BACKUP)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to bring up to date: its subject, its team, and the goal or tracker it is about."""

    subject: Subject
    team: Team
    about: str = ""
    cause: str = ""
    """The goal's id as causes name it; empty where none is."""


def messages_about(context: Context, announced: Announce) -> Iterator[Message]:
    """Yield the messages that an announcement concerns, one for each team that is told."""
    kind = KINDS.get(announced.kind)
    if kind is None:
        return
    for team in _told(context, kind, announced):
        if kind in _OF_TRACKER:
            yield Message(Subject(team.name, kind, announced.tracker), team, announced.tracker)
        elif kind is Kind.NIGHTLY:
            yield Message(Subject(team.name, kind, announced.goal), team)
        elif announced.goal:
            if kind is not Kind.OVERDUE:
                yield about_goal(context, team, kind, int(announced.goal))
            if kind in (Kind.OVERDUE, Kind.SUSPECT, Kind.CLOSED_GOAL):
                yield from _to_owner(context, team, int(announced.goal))
        else:
            yield Message(Subject(team.name, kind), team)


def _to_owner(context: Context, team: Team, number: int) -> Iterator[Message]:
    """Yield the message about questions that have waited too long, to the goal's owner where there is one."""
    if team.escalate_after is not None and (person := owner_of(context, number)) is not None:
        yield about_goal(context, reached(team, person), Kind.OVERDUE, number)


def about_goal(context: Context, team: Team, kind: Kind, number: int) -> Message:
    """Return ``team``'s message of ``kind`` about a goal, by its id."""
    goal = context.book().goals[number]
    private = team.public and any(each.goal.private for each in context.store.goals() if each.id == number)
    about = goal.key if private else f"{goal.key} {goal.title}"
    return Message(Subject(team.name, kind, goal.key), team, about, str(number))


def _told(context: Context, kind: Kind, announced: Announce) -> Iterable[Team]:
    teams = context.owners()
    if kind is Kind.NIGHTLY:
        return {team.channel: team for team in reversed(tuple(teams.teams.values()))}.values()
    if kind in _OF_ALL:
        return teams.teams.values()
    if kind in _OF_TRACKER:
        return teams.of_tracker(announced.tracker)
    team = teams.of_place(announced.tracker, announced.place)
    return (team,) if team else ()


def message_of(context: Context, key: str) -> Message | None:
    """Return the message that is remembered under a subject's ``key``; None where its team or goal is no more."""
    name, kind, goal = json.loads(key)
    team = context.teams.teams.get(name)
    if team is None or kind not in _REASONS:
        return None
    if not goal:
        return Message(Subject(name, Kind(kind)), team)
    number = context.book().find(goal)
    return None if number is None else about_goal(context, team, Kind(kind), number)


def about(context: Context, message: Message, now: datetime) -> Announce:
    """Return the announcement that the message's list has changed by ``now``."""
    name = message.team.name
    tracker, place = (context.owners().places(name) or context.teams.places(name))[0]
    return Announce(tracker, place, _REASONS[message.subject.kind], message.cause, now)


def content_of(context: Context, channel: Channel, message: Message, now: datetime) -> Content | None:
    """Return what the message shows now; None where there is nothing to be told any more."""
    kind = message.subject.kind
    if kind is Kind.NIGHTLY:
        return _night(context, message)
    if kind in _LISTED:
        return _listing(context, channel, message, now)
    if kind is Kind.OVERDUE:
        return _overdue(context, channel, message, now)
    items = _told_there(context, message, _ITEMS[kind](context, message))
    return compose(message.subject, items, now, about=message.about, most=channel.max_items)


def _overdue(context: Context, channel: Channel, message: Message, now: datetime) -> Content:
    """Return what the goal's owner hears, once: what is added later is shown, and starts no new message."""
    number = int(message.cause)
    items, members = overdue(context, message.team.name, number, now, _most(channel))
    content = compose(message.subject, _told_there(context, message, items), now, members=members, about=message.about)
    person = owner_of(context, number)
    if person is None or content.state is State.RESOLVED:
        return content
    return replace(content, facts=(("Owner", person.name),), mention=person.mention, members=frozenset({message.cause}))


def _told_there(context: Context, message: Message, items: Iterable[Item]) -> list[Item]:
    """Return the items as the channel's readers may see them: strangers read no title of a private goal (L9)."""
    told = telling_of(context, message.team)
    return [replace(item, title=told(item.title), note=told(item.note)) for item in items]


def telling_of(context: Context, team: Team) -> Callable[[str], str]:
    """Return what says what the readers of the team's channel may see of a text (L9)."""
    if not team.public:
        return as_told
    goals, titles = context.store.goals(), context.book().goals
    return for_strangers(
        [*(each.goal for each in goals), *(replace(each.goal, title=titles[each.id].title) for each in goals)]
    )


def surfacing(context: Context, message: Message, now: datetime) -> Iterator[Announce]:
    """Yield when the message will change by itself: questions whose time to be told has not come (R9), ends of undo.

    They were announced when they were opened; by a clock that was set back since, they may have been told before it.
    """
    reason = _REASONS.get(message.subject.kind)
    if reason is not None:
        places, others = _places(context, message)
        for tracker, place, at in context.store.surfacing(places, others, reason, message.cause, now):
            yield Announce(tracker, place, reason, message.cause, at)
    if listed := list_of(context, message):
        yield from offering.undo_ends(context, listed, now, lambda at: about(context, message, at))


def _night(context: Context, message: Message) -> Content | None:
    """Return the newest report in short; a night that a newer one has overtaken needs no message."""
    report, day = context.store.last_report(), message.subject.goal
    if report is None or report.local_date.isoformat() != day:
        return None
    link = "" if message.team.public else Path(report.path).absolute().as_uri()
    told, content = telling_of(context, message.team), summary(from_json(report.findings), message.team.name, day, link)
    facts = tuple((name, told(value)) for name, value in content.facts)
    return replace(content, headline=told(content.headline), facts=facts, footer=told(content.footer))


def _stopped(context: Context, message: Message) -> list[Item]:
    health = context.store.tracker(message.about)
    if not health.stopped_reason:
        return []
    name = health.name
    return [Item(f"{name}:{health.stopped_reason}", name, health.stopped_advice, since=health.stopped_at)]


def _refused(context: Context, message: Message) -> list[Item]:
    lines = context.store.note(REFUSED) or ()
    if message.team.public and lines:  # they quote goals that were never taken over: nobody knows which are private
        return [Item("goals", "goals", f"{counted(len(lines), 'reason')}, which the daemon's log tells")]
    return [Item(line, "goals", line) for line in lines]


def _not_measured(context: Context, _: Message) -> list[Item]:
    return [Item(line, "outcomes", line) for line in context.store.note(TROUBLES) or ()]


def _not_backed_up(context: Context, _: Message) -> list[Item]:
    return [Item(line, "backup", line) for line in context.store.note(FAILED) or ()]


def _missing(context: Context, message: Message) -> list[Item]:
    def title(goal: Goal) -> str:
        return "" if message.team.public and goal.private else goal.title

    return [
        Item(stored.goal.key, stored.goal.key, title(stored.goal), since=stored.missing_since)
        for stored in context.store.goals()
        if stored.missing_since is not None and not stored.goal.status.closed
    ]


def _vanished(context: Context, message: Message) -> list[Item]:
    facts = context.store.census(message.about)
    if not facts.missing:
        return []
    said = f"{facts.missing:,} of {facts.known:,} issues are not shown any more"
    return [Item(facts.tracker, facts.tracker, said, since=facts.since)]


def _to_set_right(context: Context, message: Message) -> list[Item]:
    return [
        Item(each.id, each.subject, each.message, note=each.fix, since=each.since)
        for each in context.store.attention(message.about)
    ]


_ITEMS: Mapping[Kind, Callable[[Context, Message], list[Item]]] = {
    Kind.TRACKER: _stopped,
    Kind.ATTENTION: _to_set_right,
    Kind.MISSING: _vanished,
    Kind.GOALS: _refused,
    Kind.OUTCOMES: _not_measured,
    Kind.BACKUP: _not_backed_up,
    Kind.MISSING_GOALS: _missing,
}


def _listing(context: Context, channel: Channel, message: Message, now: datetime) -> Content:
    listing, told = _asked(context, channel, message, now), telling_of(context, message.team)
    if about := list_of(context, message):
        listing = offering.without_answered(context, listing)
    items = [
        Item(f"{one.tracker}:{one.id}", one.key, one.title, one.url, one.note, one.priority, one.since)
        for one in listing.items
    ]
    items += _asked_rules(context, message)
    if message.subject.kind is Kind.WORK_DROPPED:
        items += dropped_items(context, message.team, int(message.cause))
    items = offering.with_buttons(context, channel, message.subject.kind, _told_there(context, message, items), told)
    footer = _after(context, int(message.cause)) if message.subject.kind is Kind.CLOSED_GOAL else ""
    content = compose(
        message.subject, items, now, members=listing.members, about=message.about, footer=footer,
        most=_most(channel), changes=_changes(context, message),
    )  # fmt: skip
    content = replace(content, decided=offering.decided(context, about, told, now) if about else ())
    return _with_rest(context, message, content, listing.muted)


def _most(channel: Channel) -> int:
    """Return how many issues a message names: those that matter."""
    return min(channel.max_items, MOST)


def _with_rest(context: Context, message: Message, content: Content, muted: int) -> Content:
    """Return the content with where the whole list is found, and how many issues are not on it because of a mute."""
    reason = _REASONS.get(message.subject.kind)
    if reason is None or content.state is State.RESOLVED:
        return content
    about = {"goal": message.subject.goal} if message.subject.goal else {}
    asked = {"team": message.team.name, "reason": str(reason), **about}
    notes = [content.footer]
    if content.more and not context.page:
        notes.append(
            f"All of them: vindaris-sync review list {' '.join(f'--{k} {quote(v)}' for k, v in asked.items())}"
        )
    if muted:
        notes.append(f"{counted(muted, 'muted issue')} beside them.")
    link = f"{context.page}/inbox?{urlencode(asked)}" if context.page and content.more else ""
    return replace(content, footer=" ".join(notes), link=link)


def _places(context: Context, message: Message) -> tuple[tuple[Scope, ...], frozenset[Scope]]:
    """Return the places of the message's team, and those that teams name."""
    teams = context.owners()
    return teams.places(message.team.name), teams.named


def list_of(context: Context, message: Message) -> About | None:
    """Return which list a message is about, for who decided on it; None where nobody decides on its lines."""
    kind = message.subject.kind
    if kind not in buttons.CLICKABLE:
        return None
    places, others = _places(context, message)
    return About(places, others, str(_REASONS[kind]), message.cause)


def _changes(context: Context, message: Message) -> tuple[Changed, ...]:
    return told_in_chat(context, message.team, int(message.cause)) if message.subject.kind is Kind.SUSPECT else ()


def _after(context: Context, number: int) -> str:
    """Return what can be done with open work on a closed goal; its successor is named by key alone (L9)."""
    stored = context.store.goals()
    goal = next(each.goal for each in stored if each.id == number)
    done = sum(group.count for group in context.store.work_groups() if group.closed and number in group.goals)
    finished = f"{counted(done, 'issue')} {'was' if done == 1 else 'were'} finished for it. " if done else ""
    if (after := successor_of(goal, by_key(each.goal for each in stored))) is None:
        return f"{finished}Close the work, move it to another goal, or take the review label off to keep it there."
    return (
        f"{finished}Close the work, move it to {after.key}, its successor, or take the review label off to keep it "
        f"there. All of it: vindaris-sync review relink --goal {goal.key} --successor --why …"
    )


def _asked_rules(context: Context, message: Message) -> Iterator[Item]:
    """Yield the link rules that the team is asked about here; each stands for all its issues (R8)."""
    reason, name = _REASONS.get(message.subject.kind), message.team.name
    if reason not in (Reason.GOAL_CHANGED, Reason.GOAL_CLOSED):
        return
    places, ruled, teams = context.store.places(), context.store.ruled(), context.owners()
    for rule in context.store.rule_book().rules:
        causes = [cause for cause in rule.causes if cause.answer is None and cause.key.reason is reason]
        asked = next((cause for cause in causes if cause.key.subject == message.cause), None)
        if asked is not None and name in teams.told_of(rule, places):
            note = f"{counted(ruled.get(rule.id, 0), 'issue')} · vindaris-sync review confirm {rule.name}"
            yield Item(rule.name, rule.name, rule.stated.name, note=note, since=asked.opened)


def _asked(context: Context, channel: Channel, message: Message, now: datetime) -> AskedList:
    kind, most = message.subject.kind, _most(channel)
    if kind is Kind.HELD:
        return context.store.held_list(message.about, most)
    places, others = _places(context, message)
    if kind is Kind.CONTESTED:
        return context.store.aside_list(places, others, most)
    goals = {} if message.team.public else context.book().goals  # what strangers read names no goal's priority (L9)
    priorities = {number: goal.priority for number, goal in goals.items()}
    return context.store.asked(places, others, _REASONS[kind], message.cause, now, most, priorities)
