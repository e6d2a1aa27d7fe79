"""What a merge comes to in the store's and the tracker's words: links, state, and the values to write."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from vindaris_sync.domain.actions import SetState
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.links import Effective
from vindaris_sync.domain.merge import Merged
from vindaris_sync.domain.models import Exemption, Explicit, Link, Provenance, Raw
from vindaris_sync.domain.records import GoalBook, Policy, Record
from vindaris_sync.domain.sides import NO_GOAL, Side, Value


def names(explicit: Explicit, goals: GoalBook) -> tuple[str, ...]:
    """Return S for people: goal keys, or ``no-goal``."""
    if isinstance(explicit, Exemption):
        return ("no-goal",)
    return tuple(goals.goals[link.goal].key for link in explicit)


BY_LABEL, UNKNOWN = "label", "unknown"
"""Reason and author of an exemption by label (R10)."""


def adopted(  # noqa: PLR0913, PLR0917 - all that an adopted link or exemption remembers
    merged: Merged, record: Record, goals: GoalBook, who: str, now: datetime, policy: Policy
) -> Explicit:
    """Return S as a person set it in the tracker; links that were there before keep their provenance."""
    if NO_GOAL in merged.value:
        return Exemption(BY_LABEL, UNKNOWN, now, now + timedelta(days=policy.exempt_days))
    held = {link.goal: link for link in record.links}
    return tuple(
        replace(held.get(goal) or _link(goal, goals, who, now), primary=goal == merged.primary)
        for goal in sorted(merged.value)
    )


def _link(goal: int, goals: GoalBook, who: str, now: datetime) -> Link:
    facts = goals.goals[goal]
    return Link(goal, Provenance.ADOPTED, who, now, facts.revision, facts.stamp)


def spellings(side: Side, wanted: Value, goals: GoalBook, *, repair: bool = False) -> tuple[Raw, Raw]:
    """Return what to add to a surface and what to take off it, in raw values.

    An old key of a renamed goal is replaced; values that name no goal stay. What a deleted definition hides is added
    only to ``repair``: writing a label makes its definition anew.
    """
    if not side.surface.shows_goals:
        there = bool(side.raw) if repair else bool(side.actual)
        return ((side.surface.id,) if wanted and not there else (), side.raw if not wanted else ())
    shown = {raw: goal for raw in side.raw if (goal := goals.find(raw)) is not None}
    current = {raw: goal for raw, goal in shown.items() if _is_current(raw, goals.goals[goal].key)}
    kept_elsewhere = frozenset() if repair else side.actual - set(shown.values())
    missing = wanted - set(current.values()) - kept_elsewhere
    add = tuple(goals.goals[goal].key for goal in sorted(missing))
    return add, tuple(raw for raw in shown if current.get(raw) not in wanted)


def _is_current(raw: str, key: str) -> bool:
    return raw == key or fold(key) in (fold(raw), fold(raw.split(None, 1)[0]))


def timing(record: Record, effect: Effective, policy: Policy) -> str | None:
    """Return when the first effective link came, by the tracker's event time where it is known.

    A link is proven from when it was made on; what a person had set in the tracker, from the last change of the
    issue that carries it. An issue hangs where it does since its own last change at the latest.
    """
    if record.timing is not None or not effect.links or effect.carrier is None:
        return record.timing
    made = min(_made(link, effect.carrier) for link in effect.links)
    if max(made, record.updated) - record.created <= policy.born_within:
        return "at_birth"
    unproven = record.backlog and record.state is None and any(_shown(link) for link in effect.links)
    return "unknown" if unproven else "later"


def _made(link: Link, carrier: Record) -> datetime:
    return min(link.at, carrier.updated) if _shown(link) else link.at


def _shown(link: Link) -> bool:
    return link.provenance in (Provenance.ADOPTED, Provenance.GOAL)


def is_stored(action: SetState, record: Record) -> bool:
    """Return whether the store holds this state already."""
    return (
        record.state is action.state
        and (record.carrier, record.goals, record.basis) == (action.carrier, action.goals, action.basis)
        and (record.tracked, record.parent_unknown, record.suspect)
        == (action.tracked, action.parent_unknown, action.suspect)
        and (record.undecided_since, record.timing, record.rule) == (action.undecided_since, action.timing, action.rule)
    )
