"""The sentences of a report, the same in the page and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vindaris_sync.domain.bursts import Burst
from vindaris_sync.domain.findings import Findings, GoalRow, Listing, urgent_idle
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.domain.leading import Effort
from vindaris_sync.domain.text import age, counted, one_line, percent, points

REASONS: Mapping[str, str] = {
    "unlinked": "Serves no goal",
    "goal_changed": "Its goal has changed",
    "goal_closed": "Its goal is closed",
    "parent_changed": "Its parent has changed",
    "unknown_goal": "Names an unknown goal",
    "work_dropped": "Required work was dropped",
    "conflict": "Two different answers",
    "requested": "Somebody asked for a review",
}
"""Reasons of reviews (R7) in words."""

_TITLE = 200
_NAMED = 5
_MUCH = 0.2


def zone(findings: Findings) -> tzinfo:
    """Return the report's time zone; UTC where this machine does not know it."""
    try:
        return ZoneInfo(findings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def day(at: datetime, where: tzinfo) -> str:
    """Return a date as people write it: ``22 November 2026``."""
    local = at.astimezone(where)
    return f"{local.day} {local:%B %Y}"


def moment(at: datetime, where: tzinfo) -> str:
    """Return date and time: ``22 November 2026, 02:30``."""
    return f"{day(at, where)}, {at.astimezone(where):%H:%M}"


def lede(findings: Findings) -> str:
    """Return the night in two or three sentences."""
    return " ".join(_sentences(findings))


def _sentences(findings: Findings) -> Iterator[str]:
    coverage = findings.coverage
    if coverage.share is None:
        yield "There is no open work yet."
    else:
        moved = points(findings.change.share) if findings.change else ""
        served = f"{percent(coverage.share)} of {counted(coverage.total, 'open issue')} serve a goal"
        yield f"{served} ({moved} since the last report)." if moved else f"{served}."
    if idle := findings.goals_without_work:
        urgent = urgent_idle(findings)
        aside = f"{_of_them(len(urgent), len(idle))} of high priority" if urgent else ""
        yield f"{counted(len(idle), 'active goal')} {'has' if len(idle) == 1 else 'have'} no work{aside}."
    if findings.reviews.waiting:
        verb = "waits" if findings.reviews.waiting == 1 else "wait"
        yield f"{counted(findings.reviews.waiting, 'review')} {verb} for an answer."
    if not findings.not_checked:
        yield "Everything was checked."


def _of_them(some: int, all_of_them: int) -> str:
    if all_of_them == 1:
        return "; it is"
    return ", all" if some == all_of_them else f", {some} of them"


def title(text: str) -> str:
    """Return a stranger's title as one clean line."""
    return one_line(text, _TITLE)


def reason(name: str) -> str:
    """Return a review's reason in words."""
    return REASONS.get(name, one_line(name.replace("_", " ").capitalize(), 60))


def waiting(since: datetime | None, now: datetime) -> str:
    """Return for how long something waits; empty where nobody knows."""
    return age(now - since) if since else ""


def cut(listing: Listing, shown: int) -> str:
    """Return what a shortened list says of the rest; empty where all is shown."""
    left = listing.total - min(len(listing.lines), shown)
    if left <= 0:
        return ""
    return f"and {left:,} more" + (", in the table beside this report" if len(listing.lines) == listing.total else "")


def value(number: float | None, unit: str = "") -> str:
    """Return a measured value with its unit: ``11.2 %``; ``unknown`` where it was not measured."""
    if number is None:
        return "unknown"
    return f"{number:,.10g} {one_line(unit, 20)}".rstrip()


def span(outcome: Outcome) -> str:
    """Return an outcome's way: ``8 → 16 %``."""
    return f"{value(outcome.baseline)} → {value(outcome.target, outcome.unit)}"


def way(progress: float | None) -> str:
    """Return how far an outcome has come, to follow its way: ``, 40 % of the way``."""
    if progress is None:
        return ", not known"
    if progress < 0:
        return ", worse than the baseline"
    return ", target reached" if progress >= 1 else f", {percent(progress)} of the way"


def about_goal(goal: GoalRow) -> str:
    """Return a goal's small print: priority, period, owner, and its status where it is not active."""
    status = "" if goal.status == "active" else goal.status
    parts = (status, goal.priority, goal.period, goal.owner, "missing from its source" if goal.missing else "")
    return " · ".join(one_line(part, 60) for part in parts if part)


def changes(findings: Findings) -> Iterator[str]:
    """Yield what happened to goals since the last report, one line each."""
    change = findings.change
    if change is None:
        return
    yield from (f"{key} is new." for key in change.goals_new)
    yield from (f"{key} is no more." for key in change.goals_gone)
    yield from (f"{key}: {before} → {after}." for key, before, after in change.statuses)
    for moved in change.outcomes:
        yield f"{moved.goal}, {title(moved.metric)}: {value(moved.before)} → {value(moved.after, moved.unit)}."


def burst(found: Burst, where: tzinfo) -> str:
    """Return a retrofit burst in a sentence: when, how many, by whom, on which goals."""
    start, end = found.start.astimezone(where), found.end.astimezone(where)
    until = f"{end:%H:%M}" if start.date() == end.date() else moment(found.end, where)
    usual = "none in two months before" if not found.usual else f"{found.usual:.2g} a day before"
    return (
        f"{counted(found.links, 'link')} to work that had none, {moment(found.start, where)} to {until}, where a "
        f"planning period ends on {found.ends.day} {found.ends:%B %Y} ({usual}): by {_named(found.people)}; on "
        f"{_named(found.goals)}."
    )


def _named(counts: Mapping[str, int]) -> str:
    first = [f"{one_line(name, 60) or 'unknown'} ({count:,})" for name, count in list(counts.items())[:_NAMED]]
    rest = f" and {len(counts) - _NAMED:,} more" if len(counts) > _NAMED else ""
    return ", ".join(first) + rest


def effort(found: Effort) -> str:
    """Return output by estimate: ``30 of 80 points``."""
    return f"{found.done:,.6g} of {found.total:,.6g} {one_line(found.unit, 20)}"


def contrasts(findings: Findings) -> Iterator[str]:
    """Yield what stands out where priorities are set against finished work, one sentence each."""
    for row in findings.priorities:
        if row.actual is not None and row.expected >= _MUCH and row.actual * 2 < row.expected:
            yield (
                f"{row.priority} should have {percent(row.expected)} of the work, and had {percent(row.actual)} of "
                "what was finished."
            )
    aside = next((row for row in findings.priorities if not row.priority), None)
    if aside is not None and aside.actual is not None and aside.actual >= _MUCH:
        yield f"{percent(aside.actual)} of what was finished serves no goal."
