"""The loop guard at work: who fights for a surface is noticed before anything is decided, and let win (fault 59)."""

from __future__ import annotations

from collections import Counter

import structlog

from vindaris_sync.domain.contest import Flip, contested, told, undone
from vindaris_sync.engine.context import Context, Tracker

log = structlog.get_logger("vindaris_sync.guard")


def guard(context: Context, tracker: Tracker, counts: Counter[str]) -> None:
    """Count the writes of ours that were undone, and set aside the issues on which that happens again and again.

    Nothing more is written to those; what they show is taken over as ever, and all others go on.
    """
    store, now = context.store, context.now()
    if not store.has_contests():
        return
    store.tidy_contests(now)
    store.put_flips(
        [
            Flip(one.issue, one.surface, now, told(one.added, one.removed), ", ".join(one.shown))
            for one in store.contests(tracker.name)
            if undone(one.added, one.removed, one.shown)
        ]
    )
    limit = tracker.settings.write_back.loop_limit
    fought = dict(which for which, flips in store.flipped(tracker.name).items() if contested(flips, now, limit))
    store.set_aside(fought, now)
    counts.update({"set aside": len(fought)} if fought else {})
    for issue, surface in fought.items():
        log.warning("set aside", tracker=tracker.name, issue=issue, surface=surface)
