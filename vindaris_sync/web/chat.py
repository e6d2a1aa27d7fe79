"""``POST /in/chat/NAME``: clicks of the chat behind ``[notify.NAME]``. Open to everybody, so each is signed."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from fastapi.responses import JSONResponse

from vindaris_sync.notify.hearing import Unheard
from vindaris_sync.web.page import ThePage

log = structlog.get_logger("vindaris_sync.web")

router = APIRouter()


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/chat/{name}")
def clicked(
    name: str, request: Request, page: ThePage, after: BackgroundTasks, body: Annotated[bytes, Depends(_body)]
) -> Response:
    """Verify, decide, acknowledge; then tell the chat what takes requests of our own.

    Who is not the chat learns nothing, not even whether there is a channel of that name.
    """
    hearing = page.hearings.get(name)
    if hearing is None or page.clicks is None:
        return Response(status_code=401)
    try:
        heard = hearing.heard({key.lower(): value for key, value in request.headers.items()}, body, page.now())
    except Unheard as error:
        log.info("unheard", channel=name, status=error.status, why=str(error))
        return Response(status_code=error.status)
    taken = page.clicks.take(hearing, heard)
    after.add_task(taken.after)
    document, status = taken.acknowledgement.document, taken.acknowledgement.status
    return Response(status_code=status) if document is None else JSONResponse(document, status)
