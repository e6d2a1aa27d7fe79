"""The sandbox's vocabulary: a request, a response, and a service that answers one with the other.

A service is a pure function of its world state and an injected clock; sockets, threads and processes live in
``server``. So one seed is one history, and the same service answers over HTTP and in process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from threading import RLock

Clock = Callable[[], datetime]
"""Returns the sandbox's present instant, aware, in UTC."""


def system_clock() -> datetime:
    """Return the machine's present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a service sees it: the path is relative to the service's prefix, header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def to(cls, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        """Build a request from a path with its query; a query key given twice keeps its last value."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method.upper(), parts.path, query, {k.lower(): v for k, v in (headers or {}).items()}, body)

    def json(self) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
        """Return the decoded JSON body; raises ``ValueError`` where it is none."""
        try:
            return json.loads(self.body or b"null")
        except RecursionError as error:
            msg = "nested too deeply"
            raise ValueError(msg) from error


@dataclass(slots=True)
class Response:
    """One answer: status, headers as they go out, and the whole body."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: object, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
        """Return ``document`` as JSON with ``status``."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return cls(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


@dataclass(slots=True)
class Weather:
    """What is wrong with one service's clock and index; set by faults from outside, read by the service.

    ``index_lag``: searches and lists show the world as it was that long ago; reads of one issue are direct.
    ``fresh``: whether Jira's searches, which find and sort by that past, print what they found as it is now. Both are
    seen: Data Center's index holds ids and reads the rest from the database, Cloud promises neither.
    ``clock_skew``: added to the clock for every instant the service prints or compares, its ``Date`` header included.
    """

    index_lag: timedelta = timedelta()
    fresh: bool = False
    clock_skew: timedelta = timedelta()

    def now(self, clock: Clock) -> datetime:
        """Return the instant the service believes in."""
        return clock() + self.clock_skew


def _nobody(_status: int | None, _seconds: float) -> None:
    """Tell nobody what became of a delivery."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook on its way out: where to, with which headers and which exact bytes.

    ``told`` is called with the receiver's status, ``None`` where nobody answered, and how many seconds it took.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    told: Callable[[int | None, float], None] = field(default=_nobody, compare=False, repr=False)


Outbox = SimpleQueue[Delivery | None]
"""Webhooks that wait to be delivered, oldest first; ``None`` ends the thread that delivers them."""


class Service(Protocol):
    """One look-alike: its world and what it needs of its surroundings."""

    base_url: str
    """Where the service is reached, without a trailing slash; every URL it prints starts with it. Set by the server."""
    weather: Weather
    """Set by faults; never replaced, only changed."""
    lock: RLock
    """Held during ``answer`` and during every act on the world."""
    outbox: Outbox
    """Filled by acts and answers; emptied by the server, never by ``answer``."""

    def answer(self, request: Request) -> Response:
        """Answer ``request`` from the world state; never raises for anything a client can send."""
        ...
