"""Trace: an issue up to its goal's outcomes and down to what hangs below it, a goal down to its work, at any date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.domain.text import one_line
from vindaris_sync.engine.naming import must_carry, near
from vindaris_sync.engine.tracing import goal_trace, instant, issue_document, meant, scene
from vindaris_sync.engine.tracing_past import past_of
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.web.page import Page, ThePage
from vindaris_sync.web.rendering import render, segment

router = APIRouter()

EVENTS = 20
BELOW = 50
WORK = 100
"""Issues shown of a goal's work in the past."""

_LONGEST = 300
Words = Annotated[str, Query(max_length=_LONGEST)]


@router.get("/trace")
def trace(request: Request, page: ThePage, q: Words = "", at: Words = "", after: Words = "") -> Response:
    """Show what the name ``q`` means, now or ``at`` a date; a goal as it is now has its own page."""
    name, problem, moment = one_line(q, _LONGEST), "", None
    try:
        moment = instant(at.strip()) if at.strip() else None
    except Refusal as error:
        problem = f"{error}: {error.advice}"
    shown: dict[str, Any] = {"name": name, "at": one_line(at, _LONGEST), "moment": moment, "problem": problem}
    if not name or problem:
        return render(request, "trace.html.j2", status=400 if problem else 200, **shown)
    book = page.store.goal_book()
    found = meant(page.store, book, name)
    if len(found.issues) + (found.goal is not None) != 1:
        return _unclear(request, book, found.goal, found.issues, shown)
    if found.goal is None:
        return _issue(request, page, book, found.issues[0], moment, after, shown)
    if moment is None:
        return RedirectResponse(f"/goals/{segment(book.goals[found.goal].key)}", 303)
    return _goal(request, page, book, found.goal, moment, shown)


def _unclear(
    request: Request, book: GoalBook, goal: int | None, issues: Sequence[Record], shown: dict[str, Any]
) -> Response:
    """Show what may have been meant; where nothing was found, goals of similar names."""
    facts = book.goals[goal] if goal is not None else None
    similar = () if issues or facts else [book.goals[number] for number in near(book, shown["name"])]
    return render(
        request, "trace.html.j2", status=300 if issues or facts else 404, **shown, choices=issues, goal=facts,
        similar=similar,
    )  # fmt: skip


def _issue(  # noqa: PLR0913, PLR0917 - what is shown, and of when
    request: Request,
    page: Page,
    book: GoalBook,
    record: Record,
    moment: datetime | None,
    after: str,
    shown: dict[str, Any],
) -> Response:
    if moment is not None:
        return render(request, "trace.html.j2", **shown, record=record, then=past_of(page.store, book, record, moment))
    found = issue_document(page.store, book, record, EVENTS, itself=must_carry(page.config.trackers, record))
    start = int(after) if after.isdecimal() and len(after) < 18 else 0  # noqa: PLR2004 - a number of the store's
    below = page.store.below(record.id, start, BELOW + 1)
    return render(
        request, "trace.html.j2", **shown, record=record, found=found, below=below[:BELOW],
        more=below[BELOW - 1].id if len(below) > BELOW else None,
    )  # fmt: skip


def _goal(  # noqa: PLR0913, PLR0917 - what is shown, and of when
    request: Request, page: Page, book: GoalBook, goal: int, moment: datetime, shown: dict[str, Any]
) -> Response:
    try:
        past = scene(page.store, book, moment, page.context.unit_of)
        found = goal_trace(page.store, book, past, goal, EVENTS, WORK)
    except Refusal as error:
        shown |= {"problem": f"{error}."}
        return render(request, "trace.html.j2", status=404, **shown)
    return render(request, "trace.html.j2", **shown, past=found, address="/trace?" + urlencode({"q": shown["name"]}))
