"""Goals that end: what takes over the work that is still open on them."""

from __future__ import annotations

from collections.abc import Mapping

from vindaris_sync.domain.goals import Goal, fold


def successor_of(goal: Goal, goals_by_key: Mapping[str, Goal]) -> Goal | None:
    """Return the goal to which open work of ``goal`` goes when that is closed; None where nobody named one.

    Where the one it names is closed too, that one's successor, and so on; None where all of them are closed.
    """
    walked = {fold(goal.key)}
    while goal.successor is not None:
        found = goals_by_key.get(fold(goal.successor))
        if found is None or fold(found.key) in walked:
            return None
        if not found.status.closed:
            return found
        walked.add(fold(found.key))
        goal = found
    return None
