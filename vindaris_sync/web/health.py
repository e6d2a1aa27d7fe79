"""Whether the daemon is alive and at work, and in figures how it is doing."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from vindaris_sync.store.errors import StoreError
from vindaris_sync.web.access import may_read
from vindaris_sync.web.entrance import ALIVE
from vindaris_sync.web.page import ThePage

router = APIRouter()

STALE = timedelta(minutes=1)
"""The clockwork ticks every second; where it has not for so long, nothing is done any more."""


def _here_or_reader(request: Request) -> None:
    """Let in whoever asks at the machine itself, and whoever may read: probes and scrapers have no browser."""
    if not request.state.local:
        may_read(request)


Watcher = Annotated[None, Depends(_here_or_reader)]


@router.get(ALIVE, include_in_schema=False)
def alive() -> Response:
    """Say that the process answers, and nothing else."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", include_in_schema=False)
def ready(page: ThePage, _: Watcher) -> Response:
    """Say in one word whether work is done: ``ready``, or with 503 what is wrong, ``database`` or ``clockwork``."""
    try:
        page.store.answers()
    except StoreError:
        return PlainTextResponse("database\n", 503)
    if page.context.progress.since_tick() >= STALE.total_seconds():
        return PlainTextResponse("clockwork\n", 503)
    return PlainTextResponse("ready\n")


@router.get("/metrics", include_in_schema=False)
def metrics(page: ThePage, _: Watcher) -> Response:
    """Return figures for Prometheus."""
    return Response(page.metrics.text(), media_type=CONTENT_TYPE_LATEST)
