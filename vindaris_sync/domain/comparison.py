"""What changed from one reconciliation report to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vindaris_sync.domain.findings import Delta, Findings, GoalRow, OutcomeChange, Point

TREND = 90
"""Earlier points that are carried along."""


def figures(findings: Findings) -> dict[str, int]:
    """Return the headline numbers by stable names; their changes are what ``delta`` tells."""
    coverage = findings.coverage
    return {
        "open": coverage.total,
        "linked": coverage.linked,
        "inherited": coverage.inherited,
        "exempt": coverage.exempt,
        "unlinked": coverage.unlinked,
        "backlog": coverage.backlog,
        "waiting": findings.reviews.waiting,
        "suspect": findings.suspect.total,
        "closed_goal_work": findings.closed_goal_work.total,
        "dropped": findings.dropped.total,
        "goals_without_work": len(findings.goals_without_work),
        "conflicts": findings.conflicts.total,
        "unknown_goals": findings.unknown_goals.total,
        "quarantined": findings.quarantined.total,
        "parent_unknown": findings.parent_unknown,
        "created": findings.birth.created,
        "at_birth": findings.birth.at_birth,
    }


def delta(previous: Findings, current: Findings) -> Delta:
    """Return what changed from one report to the next."""
    before, after = figures(previous), figures(current)
    old, new = ({goal.key: goal for goal in each.goals} for each in (previous, current))
    then, now = previous.coverage.share, current.coverage.share
    return Delta(
        since=previous.at,
        share=None if then is None or now is None else now - then,
        numbers={name: after[name] - before[name] for name in after},
        goals_new=tuple(key for key in new if key not in old),
        goals_gone=tuple(key for key in old if key not in new),
        statuses=tuple(
            (key, old[key].status, goal.status)
            for key, goal in new.items()
            if key in old and old[key].status != goal.status
        ),
        outcomes=tuple(_moved(old, new)),
    )


def _moved(old: Mapping[str, GoalRow], new: Mapping[str, GoalRow]) -> Iterator[OutcomeChange]:
    for key in new:
        if key not in old:
            continue
        before = {outcome.metric: outcome.current for outcome in old[key].outcomes}
        for outcome in new[key].outcomes:
            if outcome.metric in before and before[outcome.metric] != outcome.current:
                yield OutcomeChange(key, outcome.metric, outcome.unit, before[outcome.metric], outcome.current)


def after(previous: Findings | None, current: Findings) -> Findings:
    """Return ``current`` as the successor of ``previous``: with its period, its change and the trend so far."""
    if previous is None:
        return current
    trend = (*previous.trend, Point(previous.at, previous.coverage))[-TREND:]
    return replace(current, since=previous.at, change=delta(previous, current), trend=trend)
