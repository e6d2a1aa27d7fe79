"""Whether links last: goals that hold too much, that end, that have nothing attached; budgets of exemptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from vindaris_sync.domain.findings import Findings, GoalRow, Slice
from vindaris_sync.domain.goals import Outcome, outcome_progress

_Name = TypeVar("_Name")


@dataclass(frozen=True, slots=True)
class CatchAll:
    """From when on a goal is a catch-all: more than this ``share`` of all open work is on it, and ``least`` issues."""

    share: float = 0.3
    least: int = 50

    def held(self, open_work: Mapping[_Name, int], total: int) -> dict[_Name, float]:
        """Return the catch-alls among goals, by their open work, each with its share of all ``total`` open issues."""
        shares = {goal: count / total for goal, count in open_work.items() if total and count >= self.least}
        return {goal: share for goal, share in shares.items() if share > self.share}


def is_short(outcome: Outcome) -> bool:
    """Return whether an outcome is not known to have reached its target; one without a target is short of nothing."""
    if outcome.target is None or outcome.current == outcome.target:
        return False
    progress = outcome_progress(outcome)
    return progress is None or progress < 1


def catch_alls(findings: Findings) -> tuple[GoalRow, ...]:
    """Return the goals that hold so much of all open work that being on them says nothing, the largest first."""
    return tuple(
        sorted((goal for goal in findings.goals if goal.catch_all), key=lambda goal: (-goal.own.open, goal.key))
    )


def nothing_attached(findings: Findings) -> tuple[GoalRow, ...]:
    """Return the active goals whose last open issue is finished, below them too, an outcome being short of target."""
    return tuple(
        goal
        for goal in findings.goals
        if goal.status == "active" and goal.below.closed and not goal.below.open and any(map(is_short, goal.outcomes))
    )


def ended(findings: Findings) -> tuple[GoalRow, ...]:
    """Return the closed goals that matter still: open work is on them, or they were closed since the last report."""
    fresh = {key for key, *_ in findings.change.statuses} if findings.change else set()
    return tuple(goal for goal in findings.goals if goal.closed and (goal.own.open or goal.key in fresh))


def over_budget(findings: Findings) -> tuple[Slice, ...]:
    """Return the teams that exempt more of their open work than their budget allows, the furthest over it first."""
    over = [each for each in findings.slices if each.over_budget]
    return tuple(sorted(over, key=lambda each: ((each.budget or 0) - (each.exempt_share or 0), each.name)))
