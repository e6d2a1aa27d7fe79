"""Channels that only take messages: nothing sent through them can be found again, and most of it not be edited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.notify.http import Line
from vindaris_sync.notify.protocol import Ability


class OneWay:
    """What webhooks have in common; ``post``, and what one can do beyond it, is each one's own."""

    abilities = Ability.NONE

    def __init__(self, name: str, line: Line) -> None:
        self.name = name
        self._line = line

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def update(self, reference: str, content: Content) -> None:
        """Refuse: callers ask for ``Ability.EDIT`` first."""
        raise NotImplementedError(self.name, reference, content.headline)

    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Refuse: callers ask for ``Ability.THREADS`` first."""
        raise NotImplementedError(self.name, reference, text, key, repeated)

    def find(self, key: str, since: datetime) -> str | None:  # noqa: ARG002 - nothing can be asked
        """Return ``None``: there is nobody to ask."""
        return None

    def check(self) -> Sequence[Finding]:
        """Say that only a message could tell whether the webhook works."""
        return [Finding(Level.OK, f"notify.{self.name}", "a webhook cannot be tested without posting")]

    def close(self) -> None:
        """Close the connection."""
        self._line.close()
