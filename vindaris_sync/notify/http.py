"""One exchange with a chat: bounded, never redirected, and sorted; no error or log line holds the address (L9)."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Lock
from types import MappingProxyType
from typing import Any

import httpx
import orjson

from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.authorities import authorities, tls
from vindaris_sync.sdk.bounds import BoundedTransport
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.limits import asked_wait

TIMEOUT = 10.0
"""Seconds without a byte."""
CONNECT = 5.0
"""Seconds to connect."""
DEADLINE = 30.0
"""Seconds from the request to the answer's last byte."""
LARGEST = 1_000_000
"""Bytes of an answer's body; chats answer in a few thousand. Nothing compressed is asked for, or taken."""
_OVERHEAD = 262_144  # bytes of headers and chunk sizes beside a body

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_NO_QUERY: Mapping[str, str | int] = MappingProxyType({})
_LONGEST = 86_400.0  # a wait above a day is a broken answer, asked again after a day


@dataclass(frozen=True, slots=True)
class Answer:
    """A chat's whole answer; ``headers`` are case-insensitive. What the chat said is not printed with it."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
        """Return the body as JSON; ``None`` where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class Line:
    """A keep-alive connection to one chat, called ``name`` in errors; ``headers`` go with every request.

    ``deadline``: seconds from a request to its answer's last byte. ``transport`` replaces the network.
    """

    def __init__(
        self,
        name: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        deadline: float = DEADLINE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        for logger in ("httpx", "httpcore"):
            logging.getLogger(logger).setLevel(logging.WARNING)  # at INFO httpx prints whole addresses (httpx#2760)
        self._name = name
        self._one = Lock()  # at a time: its bounds are the connection's
        self._client = httpx.Client(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(min(TIMEOUT, deadline), connect=min(CONNECT, deadline)),
            headers={"User-Agent": "vindaris-sync", "Accept-Encoding": "identity", **headers},
            transport=transport or BoundedTransport(tls(authorities()), deadline=deadline, largest=LARGEST + _OVERHEAD),
        )

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._client.close()

    def post(self, url: str, body: Mapping[str, Any], headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """Send ``body`` as JSON; what may have arrived without an answer is ``Unknown``, what cannot ``Transient``."""
        return self.send("POST", url, body, headers)

    def send(self, method: str, url: str, body: Mapping[str, Any], headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """Do as ``post`` with another method that changes something (``PATCH``, ``PUT``)."""
        sent = {"Content-Type": "application/json; charset=utf-8", **headers}
        return self._exchange(method, url, content=encode(body), headers=sent)

    def form(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Ask something by a form that changes nothing (a token endpoint)."""
        return self._exchange("POST", url, lost=Transient, data=dict(fields))

    def get(
        self, url: str, query: Mapping[str, str | int] = _NO_QUERY, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        """Ask something that changes nothing."""
        return self._exchange("GET", url, params=dict(query) or None, headers=dict(headers))

    def _exchange(self, method: str, url: str, lost: type[Transient] | None = None, **parts: Any) -> Answer:  # noqa: ANN401 - passed on
        lost = lost or (Transient if method == "GET" else Unknown)
        try:
            with self._one:
                answer = self._read(self._client.build_request(method, url, **parts))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError):
            raise ChannelUnusable(
                f"{self._name}: its address or token cannot be one",
                reason="protocol",
                advice="check the channel's block",
            ) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            if _unverified(error):
                raise ChannelUnusable(
                    f"{self._name}: its certificate cannot be verified",
                    reason="protocol",
                    advice="check the channel's address; SSL_CERT_FILE may name the authorities of your own network",
                ) from None
            raise Transient(f"{self._name} cannot be reached ({type(error).__name__})") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise lost(f"{self._name} gave no whole answer ({type(error).__name__})") from None
        return self._sorted(answer, lost)

    def _read(self, request: httpx.Request) -> Answer:
        body = bytearray()
        response = self._client.send(request, stream=True)
        try:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise httpx.DecodingError("compressed, which was not asked for")
            for part in response.iter_raw():
                body += part
                if len(body) > LARGEST:
                    raise httpx.DecodingError("the answer is too large")
        finally:
            response.close()
        return Answer(response.status_code, response.headers, bytes(body))

    def _sorted(self, answer: Answer, lost: type[Transient]) -> Answer:
        """Return answers below 500 that are the channel's to read."""
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Transient(f"{self._name} limits our messages", retry_after=pause(answer))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise lost(f"{self._name} failed ({answer.status})", retry_after=_named_pause(answer))
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise ChannelUnusable(
                f"{self._name} redirects us ({answer.status})", reason="protocol", advice="check the channel's url"
            )
        return answer


def _unverified(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def encode(body: Mapping[str, Any]) -> bytes:
    """Return ``body`` as the JSON bytes that are sent; the same body gives the same bytes."""
    return orjson.dumps(body)


def pause(answer: Answer) -> timedelta:
    """Return how long the answer asks to wait; a minute where it does not say."""
    return _named_pause(answer) or timedelta(minutes=1)


def _named_pause(answer: Answer) -> timedelta | None:
    seconds = asked_wait(answer.headers, datetime.now(UTC)) if "Retry-After" in answer.headers else _in_body(answer)
    return None if seconds is None else timedelta(seconds=seconds)


def _in_body(answer: Answer) -> float | None:
    """Return the seconds that a body names (Discord: ``retry_after``, with fractions)."""
    said = answer.json()
    seconds = said.get("retry_after") if isinstance(said, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return min(max(float(seconds), 1.0), _LONGEST)
