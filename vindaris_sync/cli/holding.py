"""Goals that hold too much of all open work, and teams that exempt too much of theirs, as they are now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vindaris_sync.app import goal_rules
from vindaris_sync.cli.output import say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.text import percent
from vindaris_sync.engine.teams import Teams
from vindaris_sync.store.figures import Tally
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.store import Store

Document = dict[str, Any]


def open_work(store: Store) -> Counter[int]:
    """Return how many open issues are on each goal."""
    work: Counter[int] = Counter()
    for group in store.work_groups():
        if not group.closed:
            work.update(dict.fromkeys(group.goals, group.count))
    return work


def catch_alls(config: Config, goals: Iterable[StoredGoal], work: Mapping[int, int], total: int) -> list[Document]:
    """Return the goals that are catch-alls, the largest first: goal, open (issues on it), share (of all open work).

    ``work`` are the open issues on each goal, ``total`` is all open work.
    """
    keys = {each.id: each.goal.key for each in goals if not each.goal.status.closed}
    held = goal_rules(config).catch_all.held({goal: count for goal, count in work.items() if goal in keys}, total)
    return [
        {"goal": keys[goal], "open": work[goal], "share": share}
        for goal, share in sorted(held.items(), key=lambda each: (-each[1], keys[each[0]]))
    ]


def over_budget(teams: Teams, tallies: Iterable[Tally]) -> list[Document]:
    """Return the teams that exempt more of their open work than was agreed: team, exempt, open, share, budget."""
    work = defaultdict[str, Counter[str]](Counter)
    for tally in tallies:
        if (team := teams.of_place(tally.tracker, tally.place)) is not None and not tally.due:
            work[team.name].update({"open": tally.count, "exempt": tally.count if tally.state == "exempt" else 0})
    return [
        {"team": name, **counts, "share": share, "budget": budget}
        for name, counts in sorted(work.items())
        if (budget := teams.teams[name].exempt_share) is not None
        and (share := counts["exempt"] / counts["open"]) > budget
    ]


def tell(held: Sequence[Document], over: Sequence[Document]) -> None:
    """Print both, a line for each."""
    for one in held:
        say(f"  {one['goal']} is a catch-all: {percent(one['share'])} of all open work is on it", style="yellow")
    for one in over:
        share = f"{percent(one['share'])} of its open work ({one['exempt']:,} of {one['open']:,})"
        say(f"{one['team']}: {share} is exempt, {percent(one['budget'])} was agreed", style="yellow")
