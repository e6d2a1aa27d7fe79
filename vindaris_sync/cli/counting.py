"""What ``status`` says of censuses: when the last one ended, how far one is, what is missing and to be set right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from vindaris_sync.cli.output import moment, say
from vindaris_sync.store.store import Store

_SHOWN = 10


def of_tracker(store: Store, tracker: str) -> dict[str, Any]:
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


def tell(trackers: Iterable[dict[str, Any]]) -> None:
    """Print it; nothing where nothing was counted yet."""
    for tracker in trackers:
        name, census = tracker["tracker"], tracker["census"]
        if missing := tracker["missing"]:
            gone = f"{missing['count']:,} of {missing['of']:,} issues are missing since {moment(missing['since'])}"
            advice = f"nothing is decided until they are back, or `vindaris-sync review release {name}`"
            say(f"{name}: {gone}; {advice}", style="red")
        for each in tracker["attention"][:_SHOWN]:
            say(f"{name}: {each['subject']}: {each['message']}. {each['fix']}".rstrip(" ."), style="yellow")
        if (more := len(tracker["attention"]) - _SHOWN) > 0:
            say(f"{name}: … and {more:,} more to be set right; --json shows all", style="yellow")
        if census["error"]:
            say(f"{name}: the census does not go on: {census['error']}", style="yellow")
        if last := census["last"]:
            kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(last["found"].items()))
            on = f"; the next one has counted {census['under_way']['listed']:,}" if census["under_way"] else ""
            say(f"{name}: last counted in full {moment(last['ended'])}: {kinds or 'nothing amiss'}{on}")
