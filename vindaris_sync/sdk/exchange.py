"""One exchange with a tracker: its answer, and the one policy that sorts answers and decides on repeating."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from itertools import count
from typing import Any

from requests import Response
from requests.exceptions import ConnectionError as ConnectionFailed
from requests.exceptions import ConnectTimeout, RequestException, SSLError
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import ProxyError as ProxyFailed

from vindaris_sync.sdk.errors import NotNow, TrackerUnusable, Transient, Unknown, VindarisError
from vindaris_sync.sdk.governor import PATIENCE, Governor
from vindaris_sync.sdk.limits import asked_wait, limited
from vindaris_sync.sdk.mapping import TooDeep, decode
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import redact
from vindaris_sync.sdk.transport import TooLarge

_RENEW = "check the token of this tracker: it may be wrong, revoked or expired"
_CHECK_URL = "check the tracker's url: it must be the address of its API, not of a sign-in page or a proxy"
_FIRST_BACKOFF = 1.0
_LONGEST_BACKOFF = 30.0
_MOST_WRITES = 2
_EXCERPT = 160
_QUOTED = 16_384  # bytes that are masked before they are cut: half a secret is not recognised


@dataclass(frozen=True, slots=True)
class Answer:
    """A tracker's whole answer. ``headers`` are case-insensitive, ``body`` is decompressed, ``url`` was asked.

    What the tracker said is not printed with it: it may say our credentials back.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str

    @classmethod
    def of(cls, response: Response) -> Answer:
        """Return ``response``, whose body has been read, as an answer."""
        return cls(response.status_code, response.headers, response.content, response.url)

    @classmethod
    def made(cls, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"", url: str = "") -> Answer:
        """Return an answer from its parts; ``headers`` in any case."""
        return cls(status, CaseInsensitiveDict(headers or {}), body, url)

    def json(self) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
        """Return the body as JSON, its strings free of lone surrogates and NUL.

        Raises ``Transient`` where it is broken (truncated, for instance), ``TrackerUnusable`` where it is a bomb.
        """
        try:
            return decode(self.body)
        except TooDeep:
            raise TrackerUnusable(
                f"{self.url} answered with JSON nested too deeply", reason="protocol", advice=_CHECK_URL
            ) from None
        except ValueError:
            raise Transient(f"{self.url} answered with broken JSON ({len(self.body)} bytes)") from None


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why an exchange failed; ``again``: it may be repeated; ``waits``: the governor knows from when on.

    ``answered``: the tracker is there, whatever it said.
    """

    error: VindarisError
    again: bool = False
    waits: bool = False
    answered: bool = True


class Policy:
    """The one place where exchanges are repeated, and where answers become errors sorted by what happens next.

    ``attempts`` counts all tries of one call; 1 switches repeating off. What is not safe is sent again at most once.
    The governor is the credential's, shared with all that use it; the breaker is the tracker's.
    """

    def __init__(self, surroundings: Surroundings, *, governor: Governor | None = None, attempts: int = 4) -> None:
        self._around = surroundings
        self._conduct = surroundings.conduct
        self._governor = self._conduct.governor = governor or Governor(surroundings)
        self._attempts = attempts

    def call(self, send: Callable[[], Answer], *, safe: bool) -> Answer:
        """Return the answer of ``send`` where it is the caller's to read, else raise.

        Returned: 2xx, 301, 304, 307, 308 and 4xx without another meaning (a 403 without signs of a limit included).
        Raised: ``TrackerUnusable`` for 401, HTML and other redirects; ``NotNow`` for limits longer than a minute, quota
        that is kept free, and an open breaker; ``Transient`` for 5xx and broken connections that outlast the attempts.
        ``safe`` says that repeating cannot write twice: reads, a search by POST included. What is not safe is repeated
        once at most, and only if it was refused or never left; else ``Unknown``.
        """
        with self._conduct.admitted(self._around.now) as probe:
            most = 1 if probe else self._attempts if safe else min(self._attempts, _MOST_WRITES)
            for attempt in count(1):
                outcome = self._once(send, safe=safe)
                if probe:
                    self._judge(outcome)
                if isinstance(outcome, Answer):
                    return outcome
                if not outcome.again or attempt >= most:
                    raise outcome.error
                if not outcome.waits:
                    self._around.sleep(self._backoff(attempt))
        raise AssertionError  # pragma: no cover - count() never ends

    def _judge(self, outcome: Answer | _Trouble) -> None:
        """Let the probe decide: it was answered, or the tracker is left alone for longer."""
        if isinstance(outcome, Answer) or outcome.answered:
            self._conduct.proved()
        else:
            self._conduct.failed(self._around.now())

    def _once(self, send: Callable[[], Answer], *, safe: bool) -> Answer | _Trouble:
        number = 0
        try:
            with self._governor.turn(write=not safe, urgency=self._conduct.urgency) as number:
                self._conduct.sent()
                answer = send()
        except (RequestException, HTTPError, OSError) as error:
            return _broken(error, safe=safe)
        self._around.clock.note(answer.headers, self._around.now())
        self._governor.note(answer.headers)
        if limited(answer.status, answer.headers, answer.body):
            return self._limit(answer, number, safe=safe)
        if _names_pause(answer):
            pause = self._limit(answer, number, safe=safe)
            return pause if safe else _sorted(answer, safe=safe)  # a write may have been made; the others wait
        self._governor.well(write=not safe)
        return _sorted(answer, safe=safe)

    def _limit(self, answer: Answer, number: int, *, safe: bool) -> _Trouble:
        error = NotNow(_said(answer, "limits our requests"))
        asked = asked_wait(answer.headers, self._around.now())
        wait = self._governor.limit(number, asked, str(error), write=not safe)
        error.retry_after = timedelta(seconds=wait)
        return _Trouble(error, again=wait <= PATIENCE, waits=True)

    def _backoff(self, attempt: int) -> float:
        return self._around.random.uniform(0.0, min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (attempt - 1)))


def _sorted(answer: Answer, *, safe: bool) -> Answer | _Trouble:
    status = answer.status
    if status == HTTPStatus.UNAUTHORIZED:
        error = TrackerUnusable(_said(answer, "refuses our credentials"), reason="credentials", advice=_RENEW)
        return _Trouble(error)
    if status in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER):
        return _Trouble(TrackerUnusable(_said(answer, "redirects us"), reason="credentials", advice=_CHECK_URL))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        failure = (Transient if safe else Unknown)(_said(answer, "failed"))
        return _Trouble(failure, again=safe, answered=False)
    if status == HTTPStatus.OK and _is_page(answer):
        return _Trouble(_page_error(answer))
    return answer


def _names_pause(answer: Answer) -> bool:
    return answer.status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in answer.headers


def _broken(error: Exception, *, safe: bool) -> _Trouble:
    """Sort an exchange without a whole answer."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, SSLError):
        advice = "check the tracker's url and its certificate"
        return _Trouble(TrackerUnusable(said, reason="protocol", advice=advice), answered=False)
    if isinstance(error, TooLarge):
        return _Trouble(TrackerUnusable(said, reason="protocol", advice=_CHECK_URL))
    if safe or _never_left(error):
        return _Trouble(Transient(said), again=True, answered=False)
    return _Trouble(Unknown(said), answered=False)


