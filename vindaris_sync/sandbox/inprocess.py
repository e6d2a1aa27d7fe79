"""The sandbox without sockets: a ``requests`` transport that asks the services directly."""

from __future__ import annotations

import io
from http.client import responses
from time import sleep as real_sleep
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests import ConnectionError as ConnectionLost
from requests import PreparedRequest, ReadTimeout
from requests import Response as Answer
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from vindaris_sync.sandbox.core import Clock, Request, Response, Service, system_clock
from vindaris_sync.sandbox.front import Front, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vindaris_sync.sandbox.faults import Faults
    from vindaris_sync.sandbox.ledger import Ledger


class InProcessAdapter(HTTPAdapter):
    """Answers like ``server.Server`` in the caller's thread: ``session.mount(adapter.url, adapter)``.

    Delays go through ``sleep``, so virtual time works. A timeout raises ``ReadTimeout`` after the fault's seconds, a
    reset raises ``ConnectionError``, a trickle takes its whole time and then answers. Webhooks stay in the outboxes.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        url: str = "http://sandbox.invalid",
        *,
        clock: Clock = system_clock,
        sleep: Callable[[float], object] = real_sleep,
    ) -> None:
        super().__init__()
        self.url = url
        self._front = Front(services, clock)
        self._front.settle(url)
        self._sleep = sleep

    @property
    def faults(self) -> Faults:
        """The faults that stand."""
        return self._front.faults

    @property
    def requests(self) -> Ledger:
        """What was asked."""
        return self._front.requests

    def send(  # noqa: PLR0913, PLR0917 - the base class's signature
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - the base class's signature
        timeout: object = None,  # noqa: ARG002 - the base class's signature
        verify: bool | str = True,  # noqa: ARG002, FBT001, FBT002 - the base class's signature
        cert: object = None,  # noqa: ARG002 - the base class's signature
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - the base class's signature
    ) -> Answer:
        """Answer ``request``; raises what ``requests`` raises for a lost connection."""
        reply = self._front.answer(_incoming(request), self._sleep)
        return _outgoing(self._survivor(reply, request), request)

    def _survivor(self, reply: Reply, request: PreparedRequest) -> Response:
        kind = reply.wire.kind if reply.wire else None
        if reply.delay:
            self._sleep(reply.delay * (len(reply.response.body) if kind == "trickle" and reply.response else 1))
        if kind == "reset":
            raise ConnectionLost("Connection reset by peer", request=request)
        if reply.response is None:
            raise ReadTimeout("Read timed out", request=request)
        return reply.response


def _incoming(request: PreparedRequest) -> Request:
    parts = urlsplit(request.url or "")
    body = request.body or b""
    headers = {str(name): str(value) for name, value in request.headers.items()}
    return Request.to(
        request.method or "GET",
        f"{parts.path}?{parts.query}",
        headers=headers,
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def _outgoing(response: Response, request: PreparedRequest) -> Answer:
    answer = Answer()
    answer.status_code = int(response.status)
    answer.reason = responses.get(answer.status_code, "")
    answer.headers = CaseInsensitiveDict({**response.headers, "Content-Length": str(len(response.body))})
    answer.encoding = get_encoding_from_headers(answer.headers)
    answer.raw, answer.url, answer.request = io.BytesIO(response.body), request.url or "", request
    return answer
