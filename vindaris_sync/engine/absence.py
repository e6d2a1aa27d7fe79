"""What a tracker shows no more: asked about one by one, never guessed, and not believed where it is too much (L6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from vindaris_sync.domain.census import Numbers
from vindaris_sync.domain.limits import FOLLOWED, missing_allowed
from vindaris_sync.domain.models import Address, Gone, Hidden, Issue, Moved, Presence, Present, Seen
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.sdk.clock import APART
from vindaris_sync.sdk.protocol import LATEST

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of the issues that were not named: how many by kind; or ``missing``, too many to be believed."""

    kinds: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    known: int = 0


def judge(context: Context, tracker: Tracker, counted: Numbers, began: datetime) -> Judgement:
    """Ask the tracker about every present issue that is not among ``counted``, all that it named since ``began``.

    More of them than its settings allow stop the tracker's decisions instead: an alert says so, until they are back or
    a person accepts it (fault 56). What a change of our own scopes leaves out is accepted.
    """
    store, facts = context.store, context.store.census(tracker.name)
    known, absent = store.absent(tracker.name, counted, began, context.now())
    accepted = facts.accepted or not facts.scopes <= set(tracker.connector.scopes())
    if len(absent) > missing_allowed(known, tracker.settings.missing_share) and not accepted:
        store.put_missing(tracker.name, len(absent), known, context.now())
        return Judgement(missing=len(absent), known=known)
    kinds = ask(context, tracker, absent)
    store.put_missing(tracker.name, 0, known, context.now())
    return Judgement(kinds, known=known)


def follow(context: Context, tracker: Tracker, counted: Numbers, most: int | None) -> Counter[str]:
    """Ask about issues that left the scope: under a new id they may be back in it, and their links go along (R6).

    They are asked about for a week, the ``most`` that left last (None: all of them). Whatever returns under its own id
    is on the tracker's lists, however long it was away.
    """
    away = context.store.absent_since(tracker.name, Presence.OUT_OF_SCOPE, context.now() - FOLLOWED)
    kinds = ask(context, tracker, [number for number in away if number not in counted][:most])
    return Counter({"moved": kinds["moved"]})


def look_above(context: Context, tracker: Tracker, counted: Numbers) -> None:
    """Read again what issues in scope hang below and no list shows: nobody else would see it change, move or end (R6).

    What is out of scope stays context, under another id, too.
    """
    numbers = [number for number in context.store.above(tracker.name) if number not in counted]
    addresses = list(context.store.addresses(numbers).values())
    surfaces = tracker.connector.layout().surfaces
    for start in range(0, len(addresses), _BATCH):
        context.beat(tracker.name)
        seen = list(tracker.connector.fetch(addresses[start : start + _BATCH]))
        issues = list(_issues(seen))
        inside = tracker.connector.in_scope(issues) if issues else frozenset()
        outside = [issue for issue in issues if issue.ref.id not in inside]
        context.store.record_context(tracker.name, outside, surfaces, context.now(), ahead=tracker.ahead)
        context.store.record_seen(tracker.name, seen, surfaces, context.now(), ahead=tracker.ahead)


def ask(context: Context, tracker: Tracker, numbers: Iterable[int]) -> Counter[str]:
    """Record what the tracker says about each of these issues; return how many by kind."""
    addresses = list(context.store.addresses(numbers).values())
    kinds: Counter[str] = Counter()
    for start in range(0, len(addresses), _BATCH):
        context.beat(tracker.name)
        kinds += _asked(context, tracker, addresses[start : start + _BATCH])
    return kinds


def _asked(context: Context, tracker: Tracker, addresses: list[Address]) -> Counter[str]:
    """Tell what was not named from what has left the scope: that is asked, too; what has just changed may be late."""
    seen = list(tracker.connector.fetch(addresses))
    issues = list(_issues(seen))
    inside = tracker.connector.in_scope(issues) if issues else frozenset()
    surfaces, ahead = tracker.connector.layout().surfaces, tracker.ahead
    context.store.record_seen(tracker.name, seen, surfaces, context.now(), ahead=ahead)
    now = context.now() - ahead
    left = {i.ref.id: i.key for i in issues if i.ref.id not in inside and not now - LATEST <= i.updated <= now + APART}
    numbers = context.store.by_id(tracker.name, list(left))
    reasons = {numbers[ext]: f"{key} is outside of what is tracked" for ext, key in left.items()}
    context.store.record_absent(reasons, Presence.OUT_OF_SCOPE, context.now())
    return Counter(_word(each, left) for each in seen)


def _issues(seen: Iterable[Seen]) -> Iterator[Issue]:
    return (each.issue for each in seen if isinstance(each, Present | Moved))


def _word(each: Seen, left: Collection[str]) -> str:
    if isinstance(each, Present | Moved) and each.issue.ref.id in left:
        return "out of scope"
    return {Present: "present, but not listed", Moved: "moved", Gone: "gone", Hidden: "hidden"}[type(each)]
