"""Sources of outcomes: one number in a JSON document at an address, or what a Prometheus query comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from math import isfinite
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from vindaris_sync.config.outcome_sources import (
    JsonValueSettings,
    OutcomeSourceSettings,
    PrometheusSettings,
    steps_of,
)
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sources.address import Address

_LARGEST = 4 * 1024 * 1024  # bytes; one number is wanted of it
_BAD_QUERY = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class HttpOutcome:
    """A source of one metric over one address. Every answer is bounded in time and size; redirects are not followed."""

    def __init__(self, name: str, settings: OutcomeSourceSettings, now: Callable[[], datetime]) -> None:
        self.name, self.metric, self.goal, self.every = name, settings.metric, settings.goal, settings.every
        self._settings = settings
        self._now = now
        self._host = str(urlsplit(settings.url).hostname)
        self._address = Address(self._host, settings.token, _LARGEST)

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
        answer = self._address.ask(url, self._now())
        status = answer.status_code
        if status != HTTPStatus.OK:
            raise ConfigError(f"{self._host} gives no value ({status})", advice=_advice(status))
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            raise ConfigError(f"{self._host} answers with no JSON", advice="correct its block's url") from None


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
