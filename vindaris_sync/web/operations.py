"""Operations: how trackers, alerts, backups and the database are doing, what runs; trackers are paused and resumed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from vindaris_sync.domain.decisions import By
from vindaris_sync.engine import health
from vindaris_sync.engine.backups import BackupPlace
from vindaris_sync.engine.meaning import running, told
from vindaris_sync.engine.pausing import LONGEST_WHY, heed, pause, resume
from vindaris_sync.sdk.durations import parse_duration
from vindaris_sync.store.trackers import TrackerFacts
from vindaris_sync.web.access import Admin
from vindaris_sync.web.page import Page, ThePage
from vindaris_sync.web.rendering import render

router = APIRouter()

SHOWN = 25
"""Lines of each list."""

SPANS = {"30m": "30 minutes", "2h": "2 hours", "8h": "8 hours", "1d": "a day", "7d": "a week", "": "until resumed"}
"""For how long a tracker may be paused on the page."""


@router.get("/operations")
def operations(request: Request, page: ThePage) -> Response:
    """Show how everything is doing."""
    store, now, picture = page.store, page.now(), page.pictures.now()
    known, settings = store.trackers(), page.config.store
    trackers = [
        health.of_tracker(store, known.get(name, TrackerFacts(name, each.kind)), picture.states, now)
        for name, each in page.context.trackers.items()
    ]
    place = BackupPlace(settings.backup_dir, settings.backup_every, settings.backup_keep, settings.backup_weeks)
    aside = [each for each in store.quarantine() if each.tracker in page.context.trackers]
    return render(
        request, "operations.html.j2", picture=picture, spans=SPANS, shown=SHOWN,
        trackers=[(each, told(each)) for each in trackers],
        credentials=health.credentials(store, page.context.trackers, now),
        alerts=store.waiting_alerts(SHOWN), alerts_total=store.outbox_depth(), quarantine=aside[:SHOWN],
        quarantine_total=len(aside), works=running(store, page.context.progress.works()),
        backup=health.backup_state(store, place, now), report=_last_night(page), facts=store.facts,
        restored=store.restored,
    )  # fmt: skip


def _last_night(page: Page) -> object:
    return next(iter(page.store.nights(1)), None)


@router.post("/operations/trackers/{name}/pause")
def pause_one(
    page: ThePage,
    visitor: Admin,
    name: str,
    lasting: Annotated[str, Form(max_length=10)] = "",
    why: Annotated[str, Form(max_length=LONGEST_WHY)] = "",
) -> Response:
    """Pause a tracker; requests end with the next one."""
    _known(page, name)
    if lasting not in SPANS:
        raise HTTPException(422, "A pause lasts one of the times that are offered.")
    span = parse_duration(lasting) if lasting else None
    pause(page.store, name, By(visitor.who, "page", why, page.now()), span)
    heed(page.store, page.context.trackers, page.now())
    return RedirectResponse("/operations", 303)


@router.post("/operations/trackers/{name}/resume")
def resume_one(page: ThePage, visitor: Admin, name: str) -> Response:
    """Let a tracker go on."""
    _known(page, name)
    resume(page.store, name, By(visitor.who, "page", "", page.now()))
    heed(page.store, page.context.trackers, page.now())
    return RedirectResponse("/operations", 303)


def _known(page: Page, name: str) -> None:
    if name not in page.context.trackers:
        raise HTTPException(404)
