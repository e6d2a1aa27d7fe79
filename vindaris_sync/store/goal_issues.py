"""Which issues are goals themselves, and against which revision what hangs below each was last confirmed (R6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vindaris_sync.domain.actions import ConfirmGoal
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import IssueRef, Link, Provenance
from vindaris_sync.domain.records import GoalFacts
from vindaris_sync.store.changes import touch_goals
from vindaris_sync.store.codec import to_instant
from vindaris_sync.store.sql import Sql

HOLDING = (
    "(SELECT i.id AS issue_id, g.goal_id, g.since AS at FROM goal_issue g "
    "JOIN issue i ON i.tracker = g.tracker AND i.ext_id = g.ext_id "
    "JOIN goal o ON o.id = g.goal_id AND o.missing_since IS NULL "
    "UNION ALL SELECT l.issue_id, l.goal_id, l.at FROM link l JOIN issue i ON i.id = l.issue_id "
    "WHERE NOT EXISTS (SELECT 1 FROM goal_issue g JOIN goal o ON o.id = g.goal_id AND o.missing_since IS NULL "
    "WHERE g.tracker = i.tracker AND g.ext_id = i.ext_id))"
)
"""A query for what carriers hold for those below them: the goal that one is itself, else what is linked (R6)."""

_ROWS = "SELECT g.id, g.revision, i.tracker, i.ext_id FROM goal g LEFT JOIN goal_issue i ON i.goal_id = g.id"
_HISTORY = (
    "INSERT INTO history (at, issue_id, goal_id, event, who, how, why, goal_revision, before, after, pass_id) "
    "VALUES (?, ?, ?, 'below_confirmed', ?, ?, ?, ?, '[]', '[]', ?)"
)


def follow(sql: Sql, goals: Mapping[int, Goal], now: int) -> None:
    """Bring what issues are goals to what is stated, by the goals' numbers; issues of which that changed are due.

    What hangs below an issue that has become a goal is confirmed as that stands.
    """
    held = {row[0]: (row[1], (row[2], row[3]) if row[2] is not None else None) for row in sql.rows(_ROWS)}
    wanted = {number: (each.issue.tracker, each.issue.id) if each.issue else None for number, each in goals.items()}
    changed = [number for number, issue in wanted.items() if number in held and held[number][1] != issue]
    if not changed:
        return
    mark_due(sql, changed)
    sql.many("DELETE FROM goal_issue WHERE goal_id = ?", [(number,) for number in changed])
    sql.many(
        "INSERT INTO goal_issue (goal_id, tracker, ext_id, confirmed, since) VALUES (?, ?, ?, ?, ?)",
        [(number, *issue, held[number][0], now) for number in changed if (issue := wanted[number]) is not None],
    )
    mark_due(sql, changed)
    touch_goals(sql)


def mark_due(sql: Sql, goals: Iterable[int]) -> int:
    """Let the issues that are these goals be decided anew; what hangs below follows where it must."""
    text = (
        "UPDATE issue SET due = TRUE WHERE NOT due AND EXISTS (SELECT 1 FROM goal_issue g WHERE g.goal_id = ? "
        "AND g.tracker = issue.tracker AND g.ext_id = issue.ext_id)"
    )
    return sum(sql.run(text, (goal,)) for goal in goals)


def carried(sql: Sql, goals: Mapping[int, GoalFacts]) -> dict[IssueRef, Link]:
    """Return what each issue carries that is a goal; one that its source states no more carries nothing."""
    found: dict[IssueRef, Link] = {}
    for number, tracker, ext_id, confirmed, since in sql.rows(
        "SELECT goal_id, tracker, ext_id, confirmed, since FROM goal_issue ORDER BY goal_id"
    ):
        goal = goals[number]
        if not goal.missing:
            stamp = goal.stamps.get(confirmed, goal.stamp)
            link = Link(number, Provenance.GOAL, "", to_instant(since), confirmed, stamp, primary=True)
            found.setdefault(IssueRef(tracker, ext_id), link)
    return found


def confirm(sql: Sql, actions: Iterable[ConfirmGoal], pass_id: str, now: int) -> None:
    """Note that people say that what hangs below goals' issues is still right."""
    for each in actions:
        sql.run("UPDATE goal_issue SET confirmed = ? WHERE goal_id = ?", (each.revision, each.goal))
        told = (each.who, each.how, each.why, each.revision, pass_id)
        sql.run(_HISTORY, (now, each.issue, each.goal, *told))
        sql.run("UPDATE issue SET due = TRUE WHERE id = ?", (each.issue,))
        touch_goals(sql)


def carried_then(sql: Sql, at: int) -> dict[int, int]:
    """Return, by issue, the goal that it was itself at the instant ``at``, as the history tells."""
    rows = sql.rows(
        "SELECT i.id, g.goal_id FROM goal_issue g JOIN issue i ON i.tracker = g.tracker AND i.ext_id = g.ext_id "
        "WHERE g.since <= ? AND NOT EXISTS (SELECT 1 FROM history m WHERE m.goal_id = g.goal_id "
        "AND m.event = 'goal_missing' AND m.at <= ? AND NOT EXISTS (SELECT 1 FROM history r "
        "WHERE r.goal_id = m.goal_id AND r.event = 'goal_returned' AND r.at >= m.at AND r.at <= ?))",
        (at, at, at),
    )
    return {row[0]: row[1] for row in rows}
