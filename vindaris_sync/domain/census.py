"""A census: which issues a tracker shows, counted in parts, and when the next part is due. Pure.

An incremental pull shows what changed; only a census shows what is no longer there, and what has become visible without
having changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEAST = 1000
"""Issues that a pass lists at least, where a census is under way: ten requests at the most sparing of our trackers."""
AGAIN = timedelta(minutes=15)
"""When a census that failed goes on, and how often one is taken while too many issues are missing."""


class Numbers:
    """A growing set of small numbers, one bit each: a million of them take 125 KB, in memory and stored."""

    __slots__ = ("_bits",)

    def __init__(self, bits: bytes = b"") -> None:
        self._bits = bytearray(bits)

    def __contains__(self, number: int) -> bool:
        return number >> 3 < len(self._bits) and bool(self._bits[number >> 3] >> (number & 7) & 1)

    def __bytes__(self) -> bytes:
        return bytes(self._bits)

    def update(self, numbers: Iterable[int]) -> None:
        """Take these in; none is negative."""
        for number in numbers:
            if number >> 3 >= len(self._bits):
                self._bits.extend(bytes((number >> 3) + 1 - len(self._bits)))
            self._bits[number >> 3] |= 1 << (number & 7)


@dataclass(slots=True)
class Census:
    """A census under way: the scopes counted in full, how far the present one is, and the issues named so far."""

    began: datetime
    done: set[str] = field(default_factory=set)
    scope: str = ""
    position: str = ""
    counted: Numbers = field(default_factory=Numbers)
    """The store's numbers of the issues named."""
    listed: int = 0

    def reach(self, scope: str, position: str, listed: int) -> None:
        """Note that ``listed`` more were named and where to go on; an empty position is the end of the scope."""
        self.listed += listed
        self.scope, self.position = (scope, position) if position else ("", "")
        if not position:
            self.done.add(scope)


@dataclass(frozen=True, slots=True)
class CensusFacts:
    """How the censuses of a tracker are doing. ``began`` and ``listed`` are of the one under way, if there is one."""

    tracker: str
    began: datetime | None = None
    listed: int = 0
    ended: datetime | None = None
    """When the last whole one ended; a comparison of everything is one, too."""
    found: Mapping[str, int] = field(default_factory=dict)
    """What the last whole one found, by kind."""
    scopes: frozenset[str] = frozenset()
    """What the last whole one counted."""
    error: str = ""
    failed: datetime | None = None
    missing: int = 0
    """Issues that are missing, where they are too many to be believed: nothing is decided until they are back."""
    known: int = 0
    """Of how many."""
    since: datetime | None = None
    accepted: bool = False
    """Whether a person has said that so many may be missing: the next census asks about each."""

    def due(self, now: datetime, loaded: datetime | None, every: timedelta) -> bool:
        """Return whether a part of a census is to be counted now; ``loaded`` is when all was first read.

        Nobody waits from an instant after ``now``: a clock that was ahead has seen it (fault 14).
        """
        if self.failed is not None and self.failed <= now < self.failed + AGAIN:
            return False
        if self.began is not None or self.accepted:
            return True
        last = self.ended or loaded
        return last is not None and not last <= now < last + (min(every, AGAIN) if self.missing else every)


def portion(census: Census, known: int, now: datetime, every: timedelta) -> int:
    """Return how many issues this pass may list, so that a census of ``known`` ends within half of its interval."""
    behind = known * 2 * ((now - census.began) / every) - census.listed
    return max(LEAST, int(behind))
