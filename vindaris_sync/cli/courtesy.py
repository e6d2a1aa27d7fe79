"""How we stand with the trackers' hosts, for people: what is left of each quota, who waits for what, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vindaris_sync.cli.output import moment, say, table
from vindaris_sync.domain.text import counted
from vindaris_sync.sdk.breaker import Phase

Document = dict[str, Any]


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
