"""Goals as people and programs read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vindaris_sync.app import goals_context, open_store
from vindaris_sync.cli.exits import DONE, USAGE, Refusal
from vindaris_sync.cli.finding import the_goal
from vindaris_sync.cli.output import emit, moment, note, say, table
from vindaris_sync.config.goal_sources import OWN_SOURCE
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.changes import describe_change
from vindaris_sync.domain.goals import (
    Goal,
    Outcome,
    ancestors,
    by_key,
    children,
    fold,
    outcome_progress,
    parent_of,
)
from vindaris_sync.domain.goals import tree as hung
from vindaris_sync.domain.text import percent
from vindaris_sync.engine.goals import refresh_goals, retire_goal
from vindaris_sync.sdk.durations import format_duration
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.revisions import Revision
from vindaris_sync.store.store import Store

_COLUMNS = ("goal", "title", "status", "priority", "period", "issues", "revision", "outcomes")


def tree(config: Config, *, as_json: bool) -> None:
    """Print all goals."""
    with open_store(config) as store:
        found = _all(store)
    if as_json:
        emit({"goals": found})
        return
    table_or_nothing(_COLUMNS, [_row(goal) for goal in found])


def _row(goal: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        "· " * goal["depth"] + goal["key"],
        goal["title"],
        goal["status"] + (" (missing)" if goal["missing"] else ""),
        goal["priority"] or "",
        goal["period"] or "",
        goal["issues"],
        f"{goal['revision']}{' + edit' if goal['pending'] else ''}",
        "; ".join(map(outcome_line, goal["outcomes"])),
    )


def table_or_nothing(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Print a table, or that there are no goals."""
    table(columns, rows)
    if not rows:
        say("There are no goals yet: state some in the goals file, then `vindaris-sync goal apply --now`.")


def _all(store: Store) -> list[dict[str, Any]]:
    stored = {fold(each.goal.key): each for each in store.goals()}
    goals = [each.goal for each in stored.values()]
    walked = list(hung(goals))
    return [document(store, stored[fold(goal.key)], goals, depth) for depth, goal in walked]


