"""A line that carries a bot's token, and takes up the token's successor where a service refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx

from vindaris_sync.notify.http import DEADLINE, Line
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.secret import Secret

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
