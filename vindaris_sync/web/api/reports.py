"""Reports: every night's findings, and the figures of all nights."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from vindaris_sync.domain.findings import Findings
from vindaris_sync.domain.findings_json import from_json
from vindaris_sync.store.passes import Night
from vindaris_sync.web.api.faults import ABSENT
from vindaris_sync.web.api.shapes import BASE, Day, Instant, Limit, Next, Shape
from vindaris_sync.web.errors import Absent
from vindaris_sync.web.page import ThePage

router = APIRouter(prefix=BASE, tags=["reports"])

_NIGHTS = 60
_LONGEST = 1000


class Report(Shape):
    """A report in a list."""

    date: date
    at: Instant
    figures: dict[str, float | None] = Field(description="By name; null: nothing to measure")

    @classmethod
    def of(cls, night: Night) -> Report:
        """Return it as the API tells it."""
        return cls(date=night.local_date, at=night.at, figures=dict(night.figures))


class Reports(Shape):
    """A page of reports, the newest first."""

    reports: tuple[Report, ...]
    next: Next


class Trends(Shape):
    """The figures of nights, oldest first."""

    nights: tuple[Report, ...]


@router.get("/reports")
def list_reports(
    page: ThePage, cursor: Annotated[Day | None, Query(description="`next` of the page before")] = None,
    limit: Limit = _NIGHTS,
) -> Reports:  # fmt: skip
    """Return the reports with their figures, one for each date."""
    nights = page.store.nights(limit + 1, cursor)
    more = nights[limit - 1].local_date.isoformat() if len(nights) > limit else None
    return Reports(reports=tuple(map(Report.of, nights[:limit])), next=more)


@router.get("/reports/{day}", responses=ABSENT)
def get_report(page: ThePage, day: Annotated[Day, Path(examples=["2026-03-02"])]) -> Findings:
    """Return all that one night found; lists carry their true total, and the first lines."""
    kept = page.store.report_of(day)
    if kept is None:
        raise Absent("there is no report of that date")
    return from_json(kept.findings)


@router.get("/trends")
def get_trends(page: ThePage, days: Annotated[int, Query(ge=1, le=_LONGEST)] = 90) -> Trends:
    """Return coverage, the share that was born linked, reviews, their age, and drift, night by night."""
    return Trends(nights=tuple(map(Report.of, page.store.nights(days)[::-1])))
