"""Socket Mode as Slack serves it: a ticket that opens one WebSocket, envelopes, and acknowledgements that are required.

Source: Slack, "Using Socket Mode": ``apps.connections.open``, ``hello``, ``disconnect`` with ``warning``,
``refresh_requested`` or ``link_disabled``; an envelope goes to any one of an app's connections.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve


@dataclass(slots=True)
class _Sent:
    """An envelope on its way, and what came back."""

    done: Event = field(default_factory=Event)
    payload: dict[str, Any] | None = None


class Sockets:
    """The WebSocket side of one app; it listens from the first ticket on, until ``close``."""

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id
        self.strays: list[str] = []
        """Envelope ids that were acknowledged and never sent, or acknowledged twice."""
        self.tickets_used = 0
        """How many connections were ever opened."""
        self._ids = count(1)
        self._lock = Lock()
        self._tickets: set[str] = set()
        self._open: list[ServerConnection] = []
        self._sent: dict[str, _Sent] = {}
        self._server: Server | None = None
        self._thread: Thread | None = None

    def ticket(self) -> str:
        """Return the address of a connection to be opened once."""
        with self._lock:
            if self._server is None:
                self._server = serve(self._talk, "127.0.0.1", 0)
                self._thread = Thread(target=self._server.serve_forever, name="sandbox-slack-sockets")
                self._thread.start()
            ticket = f"{next(self._ids):08x}"
            self._tickets.add(ticket)
            port = self._server.socket.getsockname()[1]
            return f"ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={self.app_id}"

    @property
    def connections(self) -> int:
        """How many connections of the app are open."""
        with self._lock:
            return len(self._open)

    def send(self, kind: str, payload: dict[str, Any], wait: float) -> dict[str, Any] | None:
        """Send an envelope on the newest connection; return the acknowledgement's payload, ``{}`` for an empty one.

        None: nobody is connected, or nobody acknowledged within ``wait`` seconds: people read that the app failed.
        """
        with self._lock:
            if not self._open:
                return None
            connection, name, sent = self._open[-1], f"envelope-{next(self._ids)}", _Sent()
            self._sent[name] = sent
        envelope = {"envelope_id": name, "type": kind, "payload": payload, "accepts_response_payload": True}
        try:
            connection.send(json.dumps(envelope))
        except ConnectionClosed:
            return None
        return sent.payload if sent.done.wait(wait) else None

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to go, as Slack does before it restarts; a ``warning`` leaves it open for a while."""
        for connection in self._all():
            connection.send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}))
            if reason != "warning":
                connection.close()

    def drop(self) -> None:
        """Cut every connection without a word."""
        for connection in self._all():
            connection.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening and close every connection; idempotent."""
        with self._lock:
            server, thread, self._server, self._thread = self._server, self._thread, None, None
        if server is None or thread is None:
            return
        for connection in self._all():
            connection.close()
        server.shutdown()
        thread.join()

    def _all(self) -> list[ServerConnection]:
        with self._lock:
            return list(self._open)

    def _talk(self, connection: ServerConnection) -> None:
        ticket = parse_qs(urlsplit(connection.request.path if connection.request else "").query).get("ticket", [""])[0]
        with self._lock:
            if ticket not in self._tickets:
                connection.close(1008, "invalid ticket")
                return
            self._tickets.remove(ticket)
            self.tickets_used += 1
            self._open.append(connection)
            number = len(self._open)
        try:
            connection.send(json.dumps(self._hello(number)))
            for message in connection:
                self._acknowledged(json.loads(message))
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._lock:
                self._open.remove(connection)

    def _hello(self, number: int) -> dict[str, Any]:
        about = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18_060}
        info = {"app_id": self.app_id}
        return {"type": "hello", "num_connections": number, "debug_info": about, "connection_info": info}

    def _acknowledged(self, message: dict[str, Any]) -> None:
        name = str(message.get("envelope_id"))
        with self._lock:
            sent = self._sent.pop(name, None)
        if sent is None:
            self.strays.append(name)
            return
        sent.payload = message.get("payload") or {}
        sent.done.set()
