"""Link rules: brought to what is configured, and asked about once where their goals changed (R6, R8)."""

from __future__ import annotations

from vindaris_sync.domain.actions import Action, Plan
from vindaris_sync.domain.ruling import ask
from vindaris_sync.engine.context import Context


def follow_rules(context: Context, pass_id: str = "") -> list[Action]:
    """Let the configured rules hold, and record what follows for their reviews; return that.

    What a changed rule may decide is due in the same transaction. Where nothing changed, nothing is written.
    """
    store, goals, now = context.store, context.book(), context.time()
    with store.transaction():
        store.put_rules(context.link_rules, goals, now)
        rules = store.rule_book().rules
        places = store.places() if rules else ()
        actions = [
            action for rule in rules for action in ask(rule, goals, context.teams.told_of(rule, places).values(), now)
        ]
        if actions:
            store.apply(Plan(tuple(actions), ()), pass_id, now)
    return actions
