"""What a report says on whether strategy leads the work: births of links, retrofit bursts, priorities against work."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from vindaris_sync.domain.bursts import USUAL_OVER, Burst, Retrofit, bursts
from vindaris_sync.domain.findings import GoalRow
from vindaris_sync.domain.leading import Birth, BirthRow, PriorityRow, contrast
from vindaris_sync.domain.periods import period_end
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.standing import Standings
from vindaris_sync.engine.teams import Teams
from vindaris_sync.store.goal_work import Births
from vindaris_sync.store.goals import StoredGoal

WEEKS = 13
"""Weeks of which a report tells how links came to be: a quarter of a year; bursts are looked for in the same time."""


@dataclass(frozen=True, slots=True)
class Born:
    """How links came to be: all of them, by goal (its id), and by team and week."""

    all: Birth
    goals: Mapping[int, Birth]
    rows: tuple[BirthRow, ...]


def born(context: Context, now: datetime, where: tzinfo) -> Born:
    """Return how links came to be; each issue counts once, and on each of its goals."""
    total, goals = Birth(), defaultdict[int, Birth](Birth)
    teams, weeks = defaultdict[str, Birth](Birth), defaultdict[str, Birth](Birth)
    owners = context.owners()
    for each in context.store.births(_mondays(now, where)):
        birth = Birth(**{each.timing: each.count})
        total += birth
        for goal in each.goals:
            goals[goal] += birth
        teams[_team(owners, each)] += birth
        if each.since is not None:
            weeks[each.since.astimezone(where).date().isoformat()] += birth
    rows = [BirthRow("team", name, birth) for name, birth in sorted(teams.items())]
    return Born(total, goals, (*rows, *(BirthRow("week", name, weeks[name]) for name in sorted(weeks))))


def _team(owners: Teams, each: Births) -> str:
    team = owners.of_place(each.tracker, each.place)
    return team.name if team else "no team"


def _mondays(now: datetime, where: tzinfo) -> list[datetime]:
    """Return the local beginnings of this week and those before it, oldest first."""
    today = now.astimezone(where).date()
    monday = today - timedelta(days=today.weekday())
    days = (monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1))
    return [datetime.combine(day, time.min, where).astimezone(now.tzinfo) for day in days]


def retrofit_bursts(context: Context, now: datetime, where: tzinfo) -> tuple[Burst, ...]:
    """Return the retrofit bursts of the weeks that a report tells of."""
    start = _mondays(now, where)[0]
    goals, owners = context.book().goals, context.owners()
    made = [
        Retrofit(each.at, each.who, goals[each.goal].key, team.name if team else "")
        for each in context.store.late_links(start - USUAL_OVER)
        for team in [owners.of_place(each.tracker, each.place)]
    ]
    found = bursts(made, _ends(context), lambda at: at.astimezone(where).date())
    return tuple(each for each in found if each.end >= start)


def _ends(context: Context) -> dict[str, date]:
    """Return the last days of goals' periods, where they read as dates."""
    periods = ((stored.goal.key, stored.resolved.get("period", "")) for stored in context.store.goals())
    return {key: end for key, period in periods if (end := period_end(period)) is not None}


# --- priorities ---------------------------------------------------------------------------------------------------


def priorities(
    rows: Iterable[GoalRow], stored: Iterable[StoredGoal], stand: Standings, unlinked: int
) -> tuple[PriorityRow, ...]:
    """Return where the priorities say that work should be, beside where it was in the last week.

    ``unlinked`` open issues serve no goal. A goal without a priority has its nearest ancestor's (R11).
    """
    rows, stored = tuple(rows), tuple(stored)
    priority = {each.goal.key: str(each.resolved.get("priority", "")) for each in stored}
    above = {row.parent for row in rows if row.status == "active"}
    goals = [(priority.get(row.key, ""), int(_counts(row, above)), row.own.open) for row in rows]
    done: Counter[str] = Counter()
    for each in stored:
        done[priority[each.goal.key]] += stand.by_primary.get(each.id, 0)
    return contrast(goals, done, (unlinked, stand.by_primary.get(0, 0)))


def _counts(row: GoalRow, above: set[str]) -> bool:
    """Return whether work hangs on the goal, or could."""
    return row.status == "active" and (row.own.total > 0 or row.key not in above)
