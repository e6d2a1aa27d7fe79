"""The night in a chat message: the figures of a report that a team reads in ten seconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from vindaris_sync.domain.findings import Findings, GoalRow
from vindaris_sync.domain.lasting import catch_alls, nothing_attached, over_budget
from vindaris_sync.domain.messages import Content, Kind, State, Subject
from vindaris_sync.domain.text import age, counted, one_line, percent, points, signed

_NAMED = 3
_LONGEST = 300


def summary(findings: Findings, team: str, day: str, link: str = "") -> Content:
    """Return the message on one night, ``day`` its local date; what is zero and needs nobody is left out.

    ``link`` leads to the whole report.
    """
    return Content(
        subject=Subject(team, Kind.NIGHTLY, day),
        state=State.OPEN,
        headline=_headline(findings),
        facts=tuple((name, one_line(value, _LONGEST)) for name, value in _facts(findings) if value),
        footer=_not_checked(findings),
        link=link,
        members=frozenset({day}),
    )


def _headline(findings: Findings) -> str:
    if findings.coverage.share is None:
        return "Goal report: no open work"
    moved = points(findings.change.share) if findings.change else ""
    return f"{percent(findings.coverage.share)} of open work serves a goal" + (f" ({moved})" if moved else "")


def _facts(findings: Findings) -> Iterator[tuple[str, str]]:
    coverage, birth, reviews = findings.coverage, findings.birth, findings.reviews
    parts = [f"{coverage.linked:,} linked", f"{coverage.inherited:,} inherited", f"{coverage.exempt:,} exempt"]
    backlog = f" ({coverage.backlog:,} from before)" if coverage.backlog else ""
    yield "Open work", " · ".join([*parts, f"{coverage.unlinked:,} unlinked{backlog}"])
    yield (
        "Born linked",
        f"{birth.created:,} created from a goal, {birth.at_birth:,} linked at birth, {birth.later:,} later",
    )
    yield "Goals without work", _named(findings.goals_without_work)
    yield "Goals with nothing attached", _named(nothing_attached(findings))
    yield "Catch-all goals", _catch_alls(findings)
    yield "Exempt beyond the budget", _over_budget(findings)
    yield "Work on closed goals", _number(findings, "closed_goal_work", findings.closed_goal_work.total)
    yield "Required work dropped", _number(findings, "dropped", findings.dropped.total)
    yield "Suspect links", _suspect(findings)
    yield "Reviews", f"{reviews.opened:,} opened, {reviews.closed:,} closed, {reviews.waiting:,} waiting"
    yield "Conflicts", _number(findings, "conflicts", findings.conflicts.total)
    yield "Unknown goals", _number(findings, "unknown_goals", findings.unknown_goals.total)
    found, repaired = (sum(getattr(row, name) for row in findings.drift) for name in ("found", "repaired"))
    yield "Drift", f"{found:,} found, {repaired:,} repaired" if found else ""
    yield "Set aside", _number(findings, "quarantined", findings.quarantined.total)


def _named(goals: tuple[GoalRow, ...]) -> str:
    if not goals:
        return ""
    names = [f"{goal.priority} {goal.key}".strip() for goal in goals[:_NAMED]]
    rest = f" and {len(goals) - _NAMED} more" if len(goals) > _NAMED else ""
    return f"{len(goals):,}: {', '.join(names)}{rest}"


def _catch_alls(findings: Findings) -> str:
    total = findings.coverage.total
    return ", ".join(f"{goal.key} ({percent(goal.own.open / total)} of open work)" for goal in catch_alls(findings))


def _over_budget(findings: Findings) -> str:
    return ", ".join(
        f"{each.name} {percent(each.exempt_share)} of {percent(each.budget)}" for each in over_budget(findings)
    )


def _number(findings: Findings, name: str, number: int) -> str:
    moved = findings.change.numbers.get(name, 0) if findings.change else 0
    if not number and not moved:
        return ""
    return f"{number:,}" + (f" ({signed(moved)})" if moved else "")


def _suspect(findings: Findings) -> str:
    oldest = _oldest(findings)
    waiting = f", the oldest for {age(findings.at - oldest)}" if oldest and (findings.at - oldest).days else ""
    number = _number(findings, "suspect", findings.suspect.total)
    return number + waiting if number else ""


def _oldest(findings: Findings) -> datetime | None:
    return min((line.since for line in findings.suspect.lines if line.since), default=None)


def _not_checked(findings: Findings) -> str:
    if not findings.not_checked:
        return "Everything was checked."
    named = "; ".join(f"{each.what} ({each.why})" for each in findings.not_checked[:_NAMED])
    return one_line(f"Not checked, {counted(len(findings.not_checked), 'part')}: {named}", _LONGEST)
