"""The sandbox over sockets: HTTP/1.1 with keep-alive on loopback, one thread a connection, one lock a service."""

from __future__ import annotations

import http.client
import socket
import struct
import sys
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable
from urllib.parse import urlsplit

from vindaris_sync.sandbox.core import Clock, Delivery, Outbox, Request, Response, Service, system_clock
from vindaris_sync.sandbox.front import Front, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from vindaris_sync.sandbox.faults import Faults
    from vindaris_sync.sandbox.ledger import Ledger

MAX_BODY = 16 * 1024 * 1024
WEBHOOK_TIMEOUT = 10.0
RESET = struct.pack("ii", 1, 0)


@runtime_checkable
class Listening(Protocol):
    """A service that listens beside HTTP; it begins by itself."""

    def close(self) -> None:
        """Stop listening and leave no thread behind; idempotent."""
        ...


class Server:
    """Serves ``services`` under their prefixes while it is entered; ``stop`` leaves no socket and no thread behind.

    ``services`` maps a first path segment (``"/github"``) to a service, whose ``base_url`` is set to where it is
    reached. ``clock`` tells the ``Date`` header. ``faults`` and ``requests`` work before, during and after serving.
    """

    def __init__(
        self, services: Mapping[str, Service], host: str = "127.0.0.1", port: int = 0, *, clock: Clock = system_clock
    ) -> None:
        self._front = Front(services, clock)
        self._address = (host, port)
        self._http: _Listener | None = None
        self._threads: list[Thread] = []
        self.deliveries: list[tuple[Delivery, int | None]] = []
        """Webhooks that were sent, each with the receiver's status; ``None`` where it could not be reached."""

    @property
    def faults(self) -> Faults:
        """The faults that stand."""
        return self._front.faults

    @property
    def requests(self) -> Ledger:
        """What was asked."""
        return self._front.requests

    @property
    def url(self) -> str:
        """Where the sandbox is reached, without a trailing slash; raises ``RuntimeError`` before ``start``."""
        if self._http is None:
            msg = "the server is not started"
            raise RuntimeError(msg)
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        """Listen and serve; returns itself, reachable."""
        self._http = _Listener(self._address, self._front)
        self._front.settle(self.url)
        self._threads = [Thread(target=self._http.serve_forever, args=(0.02,), name="sandbox")]
        for name, service in self._front.services.items():
            self._threads.append(Thread(target=self._deliver, args=(service.outbox,), name=f"sandbox-{name}-webhooks"))
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Close every connection and join every thread. Stopping twice is harmless."""
        if self._http is None:
            return
        self._http.hang_up()
        for service in self._front.services.values():
            service.outbox.put(None)
            if isinstance(service, Listening):
                service.close()
        for thread in self._threads:
            thread.join()
        self._http.server_close()
        self._http = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _deliver(self, outbox: Outbox) -> None:
        while (delivery := outbox.get()) is not None:
            began = monotonic()
            status = post(delivery)
            delivery.told(status, monotonic() - began)
            self.deliveries.append((delivery, status))


def post(delivery: Delivery) -> int | None:
    """Send one webhook; return the receiver's status, ``None`` where it did not answer within 10 seconds."""
    parts = urlsplit(delivery.url)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=WEBHOOK_TIMEOUT)
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", target, delivery.body, dict(delivery.headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], front: Front) -> None:
        super().__init__(address, _Connection)
        self.front = front
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()

    def opened(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base class's signature
        with self._open_lock:
            self._open.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(RESET)) == RESET:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the accept loop, wake whoever sleeps in a fault, and end every connection."""
        self.stopping.set()
        self.shutdown()
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):  # the client closed it first
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's signature
        """Let a client that went away be; anything else is a defect of the sandbox and is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._listener.opened(self.connection)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
        """Stay silent: the ledger keeps what was asked."""

    @property
    def _listener(self) -> _Listener:
        return cast("_Listener", self.server)

    def _exchange(self) -> None:
        body = self._body()
        if body is None:
            return
        request = Request.to(self.command, self.path, headers=dict(self.headers.items()), body=body)
        self._send(self._listener.front.answer(request, self._listener.stopping.wait))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _exchange  # noqa: N815 - the base class calls these names

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "chunked" in self.headers.get("Transfer-Encoding", "") or not length.isdigit():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            return self.rfile.read(int(length))
        self.close_connection = True
        return None

    def _send(self, reply: Reply) -> None:
        kind = reply.wire.kind if reply.wire else None
        if kind == "timeout":
            self._listener.stopping.wait(reply.delay)
            self.close_connection = True
        elif kind == "reset":
            self._reset(reply.response)
        elif kind == "trickle" and reply.response is not None:
            self._trickle(reply.response, reply.delay)
        elif reply.response is not None:
            self.connection.sendall(self._head(reply.response) + reply.response.body)

    def _head(self, response: Response) -> bytes:
        lines = [f"HTTP/1.1 {int(response.status)} {http.client.responses.get(response.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            lines.append(f"Content-Length: {len(response.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _reset(self, response: Response | None) -> None:
        if response is not None:
            self.connection.sendall(self._head(response) + response.body[: len(response.body) // 2])
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close_connection = True

    def _trickle(self, response: Response, pause: float) -> None:
        self.connection.sendall(self._head(response))
        for offset in range(len(response.body)):
            if self._listener.stopping.wait(pause):
                break
            self.connection.sendall(response.body[offset : offset + 1])
        self.close_connection = True
