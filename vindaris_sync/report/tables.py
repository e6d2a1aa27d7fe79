"""The report's lists as CSV (RFC 4180) for spreadsheets; a cell never becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from vindaris_sync.domain.findings import Findings, Listing
from vindaris_sync.domain.goals import outcome_progress
from vindaris_sync.domain.text import one_line

LISTS = (
    *(
        "closed_goal_work",
        "dropped",
        "suspect",
        "conflicts",
        "unknown_goals",
        "unlinked",
        "parents",
        "exemptions",
        "muted",
    ),
    "quarantined",
)
"""The lists of issues in a report."""

_LONGEST = 32_000
"""Characters of a cell: spreadsheets take 32,767."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def issues_csv(findings: Findings) -> str:
    """Return one row per issue and list it is on."""
    header = ("list", "key", "title", "url", "tracker", "place", "goal", "since", "note")
    return csv_of(header, _issues(findings))


def goals_csv(findings: Findings) -> str:
    """Return one row per goal and outcome, output beside outcome; a goal without outcomes has one row."""
    header = (
        *("key", "title", "parent", "status", "priority", "period", "owner"),
        *("open", "closed", "open_below", "closed_below", "suspect", "unlinked_nearby", "finished_last_week"),
        *("created", "at_birth", "later", "unknown"),
        *("metric", "unit", "baseline", "current", "target", "progress"),
    )
    return csv_of(header, _goals(findings))


def _issues(findings: Findings) -> Iterator[tuple[object, ...]]:
    for name in LISTS:
        listing: Listing = getattr(findings, name)
        for line in listing.lines:
            since = line.since.isoformat() if line.since else ""
            yield name, line.key, line.title, line.url, line.tracker, line.place, line.goal, since, line.note


def _goals(findings: Findings) -> Iterator[tuple[object, ...]]:
    for goal in findings.goals:
        own = (goal.key, goal.title, goal.parent, goal.status, goal.priority, goal.period, goal.owner)
        work = (
            *(goal.own.open, goal.own.closed, goal.below.open, goal.below.closed, goal.suspect, goal.nearby),
            *(goal.finished, goal.birth.created, goal.birth.at_birth, goal.birth.later, goal.birth.unknown),
        )
        for each in goal.outcomes:
            measured = (each.metric, each.unit, each.baseline, each.current, each.target, outcome_progress(each))
            yield *own, *work, *measured
        if not goal.outcomes:
            yield *own, *work, *([""] * 6)


def csv_of(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table as CSV in which no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """Return a cell that a spreadsheet takes and shows as it is: no formula (OWASP, "CSV injection"), no steering."""
    if not isinstance(value, str):
        return value
    text = value[:_LONGEST]
    if not text.isprintable():
        text = "\n".join(one_line(line, _LONGEST) for line in text.split("\n"))
    return f"'{text}" if value.startswith(_FORMULA) or text.startswith(_FORMULA) else text
