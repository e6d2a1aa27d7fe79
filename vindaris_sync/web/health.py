"""Whether the daemon is alive, for whoever watches over it."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

router = APIRouter()


@router.get("/healthz", include_in_schema=False)
def alive() -> Response:
    """Say that the process answers, and nothing else."""
    return PlainTextResponse("ok\n")
