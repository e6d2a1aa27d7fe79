"""Link rules: brought to what is configured, and asked about once where their goals changed (R6, R8)."""

from __future__ import annotations

from collections.abc import Iterator

from vindaris_sync.domain.actions import Action, Plan
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.rules import Condition, Rule
from vindaris_sync.domain.ruling import Scope, ask
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.teams import Teams


def follow_rules(context: Context, pass_id: str = "") -> list[Action]:
    """Let the configured rules hold, and record what follows for their reviews; return that.

    What a changed rule may decide is due in the same transaction. Where nothing changed, nothing is written.
    """
    store, goals, now = context.store, context.book(), context.time()
    with store.transaction():
        store.put_rules(context.link_rules, goals, now)
        actions = [
            action
            for rule in store.rule_book().rules
            for action in ask(rule, goals, tuple(told_of(rule, context.teams)), now)
        ]
        if actions:
            store.apply(Plan(tuple(actions), ()), pass_id, now)
    return actions


def told_of(rule: Rule, teams: Teams) -> Iterator[Scope]:
    """Yield one scope of each team in whose places issues may fulfil the rule."""
    named = {fold(scope) for scope in teams.by_scope}
    for name in teams.teams:
        scope = next((scope for scope in teams.places(name) if _reaches(rule, scope, named)), None)
        if scope is not None:
            yield scope


def _reaches(rule: Rule, scope: Scope, named: set[str]) -> bool:
    tracker, place = scope
    places = rule.stated.conditions.get(Condition.PLACE)
    if place == "*" and places is not None and all(fold(f"{tracker}:{each}") in named for each in places):
        return False  # other teams' places, all of them
    return rule.covers(tracker, place)
