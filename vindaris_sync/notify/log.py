"""Alerts as lines of the daemon's log, for those without a chat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.domain.wording import plain
from vindaris_sync.notify.protocol import Ability

_log = structlog.get_logger("vindaris_sync.notify")


class LogChannel:
    """Writes one line ``alert`` per message."""

    abilities = Ability.NONE
    max_items = 10
    spacing = timedelta()

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"LogChannel({self.name!r})"

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        """Write the line; ``key`` tells repetitions apart."""
        _log.info(
            "alert",
            channel=self.name,
            team=content.subject.team,
            kind=str(content.subject.kind),
            goal=content.subject.goal,
            state=str(content.state),
            headline=content.headline,
            issues=[line.key for line in content.lines],
            more=content.more,
            facts=dict(content.facts),
            changes=[f"{each.name}: {plain(each.pieces)}" for each in content.changes],
            key=key,
            repeated=repeated,
        )
        return ""

    def update(self, reference: str, content: Content) -> None:
        """Refuse: callers ask for ``Ability.EDIT`` first."""
        raise NotImplementedError(self.name, reference, content.headline)

    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        """Refuse: callers ask for ``Ability.THREADS`` first."""
        raise NotImplementedError(self.name, reference, text, key, repeated)

    def find(self, key: str, since: datetime) -> str | None:  # noqa: ARG002 - a log is not read
        """Return ``None``: a log is not read."""
        return None

    def check(self) -> Sequence[Finding]:
        """Say that it always works."""
        return [Finding(Level.OK, f"notify.{self.name}", "alerts go to the log")]

    def close(self) -> None:
        """Do nothing: there is no connection."""
