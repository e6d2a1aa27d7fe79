"""What we wrote lately, for a search index that may not know it yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from vindaris_sync.domain.models import Issue

LATELY = timedelta(minutes=10)
REMEMBERED = 5000
"""Writes that are remembered; older ones have been read by a pull since."""
MOST = 50
"""Ids that one search reconciles (Atlassian, *Search and reconcile*)."""
_MOMENT = timedelta(milliseconds=1)


class Recent:
    """The issues we wrote within the last ten minutes, with the stamp they had afterwards."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._written: dict[str, tuple[datetime, datetime]] = {}

    def note(self, issues: Iterable[Issue]) -> None:
        """Remember issues as they were read back after a write."""
        for issue in issues:
            self._written.pop(issue.ref.id, None)
            self._written[issue.ref.id] = (self._now(), issue.updated)
        for id_ in list(self._written)[:-REMEMBERED]:
            del self._written[id_]

    def expect(self, issues: Iterable[Issue]) -> None:
        """Remember that issues as read before are about to change, so that what is read next is younger."""
        self.note(replace(issue, updated=issue.updated + _MOMENT) for issue in issues)

    def ids(self) -> tuple[str, ...]:
        """Return at most 50 ids, the latest, the same for every page of a search that starts now."""
        oldest = self._now() - LATELY
        return tuple(id_ for id_, (at, _) in self._written.items() if at >= oldest)[-MOST:]

    def outdated(self, issue: Issue) -> bool:
        """Return whether ``issue`` was read from before our write of it."""
        known = self._written.get(issue.ref.id)
        return known is not None and issue.updated < known[1]
