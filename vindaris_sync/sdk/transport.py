"""The bounded transport: no answer takes longer, or more memory, than it may (FAULTS: trickle, bomb, reset).

And every server is who it says it is: certificates are always verified, whatever a session or the environment says.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPResponse
from socket import socket
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.exceptions import ContentDecodingError, RequestException
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.retry import Retry

from vindaris_sync.sdk.authorities import authorities

TIMEOUTS = (5.0, 10.0)
"""Seconds to connect, and seconds without a byte, where the caller names none."""
DEADLINE = 60.0
"""Seconds from the request's last byte to the answer's last byte."""
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer's body after decompression."""
ENCODINGS = "gzip, deflate"
"""What answers may be compressed with, one layer of it. Brotli and zstd, whose windows are larger, are not taken."""
_CHUNK = 64 * 1024
_DECODED = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_OVERHEAD = 1024 * 1024  # bytes of headers, chunk sizes and trailers beside a body


class TooLarge(RequestException):
    """The answer's decompressed body passed the cap; what was read of it is thrown away."""


class _Flood(Exception):
    """An answer goes on and on; no ``OSError``, which urllib3 would take for a broken connection."""


class _BoundedSocket(io.RawIOBase):
    """A socket's bytes, as many as ``allow`` says; each read waits at most until the deadline of the whole answer."""

    def __init__(self, sock: socket, deadline: float, clock: Callable[[], float]) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout()
        self._clock = clock
        self._end = clock() + deadline
        self._left = _OVERHEAD

    def allow(self, more: int) -> None:
        """Let ``more`` bytes be read."""
        self._left += more

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - typeshed's WriteableBuffer is no run-time name
        left = self._end - self._clock()
        if left <= 0:
            message = "the answer did not end in time"
            raise TimeoutError(message)
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        size = self._raw.readinto(buffer)
        self._left -= size or 0
        if self._left < 0:
            raise _Flood
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """``http.client``'s response whose status line, headers, chunk sizes and body all stand under the same bounds."""

    def __init__(
        self,
        sock: socket,
        *args: Any,  # noqa: ANN401 - passed on
        read: Callable[[socket], _BoundedSocket],
        largest: int,
        **kwargs: Any,  # noqa: ANN401 - passed on
    ) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._bounded, self._largest = read(sock), largest
        self.fp = io.BufferedReader(self._bounded, _CHUNK)

    def begin(self) -> None:
        """Read status and headers, interim answers included; a body may be as large as bodies may be."""
        super().begin()
        self._bounded.allow(self._largest)


class BoundedAdapter(HTTPAdapter):
    """Sends a request once and returns its whole body, or raises a ``requests`` error within ``deadline`` seconds.

    It never retries and follows nothing by itself. Connections are kept alive, at most ``connections`` per host, for
    which further senders wait. ``largest`` bounds the decompressed body, and with a megabyte for all that is beside it
    what is read from the socket: above it ``TooLarge`` is raised. Raises ``ConfigError`` as ``authorities`` does.
    """

    def __init__(
        self,
        *,
        deadline: float = DEADLINE,
        largest: int = LARGEST,
        connections: int = 8,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._largest = largest
        self._authorities = authorities()
        read = partial(_BoundedSocket, deadline=deadline, clock=clock)
        self._response = partial(_BoundedResponse, read=read, largest=largest)
        super().__init__(
            pool_connections=4, pool_maxsize=connections, max_retries=Retry(0, read=False), pool_block=True
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        """Set up pools whose connections read under the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self._time(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - passed on
        """Return the proxy's pools, whose connections read under the deadline as well."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._time(manager)
        return manager

    def _time(self, manager: Any) -> None:  # noqa: ANN401 - PoolManager or ProxyManager, untyped upstream
        manager.pool_classes_by_scheme = {
            "http": partial(self._pool, HTTPConnectionPool),
            "https": partial(self._pool, HTTPSConnectionPool),
        }

    def _pool(self, cls: type[HTTPConnectionPool], *args: Any, **kwargs: Any) -> HTTPConnectionPool:  # noqa: ANN401 - passed on
        pool = cls(*args, **kwargs)
        bounded: Any = type(
            "BoundedConnection", (pool.ConnectionCls,), {"response_class": staticmethod(self._response)}
        )
        pool.ConnectionCls = bounded
        return pool

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - requests' signature; the body is always read here
        timeout: Any = None,  # noqa: ANN401 - requests takes a number, a pair or urllib3's Timeout
        *args: Any,  # noqa: ANN401 - passed on
        **kwargs: Any,  # noqa: ANN401 - passed on
    ) -> Response:
        """Send ``request`` and return its response with the body read; raises ``requests`` errors only."""
        kwargs["verify"] = self._authorities
        try:
            response = super().send(request, True, timeout or TIMEOUTS, *args, **kwargs)  # noqa: FBT003 - requests' order
        except _Flood:
            raise self._too_large(request) from None
        try:
            body = self._read(response)
        except _Flood:
            response.close()
            raise self._too_large(request) from None
        except BaseException:
            response.close()
            raise
        response._content = body  # noqa: SLF001 - the one place where requests lets a body be set
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        response.raw.release_conn()
        return response

    def _read(self, response: Response) -> bytes:
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in _DECODED:
            message = f"the answer is encoded as {encoding[:40]!r}, which was not asked for"
            raise ContentDecodingError(message, response=response)
        parts, size = [], 0
        for part in response.iter_content(_CHUNK):
            size += len(part)
            if size > self._largest:
                raise self._too_large(response.request)
            parts.append(part)
        return b"".join(parts)

    def _too_large(self, request: PreparedRequest) -> TooLarge:
        return TooLarge(f"the answer is larger than {self._largest} bytes", request=request)


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


def mount(session: Session, adapter: BaseAdapter | None = None, *, connections: int = 8) -> Session:
    """Make ``session`` send through ``adapter`` (default: a ``BoundedAdapter``) and ignore ``~/.netrc``; return it.

    ``requests`` lets a ``.netrc`` entry replace the ``Authorization`` header of a session without ``auth``.
    """
    adapter = adapter or BoundedAdapter(connections=connections)
    session.headers["Accept-Encoding"] = ENCODINGS
    for prefix in ("https://", "http://"):
        session.mount(prefix, adapter)
    if session.auth is None:
        session.auth = _as_it_is
    return session


class Line:
    """A session's way to the server at ``url``: sends one request at a time and follows nothing.

    ``Session.request`` merges the session's settings with those of the environment anew for every request, which takes
    longer than all else it does. Here proxies are those that the environment named when the line was made. Plain http
    goes through none: it is for this machine alone (``base_url``), and a proxy would read the token.
    """

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        plain = urlsplit(url).scheme == "http"
        self._proxies = {} if plain else session.merge_environment_settings(url, {}, None, None, None)["proxies"]

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: str | bytes | None = None,
    ) -> Response:
        """Send a request with the session's headers, authentication and cookies; raises what ``requests`` raises."""
        session, request = self._session, PreparedRequest()
        merged = CaseInsensitiveDict(session.headers)
        merged.update(headers or {})
        request.prepare_method(method)
        request.prepare_url(url, params)
        request.prepare_headers(merged)
        if session.cookies:
            request.prepare_cookies(session.cookies)
        request.prepare_body(data, None)
        request.prepare_auth(session.auth, url)
        response = session.get_adapter(url).send(request, timeout=TIMEOUTS, proxies=self._proxies)
        extract_cookies_to_jar(session.cookies, request, response.raw)  # type: ignore[no-untyped-call]
        return response
