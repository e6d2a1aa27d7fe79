"""Which link rules follow from goals; what a rule is asked when its goal changes, once, and what answers do (R8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from vindaris_sync.domain.actions import Action, Announce, AnswerRule, AskRule, ConfirmRule, Plan
from vindaris_sync.domain.decisions import By, answers
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.records import Answer, Cause, CauseKey, GoalBook
from vindaris_sync.domain.reviews import confirmed, goal_causes
from vindaris_sync.domain.rules import Condition, Rule, Stated

Scope = tuple[str, str]
"""A tracker and a place in it, whose team is told."""


def serving_rules(goals: Iterable[Goal]) -> tuple[Stated, ...]:
    """Return the link rules that follow (R6): an issue that is listed by itself goes before one in a milestone.

    A rule stays the same while its goal is renamed and its list changes, so that what was confirmed stays confirmed.
    """
    stated = [each for goal in goals for each in _stated(goal)]
    return tuple(sorted(stated, key=lambda rule: Condition.ISSUE not in rule.conditions))


def _stated(goal: Goal) -> Iterator[Stated]:
    serving = goal.serving
    if serving is None:
        return
    found = {
        Condition.TRACKER: (serving.tracker,),
        Condition.PLACE: serving.places,
        Condition.MILESTONE: (serving.milestone,) if serving.milestone else (),
        Condition.ISSUE: serving.issues,
    }
    conditions = {name: values for name, values in found.items() if values}
    if Condition.MILESTONE in conditions or Condition.ISSUE in conditions:
        yield Stated(goal.key, conditions, f"{goal.source} {(goal.was or (goal.key,))[0]}")


def ask(rule: Rule, goals: GoalBook, told: Collection[Scope], now: datetime) -> Iterator[Action]:
    """Yield what follows for the rule's review: causes that stand and were not asked, causes that stand no more.

    Without anything to do nothing is yielded. The teams of the scopes ``told`` hear of each change.
    """
    link = rule.link if rule.active else None
    standing = {one.key: one for one in (goal_causes(link, goals) if link else ())}
    for cause in rule.causes:
        if cause.key not in standing:
            yield AnswerRule(rule.id, cause.key, Answer.MOOT, "vindaris-sync", "decision")
            yield from _announce(cause.key if cause.open else None, told, now)
    held = {cause.key for cause in rule.causes}
    for key, one in standing.items():
        if key not in held:
            yield AskRule(rule.id, Cause(key, now, now, labelled=False, detail=one.detail))
            yield from _announce(key, told, now)


def confirm(rule: Rule, goals: GoalBook, seen: Mapping[int, int], told: Collection[Scope], by: By) -> Plan:
    """Answer the rule's open causes for the goal revision that the person has ``seen``, and no newer one (R7)."""
    actions: list[Action] = []
    if rule.link is not None:
        (link,) = confirmed((rule.link,), goals, seen)
        if link != rule.link:
            actions.append(ConfirmRule(rule.id, link, by.who, by.how, by.why))
    for cause in rule.causes:
        if cause.answer is None and answers(cause.key, goals, seen):
            actions.append(AnswerRule(rule.id, cause.key, Answer.CONFIRMED, by.who, by.how))
            actions += _announce(cause.key, told, by.at)
    return Plan(tuple(actions), ())


def _announce(key: CauseKey | None, told: Collection[Scope], now: datetime) -> Iterator[Announce]:
    if key is not None:
        for tracker, place in told:
            yield Announce(tracker, place, key.reason, key.subject, now)
