"""Questions about a goal that wait too long: the goal's owner hears of them, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.messages import Item, Kind
from vindaris_sync.domain.records import Reason
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.teams import Person, Team

ASKED = (Reason.GOAL_CHANGED, Reason.GOAL_CLOSED)
"""Questions about a goal, which its owner can answer."""


def escalate(context: Context) -> None:
    """Announce what has waited as long as its team wants it to; what was told already is not told again."""
    now = context.now()
    spans = [team.escalate_after for team in context.teams.teams.values() if team.escalate_after is not None]
    if not spans or not context.people:
        return
    for tracker, place, goal in context.store.overdue(now - min(spans)):
        context.store.announce(Announce(tracker, place, Kind.OVERDUE, goal, now), now=now)


def owner_of(context: Context, goal: int) -> Person | None:
    """Return who owns the goal; None where it has no owner, or one who cannot be reached."""
    owner = next((each.goal.owner for each in context.store.goals() if each.id == goal), None)
    return context.people.get(fold(owner)) if owner else None


def reached(team: Team, person: Person) -> Team:
    """Return the team as the one whose messages go where its goals' owner reads them."""
    return team if person.channel is None else replace(team, channel=person.channel, public=person.public)


def overdue(context: Context, team: str, goal: int, now: datetime, most: int) -> tuple[list[Item], frozenset[str]]:
    """Return the questions about the goal that have waited too long in the team: those that matter, and all."""
    patience = context.teams.teams[team].escalate_after
    if patience is None:
        return [], frozenset()
    teams = context.owners()
    places, others = teams.places(team), teams.named
    lists = [context.store.asked(places, others, why, str(goal), now - patience, most) for why in ASKED]
    items: dict[str, Item] = {}
    for one in (one for each in lists for one in each.items):
        name = f"{one.tracker}:{one.id}"
        items.setdefault(name, Item(name, one.key, one.title, one.url, one.note, since=one.since))
    return list(items.values()), frozenset().union(*(each.members for each in lists))
