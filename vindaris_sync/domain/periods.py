"""Planning periods as people write them: ``2026-Q4``, ``H2 2026``, ``2026``, ``2026-11``, or a range of dates."""

from __future__ import annotations

import re
from datetime import date, timedelta

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_PART = r"(?P<kind>[QH])\s*(?P<number>[1-4])"
_PARTED = tuple(re.compile(text, re.IGNORECASE) for text in (rf"{_YEAR}[\s_/-]*{_PART}", rf"{_PART}[\s_/-]*{_YEAR}"))
_MONTH = re.compile(rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])")
_ONE_YEAR = re.compile(_YEAR)
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
_MONTHS = {"q": 3, "h": 6}


def period_end(text: str) -> date | None:
    """Return the last day of a period; None where it reads as no calendar dates (``FY23Q1``, ``v1.30``, empty).

    Quarters and halves are the calendar's. Of a range, or a sentence, the last date written in full counts.
    """
    text = text.strip()
    if dates := _DATE.findall(text):
        return _date(dates[-1])
    for pattern in _PARTED:
        if found := pattern.fullmatch(text):
            months = _MONTHS[found["kind"].lower()] * int(found["number"])
            return month_end(int(found["year"]), months) if months <= _YEAR_OF_MONTHS else None
    if found := _MONTH.fullmatch(text):
        return month_end(int(found["year"]), int(found["month"]))
    if found := _ONE_YEAR.fullmatch(text):
        return date(int(found["year"]), 12, 31)
    return None


_YEAR_OF_MONTHS = 12


def quarter_ends(day: date) -> tuple[date, date]:
    """Return the last day of the calendar quarter before ``day``'s, and of its own."""
    own = month_end(day.year, (day.month + 2) // 3 * 3)
    first = own.replace(month=own.month - 2, day=1)
    return first - timedelta(days=1), own


def month_end(year: int, month: int) -> date:
    """Return the last day of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
