"""Taking a decision back: what has to be remembered of the state before it, and the actions that restore that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vindaris_sync.domain.actions import (
    Action,
    Announce,
    AnswerGoal,
    AnswerRule,
    AskGoal,
    AskRule,
    ConfirmGoal,
    ConfirmRule,
    OpenCause,
    Plan,
    SetConflict,
    SetExplicit,
)
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Explicit
from vindaris_sync.domain.outcome import names
from vindaris_sync.domain.records import Cause, Conflict, GoalBook, Record
from vindaris_sync.domain.rules import Rule
from vindaris_sync.domain.work import Scope

UNDONE = "undone"
"""The event of the history."""


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before a decision: the explicit decision and its conflict, and what was asked."""

    explicit: Explicit = ()
    by_machine: bool = False
    conflict: Conflict | None = None
    causes: tuple[Cause, ...] = ()
    """What nobody had answered: of an issue all of it, since what a decision leaves open the next pass may close."""
    confirmed: int | None = None
    """The goal revision that what hangs below the issue, or the rule, was confirmed against; None: it stays."""


def before(record: Record, plan: Plan, goals: GoalBook) -> Before:
    """Return what ``plan`` changes of ``record``, as it is."""
    below = any(isinstance(each, ConfirmGoal) for each in plan.actions)
    confirmed = goals.carried[record.ref].revision if below else None
    asked = tuple(cause for cause in record.causes if cause.answer is None)
    return Before(record.explicit, record.by_machine, record.conflict, asked, confirmed)


def before_rule(rule: Rule, plan: Plan) -> Before:
    """Return what ``plan`` changes of a rule, as it is."""
    moved = rule.link is not None and any(isinstance(each, ConfirmRule) for each in plan.actions)
    return Before(causes=_answered(rule.causes, plan), confirmed=rule.link.revision if moved and rule.link else None)


def before_goal(causes: Iterable[Cause], plan: Plan) -> Before:
    """Return which of a goal's causes ``plan`` answers."""
    return Before(causes=_answered(causes, plan))


def _answered(causes: Iterable[Cause], plan: Plan) -> tuple[Cause, ...]:
    closed = {each.key for each in plan.actions if isinstance(each, AnswerRule | AnswerGoal)}
    return tuple(cause for cause in causes if cause.key in closed)


def undo(record: Record, was: Before, goals: GoalBook, by: By) -> Plan:
    """Return what lets ``record`` be as it was; what was answered is asked again, of the same people."""
    restored = SetExplicit(
        record.id, was.explicit, UNDONE, by.who, by.how, by.why, names(record.explicit, goals),
        names(was.explicit, goals), was.by_machine,
    )  # fmt: skip
    actions: list[Action] = [restored]
    if was.conflict != record.conflict:
        actions.append(SetConflict(record.id, was.conflict))
    if was.confirmed is not None and record.ref in goals.carried:
        goal = goals.carried[record.ref].goal
        actions.append(ConfirmGoal(record.id, goal, was.confirmed, by.who, by.how, by.why))
    actions += [OpenCause(record.id, cause) for cause in was.causes]
    actions += _told(was.causes, [(record.ref.tracker, record.place)], by)
    return Plan(tuple(actions), (), (record.id,))


def undo_rule(rule: Rule, was: Before, goals: GoalBook, told: Iterable[Scope], by: By) -> Plan:
    """Return what lets a rule be confirmed as it was, and asked what it was asked."""
    actions: list[Action] = []
    if was.confirmed is not None and rule.link is not None:
        stamps = goals.goals[rule.link.goal].stamps
        stamp = stamps.get(was.confirmed, rule.link.fingerprint)
        link = replace(rule.link, revision=was.confirmed, fingerprint=stamp)
        actions.append(ConfirmRule(rule.id, link, by.who, by.how, by.why))
    actions += [AskRule(rule.id, cause) for cause in was.causes]
    return Plan((*actions, *_told(was.causes, told, by)), ())


def undo_goal(goal: int, was: Before, scopes: Mapping[tuple[int, str], Scope], by: By) -> Plan:
    """Return what lets a goal be asked what it was asked about its dropped work."""
    asked = tuple(AskGoal(goal, cause) for cause in was.causes)
    told = [
        Announce(*scope, cause.key.reason, str(goal), by.at)
        for cause in was.causes
        if (scope := scopes.get((goal, cause.key.subject))) is not None
    ]
    return Plan((*asked, *told), ())


def _told(causes: Iterable[Cause], scopes: Iterable[Scope], by: By) -> list[Action]:
    about = dict.fromkeys((cause.key.reason, cause.key.subject) for cause in causes if cause.surface_at is not None)
    return [Announce(*scope, *each, by.at) for scope in scopes for each in about]


def stands(record: Record, after: Explicit, was: Before) -> bool:
    """Return whether the decision that made the explicit one ``after`` is what still holds, and can be taken back.

    Where it settled a conflict it can be until the tracker was written: then what people had set there is gone.
    """
    settled = was.conflict is not None and record.conflict is None
    return record.explicit == after and not settled
