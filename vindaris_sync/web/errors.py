"""What a visitor sees of what is missing, not allowed or broken: a sentence and an id, nothing from inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vindaris_sync.engine.overtaken import Overtaken
from vindaris_sync.sdk.errors import Refusal, VindarisError
from vindaris_sync.web.access import Forbidden, Unknown
from vindaris_sync.web.rendering import render

log = structlog.get_logger("vindaris_sync.web")

API = "/api/"
"""Below it programs ask, and errors are JSON."""

_TITLES = {
    400: "This cannot be understood",
    401: "Who are you?",
    403: "Not allowed",
    404: "There is nothing here",
    405: "Not this way",
    409: "Overtaken",
    413: "Too much at once",
    415: "Not in this form",
    422: "This cannot be understood",
    429: "Too often",
    500: "Something broke",
    503: "Not at the moment",
}
_TEXTS = {
    404: "The page does not exist, or what it showed is gone.",
    405: "The page exists, but nothing can be sent to it this way.",
    500: "It is our fault, and it is in the daemon's log under the id below.",
    503: "The database is busy or cannot be used. Nothing was changed; try again in a moment.",
}


class Absent(VindarisError):
    """What a program asks for by name is not there."""


class NothingDone(VindarisError):
    """Nothing of what was sent could be done: the first reason, and all of them as programs are told."""

    def __init__(self, status: int, first: VindarisError, refused: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(str(first), advice=first.advice)
        self.status, self.refused = status, refused


_NOT_SO = 405


def answer(
    request: Request,
    status: int,
    text: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return an error as a page, or as a problem document (RFC 9457) for programs, which are told ``more``.

    The log knows its id.
    """
    number = token_hex(6)
    title, text = _TITLES.get(status, "This did not work"), text or _TEXTS.get(status, "")
    log.info("refused", id=number, status=status, method=request.method, path=_shown(request), why=text)
    if for_programs(request):
        problem: dict[str, Any] = {"title": title, "status": status, "detail": text, "id": number}
        problem |= more or {}
        return JSONResponse(problem, status, headers, media_type="application/problem+json")
    return render(request, "error.html.j2", status=status, headers=headers, title=title, text=text, number=number)


def for_programs(request: Request) -> bool:
    """Return whether a program asks, and not a browser."""
    wanted = request.headers.get("accept", "")
    return request.url.path.startswith(API) or ("json" in wanted and "html" not in wanted)


def _shown(request: Request) -> str:
    route = request.scope.get("route")
    return str(getattr(route, "path", "")) or "no route"  # a path may hold anything, a token that strayed into it too


def _allowed(request: Request) -> str:
    """Return all that can be done at an address; the framework names the first route's methods alone."""
    fit = (each for each in iter_route_contexts(request.app.routes) if _fits(each.path or "", request.url.path))
    return ", ".join(sorted({method for each in fit for method in each.methods or ()}))


def _fits(pattern: str, path: str) -> bool:
    return compile_path(pattern)[0].match(path) is not None


def install(app: FastAPI) -> None:
    """Let every error be answered here."""

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        text = error.detail if isinstance(error.detail, str) and error.status_code not in _TEXTS else ""
        headers = error.headers if error.status_code != _NOT_SO else {"Allow": _allowed(request)}
        return answer(request, error.status_code, text, headers=headers)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        fields = sorted({str(each["loc"][-1]) for each in error.errors() if each.get("loc")})
        if any(each["type"] == "json_invalid" for each in error.errors()):
            return answer(request, 400, "The body is no JSON.")
        return answer(request, 422, f"Not understood: {', '.join(fields)}." if fields else "")

    @app.exception_handler(Absent)
    @app.exception_handler(Refusal)
    @app.exception_handler(Overtaken)
    def impossible(request: Request, error: VindarisError) -> Response:
        status = 404 if isinstance(error, Absent) else 409 if isinstance(error, Overtaken) else 422
        return answer(request, status, str(error), more={"advice": error.advice} if error.advice else None)

    @app.exception_handler(NothingDone)
    def nothing_done(request: Request, error: NothingDone) -> Response:
        more = {"advice": error.advice, "refused": error.refused}
        return answer(request, error.status, str(error), more=more)

    @app.exception_handler(Unknown)
    def unknown(request: Request, _: Unknown) -> Response:
        if for_programs(request):
            return answer(request, 401, "Show a token.", headers={"WWW-Authenticate": "Bearer"})
        if not request.app.state.gate.settings.has_login:
            return answer(request, 403, "Only visitors at the machine itself are let in while no login is configured.")
        here = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        onward = f"?next={quote(here, safe='')}" if request.method == "GET" else ""
        return RedirectResponse(f"/login{onward}", 303)

    @app.exception_handler(Forbidden)
    def forbidden(request: Request, error: Forbidden) -> Response:
        return answer(request, 403, f"{str(error).capitalize()}.")


class Mishaps:
    """Answers what nobody foresaw with an id, logs it with its traceback, and counts every request."""

    def __init__(self, app: ASGIApp, asked: Callable[[str, str, int], None]) -> None:
        self._app, self._asked = app, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            if scope["type"] != "http":
                raise
            code = 503 if isinstance(error, VindarisError) else 500
            log.exception("page failed", method=scope["method"], status=code)
            if not status:
                status = code
                request = Request(scope, receive)
                request.state.visitor = getattr(
                    request.state, "visitor", None
                )  # the store, perhaps broken, is not asked
                await answer(request, code)(scope, receive, send)
        finally:
            if scope["type"] == "http":
                self._asked(str(getattr(scope.get("route"), "path", "")), scope["method"], status)
