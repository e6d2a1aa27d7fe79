"""Before any page is asked: where a request comes from, for which host, how large it is, and what every answer says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, MutableMapping
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from vindaris_sync.config.page import PageSettings
from vindaris_sync.sdk.addresses import loopback

LARGEST_BODY = 1 << 20
"""Bytes of a request's body; GitHub's and Jira's events are smaller, forms much."""

LARGEST_HEAD = 16 << 10
"""Bytes of a request's line and headers."""

BODY_WITHIN = 15.0
"""Seconds in which a body must have arrived."""

ALIVE = "/healthz"
"""Asked by probes that know an address and no name."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # no-referrer would make browsers send forms with Origin: null
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_UNSTORED = (b"cache-control", b"no-store")
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_THROUGH_PROXY = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})


class Entrance:
    """The outermost layer. It refuses in a line, and says nothing of what is behind it."""

    def __init__(self, app: ASGIApp, settings: PageSettings) -> None:
        self._settings = settings
        self._app = app
        self._headers = (*_HEADERS, _HSTS) if settings.secure else _HEADERS
        if settings.behind_proxy:
            trusted = [str(each) for each in settings.behind_proxy]
            self._app = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type, assignment]  # its own ASGI types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = self._with_headers(send)
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_WITHIN):
                body = await _whole(scope, receive)
        except TimeoutError:
            await _refuse(408, "the request was not complete in time")(scope, receive, send)
            return
        if body is None:
            await _refuse(413, f"at most {LARGEST_BODY:,} bytes")(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    def _with_headers(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                added = [*self._headers, _UNSTORED]
                message["headers"] = given + [pair for pair in added if pair[0] not in names]
            await send(message)

        return sent

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Return why a request is not listened to, and note whether it was made at this machine itself."""
        if refusal := _malformed(scope):
            return refusal
        peer, headers = (scope.get("client") or ("", 0))[0], scope["headers"]
        proxied = self._is_proxy(peer)
        nearby = loopback(peer)
        forwarded = any(name in _THROUGH_PROXY for name, _ in headers)
        hosts = [value for name, value in headers if name == b"host"]
        host = _host(hosts[0]) if len(hosts) == 1 else ""
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["local"] = nearby and not proxied and not forwarded and loopback(host)
        if self._settings.behind_proxy and not proxied and not nearby:
            return _refuse(403, "ask through the proxy")
        if scope["path"] == ALIVE:
            return None
        if forwarded and not self._settings.has_login:
            return _refuse(403, "this came through a proxy: state it in [page] behind_proxy, with a login")
        if not host or not (host == _host_of(self._settings.public) or (nearby and loopback(host))):
            return _refuse(400, "this is not the address of the page")
        return None

    def _is_proxy(self, peer: str) -> bool:
        try:
            found = ip_address(peer)
        except ValueError:
            return False
        return any(found in network for network in self._settings.behind_proxy)


def _malformed(scope: Scope) -> ASGIApp | None:
    """Return why a head is not read: it is too large, or a proxy may have seen another end of its body than we do."""
    names = [name for name, _ in scope["headers"]]
    size = sum(
        len(name) + len(value) + 4 for name, value in scope["headers"]
    )  # h11 bounds heads that come in parts only
    if size + len(scope["raw_path"]) + len(scope["query_string"]) > LARGEST_HEAD:
        return _refuse(431, f"at most {LARGEST_HEAD:,} bytes")
    if b"transfer-encoding" in names and b"content-length" in names:  # RFC 9112, 6.3: how requests are smuggled
        return _refuse(400, "either a length or chunks")
    return None


def _host(value: bytes) -> str:
    """Return the name or address in a Host header, less its port; empty where it is none."""
    text = value.decode("latin-1").lower()
    if text.startswith("["):
        inner, closed, port = text[1:].partition("]")
        return inner if closed and (not port or port[1:].isdecimal()) else ""
    name, _, port = text.partition(":")
    return name if not port or port.isdecimal() else ""


def _host_of(address: str) -> str:
    return _host(address.partition("://")[2].encode())


def _refuse(status: int, why: str) -> ASGIApp:
    async def refused(scope: Scope, receive: Receive, send: Send) -> None:
        await _told(scope["path"], status, why)(scope, receive, send)

    return refused


def _told(path: str, status: int, why: str) -> Response:
    headers = {"connection": "close"}
    if not path.startswith("/api/"):
        return PlainTextResponse(f"{why}\n", status, headers)
    problem = {"title": HTTPStatus(status).phrase, "status": status, "detail": why}
    return JSONResponse(problem, status, headers, media_type="application/problem+json")


async def _whole(scope: Scope, receive: Receive) -> bytes | None:
    """Return the body; None where it is too large."""
    if _announced(scope["headers"]) > LARGEST_BODY:
        return None
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client went away: what came is not the whole of it
            return b""
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return next((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), 0)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
