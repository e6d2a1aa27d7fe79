"""Reports: every night's, its numbers rendered anew and its files as they lie; trends over all nights as charts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from vindaris_sync.domain.findings_json import from_json
from vindaris_sync.report import charts, goals_csv, issues_csv, to_html, to_markdown, words
from vindaris_sync.report.lasting import remarks
from vindaris_sync.report.tables import csv_of
from vindaris_sync.store.passes import Night, ReportFacts
from vindaris_sync.web.page import Page, ThePage
from vindaris_sync.web.rendering import render

router = APIRouter()

NIGHTS = 60
"""Reports on one page of the list."""
DAYS = {"30": "30 days", "90": "90 days", "365": "a year", "1000": "all"}
"""How far back trends go."""

TRENDS: Mapping[str, tuple[str, str, bool]] = {
    "coverage": ("Open work that serves a goal", "The share of open issues that are linked or inherit a link", True),
    "born": ("Born linked", "Of the links whose birth is known, the share that came with the issue", True),
    "oldest": ("Age of the oldest review", "For how many days the longest waiting review waits", False),
    "waiting": ("Reviews waiting", "Open reviews of all reasons", False),
    "drift": ("Drift", "Differences that the night found between trackers and record", False),
    "left": ("Drift left", "Those of them that could not be repaired", False),
}
"""What is drawn: its name, what it means, and whether it is a share."""

_DAY = r"\d{4}-\d{2}-\d{2}"
_SHOWN = 15


@router.get("/reports")
def reports(
    request: Request, page: ThePage, days: str = "90", before: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """Show the trends, and the list of reports."""
    days = days if days in DAYS else "90"
    until = _date(before) if before else None
    trend = page.store.nights(int(days))[::-1]
    listed = page.store.nights(NIGHTS + 1, until)
    return render(
        request, "reports.html.j2", trends=TRENDS, trend=trend, days=days, spans=DAYS, nights=listed[:NIGHTS],
        older=listed[NIGHTS - 1].local_date if len(listed) > NIGHTS else None, before=before,
    )  # fmt: skip


@router.get("/reports/trends.csv")
def trends(page: ThePage) -> Response:
    """Give all nights' figures as a table; no cell becomes a formula."""
    header = ("date", *_names(page.store.nights(1)))
    rows = [(each.local_date.isoformat(), *(each.figures.get(name) for name in header[1:])) for each in
            page.store.nights(100_000)[::-1]]  # fmt: skip
    return _file(csv_of(header, rows), "text/csv", "trends.csv")


def _names(nights: tuple[Night, ...]) -> tuple[str, ...]:
    return tuple(nights[0].figures) if nights else tuple(TRENDS)


@router.get("/reports/{day}")
def report(request: Request, page: ThePage, day: str) -> Response:
    """Show one night's report in numbers, with the way to all of it."""
    kept = _kept(page, day)
    found = from_json(kept.findings, brief=True)
    around = page.store.nights(1, kept.local_date)
    listings = [
        (name, getattr(found, field)) for name, field in _LISTS if getattr(found, field).total
    ]  # fmt: skip
    return render(
        request, "report.html.j2", f=found, kept=kept, zone=words.zone(found), charts=charts, listings=listings,
        shown=_SHOWN, remarks=remarks(found), former=around[0] if around else None,
        later=_later(page, kept.local_date), changes=list(words.changes(found))[:_SHOWN],
    )  # fmt: skip


_LISTS = (
    ("Open work on closed goals", "closed_goal_work"),
    ("Required work that was dropped", "dropped"),
    ("Conflicts", "conflicts"),
    ("Unknown goals", "unknown_goals"),
    ("Work that serves no goal", "unlinked"),
    ("Suspect links", "suspect"),
    ("Set aside", "quarantined"),
)


def _later(page: Page, day: date) -> Night | None:
    later = [each for each in page.store.nights(NIGHTS) if each.local_date > day]
    return later[-1] if later else None


@router.get("/reports/{day}/whole")
def whole(page: ThePage, day: str) -> Response:
    """Give the report as the page of that night, with styles of its own; it loads nothing and runs nothing."""
    text = to_html(from_json(_kept(page, day).findings))
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox"
    return Response(text, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy})


_FILES = {
    "report.md": (to_markdown, "text/markdown"),
    "issues.csv": (issues_csv, "text/csv"),
    "goals.csv": (goals_csv, "text/csv"),
}


@router.get("/reports/{day}/{name}")
def download(page: ThePage, day: str, name: str) -> Response:
    """Give one of the report's files."""
    kept = _kept(page, day)
    if name == "report.json":
        return _file(kept.findings, "application/json", f"{day}.json")
    if name not in _FILES:
        raise HTTPException(404)
    form, kind = _FILES[name]
    return _file(form(from_json(kept.findings)), kind, f"{day}-{name}")


def _file(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="vindaris-{name}"'}
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


def _kept(page: Page, day: str) -> ReportFacts:
    found = page.store.report_of(_date(day))
    if found is None:
        raise HTTPException(404)
    return found


def _date(text: str) -> date:
    """Return a date of an address; anything else is not found."""
    try:
        return date.fromisoformat(text if re.fullmatch(_DAY, text, re.ASCII) else "")
    except ValueError:
        raise HTTPException(404) from None
