"""The loop guard: an issue on which somebody keeps changing what we wrote is set aside (fault 59).

A *flip* is a write of ours that shows no more, though no longer ago than ``WINDOW``. People change their minds, so a
few are normal; two machines that disagree make one with every pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vindaris_sync.domain.models import Raw

WINDOW = timedelta(hours=1)
"""The time in which flips are counted, and for how long a write of ours can be undone against us."""
REST = timedelta(days=1)
"""How long an issue stays set aside unless a person lets it go on earlier."""


@dataclass(frozen=True, slots=True)
class Contest:
    """What we wrote on one surface of one issue last, and how often such writes were undone."""

    issue: int
    surface: str
    added: Raw
    removed: Raw
    shown: Raw
    """What the surface shows now."""
    flips: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Flip:
    """A write that was undone: what we had written, and what is there instead, for people."""

    issue: int
    surface: str
    at: datetime
    wrote: str
    found: str


def undone(added: Collection[str], removed: Collection[str], shown: Collection[str]) -> bool:
    """Return whether ``shown`` contradicts a write that put ``added`` on and took ``removed`` off; case means nothing.

    What somebody puts beside it does not: the value tells, and not who set it, which may be our own account by hand.
    """
    there = {value.casefold() for value in shown}
    ours = {value.casefold() for value in added}
    gone = {value.casefold() for value in removed} - ours
    return not ours <= there or bool(gone & there)


def recent(flips: Iterable[datetime], now: datetime) -> tuple[datetime, ...]:
    """Return the flips that count at ``now``, oldest first."""
    return tuple(sorted(at for at in flips if now - WINDOW < at <= now))


def contested(flips: Iterable[datetime], now: datetime, limit: int) -> bool:
    """Return whether there were more than ``limit`` flips within ``WINDOW`` up to ``now``."""
    return len(recent(flips, now)) > limit


def told(added: Collection[str], removed: Collection[str]) -> str:
    """Return a write in a few words."""
    return ", ".join(sorted(added)) or f"nothing instead of {', '.join(sorted(removed))}"
