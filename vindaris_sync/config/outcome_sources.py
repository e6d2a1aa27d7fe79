"""What the block of a source of outcomes may hold; ``kind`` chooses which. A block reads one metric."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vindaris_sync.sdk.addresses import document_url
from vindaris_sync.sdk.settings import Duration, Settings, TokenValue

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


def _url(url: str) -> str:
    return document_url(url, wanted="the address of the source, https://…", credentials="token")


def _path(path: str) -> str:
    if path and not re.fullmatch(r"(?:[^.\[\]]+|\[\d+\])(?:\.[^.\[\]]+|\[\d+\])*", path):
        raise ValueError("write names and positions, data.growth[0].value for instance")
    return path


def steps_of(path: str) -> tuple[str | int, ...]:
    """Return the names and positions of a path, ``data[0].value``, from outside inwards; empty: the whole document."""
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in _STEP.findall(path))


class OutcomeSourceSettings(Settings):
    """What every source's block holds."""

    kind: str
    metric: str = Field(min_length=1)
    """The outcome's metric, as its goals name it."""
    goal: str = ""
    """The goal's key; default: all goals that state the metric."""
    url: Annotated[str, AfterValidator(_url)]
    token: TokenValue | None = None
    """Sent as a bearer token; absent: none is."""
    every: Duration = Field(timedelta(hours=1), ge=timedelta(seconds=10))
    """How often it is asked."""


class JsonValueSettings(OutcomeSourceSettings):
    """A number in a JSON document at an address."""

    kind: Literal["http-json"] = "http-json"
    path: Annotated[str, AfterValidator(_path)] = ""
    """Where it stands, ``data.growth[0].value``; default: the document is the number."""


class PrometheusSettings(OutcomeSourceSettings):
    """An instant query at a server that speaks Prometheus' HTTP API; ``url`` is the server's."""

    kind: Literal["prometheus"] = "prometheus"
    query: str = Field(min_length=1)
    """PromQL that comes to one value."""


OUTCOME_KINDS: dict[str, type[OutcomeSourceSettings]] = {
    "http-json": JsonValueSettings,
    "prometheus": PrometheusSettings,
}
