"""One look at a document at an address: bounded in time and size, never redirected, told apart from passing faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx

from vindaris_sync.sdk.authorities import authorities, tls
from vindaris_sync.sdk.bounds import BoundedTransport
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.limits import asked_wait
from vindaris_sync.sdk.secret import Secret

_DEADLINE = 30.0
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a document is: ``name`` is what errors call it, ``token`` goes as a bearer, ``largest`` is in bytes."""

    name: str
    token: Secret | None
    largest: int

    def ask(self, url: str, now: datetime, *, etag: str = "") -> httpx.Response:
        """Return the whole answer, whatever it says; ``etag`` asks only for what differs from that.

        Raises ``Transient`` where asking again later may help: no whole answer, too many requests, a failing server.
        """
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "vindaris-sync"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.reveal()}"
        if etag:
            headers["If-None-Match"] = etag
        network = BoundedTransport(tls(authorities()), deadline=_DEADLINE, largest=self.largest)
        try:
            with httpx.Client(
                trust_env=False, follow_redirects=False, timeout=_TIMEOUT, headers=headers, transport=network
            ) as client:
                answer = client.get(url)
        except httpx.HTTPError as error:
            raise Transient(f"{self.name} gave no whole answer ({type(error).__name__})") from None
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Transient(
                f"{self.name} cannot be asked ({type(error).__name__})", advice="correct its block's url and token"
            ) from None
        status = answer.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = asked_wait(answer.headers, now) if "Retry-After" in answer.headers else None
            retry_after = None if wait is None else timedelta(seconds=wait)
            raise Transient(f"{self.name} fails ({status})", retry_after=retry_after)
        return answer
