"""How we stand with the trackers' hosts: what is left of each credential's quota, who waits for what, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any

from vindaris_sync.cli.output import moment, say, table
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.courtesy import next_pull_of, remembered
from vindaris_sync.sdk.breaker import Phase
from vindaris_sync.sdk.governor import Budget
from vindaris_sync.store.store import Store

Document = dict[str, Any]


def of_tracker(store: Store, tracker: str, now: datetime) -> Document:
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


def tell(trackers: list[Document], credentials_: list[Document]) -> None:
    """Print it."""
    table(("tracker", "next pull", "because", "requests, last pass"), _pulls(trackers))
    table(("host", "used by", "quota", "left", "kept free", "full again"), _quotas(credentials_))
    for one in credentials_:
        if one["waiting_until"]:
            users = ", ".join(one["trackers"])
            say(f"{users}: nothing is asked before {moment(one['waiting_until'])}: {one['why']}", style="yellow")
    for tracker in trackers:
        breaker = tracker["breaker"]
        if breaker["phase"] != Phase.CLOSED:
            failed = f"{tracker['tracker']} failed {counted(breaker['failures'], 'time')} in a row"
            say(f"{failed}: left alone until {moment(breaker['until'])}, then asked once", style="red")


def _pulls(trackers: list[Document]) -> Iterator[tuple[object, ...]]:
    for each in trackers:
        if planned := each["next_pull"]:
            yield each["tracker"], moment(planned.at), planned.why, f"{each['requests']['last_pass']:,}"


def _quotas(found: list[Document]) -> Iterator[tuple[object, ...]]:
    for one in found:
        for quota in one["quotas"]:
            left = f"{quota['remaining']:,} of {quota['limit']:,}"
            free, again = f"{quota['kept_free']:,}", moment(quota["reset"])
            yield one["host"], ", ".join(one["trackers"]), quota["resource"] or "requests", left, free, again
