"""Why a review stands open, and what an answer does (R7, R9, R10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vindaris_sync.domain.links import Effective
from vindaris_sync.domain.models import Exemption, Explicit, Link, LinkState, Provenance
from vindaris_sync.domain.records import (
    DECISION_ONLY,
    Answer,
    Cause,
    CauseKey,
    Conflict,
    GoalBook,
    ParentBasis,
    Policy,
    Reason,
    Record,
    Stood,
)
from vindaris_sync.domain.text import one_line

LINK_REMOVED = "link_removed"
"""How ``undecided_since`` begins where a link was taken off."""

OWN_DOING = timedelta(minutes=1)
"""How long nobody is told of what somebody has just done themselves."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A cause that stands now, with one line for people."""

    key: CauseKey
    detail: str


def standing(  # noqa: PLR0913 - one argument for each thing that R7 makes a cause depend on
    record: Record,
    effect: Effective,
    *,
    holder: bool,
    ends: bool,
    causes: Sequence[Cause],
    conflict: Conflict | None,
    unknown: Sequence[str],
    basis: ParentBasis | None,
    undecided_since: str,
    goals: GoalBook,
) -> list[Standing]:
    """Return the causes that stand for an open tracked issue; pure, in a stable order.

    ``holder``: questions about the effective links are asked at this issue (R8). ``ends``: so are those about the end
    of a goal whose own issue carries it.
    """
    found: list[Standing] = []
    if effect.state is LinkState.UNLINKED:
        why = "" if not effect.itself else f"its type, {one_line(record.type, 40)}, must carry a link itself"
        found.append(Standing(CauseKey(Reason.UNLINKED, "", undecided_since), why or _unlinked(undecided_since)))
    for link in effect.links:
        for cause in goal_causes(link, goals):
            ending = link.provenance is Provenance.GOAL and cause.key.reason is Reason.GOAL_CLOSED
            if ends if ending else holder:
                found.append(cause)
    if (moved := parent_changed(record, effect, basis)) is not None:
        found.append(moved)
    if unknown:
        names = ", ".join(unknown)
        found.append(Standing(CauseKey(Reason.UNKNOWN_GOAL, "", names), f"no goal is called {names}"))
    if conflict is not None:
        key = CauseKey(Reason.CONFLICT, "", conflict_stamp(conflict))
        found.append(Standing(key, "the tracker and the store were changed to different goals"))
    requested = [cause for cause in causes if cause.key.reason is Reason.REQUESTED and cause.open]
    return [*found, *(Standing(cause.key, cause.detail) for cause in requested)]


def _unlinked(undecided_since: str) -> str:
    happened = undecided_since.partition(":")[0]
    return {
        LINK_REMOVED: "its link was taken off",
        "exemption_expired": "its exemption expired",
    }.get(happened, "it serves no goal")


def goal_causes(link: Link, goals: GoalBook) -> tuple[Standing, ...]:
    """Return why whoever holds ``link`` is asked about its goal: it changed (L2), or was closed."""
    which = (link.goal, link.revision, link.fingerprint)
    found = goals.asked.get(which)
    if found is None:
        found = goals.asked[which] = tuple(_goal_causes(link, goals))
    return found


def _goal_causes(link: Link, goals: GoalBook) -> Iterable[Standing]:
    goal = goals.goals[link.goal]
    if goals.suspect(link):
        key = CauseKey(Reason.GOAL_CHANGED, str(goal.id), f"r{goal.revision}")
        yield Standing(key, f"{goal.key} changed since revision {link.revision}")
    if goal.closed:
        yield Standing(CauseKey(Reason.GOAL_CLOSED, str(goal.id), goal.status), f"{goal.key} is {goal.status}")


def parent_changed(record: Record, effect: Effective, basis: ParentBasis | None) -> Standing | None:
    """Return the cause where the issue's own parent changed and its effective goal with it, or a redundant link's did.

    Relinking a carrier opens nothing below it, and gaining a first goal through a parent asks nothing.
    """
    if basis is None or not basis.goals or not effect.goals:
        return None
    if record.parent == basis.parent or set(effect.goals) == set(basis.goals):
        return None
    stamp = f"{basis.parent}:{_ids(basis.goals)}>{record.parent}:{_ids(effect.goals)}"
    return Standing(CauseKey(Reason.PARENT_CHANGED, "", stamp), "its parent changed, and its goal with it")


