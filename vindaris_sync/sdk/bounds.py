"""The network under an httpx connection: no answer takes longer, or more bytes, than it may, headers included.

httpx bounds the pause between two bytes, and nothing bounds how many interim answers or headers there are.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpcore
import httpx


@dataclass(slots=True)
class _Exchange:
    """What is left for the exchange under way: until when, and how many bytes."""

    until: float = 0.0
    left: int = 0


class _Stream(httpcore.NetworkStream):
    """A connection whose reads count against the exchange under way."""

    def __init__(self, stream: httpcore.NetworkStream, exchange: _Exchange, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._exchange = exchange
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        patience = self._exchange.until - self._clock()
        if patience <= 0:
            raise httpcore.ReadTimeout("the answer did not end in time")
        data = self._stream.read(max_bytes, patience if timeout is None else min(timeout, patience))
        self._exchange.left -= len(data)
        if self._exchange.left < 0:
            raise httpcore.ReadError("the answer is too large")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._exchange, self._clock)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the base class's signature
        return self._stream.get_extra_info(info)


class _Network(httpcore.SyncBackend):
    """Real sockets, whose reads are counted."""

    def __init__(self, exchange: _Exchange, clock: Callable[[], float]) -> None:
        self._exchange = exchange
        self._clock = clock

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:  # noqa: ANN401 - passed on
        return _Stream(super().connect_tcp(*args, **kwargs), self._exchange, self._clock)


class BoundedTransport(httpx.HTTPTransport):
    """httpx's own transport, one exchange at a time: within ``deadline`` seconds and ``largest`` bytes, or an error.

    ``tls`` says which authorities are believed. The environment's proxies are not used.
    """

    def __init__(
        self, tls: ssl.SSLContext, *, deadline: float, largest: int, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._bounds = (deadline, largest)
        self._clock = clock
        self._exchange = _Exchange()
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=_Network(self._exchange, clock))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; the bounds hold until its answer's last byte."""
        deadline, largest = self._bounds
        self._exchange.until, self._exchange.left = self._clock() + deadline, largest
        return super().handle_request(request)
