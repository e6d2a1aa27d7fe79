"""Goals as people and programs read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from vindaris_sync.app import goals_context, goals_of_trackers, open_store
from vindaris_sync.cli.exits import DONE, USAGE, Refusal
from vindaris_sync.cli.goals_at_home import say_where, where_shown
from vindaris_sync.cli.goals_listed import document
from vindaris_sync.cli.outcomes_shown import outcome_line, provenance
from vindaris_sync.cli.output import emit, moment, note, say, table
from vindaris_sync.config.goal_sources import OWN_SOURCE
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.changes import describe_change
from vindaris_sync.domain.goals import Goal, ancestors, by_key, children, fold
from vindaris_sync.engine.goals import refresh_goals, retire_goal
from vindaris_sync.engine.naming import the_goal
from vindaris_sync.engine.standing import standings
from vindaris_sync.engine.tracker_goals import accepted
from vindaris_sync.sdk.durations import format_duration
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.revisions import Revision
from vindaris_sync.store.store import Store


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
    goal = stored.goal
    above = ancestors(goal, by_key(goals))
    stand = standings(store, datetime.now(UTC), lambda _: "")
    series = store.series().get(stored.id, {})
    return {
        **document(stored, above[0].key if above else None, len(above), stand, series),
        "description": goal.description,
        "was": goal.was,
        "parents": [each.key for each in above],
        "children": [each.key for each in children(goals).get(fold(goal.key), ())],
        "revisions": _revisions(store.revisions(stored.id), stored.material),
        **where_shown(store, stored.id),
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
        told = f" ({provenance(outcome['how'], outcome['measured'])})" if outcome["how"] else ""
        say(f"  outcome: {outcome_line(outcome)}{told}")
    say(
        f"  {goal['issues']:,} issues serve it: {goal['open']:,} open, {goal['done']:,} done, {goal['suspect']:,} "
        f"suspect; `vindaris-sync trace {goal['key']}` lists them"
    )
    say_where(goal)
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
        say(f"{len(stored):,} goals are in force{', some as they were stated last' if report.problems else ''}.")
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


def accept(config: Config, name: str, *, as_json: bool) -> None:
    """Believe what a tracker states of goals, however much less it is; refuse a source that no tracker states."""
    known = goals_of_trackers(config)
    if name not in known:
        listed = ", ".join(known) or "none"
        raise Refusal(f"no tracker states goals under the name {name!r}", advice=f"there are: {listed}")
    with open_store(config) as store:
        store.put_note(accepted(name), True)  # noqa: FBT003 - the note's whole value
    if as_json:
        emit({"accepted": name})
    else:
        say(f"What {name} states counts with the next reading, within {format_duration(known[name].every)}.")


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
