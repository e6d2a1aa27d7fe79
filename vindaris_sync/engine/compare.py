"""The nightly comparison: everything a tracker holds is read again and laid beside the store (drift)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from vindaris_sync.domain.findings import DriftRow, NotChecked
from vindaris_sync.domain.limits import removals_allowed
from vindaris_sync.domain.models import Address, Gone, Hidden, Issue, Moved, Presence, Present, Seen
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.gather import pages_of, watched_since
from vindaris_sync.engine.passes import PassReport, run_pass

_BATCH = 500
_LAG = timedelta(hours=1)  # search indexes lag by minutes; a page that lists an issue after all brings it back


def accepted(tracker: str) -> str:
    """Return the name of the note by which a person accepted that many issues of ``tracker`` have vanished."""
    return f"absence accepted {tracker}"


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

    Refused writes are probed once. Failures end in ``not_checked`` (L11), and what was not seen is never taken for
    gone before the tracker said so (L6).
    """
    found, tracker = Comparison(name), context.trackers[name]
    if _failed(found, run_pass(context, name)):
        return found
    before = context.store.ids(name)
    counts, seen = Counter[str](), set[str]()

    def again() -> None:
        _read_again(context, tracker, seen, counts)
        found.add("missing from the store", counts["new"], counts["new"], "recorded")
        found.add("changed unnoticed", counts["changed"], counts["changed"], "recorded")
        _ask_about(context, tracker, set(before), seen, found)
        _raise(context, tracker, seen, found)
        _follow(context, tracker, seen, found)

    context.store.forget_unread(name)
    context.store.clear_issue_refusals(name)
    for place, surface in context.store.refused(name):
        context.store.clear_refusal(name, place, surface)
    probe = run_pass(context, name, repair=True, first=again)
    if not _failed(found, probe):
        written, refused = probe.counts["written"], probe.counts["refused"]
        found.add("not as decided", written + refused, written, "refused by the tracker" if refused else "written")
    return found


def _failed(found: Comparison, report: PassReport) -> bool:
    if report.outcome != "ok":
        found.not_checked.append(NotChecked(report.tracker, report.error))
    return report.outcome != "ok"


def _read_again(context: Context, tracker: Tracker, seen: set[str], counts: Counter[str]) -> None:
    """Read everything; the cursors stay where they are, since nothing is known to be missing before them."""
    surfaces, cursors = tracker.connector.layout().surfaces, context.store.cursors(tracker.name)
    watched = watched_since(context, tracker.name)
    with closing(pages_of(tracker, {})) as pages:
        for page in pages:
            context.beat(tracker.name)
            kept = replace(page, cursor=cursors.get(page.scope, page.cursor))
            since = watched.get(page.scope)
            result = context.store.record_page(tracker.name, kept, surfaces, context.now(), watched=since)
            counts.update(new=result.new, changed=result.changed)
            seen.update(issue.ref.id for issue in page.issues)
            seen.update(each.id for each in page.rejected)


def _ask_about(context: Context, tracker: Tracker, before: set[str], seen: set[str], found: Comparison) -> None:
    """Ask the tracker about issues that the census did not show; too many at once wait for a person (fault 56)."""
    absent = sorted(before - seen)
    allowed = removals_allowed(len(context.store.ids(tracker.name)))
    numbers = context.store.by_id(tracker.name, absent)
    if len(absent) > allowed and not context.store.note(accepted(tracker.name)):
        context.store.hold(tracker.name, list(numbers.values()), allowed, context.now())
        why = f"{len(absent)} issues vanished at once; confirm with `vindaris-sync review release {tracker.name}`"
        found.not_checked.append(NotChecked(tracker.name, why, issues=len(absent)))
        return
    context.store.put_note(accepted(tracker.name), None)
    kinds = _ask_all(context, tracker, numbers.values(), listed=seen)
    for kind, count in kinds.items():
        found.add(kind, count, count, "link kept" if kind != "gone" else "kept as a tombstone")


def _raise(context: Context, tracker: Tracker, seen: set[str], found: Comparison) -> None:
    """Ask about issues that are held for gone and were listed: a list may lag, a direct read does not (L6)."""
    gone = context.store.ids(tracker.name, (Presence.GONE,))
    kinds = _ask_all(context, tracker, [number for ext, number in gone.items() if ext in seen])
    back = sum(count for kind, count in kinds.items() if kind != "gone")
    found.add("back again", back, back, "link kept")


def _follow(context: Context, tracker: Tracker, seen: set[str], found: Comparison) -> None:
    """Ask about issues that left the scope: under a new id they may be back in it, and their links go along (R6)."""
    away = context.store.ids(tracker.name, (Presence.OUT_OF_SCOPE,))
    kinds = _ask_all(context, tracker, [number for ext, number in away.items() if ext not in seen], listed=seen)
    found.add("moved", kinds["moved"], kinds["moved"], "link kept")


def _ask_all(
    context: Context, tracker: Tracker, numbers: Iterable[int], *, listed: Collection[str] | None = None
) -> Counter[str]:
    addresses = list(context.store.addresses(numbers).values())
    kinds: Counter[str] = Counter()
    for start in range(0, len(addresses), _BATCH):
        kinds += _ask(context, tracker, addresses[start : start + _BATCH], listed=listed)
    return kinds


def _ask(
    context: Context, tracker: Tracker, addresses: list[Address], *, listed: Collection[str] | None = None
) -> Counter[str]:
    """Record what is answered for each address; ``listed`` are all ids that the tracker's scope shows now (R6)."""
    now = context.now()
    seen = list(tracker.connector.fetch(addresses))
    context.store.record_seen(tracker.name, seen, tracker.connector.layout().surfaces, now)
    left = {} if listed is None else {i.ref.id: i.key for i in _issues(seen) if _left(i, listed, now)}
    numbers = context.store.by_id(tracker.name, list(left))
    reasons = {numbers[ext]: f"{key} is outside of what is tracked" for ext, key in left.items()}
    context.store.record_absent(reasons, Presence.OUT_OF_SCOPE, now)
    return Counter(_word(each, left) for each in seen)


def _issues(seen: Iterable[Seen]) -> Iterator[Issue]:
    return (each.issue for each in seen if isinstance(each, Present | Moved))


def _left(issue: Issue, listed: Collection[str], now: datetime) -> bool:
    """Return whether an issue that can be read has left the scope; what has just changed a list may still miss."""
    return issue.ref.id not in listed and issue.updated < now - _LAG


def _word(each: Seen, left: Collection[str]) -> str:
    if isinstance(each, Present | Moved) and each.issue.ref.id in left:
        return "out of scope"
    return {Present: "present, but not listed", Moved: "moved", Gone: "gone", Hidden: "hidden"}[type(each)]
