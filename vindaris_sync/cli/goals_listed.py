"""The list of goals: as a tree, or by priority with what hangs on each; readable with hundreds of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from vindaris_sync.app import open_store
from vindaris_sync.cli import holding
from vindaris_sync.cli.outcomes_shown import outcome_line
from vindaris_sync.cli.output import clean, emit, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.goals import by_key, fold, parent_of
from vindaris_sync.domain.goals import tree as hung
from vindaris_sync.domain.readings import Series
from vindaris_sync.domain.text import counted, percent, priority_rank
from vindaris_sync.engine.measured import outcome_document
from vindaris_sync.engine.standing import Standing, Standings, standings
from vindaris_sync.engine.tracing import units
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.store import Store

Document = dict[str, Any]

_TREE = ("goal", "title", "status", "priority", "period", "issues", "revision", "outcomes")
_BY_PRIORITY = ("priority", "goal", "title", "open", "done", "suspect", "unlinked nearby", "last week", "share")
_TITLE = 60
_OUTCOMES, _OUTCOME = 2, 70


def listing(config: Config, *, by_priority: bool, everything: bool, as_json: bool) -> None:
    """Print the goals; closed ones on which no open work hangs are counted only, unless ``everything`` is wanted."""
    with open_store(config) as store:
        found, finished = documents(store, config)
    if as_json:
        rows = sorted(found, key=_urgency) if by_priority else found
        emit({"goals": rows, "finished": finished})
        return
    shown = found if everything else _alive(found)
    if by_priority:
        _print_by_priority(sorted(shown, key=_urgency), finished)
    else:
        table(_TREE, [_row(goal) for goal in shown])
    if len(shown) < len(found):
        say(f"… and {counted(len(found) - len(shown), 'closed goal')} without open work; --all shows them", style="dim")
    if not found:
        say("There are no goals yet: state some in the goals file, then `vindaris-sync goal apply --now`.")


def documents(store: Store, config: Config) -> tuple[list[Document], int]:
    """Return all goals as JSON has them, as a tree, and how many issues were finished in the last week by all."""
    held = store.goals()
    stored = {fold(each.goal.key): each for each in held}
    goals = [each.goal for each in stored.values()]
    known, series, stand = by_key(goals), store.series(), standings(store, datetime.now(UTC), units(config.trackers))
    work = {number: own.work.open for number, own in stand.goals.items()}
    shares = {each["goal"]: each["share"] for each in holding.catch_alls(config, held, work, stand.open)}
    found = []
    for depth, goal in hung(goals):
        each, parent = stored[fold(goal.key)], parent_of(goal, known)
        told = document(each, parent.key if parent else None, depth, stand, series.get(each.id, {}))
        found.append(told | {"catch_all": shares.get(goal.key)})
    return found, stand.finished


def document(stored: StoredGoal, parent: str | None, depth: int, stand: Standings, series: Series) -> Document:
    """Return a goal as JSON has it."""
    goal, own = stored.goal, stand.goals.get(stored.id, Standing())
    return {
        "key": goal.key,
        "title": goal.title,
        "parent": parent,
        "priority": goal.priority,
        "resolved_priority": stored.resolved.get("priority") or None,
        "status": str(goal.status),
        "period": goal.period,
        "owner": goal.owner,
        "successor": goal.successor,
        "source": goal.source,
        "revision": stored.revision,
        "missing": stored.missing_since is not None,
        "pending": stored.pending is not None,
        "depth": depth,
        "issues": own.work.total,
        "open": own.work.open,
        "done": own.work.closed,
        "suspect": own.suspect,
        "unlinked_nearby": own.nearby,
        "finished_last_week": own.finished,
        "share_of_finished": own.finished / stand.finished if stand.finished else None,
        "outcomes": [outcome_document(outcome, series) for outcome in goal.outcomes],
    }


def _urgency(goal: Mapping[str, Any]) -> tuple[tuple[int, str], str]:
    return priority_rank(goal["resolved_priority"]), goal["key"]


def _alive(goals: Sequence[Document]) -> list[Document]:
    """Return the goals that are not closed, or on which or below which something open is, in their order."""
    kept: list[Document] = []
    needed = -1
    for goal in reversed(goals):  # what is below a goal comes before it
        above = goal["depth"] == needed
        if above or goal["open"] or goal["status"] not in ("achieved", "abandoned"):
            kept.append(goal)
            needed = goal["depth"] - 1
    return kept[::-1]


def _row(goal: Mapping[str, Any]) -> tuple[object, ...]:
    outcomes = goal["outcomes"]
    more = [f"and {len(outcomes) - _OUTCOMES} more"] if len(outcomes) > _OUTCOMES else []
    return (
        "· " * goal["depth"] + goal["key"],
        clean(goal["title"], _TITLE),
        goal["status"] + (" (missing)" if goal["missing"] else "") + _held(goal),
        goal["priority"] or "",
        goal["period"] or "",
        goal["issues"],
        f"{goal['revision']}{' + edit' if goal['pending'] else ''}",
        "; ".join([*(clean(outcome_line(each), _OUTCOME) for each in outcomes[:_OUTCOMES]), *more]),
    )


def _held(goal: Mapping[str, Any]) -> str:
    return f", catch-all: {percent(goal['catch_all'])} of open work" if goal["catch_all"] else ""


def _print_by_priority(goals: Iterable[Document], finished: int) -> None:
    rows = [
        (
            goal["resolved_priority"] or "-",
            goal["key"],
            clean(goal["title"], _TITLE),
            *(f"{goal[name]:,}" for name in ("open", "done", "suspect", "unlinked_nearby", "finished_last_week")),
            percent(goal["share_of_finished"]),
        )
        for goal in goals
    ]
    table(_BY_PRIORITY, rows)
    if rows:
        say(
            f"{counted(finished, 'issue was', 'issues were')} finished in the last seven days, whatever they serve "
            "(last week). Unlinked nearby: open issues without a goal in the places where the goal's work is.",
            style="dim",
        )
