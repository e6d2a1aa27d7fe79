"""Sources of outcomes: one number in a JSON document at an address, or what a Prometheus query comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from math import isfinite
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import orjson

from vindaris_sync.config.outcome_sources import (
    JsonValueSettings,
    OutcomeSourceSettings,
    PrometheusSettings,
    steps_of,
)
from vindaris_sync.sdk.authorities import authorities, tls
from vindaris_sync.sdk.bounds import BoundedTransport
from vindaris_sync.sdk.errors import ConfigError, Transient
from vindaris_sync.sdk.limits import asked_wait

_DEADLINE = 30.0
_LARGEST = 4 * 1024 * 1024  # bytes; one number is wanted of it
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_BAD_QUERY = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class HttpOutcome:
    """A source of one metric over one address. Every answer is bounded in time and size; redirects are not followed."""

    def __init__(self, name: str, settings: OutcomeSourceSettings, now: Callable[[], datetime]) -> None:
        self.name, self.metric, self.goal, self.every = name, settings.metric, settings.goal, settings.every
        self._settings = settings
        self._now = now
        self._host = urlsplit(settings.url).hostname

    def read(self) -> float:
        """Return the present value.

        Raises ``Transient`` where asking again later may help, ``ConfigError`` where the block must be corrected.
        """
        match self._settings:
            case JsonValueSettings(path=path, url=url):
                return _number(_at(self._told(url), steps_of(path)), path or "the document")
            case PrometheusSettings(query=query, url=url):
                address = f"{url.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
                return _sampled(self._told(address))
            case _:
                raise NotImplementedError(self._settings.kind)

    def _told(self, url: str) -> Any:  # noqa: ANN401 - whatever the document holds
        answer, body = self._exchange(url)
        status = answer.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = asked_wait(answer.headers, self._now()) if "Retry-After" in answer.headers else None
            raise Transient(
                f"{self._host} fails ({status})", retry_after=None if wait is None else timedelta(seconds=wait)
            )
        if status != HTTPStatus.OK:
            raise ConfigError(f"{self._host} gives no value ({status})", advice=_advice(status))
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ConfigError(f"{self._host} answers with no JSON", advice="correct its block's url") from None

    def _exchange(self, url: str) -> tuple[httpx.Response, bytes]:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "vindaris-sync"}
        if self._settings.token is not None:
            headers["Authorization"] = f"Bearer {self._settings.token.reveal()}"
        network = BoundedTransport(tls(authorities()), deadline=_DEADLINE, largest=_LARGEST)
        try:
            with httpx.Client(
                trust_env=False, follow_redirects=False, timeout=_TIMEOUT, headers=headers, transport=network
            ) as client:
                answer = client.get(url)
                return answer, answer.content
        except httpx.HTTPError as error:
            raise Transient(f"{self._host} gave no whole answer ({type(error).__name__})") from None


def _advice(status: int) -> str:
    if status in _REFUSED:
        return "it refuses the token; check its block's token"
    return "correct its block's query" if status in _BAD_QUERY else "correct its block's url"


def _at(told: Any, steps: Sequence[str | int]) -> Any:  # noqa: ANN401 - whatever the document holds
    """Return what stands at the end of a path; raises ``ConfigError`` that names the step that leads nowhere."""
    for step in steps:
        try:
            told = told[step]
        except (KeyError, IndexError, TypeError):
            raise ConfigError(f"there is no {step!r} in the document", advice="correct its block's path") from None
    return told


def _number(value: Any, where: str) -> float:  # noqa: ANN401 - whatever the document holds
    """Return a number, also one that is written as text; truth values and text are none."""
    try:
        found = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = float("nan")
    if not isfinite(found):
        raise ConfigError(f"{where} is no number", advice="correct its block's path or query")
    return found


def _sampled(told: Any) -> float:  # noqa: ANN401 - as above
    """Return the one value of an instant query (Prometheus' HTTP API, *Instant queries*): a scalar or one series."""
    data = told.get("data") if isinstance(told, Mapping) and told.get("status") == "success" else None
    result = data.get("result") if isinstance(data, Mapping) else None
    if isinstance(data, Mapping) and data.get("resultType") == "vector" and isinstance(result, list):
        if len(result) != 1:
            count = len(result) or "no"
            raise ConfigError(f"the query comes to {count} series", advice="sum() or max() make one of several")
        result = result[0].get("value") if isinstance(result[0], Mapping) else None
    pair = 2
    if not isinstance(result, list) or len(result) != pair:
        raise ConfigError("this is no answer to an instant query", advice="correct its block's url or query")
    return _number(result[1], "what the query comes to")
