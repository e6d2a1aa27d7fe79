"""What teams and the report are shown of goals that changed: since the revisions that links were confirmed against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.findings import GoalChange
from vindaris_sync.domain.wording import shortened, visible
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.differences import Differences
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.store.confirmations import Confirmed

_MOST = 2  # confirmed revisions of one goal that are told in chat
_CHANGES = 6  # fields of each
_SHORT, _LONG = 240, 1500  # characters of a change in chat, and in the report


def told_in_chat(context: Context, team: Team, goal: int) -> tuple[Changed, ...]:
    """Return what changed in the goal for those of the team who are asked, the revision that most confirmed first.

    Where strangers read, a private goal's contents are not told (L9).
    """
    if team.public and _private(context, goal):
        return ()
    revisions, owners = Counter[int](), context.owners()
    for each in context.store.confirmed(goal):
        if _concerns(context, owners, team, each):
            revisions[each.revision] += each.count
    differences = Differences(context.store)
    found: list[Changed] = []
    for revision, _ in revisions.most_common(_MOST):
        for changed in differences.since(goal, revision)[:_CHANGES]:
            short = replace(changed, pieces=visible(shortened(changed.pieces, _SHORT)))
            found.append(replace(short, name=f"Since revision {revision}, {changed.name}"))
    return tuple(found)


def _private(context: Context, goal: int) -> bool:
    return any(each.goal.private for each in context.store.goals() if each.id == goal)


def _concerns(context: Context, owners: Teams, team: Team, asked: Confirmed) -> bool:
    if asked.rule is None:
        told = owners.of_place(asked.tracker, asked.place)
        return told is not None and told.name == team.name
    places = context.store.places()
    rules = [rule for rule in context.store.rule_book().rules if rule.id == asked.rule]
    return any(team.name in owners.told_of(rule, places) for rule in rules)


def goal_changes(context: Context) -> tuple[GoalChange, ...]:
    """Return every goal that is asked about since it changed, for each revision that links were confirmed against."""
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for each in context.store.confirmed():
        counts[each.goal, each.revision] += each.count
    differences, goals = Differences(context.store), context.book().goals
    return tuple(
        GoalChange(
            goals[goal].key, goals[goal].title, revision, goals[goal].revision, count,
            _short(differences.since(goal, revision)),
        )
        for (goal, revision), count in sorted(counts.items())
    )  # fmt: skip


def _short(changed: Iterable[Changed]) -> tuple[Changed, ...]:
    return tuple(replace(each, pieces=visible(shortened(each.pieces, _LONG, around=120))) for each in changed)
