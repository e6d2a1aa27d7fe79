"""What was rung for and not looked at yet: bounded, each issue once, however often and by whomever it was rung for.

Nothing here is kept: what is lost with the process, or falls out for its number, the next pull finds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.webhooks import Heard

MOST = 1000
"""Issues of one tracker that wait at once; where there are more, all of it is looked at instead."""
REMEMBERED = 5_000
"""Deliveries whose repetition is known, of all trackers together."""

TOLD_EVERY = timedelta(minutes=1)
"""How often refused deliveries of one tracker are logged."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What came in of one tracker since the process started; ``last``: when something did that was its own."""

    heard: int = 0
    repeated: int = 0
    refused: int = 0
    last: datetime | None = None
    told: tuple[datetime, int] | None = None
    """When refusals were logged last, and how many there were then."""


@dataclass(slots=True)
class Nudges:
    """Rung by the page, by chats and by trackers' events from any thread; emptied by the clockwork. Never blocks."""

    _lock: Lock = field(default_factory=Lock)
    _issues: dict[str, dict[Address, None]] = field(default_factory=dict)
    _whole: set[str] = field(default_factory=set)
    _decided: set[str] = field(default_factory=set)
    _known: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)
    _ears: dict[str, Ears] = field(default_factory=dict)

    def hear(self, tracker: str, heard: Heard, now: datetime) -> bool:
        """Take in what a delivery says; return whether it is a new one, and not one that was sent again."""
        with self._lock:
            mark, ears = (tracker, heard.delivery), self._ears.get(tracker, Ears())
            if mark in self._known:
                self._ears[tracker] = replace(ears, repeated=ears.repeated + 1, last=now)
                return False
            self._known[mark] = None
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            self._ears[tracker] = replace(ears, heard=ears.heard + 1, last=now)
            self._ring(tracker, heard.issues, whole=heard.whole)
            return True

    def refuse(self, tracker: str, now: datetime) -> int:
        """Count a delivery that was not the tracker's own; return how many to tell of, 0 where that was done lately."""
        with self._lock:
            ears = self._ears.get(tracker, Ears())
            ears = replace(ears, refused=ears.refused + 1)
            at, before = ears.told or (now - TOLD_EVERY, 0)
            due = now - at >= TOLD_EVERY or now < at
            self._ears[tracker] = replace(ears, told=(now, ears.refused)) if due else ears
            return ears.refused - before if due else 0

    def ring(self, tracker: str, issues: Iterable[Address] = (), *, whole: bool = False) -> None:
        """Ask for another look at ``issues``, or at all that has changed in the tracker."""
        with self._lock:
            self._ring(tracker, issues, whole=whole)

    def decided(self, tracker: str) -> None:
        """Say that a person has decided something in ``tracker``: it is carried out within a second or two."""
        with self._lock:
            self._decided.add(tracker)

    def waiting(self) -> tuple[str, ...]:
        """Return the trackers of which issues wait to be looked at."""
        with self._lock:
            return tuple(self._issues)

    def wants_all(self, tracker: str) -> bool:
        """Return whether all of the tracker is to be looked at, which is a pull before its time."""
        with self._lock:
            return tracker in self._whole

    def take(self, tracker: str, most: int) -> tuple[Address, ...]:
        """Return up to ``most`` issues, those that wait longest; they wait no more."""
        with self._lock:
            waiting = self._issues.pop(tracker, {})
            taken = tuple(waiting)[:most]
            if left := dict.fromkeys(tuple(waiting)[most:]):
                self._issues[tracker] = left
            return taken

    def take_all(self, tracker: str) -> None:
        """Note that a pull of the tracker begins: whatever was rung for before is in it."""
        with self._lock:
            self._whole.discard(tracker)

    def take_decided(self) -> frozenset[str]:
        """Return the trackers in which people have decided something since the last call."""
        with self._lock:
            taken, self._decided = frozenset(self._decided), set()
            return taken

    def ears(self) -> dict[str, Ears]:
        """Return what came in, by tracker."""
        with self._lock:
            return dict(self._ears)

    def _ring(self, tracker: str, issues: Iterable[Address], *, whole: bool) -> None:
        if whole:
            self._whole.add(tracker)
        if tracker in self._whole:  # the pull that is to come sees these, too
            return
        waiting = self._issues.setdefault(tracker, {})
        waiting.update(dict.fromkeys(issues))
        if len(waiting) > MOST:
            self._whole.add(tracker)
        if len(waiting) > MOST or not waiting:
            del self._issues[tracker]
