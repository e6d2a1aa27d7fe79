"""A service that says back what it was told, credentials in every form, in the places where answers are quoted."""

from __future__ import annotations

import html
import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import RLock
from urllib.parse import quote

from vindaris_sync.sandbox.core import Outbox, Request, Response, Service, Weather


@dataclass(frozen=True, slots=True)
class Mode:
    """How to answer instead of the service: with which status and shape, after how many true answers."""

    status: int
    shape: str = "errors"
    after: int = 0


@dataclass(slots=True)
class Echo:
    """``inner`` while ``mode`` is unset. Everything that was asked is kept in ``asked``."""

    inner: Service
    mode: Mode | None = None
    asked: list[Request] = field(default_factory=list)
    struck: int = 0
    _passed: int = 0
    weather: Weather = field(init=False)
    lock: RLock = field(init=False)
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.weather, self.lock, self.outbox = self.inner.weather, self.inner.lock, self.inner.outbox

    def begin(self, mode: Mode | None) -> None:
        self.mode, self._passed = mode, 0

    @property
    def base_url(self) -> str:
        return self.inner.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.inner.base_url = url

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        if self.mode is not None and self._passed >= self.mode.after:
            self.struck += 1
            return _said_back(request, self.mode)
        self._passed += 1
        return self.inner.answer(request)

    def credentials(self) -> set[str]:
        """Return all that was sent to prove who asks; of a Basic one, what comes after the name, which is no secret."""
        return {each for request in self.asked for each in _secret_parts(request)}


def _credentials(request: Request) -> Iterator[str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if value:
        yield value
    if scheme.lower() == "basic":
        yield b64decode(value).decode().partition(":")[2]


def _secret_parts(request: Request) -> Iterator[str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        name, _, token = b64decode(value).partition(b":")
        yield value[-(-(len(name) + 1) * 8 // 6) + 1 :]
        yield token.decode()
    elif value:
        yield value


def forms(value: str) -> str:
    """Return a credential in every form that a service may say it back in, one after another."""
    split = "".join(f"\\u{ord(char):04x}" for char in value)
    spelt = "".join(f"%{ord(char):02x}" for char in value)
    return " ; ".join((value, quote(value, safe=""), json.dumps(value), html.escape(value), repr(value), split, spelt))


def _said_back(request: Request, mode: Mode) -> Response:
    told = " | ".join(forms(value) for value in _credentials(request)) or request.path
    headers = {
        "Location": f"https://elsewhere.example/?token={quote(told)}",
        "X-Echo": quote(told),
        "ETag": f'"{quote(told)}"',
    }
    if mode.shape == "page":
        body = f"<html><title>Log in</title><p>{html.escape(told)}</p></html>".encode()
        return Response(mode.status, body, {"Content-Type": "text/html", **headers})
    if mode.shape == "text":
        return Response(mode.status, f"denied: {told}".encode(), {"Content-Type": "text/plain", **headers})
    if mode.shape == "cut":
        padding = "x" * (150 - 20)  # so that the usual excerpts end in the middle of a credential
        return Response(mode.status, f"{padding} {told}".encode(), {"Content-Type": "text/plain", **headers})
    document = {
        "ok": False, "error": told, "message": told, "errorMessages": [told, "y" * 280 + told], "errors": {told: told},
        "full_name": told, "deploymentType": told, "login": told, "user": told, "token": None,
    }  # fmt: skip
    return Response.of(document if mode.shape == "errors" else [document], mode.status, headers)
