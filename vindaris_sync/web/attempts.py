"""How often something may be tried, by name and by address, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

KEPT = 10_000
"""Names and addresses that are remembered; beyond, the one that was not tried for longest is forgotten."""


class Attempts:
    """At most ``most`` tries of one key ``within`` a time; each counts before its outcome is known."""

    def __init__(self, now: Callable[[], datetime], most: int, within: timedelta, kept: int = KEPT) -> None:
        self._now, self._most, self._within, self._kept = now, most, within, kept
        self._tried: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = Lock()

    def wait(self, *keys: str) -> timedelta:
        """Count a try for each key and return zero; where one had too many, count none and return how long to wait."""
        now = self._now()
        with self._lock:
            tried = {key: self._lately(key, now) for key in keys}
            until = [times[0] + self._within for times in tried.values() if len(times) >= self._most]
            if until:
                return max(until) - now
            for key, times in tried.items():
                times.append(now)
                self._tried[key] = times
                self._tried.move_to_end(key)
            while len(self._tried) > self._kept:
                self._tried.popitem(last=False)
        return timedelta()

    def forgive(self, *keys: str) -> None:
        """Take back the last try of each key: it was right. Those before it were not, and go on counting."""
        with self._lock:
            for key in keys:
                if times := self._tried.get(key):
                    times.pop()

    def __len__(self) -> int:
        return len(self._tried)

    def _lately(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._tried.get(key, ()) if now - at < self._within]


def whose(address: str) -> str:
    """Return what stands for one client: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, 64), strict=False))
    return str(found)
