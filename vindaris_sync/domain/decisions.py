"""What a person decides through us (command line, chat, page): the actions that put it into the store.

The trackers follow in the next pass: S has changed, so write-back and reviews are decided from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from vindaris_sync.domain.actions import Action, Announce, CloseCause, ConfirmGoal, Plan, SetConflict, SetExplicit
from vindaris_sync.domain.carrying import confirming
from vindaris_sync.domain.links import effective
from vindaris_sync.domain.models import Exemption, Explicit, Link, Provenance
from vindaris_sync.domain.outcome import names
from vindaris_sync.domain.records import Answer, Cause, CauseKey, GoalBook, Reason, Record
from vindaris_sync.domain.reviews import answer_to
from vindaris_sync.domain.rules import NO_RULES, RuleBook
from vindaris_sync.domain.text import clean

_DECIDED = "decided"
"""No value of S reads like this, so the next pass finds that the store's side of the conflict has changed (R4)."""


@dataclass(frozen=True, slots=True)
class By:
    """Who decides, by which means (``command line``, ``import``), why, and when.

    Of who and why only what a store can hold is kept: a command line may give bytes that are no text.
    """

    who: str
    how: str
    why: str
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "who", clean(self.who))
        object.__setattr__(self, "why", clean(self.why))


def _change(record: Record, explicit: Explicit, event: str, goals: GoalBook, by: By) -> Plan:
    action = SetExplicit(
        record.id, explicit, event, by.who, by.how, by.why, names(record.explicit, goals), names(explicit, goals)
    )
    return Plan((action,), (), (record.id,))


def _decide(record: Record, explicit: Explicit, event: str, goals: GoalBook, by: By) -> Plan:
    """Return the change; it ends an open conflict even where it says what the store said already (R7).

    What the decision answers is closed with it: nobody is asked about it any more, before the next pass decides.
    """
    actions = list(_change(record, explicit, event, goals, by).actions)
    if record.conflict is not None:
        actions.append(SetConflict(record.id, replace(record.conflict, explicit=_DECIDED)))
    if explicit and record.ref not in goals.carried:  # what a goal's own issue is asked stands beside what it serves
        answers_ = ((cause, _decides(cause.key, explicit, goals)) for cause in record.causes if cause.answer is None)
        actions += closing(record, [(cause, answer) for cause, answer in answers_ if answer is not None], by)
    return Plan(tuple(actions), (), (record.id,))


def _decides(key: CauseKey, explicit: Explicit, goals: GoalBook) -> Answer | None:
    """Return what a link or an exemption, said by a person, does to a cause; None: it is asked as before."""
    links = () if isinstance(explicit, Exemption) else explicit
    match key.reason:
        case Reason.UNLINKED | Reason.CONFLICT:
            return Answer.DECIDED
        case Reason.GOAL_CHANGED:
            stays = any(str(link.goal) == key.subject and goals.suspect(link) for link in links)
            return None if stays else Answer.DECIDED
        case Reason.GOAL_CLOSED:
            return None if any(str(link.goal) == key.subject for link in links) else Answer.DECIDED
        case Reason.UNKNOWN_GOAL:
            return Answer.ACKNOWLEDGED  # the tracker shows it as long as nobody takes it off there
        case Reason.PARENT_CHANGED | Reason.REQUESTED:
            return Answer.CONFIRMED
        case Reason.WORK_DROPPED:
            return None  # asked at a goal


def closing(record: Record, answered: Sequence[tuple[Cause, Answer]], by: By) -> list[Action]:
    """Return the actions that close causes, and tell those who were told of them."""
    actions: list[Action] = [CloseCause(record.id, cause.key, how, by.who, by.how) for cause, how in answered]
    told = dict.fromkeys((cause.key.reason, cause.key.subject) for cause, _ in answered if cause.surface_at is not None)
    return actions + [Announce(record.ref.tracker, record.place, *about, by.at) for about in told]


def link(record: Record, chosen: Sequence[int], goals: GoalBook, by: By, provenance: Provenance) -> Plan:
    """Link ``record`` to the ``chosen`` goals, the first being the primary; links it already has are confirmed."""
    held = {one.goal: one for one in record.links}
    links = tuple(_link(goal, held.get(goal), goals, by, provenance, primary=goal == chosen[0]) for goal in chosen)
    return _decide(record, links, "linked", goals, by)


