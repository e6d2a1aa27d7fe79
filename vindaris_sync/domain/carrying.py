"""What confirming an issue's effective links changes: its own links, or what it carries as a goal itself (R6, R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vindaris_sync.domain.links import Effective
from vindaris_sync.domain.models import Link, Provenance
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.domain.reviews import confirmed


def confirming(
    record: Record, effect: Effective, goals: GoalBook, seen: Mapping[int, int], becomes: Link
) -> tuple[tuple[Link, ...] | None, Link | None]:
    """Return the links that ``record`` holds itself from now on, and what it carries as a goal; None: as before.

    A link that is not its own becomes so: one inherited as it is, what a rule or a goal's issue gave with provenance,
    person and instant of ``becomes``. ``seen`` are the revisions that the person saw.
    """
    itself = record.ref in goals.carried
    held = tuple(link for link in effect.links if not (itself and link.provenance is Provenance.GOAL))
    carries = tuple(link for link in effect.links if itself and link.provenance is Provenance.GOAL)
    links, below = confirmed(held, goals, seen), confirmed(carries, goals, seen)
    own = tuple(
        replace(link, provenance=becomes.provenance, who=becomes.who, at=becomes.at) if _given(link) else link
        for link in links
    )
    return own if links != held else None, below[0] if below != carries else None


def _given(link: Link) -> bool:
    return link.provenance in (Provenance.RULE, Provenance.GOAL)
