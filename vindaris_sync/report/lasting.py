"""What a report says on whether links last, in sentences that the page and Markdown share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vindaris_sync.domain.findings import Findings, GoalRow
from vindaris_sync.domain.goals import outcome_progress
from vindaris_sync.domain.lasting import catch_alls, ended, is_short, nothing_attached, over_budget
from vindaris_sync.domain.text import counted, percent
from vindaris_sync.report import words


@dataclass(frozen=True, slots=True)
class Line:
    """One goal or team: its key or name, its title, and what there is to say."""

    key: str
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at: its heading, what it means, and where it is so."""

    heading: str
    about: str
    lines: tuple[Line, ...]


def remarks(findings: Findings) -> tuple[Remark, ...]:
    """Return what is to be said; nothing where all is well."""
    return tuple(remark for remark in _all(findings) if remark.lines)


def _all(findings: Findings) -> Iterator[Remark]:
    yield Remark(
        "Catch-all goals",
        "So much of all open work is on each of them that being on it says nothing: split it, or link lower down",
        tuple(Line(goal.key, goal.title, _share(goal, findings)) for goal in catch_alls(findings)),
    )
    yield Remark(
        "Goals with nothing attached",
        "Their last open issue was finished, and the outcome is short of its target",
        tuple(Line(goal.key, goal.title, _short(goal)) for goal in nothing_attached(findings)),
    )
    yield Remark(
        "Goals that ended",
        "What was finished for them, and where the rest goes",
        tuple(Line(goal.key, goal.title, _end(goal)) for goal in ended(findings)),
    )
    yield Remark(
        "Exempt beyond the budget",
        "Teams that call more of their open work no goal work than was agreed; nothing is undone for it",
        tuple(
            Line(
                each.name,
                "",
                f"{percent(each.exempt_share)} of {counted(each.coverage.total, 'open issue')} exempt "
                f"({each.coverage.exempt:,}), {percent(each.budget)} agreed",
            )
            for each in over_budget(findings)
        ),
    )


def _share(goal: GoalRow, findings: Findings) -> str:
    return f"{percent(goal.own.open / findings.coverage.total)} of all open work: {counted(goal.own.open, 'issue')}"


def _short(goal: GoalRow) -> str:
    outcomes = (
        f"{each.metric}: {words.value(each.current, each.unit)} of {words.value(each.target, each.unit)}"
        + words.way(outcome_progress(each))
        for each in goal.outcomes
        if is_short(each)
    )
    return f"{counted(goal.below.closed, 'issue')} finished, none open. {'; '.join(outcomes)}"


def _end(goal: GoalRow) -> str:
    rest = f"{goal.own.open:,} open" if goal.own.open else "none open"
    to = f" → {goal.successor}" if goal.successor else ", no successor named" if goal.own.open else ""
    reached = "; ".join(
        f"{each.metric}: {words.value(each.current, each.unit)} of {words.value(each.target, each.unit)}"
        for each in goal.outcomes
    )
    return f"{goal.status}: {goal.own.closed:,} finished, {rest}{to}" + (f". {reached}" if reached else "")
