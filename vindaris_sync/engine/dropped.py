"""Required work that people dropped: asked about once, at its goal (R8)."""

from __future__ import annotations

from collections.abc import Iterator

from vindaris_sync.domain.actions import Action, Plan
from vindaris_sync.domain.findings import IssueLine
from vindaris_sync.domain.messages import Item
from vindaris_sync.domain.work import ask_dropped
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.teams import Team


def dropped_items(context: Context, team: Team, goal: int) -> Iterator[Item]:
    """Yield what ``team`` is asked about at a goal: the items of its places that were dropped, and not confirmed."""
    scopes, teams = context.store.work_scopes(), context.owners()
    asked = {cause.key: cause for cause in context.store.goal_causes().get(goal, ()) if cause.answer is None}
    for each in context.store.dropped_work():
        scope = scopes.get((goal, each.item))
        owner = teams.of_place(*scope) if scope else None
        if each.goal == goal and each.cause in asked and owner == team:
            note = f"{each.item} was {each.happened}"
            yield Item(f"{goal}/{each.item}", each.key, each.title, each.url, note, since=asked[each.cause].opened)


def dropped_lines(context: Context) -> Iterator[IssueLine]:
    """Yield, for the report, every dropped item about which nobody has answered."""
    goals, scopes, asked = context.book().goals, context.store.work_scopes(), context.store.goal_causes()
    for each in context.store.dropped_work():
        cause = next((one for one in asked.get(each.goal, ()) if one.key == each.cause and one.open), None)
        if cause is not None:
            tracker, place = scopes[each.goal, each.item]
            note = f"{each.item} was {each.happened}"
            yield IssueLine(each.key, each.title, each.url, tracker, place, goals[each.goal].key, cause.opened, note)


def follow_work(context: Context, pass_id: str = "") -> list[Action]:
    """Ask goals about required work that people closed without doing it, or deleted; return what follows.

    Where nothing changed, nothing is written.
    """
    store, now = context.store, context.time()
    with store.transaction():
        dropped, asked = store.dropped_work(), store.goal_causes()
        if not dropped and not asked:
            return []
        actions = list(ask_dropped(dropped, asked, store.work_scopes(), now))
        if actions:
            store.apply(Plan(tuple(actions), ()), pass_id, now)
    return actions
