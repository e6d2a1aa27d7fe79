"""A plan held against what is done (L12)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.site import Site
    from vindaris_sync.engine.passes import Round


def differences(site: Site, planned: Round, done: Round) -> Iterator[str]:
    """Yield what one of two rounds at one instant, a dry run and a real one, planned and the other did not.

    A tracker whose pass did not end well in both, for it is left alone, is left out. So is the day on which the clock
    of the machine was set: by how much it was wrong only the process knows that has lived through it.
    """
    if any(act.kind == "fault:machine_clock" for act in site.journal.since_quiet()):
        return
    for name in site.trackers:
        own = _numbers(site, name)
        before, after = _planned(name, planned, own), _planned(name, done, own)
        if before is None or after is None:
            continue
        yield from (f"plans {each}" for each in sorted(before - after))
        yield from (f"does not plan {each}" for each in sorted(after - before))


def _planned(tracker: str, what: Round, own: set[int]) -> set[str] | None:
    """Return what a round planned for the tracker's own issues until its own pull had ended, in whichever pass."""
    planned: list[object] = []
    for report in what.reports:
        planned += report.planned
        if report.tracker == tracker and report.kind == "pull":
            if report.outcome != "ok":
                return None
            break
    return {repr(action) for action in planned if getattr(action, "issue", None) in own}


def _numbers(site: Site, tracker: str) -> set[int]:
    with closing(sqlite3.connect(site.database)) as database:
        return {row[0] for row in database.execute("SELECT id FROM issue WHERE tracker = ?", (tracker,))}