def document(store: Store, stored: StoredGoal, goals: list[Goal], depth: int) -> dict[str, Any]:
    """Return a goal as JSON has it."""
    goal = stored.goal
    known = by_key(goals)
    parent = parent_of(goal, known)
    return {
        "key": goal.key,
        "title": goal.title,
        "parent": parent.key if parent else None,
        "priority": goal.priority,
        "status": str(goal.status),
        "period": goal.period,
        "owner": goal.owner,
        "successor": goal.successor,
        "source": goal.source,
        "revision": stored.revision,
        "missing": stored.missing_since is not None,
        "pending": stored.pending is not None,
        "depth": depth,
        "issues": len(store.linked_to(stored.id)),
        "outcomes": [outcome_document(outcome) for outcome in goal.outcomes],
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome with how far it has come, 0 at the baseline and 1 at the target."""
    return {
        "metric": outcome.metric,
        "unit": outcome.unit,
        "baseline": outcome.baseline,
        "target": outcome.target,
        "current": outcome.current,
        "progress": outcome_progress(outcome),
    }


def outcome_line(outcome: Mapping[str, Any]) -> str:
    """Return an outcome in one line: ``checkout conversion 2.9 of 3.5 % (from 2.1): 57 %``."""
    amounts = {
        name: "?" if outcome[name] is None else f"{outcome[name]:g}" for name in ("baseline", "current", "target")
    }
    text = f"{outcome['metric']} {amounts['current']} of {amounts['target']} {outcome['unit']}".strip()
    return f"{text} (from {amounts['baseline']}): {percent(outcome['progress'])}"


def one(config: Config, name: str, *, as_json: bool) -> None:
    """Print one goal."""
    with open_store(config) as store:
        number = the_goal(store.goal_book(), name)
        stored = {each.id: each for each in store.goals()}
        goals = [each.goal for each in stored.values()]
        found = _details(store, stored[number], goals)
    if as_json:
        emit(found)
    else:
        _show(found)


def _details(store: Store, stored: StoredGoal, goals: list[Goal]) -> dict[str, Any]:
    goal, known = stored.goal, by_key(goals)
    above = ancestors(goal, known)
    return {
        **document(store, stored, goals, len(above)),
        "description": goal.description,
        "was": goal.was,
        "parents": [each.key for each in above],
        "children": [each.key for each in children(goals).get(fold(goal.key), ())],
        "revisions": _revisions(store.revisions(stored.id), stored.material),
    }


def _revisions(revisions: tuple[Revision, ...], material: tuple[str, ...]) -> list[dict[str, Any]]:
    before = (None, *(each.contents for each in revisions))
    return [
        {
            "revision": each.revision,
            "at": each.at.isoformat(),
            "minor": each.minor,
            "change": "stated" if former is None else describe_change(former, each.contents, material),
        }
        for former, each in zip(before, revisions, strict=False)
    ]


def _show(goal: Mapping[str, Any]) -> None:
    say(f"{goal['key']}  {goal['title']}", style="bold")
    facts = [str(goal[name]) for name in ("status", "priority", "period", "owner") if goal[name]]
    say("  " + " · ".join(facts) + (" · missing from its source" if goal["missing"] else ""))
    if goal["description"]:
        say(f"  {' '.join(goal['description'].split())}")
    if goal["parents"]:
        say(f"  below {' → '.join(goal['parents'])}")
    if goal["children"]:
        say(f"  above {', '.join(goal['children'])}")
    if goal["successor"]:
        say(f"  open work goes to {goal['successor']} once it is closed")
    for outcome in goal["outcomes"]:
        say(f"  outcome: {outcome_line(outcome)}")
    say(f"  {goal['issues']:,} issues serve it; `vindaris-sync trace {goal['key']}` lists them")
    if goal["pending"]:
        say("  an edit waits until it has rested; `vindaris-sync goal apply --now` lets it count at once")
    rows = [
        (each["revision"], each["at"][:16], "minor" if each["minor"] else "", each["change"])
        for each in goal["revisions"]
    ]
    table(("revision", "since", "", "what changed"), rows)


def take_over(config: Config, *, now: bool, as_json: bool) -> int:
    """Read the goals' source into the store and print what followed; return the exit code."""
    with open_store(config, create=True) as store, goals_context(config, store) as context:
        report = refresh_goals(context, promote_all=now)
        stored = store.goals()
    revised = [each.goal.key for each in stored if each.id in report.revised]
    pending = [each.goal.key for each in stored if each.pending is not None]
    if as_json:
        emit({"problems": report.problems, "revised": revised, "pending": pending})
    else:
        say(f"{len(stored):,} goals are in force." if not report.problems else "The last good goals stay in force.")
        if revised:
            say(f"New revision: {', '.join(revised)}. What is linked to them is asked about in the next pass.")
        if pending:
            since = ", ".join(
                f"{each.goal.key} since {moment(each.pending.last_seen)}" for each in stored if each.pending
            )
            say(f"Edits that rest for {format_duration(config.goals.debounce)} before they count: {since}")
    for problem in report.problems:
        note(f"error: {problem}", style="red")
    return USAGE if report.problems else DONE


def retire(config: Config, name: str, *, as_json: bool) -> None:
    """End a goal that its source states no more, and say what follows; refuse it where the source states it."""
    with open_store(config) as store:
        number = the_goal(store.goal_book(), name)
        goal = next(each.goal for each in store.goals() if each.id == number)
        key = goal.key
        with goals_context(config, store) as context:
            retired = retire_goal(context, number)
        if not retired:
            source = config.goals.file if goal.source == OWN_SOURCE else f"[goal_sources.{goal.source}]"
            raise Refusal(f"{key} is stated in {source}: set its status there")
    if as_json:
        emit({"retired": key})
    else:
        say(f"{key} is abandoned. What is linked to it is asked about in the next pass.")
