"""What goes wrong below ``/api``: one shape for all of it (RFC 9457), and where it is said which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.web.access import may_read
from vindaris_sync.web.api.shapes import Instant, Shape
from vindaris_sync.web.attempts import Attempts
from vindaris_sync.web.errors import Absent
from vindaris_sync.web.forms import SAFE

PACE = 600
"""Requests of one token or person within ``WITHIN``."""

WITHIN = timedelta(minutes=1)

PROBLEM = "application/problem+json"


class Fault(Shape):
    """One of several that were to be answered at once, and why it was not."""

    detail: str
    advice: str
    key: str | None = Field(default=None, description="The issue's key, where somebody was quicker")
    who: str | None = Field(default=None, description="Who decided meanwhile")
    at: Instant | None = Field(default=None, description="When")


class Problem(BaseModel):
    """Why a request was refused, or failed (RFC 9457)."""

    title: str
    status: int
    detail: str = Field(description="For people; never meant to be parsed")
    id: str | None = Field(default=None, description="The daemon's log knows more under it")
    advice: str | None = Field(default=None, description="What to do")
    refused: tuple[Fault, ...] | None = Field(default=None, description="Each review that was not answered, and why")


def _told(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


COMMON: dict[int | str, dict[str, Any]] = {
    400: _told("Nothing that can be read"),
    401: _told("No token, or one that is not valid"),
    403: _told("The token's scope does not allow it; or sent by a browser without its page's form token"),
    422: _told("Understood, and not possible: a value out of bounds, a name that is not known"),
    429: _told(f"More than {PACE} requests in a minute; `Retry-After` says for how long to wait"),
    503: _told("The database is busy or cannot be used; nothing was changed"),
}
"""What every operation may answer."""

ABSENT: dict[int | str, dict[str, Any]] = {404: _told("Nothing is called so")}
WRITES: dict[int | str, dict[str, Any]] = {
    409: _told("Somebody decided meanwhile, or what was seen has changed; nothing was changed"),
    413: _told("More than 1 MiB"),
    415: _told("No JSON"),
}
"""What an operation may answer beside ``COMMON``."""


@contextmanager
def found() -> Iterator[None]:
    """Let a name that means nothing, or several things, be answered with 404."""
    try:
        yield
    except Refusal as error:
        raise Absent(str(error), advice=error.advice) from None


def json_only(request: Request) -> None:
    """Refuse (415) a body that is not stated to be JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method not in SAFE and kind and kind != "application/json":
        raise HTTPException(415, "Send JSON, as application/json.")


def paced(request: Request) -> None:
    """Refuse (429) whoever asks too often."""
    visitor, pace = may_read(request), request.app.state.pace
    assert isinstance(pace, Attempts)  # noqa: S101 - what build put there
    if wait := pace.wait(f"{visitor.how} {visitor.who}"):
        seconds = int(wait.total_seconds()) + 1
        raise HTTPException(429, f"Too many requests; wait {seconds} seconds.", {"Retry-After": str(seconds)})