def _never_left(error: Exception) -> bool:
    """Return whether no connection was made, so that the request cannot have been applied.

    Behind a proxy urllib3 wraps whatever ended the exchange in the same error, a lost answer, too; the standard library
    says only in words that a proxy has refused to connect.
    """
    if isinstance(error, ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, ProxyFailed):
        reason = reason.original_error
        if isinstance(reason, ConnectTimeoutError) or str(reason).startswith("Tunnel connection failed"):
            return True
    return isinstance(error, ConnectionFailed) and isinstance(reason, NewConnectionError)


def _is_page(answer: Answer) -> bool:
    kind = answer.headers.get("Content-Type", "")
    return kind.startswith(("text/html", "application/xhtml")) or answer.body[:64].lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    )


def _page_error(answer: Answer) -> TrackerUnusable:
    text = answer.body[:20_000].lower()
    if any(sign in text for sign in (b"password", b"log in", b"login", b"sign in", b"signin")):
        return TrackerUnusable(f"{answer.url} answered with a sign-in page", reason="credentials", advice=_RENEW)
    return TrackerUnusable(f"{answer.url} answered with HTML, not JSON", reason="protocol", advice=_CHECK_URL)


def _said(answer: Answer, what: str) -> str:
    body = redact(answer.body[:_QUOTED].decode("utf-8", "replace"))
    text = " ".join(body[: _EXCERPT * 4].split())[:_EXCERPT]
    return f"{answer.url} {what} ({answer.status})" + (f": {text}" if text else "")
