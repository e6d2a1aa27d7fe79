"""What a connector with ``Capability.CREATE`` can do beside: find what was made of drafts, and fill in forms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from vindaris_sync.domain.drafts import Draft
from vindaris_sync.sdk.errors import Transient, Unknown

Marked = Mapping[str, str]
"""The ids of our account's own issues by the draft that they carry the mark of; of several the oldest."""


@runtime_checkable
class Creates(Protocol):
    """A connector whose tracker takes new issues. Raises as ``Connector`` does."""

    def drafted(self, place: str, ids: Collection[str], since: datetime | None = None) -> frozenset[str]:
        """Return those of the drafts ``ids`` that were made in ``place``, by a list of our account's own issues there.

        ``since``: none of them was made before. A list lags: what was made a moment ago may not be among them.
        """
        ...

    def public(self, place: str) -> bool:
        """Return whether strangers can read the issues of ``place``; where nobody knows, they can."""
        ...

    def form(self, draft: Draft, template: str = "") -> str:
        """Return the address of the tracker's own form for a new issue, with everything filled in that it takes.

        ``template`` names one of the place's own templates, where the tracker has such. Whoever saves the form
        creates the issue, already showing its goal. Raises ``IssueRejected`` where that cannot be.
        """
        ...


@dataclass(slots=True)
class Made:
    """What a connector knows of drafts that were made, so that none is made twice.

    Before the first creation in a place all of our account's issues there are listed, since another process may have
    made the draft; from then on we know of our own. After an answer that was lost they are listed again.
    """

    _ids: dict[str, str] = field(default_factory=dict)
    _listed: set[str] = field(default_factory=set)

    def once(self, draft: Draft, look: Callable[[], Marked], make: Callable[[], str]) -> str:
        """Return the id of the draft's issue, made now unless it was made before; raises what ``make`` raises."""
        if draft.id not in self._ids and draft.place not in self._listed:
            self.note(look())
            self._listed.add(draft.place)
        if draft.id not in self._ids:
            try:
                self._ids[draft.id] = make()
            except Unknown:
                self._listed.discard(draft.place)
                raise
        return self._ids[draft.id]

    def note(self, marked: Marked) -> frozenset[str]:
        """Remember what a list showed, and return the drafts on it."""
        self._ids = {**marked, **self._ids}
        return frozenset(marked)


def sent_already(error: Transient) -> Unknown:
    """Return what a failure after the request that creates amounts to: there may be an issue."""
    return Unknown(str(error), retry_after=error.retry_after, advice=error.advice)
