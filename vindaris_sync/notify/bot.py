"""A line that carries a bot's token, and takes up the token's successor where a service refuses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import httpx

from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify.http import DEADLINE, Line
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.errors import VindarisError
from vindaris_sync.sdk.secret import Secret, redact

_Result = TypeVar("_Result")


class BotLine:
    """One connection with ``Authorization: SCHEME TOKEN``; ``deadline`` and ``transport`` are the line's."""

    def __init__(
        self,
        name: str,
        token: Secret,
        scheme: str = "Bearer",
        *,
        deadline: float = DEADLINE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._name, self._token, self._scheme = name, token, scheme
        self._deadline, self._transport = deadline, transport
        self._line = self._opened()

    def ask(self, exchange: Callable[[Line], _Result]) -> _Result:
        """Return what ``exchange`` comes to; where our token is refused and has a successor by now, with that one."""
        renewed = self._token.watch()
        try:
            return exchange(self._line)
        except ChannelUnusable as error:
            if error.reason != "credentials" or not renewed():
                raise
        self._line.close()
        self._line = self._opened()
        return exchange(self._line)

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._line.close()

    def _opened(self) -> Line:
        headers = {"Authorization": f"{self._scheme} {self._token.reveal()}"}
        return Line(self._name, headers, deadline=self._deadline, transport=self._transport)


def looked_at(name: str, *looks: Callable[[], str]) -> Sequence[Finding]:
    """Look at one thing after another of the channel ``name``; what each tells is well, and the first error the end."""
    findings: list[Finding] = []
    for look in looks:
        try:
            findings.append(Finding(Level.OK, f"notify.{name}", look()))
        except VindarisError as error:
            return [*findings, Finding(Level.ERROR, f"notify.{name}", str(error), error.advice)]
    return findings


def named(document: Mapping[str, Any], *fields: str, otherwise: str = "nobody") -> str:
    """Return how a service calls somebody or something: the first of ``fields`` that says it, as one short line."""
    said = next((document[field] for field in fields if document.get(field)), otherwise)
    return one_line(redact(str(said)), 40)
