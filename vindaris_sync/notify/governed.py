"""A channel that shares its credential's governor: paced, and silent for as long as the chat asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from vindaris_sync.config.chats import NotifySettings
from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.sdk.errors import NotNow, Transient
from vindaris_sync.sdk.governor import Governor
from vindaris_sync.sdk.protocol import Surroundings

INTERVAL = 1.0
"""Seconds between two messages (Slack: about one a second for each channel)."""


class Governed:
    """A channel whose messages wait for their turn among all that go out with the same credential.

    Where the chat asks to wait, that holds for all of them at once: the others are not sent to be refused as well.
    """

    def __init__(self, channel: Channel, governor: Governor) -> None:
        self._channel, self._governor = channel, governor
        self.name, self.abilities, self.max_items = channel.name, channel.abilities, channel.max_items
        self.spacing = channel.spacing

    def __repr__(self) -> str:
        return f"Governed({self._channel!r})"

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Send a new message in its turn."""
        with self._turn():
            return self._channel.post(content, key, repeated=repeated)

    def update(self, reference: str, content: Content) -> None:
        """Edit a message in its turn."""
        with self._turn():
            self._channel.update(reference, content)

    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Add to a message's thread in its turn."""
        with self._turn():
            self._channel.reply(reference, text, key, repeated=repeated)

    def find(self, key: str, since: datetime) -> str | None:
        """Look for a message in its turn."""
        with self._turn():
            return self._channel.find(key, since)

    def check(self) -> Sequence[Finding]:
        """Look at credentials and channel: a person asked for it."""
        return self._channel.check()

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._governor.turn(write=True) as number:
            try:
                yield
            except Transient as error:
                if error.retry_after is not None and not isinstance(error, NotNow):
                    self._governor.limit(number, error.retry_after.total_seconds(), str(error), write=True)
                raise
        self._governor.well(write=True)


def governed(channel: Channel, settings: NotifySettings, around: Surroundings) -> Channel:
    """Return ``channel`` under the governor of its credential; one without an address outside is returned as it is."""
    if (place := settings.sends_to()) is None:
        return channel
    governor = around.governors.of(around, *place, write_interval=INTERVAL, patience=0.0)
    return Governed(channel, governor)
