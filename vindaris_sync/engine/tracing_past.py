"""An issue's link as it was: walked backwards through the history, from what holds now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from vindaris_sync.domain.goals import Outcome, fold
from vindaris_sync.domain.outcome import names
from vindaris_sync.domain.readings import current_of
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.domain.rules import PREFIX
from vindaris_sync.engine.measured import outcome_document
from vindaris_sync.store.lookup import Event
from vindaris_sync.store.parents import named_then
from vindaris_sync.store.store import Store

_ALL = 100_000
_DEEPEST = 50
_RULE_EVENTS = ("linked_by_rule", "left_rule")
_REPEATING = ("confirmed", "undone")
_NO_LINK_EVENTS = frozenset(
    {
        *("key_changed", "place_changed", "closed", "reopened", "parent_changed", "presence_changed", "repaired"),
        "below_confirmed",
        *_RULE_EVENTS,
    }
)


def past_of(store: Store, book: GoalBook, record: Record, at: datetime) -> dict[str, Any]:
    """Return the issue's chain, carrier, links and goals as the history tells that they were ``at``."""
    chain: list[tuple[Record, tuple[str, ...]]] = []
    above: Record | None = record
    seen: set[int] = set()
    itself = store.goals_themselves(at)
    while above is not None and above.id not in seen and len(chain) < _DEEPEST:
        seen.add(above.id)
        events = store.history(issue=above.id, limit=_ALL)
        own = (book.goals[itself[above.id]].key,) if above.id in itself else ()
        chain.append((above, own or _links_then(above, events, book, at)))
        above = _parent_then(store, above, events, at)
    carrier = next(((holder, links) for holder, links in chain if links), None)
    ruled = _rule_then(store, record, at) if carrier is None else None
    links = carrier[1] if carrier else tuple(ruled.after) if ruled else ()
    return {
        "kind": "past",
        "at": at,
        "issue": _named(record),
        "closed": _closed_then(store.history(issue=record.id, limit=_ALL), record, at),
        "chain": [_named(holder) for holder, _ in chain[1:]],
        "carrier": _named(carrier[0]) if carrier else None,
        "rule": f"{PREFIX}{ruled.rule}" if ruled else None,
        "links": list(links),
        "goals": [_goal_then(store, book, key, at) for key in links if book.find(key)],
    }


def _named(record: Record) -> dict[str, str]:
    return {"issue": str(record.ref), "key": record.key, "title": record.title}


def _links_then(record: Record, events: Sequence[Event], book: GoalBook, at: datetime) -> tuple[str, ...]:
    """Return the explicit link of then, as goal keys or ``no-goal``; events come newest first."""
    told = [each for each in events if _tells_link(each)]
    before = next((each for each in told if each.at <= at), None)
    if before is not None:
        return tuple(before.after)
    return tuple(told[-1].before) if told else names(record.explicit, book)


def _closed_then(events: Sequence[Event], record: Record, at: datetime) -> bool:
    """Return whether the issue was closed then: the opposite of what its first change after that made of it."""
    later = [each.event for each in events if each.event in ("closed", "reopened") and each.at > at]
    return later[-1] == "reopened" if later else record.closed


def _rule_then(store: Store, record: Record, at: datetime) -> Event | None:
    """Return what brought the issue under the rule that linked it then; nothing explicit stood above it."""
    told = (each for each in store.history(issue=record.id, until=at, limit=_ALL) if each.event in _RULE_EVENTS)
    last = next(told, None)
    return last if last is not None and last.event == "linked_by_rule" else None


def _tells_link(event: Event) -> bool:
    """Return whether the event says what the link was and is; a confirmation of one link repeats nothing."""
    repeats = event.event in _REPEATING and event.before == event.after == []
    return event.event not in _NO_LINK_EVENTS and not repeats


def _parent_then(store: Store, record: Record, events: Sequence[Event], at: datetime) -> Record | None:
    later = [each for each in events if each.event == "parent_changed" and each.at > at]
    if not later:
        return store.view_records([record.parent]).get(record.parent) if record.parent is not None else None
    for told in later[-1].before:
        tracker, name = named_then(str(told), record.ref.tracker)
        found = store.by_id(tracker, [name]).get(name) or next(iter(store.find(name, tracker)), None)
        if found is not None:
            return store.view_records([found])[found]
    return None


def _goal_then(store: Store, book: GoalBook, key: str, at: datetime) -> dict[str, Any]:
    number = book.by_key[fold(key)] if fold(key) in book.by_key else book.find(key)
    revisions = store.revisions(number or 0)
    then = next((each for each in reversed(revisions) if each.at <= at), revisions[0])
    series = store.series(until=at).get(number or 0, {})
    outcomes = [
        outcome_document(current_of(Outcome(**outcome), series), series) for outcome in then.contents["outcomes"]
    ]
    return {
        "key": key, "revision": then.revision, "since": then.at, "contents": then.contents, "outcomes": outcomes
    }  # fmt: skip
