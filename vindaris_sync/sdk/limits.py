"""Signs of a rate limit in an answer, and how long it asks to wait.

Sources: GitHub REST "Rate limits" and "Best practices"; Atlassian "Rate limiting"; RFC 9110 §10.2.3 (Retry-After).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus

_LIMIT_STATUSES = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_LONGEST = 86_400.0  # a wait above a day is a broken header, asked again after a day
_LEAST = 1.0
_MOST = 1e9  # a quota above that is a broken header
_REASONS = ("Retry-After", "RateLimit-Reason")


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of an hour's quota is left, as an answer said; ``reset`` is when all of it is back."""

    resource: str
    limit: int
    remaining: int
    reset: datetime

    def kept(self, share: float) -> int:
        """Return how many requests are left to others where ``share`` of the quota is kept free, rounded down."""
        return int(self.limit * share)


def quota(headers: Mapping[str, str], now: datetime) -> Quota | None:
    """Return what an answer says about its quota, by our clock; ``None`` where it names no end of it.

    A bucket that refills all the time (Data Center) has no reset: what is taken of it is back within its interval.
    """
    limit, remaining = (_delta(headers.get(f"X-RateLimit-{name}", "")) for name in ("Limit", "Remaining"))
    server = http_date(headers.get("Date", "")) or now
    seconds = _reset(headers.get("X-RateLimit-Reset", ""), server)
    if limit is None or remaining is None or seconds is None:
        return None
    back = now + timedelta(seconds=min(max(seconds, 0.0), _LONGEST))
    resource = headers.get("X-RateLimit-Resource", "")
    return Quota(resource, int(min(limit, _MOST)), int(min(remaining, _MOST)), back)


def limited(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether the answer refuses for a rate limit; a plain 403 is a missing permission.

    ``headers`` are looked up case-insensitively by the mapping itself.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status not in _LIMIT_STATUSES:
        return False
    if any(name in headers for name in _REASONS) or headers.get("X-RateLimit-Remaining") == "0":
        return True
    text = body[:2000].lower()
    return b"rate limit" in text or b"abuse detection" in text


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds the answer asks to wait, at least 1, or ``None`` where it does not say.

    Instants are compared with the answer's own ``Date``, so that a wrong clock of ours does not matter.
    """
    server = http_date(headers.get("Date", "")) or now
    seconds = _retry_after(headers.get("Retry-After", ""), server)
    if seconds is None and headers.get("X-RateLimit-Remaining", "0") == "0":
        seconds = _reset(headers.get("X-RateLimit-Reset", ""), server)
    if seconds is None:
        seconds = _delta(headers.get("RateLimit-Reset", ""))
    return None if seconds is None else min(max(seconds, _LEAST), _LONGEST)


def _retry_after(text: str, server: datetime) -> float | None:
    seconds = _delta(text)
    if seconds is not None:
        return seconds
    moment = http_date(text)
    return None if moment is None else (moment - server).total_seconds()


def _reset(text: str, server: datetime) -> float | None:
    """Read an epoch second (GitHub) or an ISO 8601 instant (Atlassian)."""
    epoch = _delta(text)
    if epoch is not None:
        return epoch - server.timestamp()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment - server).total_seconds() if moment.tzinfo else None


def _delta(text: str) -> float | None:
    text = text.strip()
    return float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else None


@lru_cache(64)
def http_date(text: str) -> datetime | None:
    """Return the instant that a header names (RFC 9110 §5.6.7), or ``None`` where it names none."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the last evening of the year 9999, west of Greenwich
        return None
