"""A tracker's clock, as its answers show it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from vindaris_sync.sdk.limits import http_date

APART = timedelta(minutes=10)
"""How far our clock may be from a tracker's; beyond it, what is driven by time alone pauses."""


class ServerClock:
    """How far our clock was ahead of a tracker's when it answered last. Safe to use from several threads."""

    def __init__(self) -> None:
        self._ahead: timedelta | None = None

    def note(self, headers: Mapping[str, str], now: datetime) -> None:
        """Compare an answer's ``Date`` with ``now``, to within a second and the time that the answer was under way."""
        date = http_date(headers.get("Date", ""))
        if date is not None:
            self._ahead = now - date

    @property
    def astray(self) -> timedelta | None:
        """How far we are ahead (negative: behind) where that is more than ``APART``, else ``None``."""
        ahead = self._ahead
        return ahead if ahead is not None and abs(ahead) > APART else None


_SLIP = timedelta(minutes=1)  # threads read the clock one after another; what is set back by less does no harm


class Steady:
    """How far our own clock was set back since it was read last, so that what waits by it waits no longer for that."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def back(self, now: datetime) -> timedelta:
        """Return by how much the clock was set back before ``now``; nothing where it went on."""
        last = self._last
        if last is not None and _SLIP >= last - now > timedelta():
            return timedelta()
        self._last = now
        return max((last or now) - now, timedelta())
