"""The network between daemon and services: it takes time, people act meanwhile, and the process may die at its ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
from requests import PreparedRequest
from requests import Response as Answer

from tests.simulation.clock import Clock
from tests.simulation.crashes import Lightning
from tests.simulation.site import Sent
from vindaris_sync.sandbox.core import Request, Service
from vindaris_sync.sandbox.front import Front
from vindaris_sync.sandbox.inprocess import InProcessAdapter

URL = "http://127.0.0.1:1"
_HALF = 0.07
"""Seconds that a request, and again its answer, is under way."""

Busy = Callable[[Sent], None]
"""Called when a request has left and has not arrived yet: whatever others do in that moment."""


class Exchanges:
    """What happens around every exchange, whichever library makes it."""

    def __init__(self, clock: Clock, lightning: Lightning, busy: Busy) -> None:
        self.clock, self.lightning, self.busy = clock, lightning, busy
        self.log: list[Sent] = []
        self.total = 0

    def leave(self, service: str, method: str, path: str, body: bytes) -> Sent:
        """Let a request leave; raises ``Crash``."""
        self.lightning.point("sent")
        self.total += 1
        self.clock.sleep(_HALF)
        sent = Sent(self.clock.monotonic(), service, method, path, body)
        self.log.append(sent)
        self.busy(sent)
        return sent

    def arrive(self, sent: Sent, status: int) -> None:
        """Let its answer arrive; raises ``Crash``."""
        sent.status = status
        self.clock.sleep(_HALF)
        self.lightning.point("received")


class TrackerWire(InProcessAdapter):
    """How connectors reach the trackers."""

    def __init__(self, services: Mapping[str, Service], exchanges: Exchanges) -> None:
        super().__init__(services, URL, clock=exchanges.clock, sleep=exchanges.clock.sleep)
        self._exchanges = exchanges

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Answer:
        """Answer ``request``; raises what ``requests`` raises for a lost connection, and ``Crash``."""
        service, _, path = (request.url or "").removeprefix(f"{URL}/").partition("/")
        body = request.body or b""
        sent = self._exchanges.leave(
            service, request.method or "GET", f"/{path}", body.encode() if isinstance(body, str) else bytes(body)
        )
        answer = super().send(request, *args, **kwargs)
        self._exchanges.arrive(sent, answer.status_code)
        return answer


class ChatWire(httpx.BaseTransport):
    """How the relay reaches the chat."""

    def __init__(self, service: Service, exchanges: Exchanges) -> None:
        self._exchanges = exchanges
        self._front = Front({"slack": service}, exchanges.clock)
        self._front.settle(URL)
        self.faults = self._front.faults

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer ``request``; raises what httpx raises for a lost connection, and ``Crash``."""
        target, body = request.url.raw_path.decode(), request.read()
        sent = self._exchanges.leave("slack", request.method, target.removeprefix("/slack"), body)
        reply = self._front.answer(
            Request.to(request.method, target, headers=dict(request.headers), body=body), self._exchanges.clock.sleep
        )
        self._exchanges.clock.sleep(reply.delay)
        if reply.wire is not None and reply.wire.kind == "reset":
            raise httpx.ReadError("Connection reset by peer", request=request)
        if reply.response is None:
            raise httpx.ReadTimeout("Read timed out", request=request)
        self._exchanges.arrive(sent, reply.response.status)
        stream = httpx.ByteStream(reply.response.body)
        return httpx.Response(reply.response.status, headers=reply.response.headers, stream=stream)