def _link(  # noqa: PLR0913 - all that a link remembers
    goal: int, held: Link | None, goals: GoalBook, by: By, provenance: Provenance, *, primary: bool
) -> Link:
    facts = goals.goals[goal]
    if held is not None:
        return replace(held, revision=facts.revision, fingerprint=facts.stamp, primary=primary)
    return Link(goal, provenance, by.who, by.at, facts.revision, facts.stamp, primary)


def move(record: Record, old: int, new: int, goals: GoalBook, by: By) -> Plan:
    """Link ``record`` to ``new`` in place of ``old``; its other links stay as they were confirmed.

    An issue without a link of its own gets one, to what it serves now with ``new`` in place of ``old``.
    """
    if not record.links:
        chosen = dict.fromkeys(new if goal == old else goal for goal in record.goals or (old,))
        return link(record, tuple(chosen), goals, by, Provenance.CHOSEN)
    primary = any(one.primary and one.goal in (old, new) for one in record.links)
    kept = tuple(one for one in record.links if one.goal not in (old, new))
    there = next((one for one in record.links if one.goal == new), None)
    taken = there or _link(new, None, goals, by, Provenance.CHOSEN, primary=primary)
    return _decide(record, (replace(taken, primary=primary), *kept), "linked", goals, by)


def born(record: Record, goal: int, revision: int, goals: GoalBook, by: By) -> Plan:
    """Link ``record`` to the goal that it was created from, at the revision and the instant of its birth.

    The goal stood on it from the first moment; whoever has changed that since has decided, and it stays.
    """
    stamp = goals.goals[goal].stamps.get(revision, goals.goals[goal].stamp)
    link = Link(goal, Provenance.BORN, by.who, by.at, revision, stamp, primary=True)
    if not record.explicit:
        return _change(record, (link,), "linked", goals, by)
    if isinstance(record.explicit, Exemption) or not _unborn(record.explicit, goal):
        return Plan((), ())
    links = tuple(replace(link, primary=one.primary) if one.goal == goal else one for one in record.explicit)
    return _change(record, links, "linked", goals, by)


def _unborn(links: Sequence[Link], goal: int) -> bool:
    """Return whether the goal was read off the issue by a pass that did not know how it came to be there."""
    return any(one.goal == goal and one.provenance is Provenance.ADOPTED for one in links)


def unlink(record: Record, goals: GoalBook, by: By) -> Plan:
    """Take the explicit links or the exemption off ``record``; what it inherits applies again."""
    return _decide(record, (), "unlinked", goals, by)


def exempt(record: Record, expires: datetime | None, goals: GoalBook, by: By) -> Plan:
    """State that ``record`` is not goal work, until ``expires`` (None: without end); the reason is ``by.why``."""
    return _decide(record, Exemption(by.why, by.who, by.at, expires), "exempted", goals, by)


def confirm(  # noqa: PLR0913 - an issue, what decides its link, and an answer
    record: Record,
    chain: Sequence[Record],
    goals: GoalBook,
    seen: Mapping[int, int],
    by: By,
    *,
    rules: RuleBook = NO_RULES,
    only: Collection[CauseKey] | None = None,
) -> Plan:
    """Answer the open causes of ``record`` that a confirmation answers, for the goal revisions the person has ``seen``.

    ``unlinked`` and ``conflict`` are only answered by a decision: they stay. ``only``: no others than these causes are
    meant. At an issue that is not the carrier the link becomes its own (R8).
    """
    actions: list[Action] = []
    effect = effective(record, record.explicit, chain, rules, carried=goals.carried)
    links, below = confirming(record, effect, goals, seen, Link(0, Provenance.CHOSEN, by.who, by.at, 0, ""))
    if links is not None:
        actions += _change(record, links, "confirmed", goals, by).actions
    if below is not None:
        actions.append(ConfirmGoal(record.id, below.goal, below.revision, by.who, by.how, by.why))
    meant = [cause for cause in record.causes if cause.answer is None and (only is None or cause.key in only)]
    answered = [cause for cause in meant if answers(cause.key, goals, seen)]
    actions += closing(record, [(cause, Answer.CONFIRMED) for cause in answered], by)
    return Plan(tuple(actions), (), (record.id,) if actions else ())


def answers(key: CauseKey, goals: GoalBook, seen: Mapping[int, int]) -> bool:
    """Return whether a person who has ``seen`` these goal revisions answers the cause by confirming (R7)."""
    if answer_to(key) is not Answer.CONFIRMED:
        return False
    if key.subject and key.fingerprint.startswith("r"):
        return key.fingerprint == f"r{seen.get(int(key.subject), goals.goals[int(key.subject)].revision)}"
    return True
