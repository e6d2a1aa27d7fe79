"""Who is logged in: in memory, so that no copy of the database opens anybody's login. A restart logs everybody out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock

from vindaris_sync.web.access import Role

MOST = 10_000
"""Logins at once; beyond, the one that was not used for longest ends."""


@dataclass(frozen=True, slots=True)
class Session:
    """One login: who, what they may do, how they said who they are, and when they were last here."""

    who: str
    role: Role
    name: str
    mark: str
    """What of ``name`` must still be so for the login to stand; empty: nothing can be asked (another's login)."""
    began: datetime
    seen: datetime


class Sessions:
    """All logins, by a number that only its browser knows; ``idle`` and ``lasts`` say when one ends by itself."""

    def __init__(self, now: Callable[[], datetime], idle: timedelta, lasts: timedelta, most: int = MOST) -> None:
        self._now, self._idle, self._lasts, self._most = now, idle, lasts, most
        self._open: OrderedDict[bytes, Session] = OrderedDict()
        self._lock = Lock()

    def begin(self, who: str, role: Role, *, name: str = "", mark: str = "") -> str:
        """Return the number of a new login, 256 random bits."""
        number, now = token_urlsafe(32), self._now()
        with self._lock:
            self._open[_place(number)] = Session(who, role, name, mark, now, now)
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return number

    def find(self, number: str) -> Session | None:
        """Return the login with this number, which goes on being used; None where there is none, or it has ended."""
        place, now = _place(number), self._now()
        with self._lock:
            found = self._open.pop(place, None)
            if found is None or now - found.seen >= self._idle or now - found.began >= self._lasts:
                return None
            self._open[place] = found = replace(found, seen=now)
            return found

    def end(self, number: str) -> None:
        """End a login; nothing where there is none."""
        with self._lock:
            self._open.pop(_place(number), None)

    def __len__(self) -> int:
        return len(self._open)


def _place(number: str) -> bytes:
    """Return where a number is looked up: comparing digests tells nobody how much of a guess was right."""
    return sha256(number.encode()).digest()
