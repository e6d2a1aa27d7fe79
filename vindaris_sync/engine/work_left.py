"""That required work was looked through and nothing was left to create: a pass in which that still holds costs nothing.

What tells so is a note: of which goals, items and settings (``stamp``), from when and until when, and how many wait.
What a stamp does not tell (an issue that others are to hang under has another key by now) waits for a census at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vindaris_sync.domain.goals import LONGEST_DEBOUNCE
from vindaris_sync.domain.work import Work
from vindaris_sync.engine.context import Context, Tracker


def stamp(context: Context, tracker: Tracker) -> list[object]:
    """Return what differs where something may have to be created that had not, time aside."""
    settings = [tracker.settings.named_places(), tracker.settings.write_back, context.rules.debounce]
    return [*context.store.work_stamp(), repr(settings)]


def left(context: Context, name: str, stamp: list[object]) -> int | None:
    """Return how many items of the tracker wait, where there is still nothing to create; None: look through them."""
    told = context.store.note(_note(name))
    if told is None or told["stamp"] != stamp:
        return None
    since, until = (datetime.fromisoformat(told[end]) for end in ("since", "until"))
    return int(told["waiting"]) if since <= context.time() < until else None


def note(context: Context, name: str, stamp: list[object], waiting: Sequence[Work]) -> None:
    """Keep that only these wait, as of ``stamp``, until the first of them has rested."""
    now = context.time()
    rested = (work.since + min(context.rules.debounce, LONGEST_DEBOUNCE) for work in waiting)
    until = min([now + context.census, *(at for at in rested if at > now)])
    times = {"since": now.isoformat(), "until": until.isoformat()}
    context.store.put_note(_note(name), {"stamp": stamp, "waiting": len(waiting), **times})


def _note(name: str) -> str:
    return f"work left {name}"
