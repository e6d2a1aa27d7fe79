"""What a look-alike sends as webhooks, caught before it leaves, and in the words of the contract."""

from __future__ import annotations

from queue import SimpleQueue

from vindaris_sync.sandbox.core import Delivery as Sent
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.webhooks import Delivery, signature

NOWHERE = "http://tracker-events.invalid/in/tracker/it"


class Caught(SimpleQueue[Sent | None]):
    """An outbox that keeps what goes out; only the end passes, for the thread that waits for it."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def put(self, item: Sent | None, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002 - a queue's signature
        """Keep ``item``."""
        if item is None:
            super().put(item, block, timeout)
        else:
            self.sent.append(item)

    def taken(self) -> list[Delivery]:
        """Return what went out since the last call."""
        sent, self.sent = self.sent, []
        return [Delivery({k.lower(): v for k, v in one.headers.items()}, one.body, {}) for one in sent]


def signed(body: bytes, header: str, secret: str, **others: str) -> Delivery:
    """Return ``body`` with its signature."""
    named = {name.replace("_", "-"): value for name, value in others.items()}
    return Delivery({header: signature(Secret(secret), body), **named}, body, {})
