"""What ``status`` says of censuses: when the last one ended, how far one is, what is missing and to be set right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vindaris_sync.cli.output import moment, say

_SHOWN = 10


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
