"""Work items: what is linked to a goal is linked to it at its source, too, where that keeps links and we are asked to.

A step of its own after homes. Where nothing has changed it costs no request. Only links that we made are taken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Protocol

import structlog

from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import Finding, Level, Moved, Present
from vindaris_sync.domain.work_items import LinkItem, Standing
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.tracker_goals import stated_ids
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Transient
from vindaris_sync.sdk.goals import GoalsRefused, TrackerGoalSettings
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.sdk.protocol import Capability, Connector
from vindaris_sync.sdk.work_items import LinksWorkItems
from vindaris_sync.store.work_items import WorkItem, settled_note

log = structlog.get_logger("vindaris_sync.work_items")

MOST = 50
"""Links that one pass makes or takes off, and goals that it looks at, at a source; the others wait for the next."""

_AGAIN = "it is tried again at night"


def link_work_items(context: Context, tracker: Tracker, counts: Counter[str], *, look: bool = False) -> list[LinkItem]:
    """Keep the links at sources of goals over this tracker; return what is done, or would be in a dry run.

    ``look``: what was refused is tried again.
    """
    connector, store = tracker.connector, context.store
    if not tracker.settings.write_back.enabled or Capability.WORK_ITEMS not in connector.capabilities:
        return []
    if tracker.name in store.restored_trackers() or tracker.name in store.missing():
        return []
    planned = []
    for source, wanted in context.linked_sources.items():
        if wanted.tracker == tracker.name:
            linking = _Linking(context, tracker, source, wanted, connector, counts)  # type: ignore[arg-type] # its capabilities say so
            linking.carry_out(look=look)
            planned += linking.planned
    return planned


class _Links(Connector, LinksWorkItems, Protocol):
    """A connector that keeps links at goals."""


@dataclass(slots=True)
class _Linking:
    """One look at the links of one source, and what follows from it."""

    context: Context
    tracker: Tracker
    source: str
    wanted: TrackerGoalSettings
    connector: _Links
    counts: Counter[str]
    planned: list[LinkItem] = field(default_factory=list)

    def carry_out(self, *, look: bool) -> None:
        store = self.context.store
        if look and self.context.writes:
            store.retry_work_items(self.source)
            store.put_note(self._held, None)
        stamp = [*store.goals_stamp(), *store.links_stamp()]
        if store.note(self._held) or (not look and store.note(settled_note(self.source)) == stamp):
            return
        held, settled = None, False
        try:
            with self.tracker.conduct.urgent(Urgency.DECIDED):
                settled = self._settle()
        except Transient as error:
            log.warning("work items not linked", source=self.source, error=f"{error}. {error.advice}".strip(" ."))
            self.counts["work items failed"] += 1
        except (TrackerUnusable, GoalsRefused) as error:
            held = Finding(Level.ERROR, self._subject, str(error), f"{error.advice or 'look there'}; {_AGAIN}")
        if self.context.writes:
            troubles = [*self._troubles(), *([held] if held else ())]
            with store.transaction():
                store.put_note(self._held, held is not None or None)
                store.put_note(settled_note(self.source), stamp if settled and not self.planned else None)
                store.put_work_item_troubles(self.tracker.name, self.source, troubles, self.context.now())

    @property
    def _held(self) -> str:
        """The note that says that the source lets us change nothing, until the next night."""
        return f"work items held {self.source}"

    @property
    def _subject(self) -> str:
        return f"work items of [goal_sources.{self.source}]"

    def _troubles(self) -> Iterator[Finding]:
        """Yield one finding for each reason."""
        refused = self.context.store.refused_items(self.source)
        for reason, items in groupby(sorted(refused, key=lambda each: each.reason), lambda each: each.reason):
            keys = [each.address.key for each in items]
            named = ", ".join(keys[:5]) + (", …" if len(keys) > 5 else "")  # noqa: PLR2004 - as many as are read
            yield Finding(Level.ERROR, self._subject, f"{named}: {reason}", f"set that right; {_AGAIN}")

    # --- goal by goal ---------------------------------------------------------------------------------------------

    def _settle(self) -> bool:
        """Do what there is to do; return whether all of it was looked at."""
        if self.context.writes:
            self.context.store.end_work_items(self.source)
        items = sorted([*self.context.store.unsettled(self.source), *self._new()], key=lambda each: each.goal_ext)
        for looked, (goal, at_goal) in enumerate(groupby(items, lambda each: each.goal_ext), 1):
            if looked > MOST or len(self.planned) >= MOST:
                return False
            listed = self.connector.work_items(self.wanted, goal)
            for item in at_goal:
                self._keep(item, listed)
        return True

    def _new(self) -> list[WorkItem]:
        """Return links at goals of the source that are under way, with which nothing was done yet."""
        store = self.context.store
        open_goals = {
            each.id: fold(each.goal.key)
            for each in store.goals()
            if each.goal.source == self.source and not each.goal.status.closed and each.missing_since is None
        }
        found = store.unlisted(self.tracker.name, open_goals)
        ids = stated_ids(store, self.source) if found else {}
        return [
            replace(each, source=self.source, goal_ext=ids[open_goals[each.goal]])
            for each in found
            if open_goals[each.goal] in ids
        ]

    def _keep(self, item: WorkItem, listed: frozenset[str] | None) -> None:
        """Bring one link to what is wanted; ``listed`` are the issues that are linked to its goal now."""
        there = listed is not None and item.address.id in listed
        if not item.wanted:
            if there:
                self._unlink(item)
            else:
                self._put(item, Standing.WITHDRAWN)
            return
        match item.standing, there:
            case Standing.INTENDED | Standing.MISSING, True:
                self._put(item, Standing.LINKED)
            case Standing.MISSING, False:
                self._put(item, Standing.PEOPLE if self._visible(item) else Standing.LINKED)
            case None, True:
                self._put(item, Standing.PEOPLE)
            case _:
                self._link(item)

    def _visible(self, item: WorkItem) -> bool:
        """Return whether the issue can be read: one that is hidden is not listed, and was not taken off (L6)."""
        return all(isinstance(each, Present | Moved) for each in self.connector.fetch([item.address]))

    def _link(self, item: WorkItem) -> None:
        if self._plans(item, linked=True):
            self._put(item, Standing.INTENDED)
            self._change(item, Standing.LINKED, Standing.REFUSED)

    def _unlink(self, item: WorkItem) -> None:
        if self._plans(item, linked=False):
            self._change(item, Standing.WITHDRAWN, Standing.KEPT)

    def _change(self, item: WorkItem, done: Standing, refused: Standing) -> None:
        linked = done is Standing.LINKED
        try:
            self.connector.link_work_item(self.wanted, item.goal_ext, item.address, linked=linked)
        except IssueRejected as error:
            self._put(item, refused, f"{error}. {error.advice}".strip(" ."))
        else:
            self._put(item, done)

    def _plans(self, item: WorkItem, *, linked: bool) -> bool:
        """Note that this is to be done; return whether it is, now and really."""
        if len(self.planned) >= MOST:
            return False
        self.planned.append(LinkItem(self.tracker.name, self.source, item.goal, item.address.key, linked))
        self.context.beat(self.tracker.name)
        return self.context.writes

    def _put(self, item: WorkItem, standing: Standing, reason: str = "") -> None:
        if self.context.writes:
            self.context.store.put_work_item(item, standing, self.context.now(), reason)
            if standing is not Standing.INTENDED:
                self.counts[f"work items {standing}"] += 1
