"""The nightly comparison: everything a tracker holds is read again and laid beside the store (drift)."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.census import Census
from vindaris_sync.domain.findings import DriftRow, NotChecked
from vindaris_sync.domain.limits import FOLLOWED
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.models import Page, Presence
from vindaris_sync.engine.absence import ask
from vindaris_sync.engine.attention import look
from vindaris_sync.engine.census import conclude
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.gather import pages_of, watched_since
from vindaris_sync.engine.passes import PassReport, run_pass


@dataclass(slots=True)
class Comparison:
    """What one tracker's comparison found."""

    tracker: str
    drift: list[DriftRow] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)

    def add(self, kind: str, found: int, repaired: int, explained: str = "") -> None:
        """Note one kind of drift, where there is any."""
        if found:
            self.drift.append(DriftRow(kind, self.tracker, found, repaired, explained))


def compare(context: Context, name: str) -> Comparison:
    """Compare one tracker in full: catch up, read everything again, ask about what was not seen, repair.

    That is a census, too, and more: fields that changed without a stamp (a parent, for instance) are found. Refused
    writes are probed once. Failures end in ``not_checked`` (L11), and what was not seen is never taken for gone before
    the tracker said so (L6).
    """
    found, tracker = Comparison(name), context.trackers[name]
    if _failed(found, run_pass(context, name)):
        return found
    context.store.forget_unread(name)
    context.store.clear_issue_refusals(name)
    for place, surface in context.store.refused(name):
        context.store.clear_refusal(name, place, surface)
    probe = run_pass(context, name, repair=True, first=lambda: _again(context, tracker, found))
    if not _failed(found, probe):
        written, refused = probe.counts["written"], probe.counts["refused"]
        context.store.announce(Announce(name, "", Kind.ATTENTION, "", context.now()), now=context.now())
        found.add("not as decided", written + refused, written, "refused by the tracker" if refused else "written")
    return found


def _again(context: Context, tracker: Tracker, found: Comparison) -> None:
    """Read everything, and ask about what was not on any list and about what was thought to be gone."""
    census, counts = Census(context.now()), Counter[str]()
    look(context, tracker)
    gone = context.store.ids(tracker.name, (Presence.GONE,)).values()
    _read_again(context, tracker, census, counts)
    found.add("missing from the store", counts["new"], counts["new"], "recorded")
    found.add("changed unnoticed", counts["changed"], counts["changed"], "recorded")
    kinds = Counter[str]()
    conclude(context, tracker, census, kinds, followed=None)
    if missing := kinds.pop("missing"):
        why = f"{missing} issues vanished at once; confirm with `vindaris-sync review release {tracker.name}`"
        found.not_checked.append(NotChecked(tracker.name, why, issues=missing))
    for kind, number in kinds.items():
        found.add(kind, number, number, "link kept" if kind != "gone" else "kept as a tombstone")
    unseen = context.store.absent_since(tracker.name, Presence.HIDDEN, context.now() - FOLLOWED)
    asked = [number for number in gone if number in census.counted]
    answers = ask(context, tracker, asked + [number for number in unseen if number not in census.counted])
    back = answers.total() - answers["gone"] - answers["hidden"]
    found.add("back again", back, back, "link kept")


def _failed(found: Comparison, report: PassReport) -> bool:
    if report.outcome != "ok":
        found.not_checked.append(NotChecked(report.tracker, report.error))
    return report.outcome != "ok"


def _read_again(context: Context, tracker: Tracker, census: Census, counts: Counter[str]) -> None:
    """Read everything; the cursors stay where they are, since nothing is known to be missing before them."""
    surfaces, cursors = tracker.connector.layout().surfaces, context.store.cursors(tracker.name)
    watched = watched_since(context, tracker.name)
    with closing(pages_of(tracker, tracker.connector.recall(cursors))) as pages:
        for page in pages:
            context.beat(tracker.name)
            kept = replace(page, cursor=cursors.get(page.scope, page.cursor))
            since = watched.get(page.scope)
            result = context.store.record_page(
                tracker.name, kept, surfaces, context.now(), watched=since, ahead=tracker.ahead
            )
            counts.update(new=result.new, changed=result.changed)
            census.counted.update(context.store.by_id(tracker.name, _ids(page)).values())


def _ids(page: Page) -> list[str]:
    return [issue.ref.id for issue in page.issues] + [each.id for each in page.rejected]
