"""The login by password, and the way out."""

from __future__ import annotations

from math import ceil
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from vindaris_sync.domain.text import one_line
from vindaris_sync.web.access import Reader, visitor_of
from vindaris_sync.web.attempts import whose
from vindaris_sync.web.errors import answer
from vindaris_sync.web.gate import gate_of
from vindaris_sync.web.passwords import Busy
from vindaris_sync.web.rendering import render

log = structlog.get_logger("vindaris_sync.web")

router = APIRouter()
leaving = APIRouter()

_LONGEST_PATH = 2000


def own_path(wanted: str) -> str:
    r"""Return ``wanted`` where it is a path of ours to go to after the login, else the front.

    Browsers take ``//host``, ``/\host`` and what control characters hide for other sites; none of it is a path.
    """
    fits = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    plain = len(wanted) <= _LONGEST_PATH and wanted.isascii() and wanted.isprintable() and " " not in wanted
    elsewhere = wanted.partition("?")[0] not in {"/login", "/logout"}
    return wanted if fits and plain and elsewhere else "/"


@router.get("/login", include_in_schema=False)
def show(request: Request, next: str = "/") -> Response:  # noqa: A002 - the query's name
    """Show the ways to log in; whoever is logged in already goes on."""
    if visitor_of(request) is not None:
        return RedirectResponse(own_path(next), 303)
    return _form(request, own_path(next))


@router.post("/login", include_in_schema=False)
def enter(
    request: Request,
    name: Annotated[str, Form(max_length=256)] = "",
    password: Annotated[str, Form(max_length=4096)] = "",
    next: Annotated[str, Form(max_length=4096)] = "/",  # noqa: A002 - the field's name
) -> Response:
    """Let in whoever has the password: under a new session, so that no number from before is worth anything."""
    logins, onward = gate_of(request).logins, own_path(next)
    if logins.passwords is None:
        return answer(request, 404)
    keys = (f"name {name.strip().lower()}", f"address {whose(request.client.host if request.client else '')}")
    if wait := logins.attempts.wait(*keys):
        return answer(
            request, 429, "Too many tries with this name or from this address. Try again later.",
            headers={"Retry-After": str(ceil(wait.total_seconds()))},
        )  # fmt: skip
    try:
        entry = logins.passwords.check(name, password)
    except Busy:
        return answer(request, 503)
    if entry is None:
        log.warning("login refused", name=one_line(name, 64), address=keys[1])
        return _form(request, onward, problem="Name or password is wrong.", name=name)
    logins.attempts.forgive(*keys)
    log.info("login", name=entry.name, role=entry.role.name.lower())
    return entered(request, logins.begin(entry), onward)


def entered(request: Request, number: str, onward: str) -> Response:
    """Return the answer to a login that was right; whatever this browser had before ends."""
    gate = gate_of(request)
    gate.logins.sessions.end(gate.given(request, "login"))
    response = RedirectResponse(onward, 303)
    gate.put(response, "login", number)
    gate.take(response, "form")
    return response


@leaving.post("/logout")
def leave(request: Request, visitor: Reader) -> Response:
    """End the login, here and on the server."""
    gate = gate_of(request)
    gate.logins.sessions.end(gate.given(request, "login"))
    log.info("logout", name=visitor.who)
    response = RedirectResponse("/login", 303)
    gate.take(response, "login")
    return response


def _form(request: Request, onward: str, *, problem: str = "", name: str = "") -> Response:
    settings = gate_of(request).settings
    oidc = settings.oidc
    return render(
        request,
        "login.html.j2",
        status=401 if problem else 200,
        onward=onward,
        problem=problem,
        name=one_line(name, 64),
        by_password=settings.passwords is not None,
        elsewhere=f"/login/oidc?next={quote(onward, safe='')}" if oidc else "",
        elsewhere_label=oidc.label if oidc else "",
    )
