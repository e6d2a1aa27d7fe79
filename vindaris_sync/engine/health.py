"""How trackers, credentials and backups are doing, from what the store remembers: for command line and page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from operator import itemgetter
from typing import Any

from vindaris_sync.engine.backups import FAILED, BackupPlace, newest
from vindaris_sync.engine.courtesy import next_pull_of, remembered
from vindaris_sync.engine.passes import clock_note
from vindaris_sync.engine.pausing import pauses
from vindaris_sync.sdk.governor import Budget
from vindaris_sync.store.errors import StoreError
from vindaris_sync.store.store import Store
from vindaris_sync.store.trackers import TrackerFacts

Document = dict[str, Any]

STATES = ("linked", "inherited", "exempt", "unlinked")
"""Link states, as they are counted."""


def of_tracker(store: Store, facts: TrackerFacts, work: Mapping[str, Mapping[str, int]], now: datetime) -> Document:
    """Return how one tracker is doing; ``work`` are open issues by tracker and link state."""
    newest = next(iter(store.passes(facts.name, limit=1)), None)
    stopped = {"reason": facts.stopped_reason, "advice": facts.stopped_advice, "at": facts.stopped_at}
    return {
        "tracker": facts.name,
        "kind": facts.kind,
        "loaded_at": facts.loaded_at,
        "last_ok_at": facts.last_ok_at,
        "stopped": stopped if facts.stopped_reason else None,
        "paused": pauses(store, now).get(facts.name),
        "due": store.due_count(facts.name),
        "open": {name: work.get(facts.name, {}).get(name, 0) for name in STATES},
        "held": len(facts.held),
        "clock_ahead_seconds": store.note(clock_note(facts.name)),
        **asked(store, facts.name, now),
        **counted_in(store, facts.name),
        "last_pass": newest
        and {
            "kind": newest.kind,
            "started": newest.started,
            "ended": newest.ended,
            "outcome": newest.outcome,
            "counts": newest.counts,
            "error": newest.error,
        },
    }


def asked(store: Store, tracker: str, now: datetime) -> Document:
    """Return when a tracker is asked again and why, how its breaker stands, and how much it was asked."""
    known = remembered(store, tracker)
    return {
        "next_pull": next_pull_of(store, tracker),
        "breaker": {
            "phase": str(known.breaker.phase(now)),
            "failures": known.breaker.failures,
            "until": known.breaker.until,
        },
        "requests": {"since_start": known.requests, "last_pass": known.last},
    }


def credentials(store: Store, trackers: Iterable[str], now: datetime) -> list[Document]:
    """Return the credentials in use, each with its trackers: what the tracker that was asked last knows."""
    users: dict[tuple[str, str], list[str]] = defaultdict(list)
    newest: dict[tuple[str, str], tuple[datetime, Budget]] = {}
    for tracker in trackers:
        known = remembered(store, tracker)
        if known.budget is not None and known.at is not None:
            name = (known.budget.host, known.budget.credential)
            users[name].append(tracker)
            newest[name] = max(newest.get(name, (known.at, known.budget)), (known.at, known.budget), key=itemgetter(0))
    return [_credential(newest[name][1], users[name], now) for name in sorted(newest)]


def _credential(budget: Budget, trackers: list[str], now: datetime) -> Document:
    waits = budget.until if budget.until and budget.until > now else None
    quotas = [
        {
            "resource": one.resource,
            "limit": one.limit,
            "remaining": one.remaining,
            "kept_free": one.kept(budget.keep_free),
            "reset": one.reset,
        }
        for one in budget.quotas
        if one.reset > now
    ]
    return {
        "host": budget.host,
        "credential": budget.credential,
        "trackers": trackers,
        "quotas": quotas,
        "waiting_until": waits,
        "why": budget.why if waits else "",
        "requests": budget.requests,
    }


def counted_in(store: Store, tracker: str) -> dict[str, Any]:
    """Return how the tracker's censuses are doing, and what is missing from it."""
    facts = store.census(tracker)
    under_way = {"began": facts.began, "listed": facts.listed} if facts.began else None
    missing = {"count": facts.missing, "of": facts.known, "since": facts.since} if facts.missing else None
    last = {"ended": facts.ended, "found": dict(facts.found)} if facts.ended else None
    return {
        "census": {"last": last, "under_way": under_way, "error": facts.error},
        "missing": missing,
        "attention": [asdict(each) for each in store.attention(tracker)],
    }


def backup_state(store: Store, place: BackupPlace, now: datetime) -> Document:
    """Return how the newest backup is doing; ``overdue`` once the daemon should have made another one."""
    problems = list(store.note(FAILED) or ())
    try:
        made = store.backups(place.directory)
    except StoreError as error:
        made, problems = {}, [str(error)]
    at = newest(made, now)
    return {
        "at": at,
        "path": None if at is None else str(made[at]),
        "age": None if at is None else now - at,
        "overdue": bool(place.every) and (at is None or now - at > 2 * place.every),
        "problems": problems,
    }
