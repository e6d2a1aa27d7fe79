"""Trackers that a person has paused: nothing is asked of them until it is over or somebody says so.

Kept in the store, so that a pause survives restarts and counts for every process; the clockwork heeds it at each tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.text import one_line
from vindaris_sync.engine.context import Tracker
from vindaris_sync.store.store import Store

log = structlog.get_logger("vindaris_sync.daemon")

NOTE = "paused"
LONGEST_WHY = 200
"""Characters kept of a reason."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused a tracker, since when, until when (None: until somebody resumes it), and why."""

    who: str
    since: datetime
    until: datetime | None = None
    why: str = ""

    def holds(self, now: datetime) -> bool:
        """Return whether it still counts."""
        return self.until is None or now < self.until

    def told(self) -> str:
        """Return it in one line: ``paused by mia until 2026-03-02 18:00 UTC: migration``."""
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"paused by {self.who or 'somebody'}{until}" + (f": {self.why}" if self.why else "")


MEANING = (
    "nothing is read from it and nothing written to it; what is decided meanwhile is kept, and written once it goes on"
)
"""What a pause means for people."""


def pauses(store: Store, now: datetime) -> dict[str, Pause]:
    """Return the pauses that count at ``now``, by tracker."""
    kept: Mapping[str, dict[str, Any]] = store.note(NOTE) or {}
    found = {name: Pause(each["who"], _at(each["since"]), _maybe(each["until"]), each["why"]) for name, each in
             kept.items()}  # fmt: skip
    return {name: each for name, each in found.items() if each.holds(now)}


def pause(store: Store, tracker: str, by: By, lasting: timedelta | None = None) -> Pause:
    """Pause a tracker, for ``lasting`` or until it is resumed; one that is paused already is paused anew."""
    made = Pause(one_line(by.who), by.at, None if lasting is None else by.at + lasting, one_line(by.why, LONGEST_WHY))
    with store.transaction():
        _keep(store, pauses(store, by.at) | {tracker: made})
        store.note_act("tracker_paused", replace(by, why=f"{tracker}: {made.told()}"))
    return made


def resume(store: Store, tracker: str, by: By) -> Pause | None:
    """Let a tracker go on, at once; return the pause that this ended, None where there was none."""
    with store.transaction():
        left = pauses(store, by.at)
        ended = left.pop(tracker, None)
        if ended is not None:
            _keep(store, left)
            store.note_act("tracker_resumed", replace(by, why=f"{tracker}: {by.why}".rstrip(": ")))
    return ended


def _keep(store: Store, held: Mapping[str, Pause]) -> None:
    store.put_note(NOTE, {name: asdict(each) for name, each in held.items()})


def heed(store: Store, trackers: Mapping[str, Tracker], now: datetime) -> None:
    """Hold requests to trackers that are paused at ``now`` and release the others; a pass under way ends at its next.

    An instant by our clock ends a pause, also where a tracker's clock contradicts it: it is a person's word.
    """
    held = pauses(store, now)
    for name, tracker in trackers.items():
        told = held[name].told() if name in held else ""
        if told != tracker.conduct.paused:
            tracker.conduct.pause(told)
            log.info("paused" if told else "resumed", tracker=name, **({"why": told} if told else {}))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _at(text)
