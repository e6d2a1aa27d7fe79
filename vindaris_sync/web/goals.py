"""Goals: all of them as a tree or by what is wrong, and each with its work, its outcomes and its past."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from vindaris_sync.domain.records import Record
from vindaris_sync.domain.text import one_line
from vindaris_sync.engine.goal_view import goal_view
from vindaris_sync.store.pages import Place, WorkPage
from vindaris_sync.web.goal_list import FILTERS, Wanted, listed
from vindaris_sync.web.page import Page, ThePage
from vindaris_sync.web.rendering import render, segment

router = APIRouter()

WORK = 50
"""Issues on one page of a goal's work."""

_LONGEST = 200
Words = Annotated[str, Query(max_length=_LONGEST)]


@router.get("/goals")
def goals(  # noqa: PLR0913, PLR0917 - one parameter for each part of the address
    request: Request,
    page: ThePage,
    show: Words = "all",
    q: Words = "",
    below: Words = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """Show the goals that are asked for."""
    picture = page.pictures.now()
    wanted = Wanted(show if show in FILTERS else "all", one_line(q), below, number)
    return render(
        request, "goals.html.j2", picture=picture, wanted=wanted, found=listed(picture, wanted), filters=FILTERS,
        top=picture.goal(below) if below else None, teams=[each for each in picture.slices if each.kind == "team"],
    )  # fmt: skip


@router.get("/goals/{key}")
def goal(request: Request, page: ThePage, key: str, after: Words = "", work: Words = "open") -> Response:
    """Show one goal; a former key, or its key in another case, leads to the one it has."""
    book = page.store.goal_book()
    number = book.find(key[:_LONGEST])
    if number is None:
        raise HTTPException(404)
    if book.goals[number].key != key:
        return RedirectResponse(f"/goals/{segment(book.goals[number].key)}", 307)
    picture, row = page.pictures.now(), page.pictures.now().goal(key)
    view = goal_view(page.store, book, number)
    found = page.store.work_on(number, Place.read(after), WORK, closed=work == "all")
    below = picture.below(key)
    return render(
        request, "goal.html.j2", picture=picture, row=row, view=view, found=found,
        work="all" if work == "all" else "open", after=after, carriers=_carriers(page, found), below=below,
        children=[each for each in below if row and each.depth == row.depth + 1], parents=picture.above(key),
        provenance=picture.provenances.get(key, {}),
        issues=page.store.view_records({each.issue for each in view.events if each.issue is not None}),
    )  # fmt: skip


def _carriers(page: Page, found: WorkPage) -> dict[int, Record]:
    return page.store.view_records(
        {each.carrier for each in found.issues if each.carrier is not None and each.carrier != each.id}
    )
