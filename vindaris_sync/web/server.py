"""The page's server: a thread of the daemon with a loop of its own, bounded in connections, sizes and patience."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import structlog
import uvicorn
from anyio import to_thread
from uvicorn.protocols.http.h11_impl import H11Protocol

from vindaris_sync.config.page import PageSettings
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.web.app import build
from vindaris_sync.web.entrance import LARGEST_HEAD
from vindaris_sync.web.page import Page

log = structlog.get_logger("vindaris_sync.web")

HEAD_WITHIN = 10.0
"""Seconds in which a request's line and headers must have arrived."""

DONE_WITHIN = 60.0
"""Seconds in which a request must have been answered and the answer been read."""

CONNECTIONS = 200
"""Connections at once; more are told to come back."""

THREADS = 16
"""Requests that are worked on at once; the others wait for their turn."""

_IDLE = 5
_DRAIN = 2


class Patient(H11Protocol):
    """HTTP/1.1 that waits for nobody for ever: a client that is too slow is cut off, whichever way it is slow."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._within(HEAD_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._within(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; once a request's head is whole, its answer has a limit of its own."""
        resting = self._at_rest()
        super().data_received(data)
        if resting and not self._at_rest():
            self._within(DONE_WITHIN)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request; the server ends an idle connection before that."""
        self._within(HEAD_WITHIN)
        super().on_response_complete()

    def _at_rest(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _within(self, seconds: float | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)


@contextmanager
def serving(page: Page) -> Iterator[str]:
    """Serve the page while the block runs; give its address.

    At the end what is being answered has two seconds. Raises ``ConfigError`` where the address or the certificate
    cannot be used.
    """
    settings = page.config.page
    with _listening(settings) as listener:
        server = uvicorn.Server(_config(page, settings))
        thread = Thread(target=lambda: asyncio.run(_serve(server, listener)), name="page", daemon=True)
        thread.start()
        page.pictures.warm()
        address = settings.address or f"{settings.public.rpartition(':')[0]}:{listener.getsockname()[1]}"
        log.info("page", address=address)
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(_DRAIN + 1)
            if thread.is_alive():
                log.warning("page left in the middle of an answer")


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    await server.serve(sockets=[listener])


@contextmanager
def _listening(settings: PageSettings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=CONNECTIONS)
    except OSError as error:
        raise ConfigError(
            f"[page] listen: {settings.listen}: {os.strerror(error.errno or 0).lower()}",
            advice='another program has the port: state another one, listen = "127.0.0.1:8331", or enabled = false',
        ) from None
    with listener:
        # what is accepted inherits it; without, an answer's second part waits for the client's delayed acknowledgement
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def _config(page: Page, settings: PageSettings) -> uvicorn.Config:
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # requests that are none are their senders' business
    config = uvicorn.Config(
        build(page),
        http=Patient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # the entrance does it, for stated proxies only
        server_header=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_DRAIN,
    )
    config.load()
    config.ssl = _tls(settings)
    return config


def _tls(settings: PageSettings) -> ssl.SSLContext | None:
    if settings.certificate is None or settings.key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"[page] certificate {settings.certificate} and key {settings.key}: {error.strerror or error}",
            advice="both are PEM files, the key without a passphrase and readable by the daemon's user",
        ) from None
    return context
