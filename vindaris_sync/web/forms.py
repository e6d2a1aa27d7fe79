"""What is sent to us must come from our own pages: a form's token, and where the browser says that it comes from."""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException

from vindaris_sync.sdk.addresses import loopback
from vindaris_sync.web.access import bearer
from vindaris_sync.web.gate import FORM_FIELD, FORM_HEADER, gate_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def same_site(request: Request) -> None:
    """Refuse (403) what would change something and was not sent from one of our pages.

    A program with a token is no browser: nobody can make it send something.
    """
    if request.method in SAFE or bearer(request):
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "This was sent from another site.")
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in _own(request):
        raise HTTPException(403, "This was sent from another site.")
    if not gate_of(request).is_form_token(request, await _token(request)):
        raise HTTPException(
            403, "This form is older than your login, or than the daemon. Load the page again and repeat."
        )


async def _token(request: Request) -> str:
    if header := request.headers.get(FORM_HEADER):
        return header
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _FORMS:
        return ""
    value = (await request.form()).get(FORM_FIELD, "")
    return value if isinstance(value, str) else ""


def _own(request: Request) -> set[str]:
    """Return the origins of our own pages: the stated address, and loopback where that is how we are asked."""
    own = {gate_of(request).settings.public}
    if loopback(request.url.hostname or ""):
        own.add(f"{request.url.scheme}://{request.url.netloc}".lower())
    return own
