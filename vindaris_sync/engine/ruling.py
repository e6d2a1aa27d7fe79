"""Link rules: brought to what is configured and stated at goals, and asked about once where goals changed (R6, R8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vindaris_sync.domain.actions import Action, Plan
from vindaris_sync.domain.rules import Condition, Rule, Stated
from vindaris_sync.domain.ruling import ask
from vindaris_sync.engine.context import Context
from vindaris_sync.store.store import Store

_STATED = "rules that follow from goals"


def keep_stated(store: Store, rules: Sequence[Stated]) -> None:
    """Keep the rules that follow from what sources of goals state, for as long as nothing else is known."""
    told = [[rule.goal, {str(name): values for name, values in rule.conditions.items()}, rule.same] for rule in rules]
    store.put_note(_STATED, told)


def stated_rules(store: Store) -> tuple[Stated, ...]:
    """Return the rules that were kept last."""
    return tuple(
        Stated(goal, {Condition(name): tuple(values) for name, values in conditions.items()}, same)
        for goal, conditions, same in store.note(_STATED) or ()
    )


def follow_rules(context: Context, pass_id: str = "") -> list[Action]:
    """Let the rules hold, those stated at goals before the configured, and record what follows for their reviews.

    Returns that. What a changed rule may decide is due in the same transaction; where nothing changed, nothing is
    written.
    """
    store, goals, now = context.store, context.book(), context.time()
    with store.transaction():
        store.put_rules((*stated_rules(store), *context.link_rules), goals, now)
        rules = _asked(store, store.rule_book().rules)
        places = store.places() if rules else ()
        teams = context.owners()
        actions = [action for rule in rules for action in ask(rule, goals, teams.told_of(rule, places).values(), now)]
        if actions:
            store.apply(Plan(tuple(actions), ()), pass_id, now)
    return actions


def _asked(store: Store, rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules, as far as there is somebody to ask: a milestone that is over concerns nobody.

    What was asked about a rule that a source of goals states is moot once it links no open issue.
    """
    if not any(rule.stated.source for rule in rules):
        return list(rules)
    at_work = store.at_work()
    return [replace(rule, active=False) if rule.stated.source and rule.id not in at_work else rule for rule in rules]
