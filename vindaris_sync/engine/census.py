"""The census: every id that a tracker shows, a part with each pass, so that what pulls cannot see is found in hours.

Pulls show what changed. What was deleted, hidden or moved away shows no change, nor does what has become visible; a
census shows both. Ids are all it reads; what it misses or does not know is fetched, and nothing is guessed (L6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import structlog

from vindaris_sync.domain.census import Census, portion
from vindaris_sync.domain.models import CensusPage, Presence
from vindaris_sync.engine.absence import follow, judge, look_above
from vindaris_sync.engine.attention import look
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.gather import watched_since
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.protocol import Capability
from vindaris_sync.store.census import Numbered
from vindaris_sync.store.seen import Listed

log = structlog.get_logger("vindaris_sync.census")

_BATCH = 500
_FOLLOWED = 500  # of those that left the scope last: the night asks about the others


def count(context: Context, tracker: Tracker, counts: Counter[str]) -> None:
    """Count a part of the tracker's census, if one is under way or due; at its end ask about what it did not name.

    Where it stopped is stored, so that a restart goes on there. A census that fails is noted and goes on later; nothing
    else waits for it (L11). In a restored database the tracker is read first.
    """
    store, now = context.store, context.now()
    facts = store.census(tracker.name)
    if not facts.due(now, store.tracker(tracker.name).loaded_at, context.census):
        return
    if Capability.CENSUS not in tracker.connector.capabilities or tracker.name in store.restored_trackers():
        return
    counting = _Counting(context, tracker, store.census_under_way(tracker.name) or Census(now), counts)
    try:
        if facts.began is None:
            look(context, tracker)
        known = facts.known or store.present(tracker.name)
        if counting.go_on(portion(counting.census, known, now, context.census)):
            conclude(context, tracker, counting.census, counts, followed=_FOLLOWED)
    except (Transient, TrackerUnusable) as error:
        reason = f"{error}. {error.advice}".strip(" .")
        store.fail_census(tracker.name, reason, context.now())
        log.warning("census failed", tracker=tracker.name, error=reason)


def conclude(context: Context, tracker: Tracker, census: Census, counts: Counter[str], *, followed: int | None) -> None:
    """Ask about what a whole census did not name, and remember what it found.

    ``followed``: of how many issues that left the scope lately it is asked where they are now (None: of all).
    """
    asked = follow(context, tracker, census.counted, followed)
    judged = judge(context, tracker, census.counted, census.began)
    if not judged.missing:
        look_above(context, tracker, census.counted)
    kinds = asked + judged.kinds
    counts.update(kinds)
    counts["missing"] += judged.missing
    context.store.end_census(tracker.name, kinds, tracker.connector.scopes(), context.now())
    log.info(
        "census",
        tracker=tracker.name,
        began=census.began.isoformat(),
        known=judged.known,
        missing=judged.missing,
        **{kind.replace(" ", "_").replace(",", ""): number for kind, number in kinds.items()},
    )


@dataclass(slots=True)
class _Counting:
    """One pass's part of a census."""

    context: Context
    tracker: Tracker
    census: Census
    counts: Counter[str]

    def go_on(self, least: int) -> bool:
        """List at least ``least`` issues, as far as there are so many; return whether all scopes are counted.

        Whatever ends it, how far it came is stored.
        """
        enough = self.census.listed + least
        before, watched = self.census.listed, watched_since(self.context, self.tracker.name)
        try:
            while (scope := self._next()) is not None and self.census.listed < enough:
                self._list(scope, watched.get(scope), enough)
            return scope is None
        finally:
            self.counts["counted"] += self.census.listed - before
            self.context.store.put_census(self.tracker.name, self.census)

    def _next(self) -> str | None:
        left = [scope for scope in self.tracker.connector.scopes() if scope not in self.census.done]
        return self.census.scope if self.census.scope in left else next(iter(left), None)

    def _list(self, scope: str, watched: datetime | None, enough: int) -> None:
        with closing(self._pages(scope, self.census.position if scope == self.census.scope else "")) as pages:
            for page in pages:
                self.context.beat(self.tracker.name)
                self._take(page, watched)
                if self.census.listed >= enough:
                    return

    def _pages(self, scope: str, position: str) -> Generator[CensusPage, None, None]:
        yield from self.tracker.connector.census(scope, position)

    def _take(self, page: CensusPage, watched: datetime | None) -> None:
        """Count a page, and read what is on it and is not held for present under the key that it has there."""
        name, store = self.tracker.name, self.context.store
        keys = {address.id: address.key for address in page.addresses}
        store.keep_called(name, page.called, self.context.now(), watched=watched)
        known = store.numbered(name, keys)
        strange = [each for each in page.addresses if each.id not in known or not known[each.id].is_listed_as(each.key)]
        for start in range(0, len(strange), _BATCH):
            seen = list(self.tracker.connector.fetch(strange[start : start + _BATCH]))
            surfaces = self.tracker.connector.layout().surfaces
            store.record_seen(
                name, seen, surfaces, self.context.now(), listed=Listed(watched), ahead=self.tracker.ahead
            )
        if strange:
            now = store.numbered(name, [each.id for each in strange])
            self._tell(known, {ext: each for ext, each in now.items() if each.is_listed_as(keys[ext])})
            known |= now
        self.census.counted.update(each.id for each in known.values())
        self.census.reach(page.scope, page.position, len(keys))

    def _tell(self, before: Mapping[str, Numbered], shown: Mapping[str, Numbered]) -> None:
        """Count what was read because it was not known, not present, or called otherwise."""
        for ext in shown:
            if ext not in before:
                self.counts["newly visible"] += 1
            else:
                self.counts["renamed" if before[ext].presence == Presence.PRESENT else "back again"] += 1
