"""What is remembered of each tracker and our conduct towards it: for the next process, and ``status``, another one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from vindaris_sync.engine.context import Tracker
from vindaris_sync.sdk.breaker import Breaker
from vindaris_sync.sdk.conduct import Conduct
from vindaris_sync.sdk.governor import Budget
from vindaris_sync.sdk.limits import Quota
from vindaris_sync.store.store import Store


@dataclass(frozen=True, slots=True)
class NextPull:
    """When a tracker is asked again, and why then."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """Our conduct towards one tracker as it was at the end of its last pass, which was ``at``."""

    at: datetime | None = None
    budget: Budget | None = None
    breaker: Breaker = field(default_factory=Breaker)
    requests: int = 0
    """Exchanges since the process started."""
    last: int = 0
    """Exchanges of the last pass."""


def remember(store: Store, tracker: str, conduct: Conduct, last: int, now: datetime) -> None:
    """Keep how things stand after a pass of ``last`` exchanges; a tracker without exchanges has nothing to keep."""
    if conduct.governor is None and not conduct.breaker.failures:
        return
    budget = conduct.governor.budget if conduct.governor else None
    found = {
        "at": now,
        "budget": budget,
        "breaker": conduct.breaker,
        "requests": conduct.requests,
        "last": last,
    }
    store.put_note(_conduct(tracker), found)


def remembered(store: Store, tracker: str) -> Remembered:
    """Return what is kept about a tracker."""
    found: dict[str, Any] | None = store.note(_conduct(tracker))
    if found is None:
        return Remembered()
    budget, breaker = found["budget"], found["breaker"]
    return Remembered(
        _instant(found["at"]),
        _budget(budget) if budget else None,
        Breaker(breaker["failures"], _instant(breaker["until"])),
        found["requests"],
        found["last"],
    )


def restore(store: Store, tracker: Tracker, now: datetime) -> None:
    """Go on as another process stopped: a wait that a tracker named is kept, and so is an open breaker (fault 23).

    Where our clock was set back since then, both end as much earlier. What the tracker's scopes are is known, too.
    """
    tracker.connector.recall(store.cursors(tracker.name))
    known, conduct = remembered(store, tracker.name), tracker.conduct
    back = max((known.at or now) - now, timedelta())
    until = known.breaker.until
    conduct.restore(replace(known.breaker, until=until and until - back), now)
    if conduct.governor is not None and known.budget is not None:
        conduct.governor.restore(known.budget, back)


def put_next_pull(store: Store, tracker: str, next_pull: NextPull) -> None:
    """Keep when the tracker is asked again."""
    store.put_note(_polling(tracker), next_pull)


def next_pull_of(store: Store, tracker: str) -> NextPull | None:
    """Return when the tracker is asked again, as the daemon planned last."""
    found = store.note(_polling(tracker))
    return NextPull(datetime.fromisoformat(found["at"]), found["why"]) if found else None


def _conduct(tracker: str) -> str:
    return f"conduct {tracker}"


def _polling(tracker: str) -> str:
    return f"polling {tracker}"


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _budget(found: dict[str, Any]) -> Budget:
    quotas = tuple(
        Quota(one["resource"], one["limit"], one["remaining"], datetime.fromisoformat(one["reset"]))
        for one in found["quotas"]
    )
    return Budget(**{**found, "quotas": quotas, "until": _instant(found["until"])})
