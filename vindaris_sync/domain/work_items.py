"""Work items: issues that we link to a goal where its source keeps links, and what became of each such link."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How it stands with the link of an issue at its goal's source."""

    INTENDED = "intended"
    """We are about to link it; after a crash nobody knows."""
    LINKED = "linked"
    MISSING = "missing"
    """We linked it, and the last reading of the source does not show it: somebody may have taken it off."""
    PEOPLE = "people"
    """A person linked it before we could, or took off what we had linked: it is theirs, and left as it is (L5)."""
    REFUSED = "refused"
    """The source did not take it; it is tried again at night."""
    KEPT = "kept"
    """We wanted to take it off, and the source did not let us; it is tried again at night."""
    WITHDRAWN = "withdrawn"
    """We took it off; a reading that still shows it may be older."""


OURS = frozenset({Standing.INTENDED, Standing.LINKED, Standing.MISSING, Standing.KEPT, Standing.WITHDRAWN})
"""What the source shows of these is our own word, and says nothing about which work serves the goal."""


@dataclass(frozen=True, slots=True)
class LinkItem:
    """One link to be made or taken off at a goal's source: what ``plan`` shows and a run carries out (L12)."""

    tracker: str
    source: str
    goal: int
    key: str
    """The issue."""
    linked: bool
