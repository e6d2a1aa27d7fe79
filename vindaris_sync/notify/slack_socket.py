"""Slack's Socket Mode: clicks over a connection that we open, for those whom Slack cannot reach.

The connection is ``websockets``'; what Slack speaks over it are four words (hello, an envelope, its acknowledgement,
disconnect). ``slack_sdk``'s own client is not used: it speaks without TLS to any port but 443, asks for a new address
every five seconds however often that fails, and sleeps where it cannot be stopped.
Source: Slack, "Using Socket Mode", ``apps.connections.open``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from random import SystemRandom
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import structlog
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect

from vindaris_sync.notify.hearing import LARGEST, Heard, Taken, Unheard
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.notify.slack_api import SlackApi
from vindaris_sync.notify.slack_hearing import SlackHearing
from vindaris_sync.sdk.authorities import authorities, tls
from vindaris_sync.sdk.errors import Transient, VindarisError
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.shapes import SHAPE_ERRORS, understood

log = structlog.get_logger("vindaris_sync.notify")

_GLANCE = 0.5  # seconds after which a stop is noticed
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds between attempts to connect; Slack allows about one a minute for long
_UNUSABLE_WAIT = 600.0  # seconds until what only a person can mend is tried again
_CLOSING = 1.0
_SHORT = 10.0  # seconds that a connection lasts at least where all is well


class SlackSocket:
    """One app's connection. ``run`` lasts until ``stop``; whatever happens to the connection, it opens another."""

    def __init__(self, hearing: SlackHearing, token: Secret, api_url: str) -> None:
        self.name = hearing.name
        self._hearing = hearing
        self._api = SlackApi(hearing.name, token, api_url)
        self._plain = urlsplit(api_url).scheme == "http"
        self._random = SystemRandom()

    def run(self, take: Callable[[Heard], Taken], stop: Event) -> None:
        """Hear and answer until ``stop`` is set; a failure is logged, waited out and tried again.

        Where Slack asks to be connected to anew, the former connection stays until the next one is there.
        """
        failures, former = 0, ExitStack()
        while not stop.is_set():
            began, current = monotonic(), ExitStack()
            try:
                connection = current.enter_context(self._opened())
                former.close()
                former = current
                self._listen(connection, take, stop)
                failures = 0 if monotonic() - began > _SHORT else failures + 1
                wait = self._wait(None, failures) if failures else 0.0
            except (VindarisError, OSError, InvalidHandshake, InvalidURI, ConnectionClosed) as error:
                failures += 1
                wait = self._wait(error, failures)
                log.warning("not connected to Slack", channel=self.name, error=_worded(error), again_in=round(wait))
            stop.wait(wait)
        former.close()
        self._api.close()

    def _wait(self, error: Exception | None, failures: int) -> float:
        if isinstance(error, ChannelUnusable):
            return _UNUSABLE_WAIT
        if isinstance(error, Transient) and error.retry_after is not None:
            return error.retry_after.total_seconds()
        return min(_FIRST_WAIT * (1 << min(failures - 1, 6)), _LONGEST_WAIT) * self._random.uniform(0.5, 1.0)

    @contextmanager
    def _opened(self) -> Iterator[ClientConnection]:
        address = self._address()
        secure = urlsplit(address).scheme == "wss"
        if not secure and not self._plain:
            raise ChannelUnusable(
                f"Slack ({self.name}) names a connection without encryption", reason="protocol", advice="check api_url"
            )
        with connect(
            address,
            ssl=tls(authorities()) if secure else None,
            compression=None,
            proxy=None,
            close_timeout=_CLOSING,
            max_size=LARGEST,
        ) as connection:
            yield connection

    @understood
    def _address(self) -> str:
        return str(self._api.call("apps.connections.open", {})["url"])

    def _listen(self, connection: ClientConnection, take: Callable[[Heard], Taken], stop: Event) -> None:
        """Answer envelopes until Slack wants to be connected to anew, or ``stop``."""
        while not stop.is_set():
            with suppress(TimeoutError):
                said = _understood(connection.recv(timeout=_GLANCE))
                if said.get("type") == "hello":
                    log.info("connected to Slack", channel=self.name)
                elif said.get("type") == "disconnect":
                    return
                elif said.get("envelope_id"):
                    self._answer(connection, said, take)

    def _answer(self, connection: ClientConnection, said: dict[str, Any], take: Callable[[Heard], Taken]) -> None:
        """Acknowledge an envelope, and do what comes after; what makes no sense is acknowledged, too."""
        taken = None
        if said.get("type") == "interactive":
            with suppress(Unheard):
                taken = take(self._hearing.read(said.get("payload")))
        document = taken.acknowledgement.document if taken else None
        payload = {"payload": document} if document else {}
        connection.send(json.dumps({"envelope_id": said["envelope_id"], **payload}))
        if taken:
            taken.after()


def _understood(message: str | bytes) -> dict[str, Any]:
    try:
        said = json.loads(message)
    except (*SHAPE_ERRORS, UnicodeError):
        return {}
    return said if isinstance(said, dict) else {}


def _worded(error: Exception) -> str:
    """Return what happened without an address: the one that Slack gives holds a ticket (L9)."""
    return str(error) if isinstance(error, VindarisError) else type(error).__name__