def redundant(record: Record, inherited: tuple[int, ...], basis: ParentBasis | None) -> Standing | None:
    """Return the cause where an explicit link once equal to the inherited one is so no more."""
    if basis is None or not inherited:
        return None
    own = tuple(link.goal for link in record.links)
    if not own or set(basis.inherited) != set(own) or set(inherited) == set(own):
        return None
    stamp = f"own:{_ids(own)}>{_ids(inherited)}"
    return Standing(CauseKey(Reason.PARENT_CHANGED, "", stamp), "its parent's goal is no longer the same as its own")


def _ids(goals: Iterable[int]) -> str:
    return "+".join(map(str, sorted(goals)))


def conflict_stamp(conflict: Conflict) -> str:
    """Return a short fingerprint of what both sides showed."""
    text = repr((conflict.explicit, sorted((key, sorted(raw)) for key, raw in conflict.observed.items())))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def surface_at(key: CauseKey, record: Record, policy: Policy, now: datetime) -> datetime | None:
    """Return when label and chat may tell of a cause opened now; None for backlog (R9).

    A link that somebody has just taken off is told a minute after the edit at the earliest: they know, and may be about
    to set another. Without a grace nobody waits.
    """
    if record.backlog and record.state is None and key.reason is not Reason.REQUESTED:
        return None
    if key.reason is not Reason.UNLINKED:
        return now
    taken_off = key.fingerprint.startswith(LINK_REMOVED)
    edited = min(record.updated, now) + min(OWN_DOING, policy.grace) if taken_off else now
    return max(now, edited, min(record.created, now) + policy.grace)


def labelling(causes: Iterable[Cause], policy: Policy, now: datetime, *, parent_unknown: bool) -> tuple[CauseKey, ...]:
    """Return the causes for which the review label is wanted: surfaced, unanswered and unacknowledged (R9, R10)."""
    if not policy.loaded:
        return ()
    wanted = [
        cause.key
        for cause in causes
        if cause.answer is None
        and cause.labelled
        and cause.surface_at is not None
        and cause.surface_at <= now
        and not (parent_unknown and cause.key.reason is Reason.UNLINKED)
    ]
    return tuple(wanted)


def next_look(causes: Iterable[Cause], explicit: Explicit, now: datetime) -> datetime | None:
    """Return when time alone will matter: a question is told, or an exemption ends; None: never."""
    times = [at for cause in causes if cause.answer is None and (at := cause.surface_at) is not None and at > now]
    if isinstance(explicit, Exemption) and explicit.expires is not None and explicit.expires > now:
        times.append(explicit.expires)
    return min(times, default=None)


def stood_for(waiting: Iterable[Cause], effect: Effective, goals: GoalBook, by: datetime) -> Stood:
    """Return what a label stands for that a person put on ``by`` an instant, the last at which it can have come.

    What was asked, and which revision of a goal came, after that, nobody meant; the request itself is seen later.
    """
    asked = (cause.key for cause in waiting if cause.opened <= by or cause.key.reason is Reason.REQUESTED)
    return Stood(frozenset(asked), goals.revisions_of(effect.links, by))


def answer_to(key: CauseKey) -> Answer:
    """Return what saying "what this issue shows is right" does to a cause: it answers it, or acknowledges it (R10)."""
    if key.reason in (Reason.UNLINKED, Reason.UNKNOWN_GOAL):
        return Answer.ACKNOWLEDGED
    return Answer.DECIDED if key.reason in DECISION_ONLY else Answer.CONFIRMED


def confirmed(links: Iterable[Link], goals: GoalBook, seen: Mapping[int, int]) -> tuple[Link, ...]:
    """Return every link confirmed at the revision that the person saw (``seen``), and no newer one."""
    return tuple(_confirm(link, goals, seen) for link in links)


def _confirm(link: Link, goals: GoalBook, seen: Mapping[int, int]) -> Link:
    goal = goals.goals[link.goal]
    revision = seen.get(link.goal, link.revision)
    if revision <= link.revision:
        return link
    return replace(link, revision=revision, fingerprint=goal.stamps.get(revision, link.fingerprint))
