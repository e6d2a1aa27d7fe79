"""When what is due: one table, and pure functions of the instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

GOALS_EVERY = timedelta(seconds=20)
RELAY_EVERY = timedelta(seconds=5)
SETTLE_EVERY = timedelta(seconds=5)
_LONGEST_BACK_OFF = timedelta(minutes=30)
_JITTER = 0.1
_LEAST_PAUSE = timedelta(seconds=1)


def goals_every(debounce: timedelta) -> timedelta:
    """Return how often goals are read: a window shorter than usual is looked at as often as it can end."""
    return min(GOALS_EVERY, max(debounce, _LEAST_PAUSE))


def next_pull(now: datetime, poll: timedelta, random: Random) -> datetime:
    """Return when a tracker that answered is asked again: after ``poll``, give or take a tenth."""
    return now + poll * (1 + random.uniform(-_JITTER, _JITTER))


def next_try(now: datetime, poll: timedelta, failures: int, retry_after: timedelta | None) -> datetime:
    """Return when a tracker that failed ``failures`` times in a row is asked again; never before it said so itself."""
    wait: timedelta = min(poll * (1 << min(failures - 1, 10)), max(_LONGEST_BACK_OFF, poll))
    return now + max(wait, retry_after or timedelta())


@dataclass(frozen=True, slots=True)
class Nightly:
    """The nightly run: due once per local date, at the first instant whose local time is not before ``at``."""

    at: time
    zone: tzinfo

    def due(self, now: datetime, last: date | None) -> date | None:
        """Return the local date whose run is due at ``now``, or None; a date that was slept through is not made up."""
        local = now.astimezone(self.zone)
        if local.time().replace(tzinfo=None) < self.at or (last is not None and last >= local.date()):
            return None
        return local.date()

    def next(self, now: datetime, last: date | None) -> datetime:
        """Return the instant at which it is due next, in UTC."""
        day = now.astimezone(self.zone).date()
        if last is not None and last >= day:
            day = last + timedelta(days=1)
        at = datetime.combine(day, self.at, self.zone)
        return at.astimezone(now.tzinfo)
