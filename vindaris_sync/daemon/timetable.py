"""When what is due: one table, and pure functions of the instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

from vindaris_sync.domain.text import counted

GOALS_EVERY = timedelta(seconds=20)
RELAY_EVERY = timedelta(seconds=5)
SETTLE_EVERY = timedelta(seconds=5)
ESCALATE_EVERY = timedelta(minutes=10)
BACKUP_LOOK_EVERY = timedelta(minutes=5)
BACKUP_RETRY_AFTER = timedelta(hours=1)
OUTCOMES_LOOK_EVERY = timedelta(seconds=10)
LOOK_MOST = 200
"""Issues that one look at what was rung for fetches."""
SHORTEST_LOOK_PAUSE = timedelta(seconds=1)
_LONGEST_LOOK_PAUSE = timedelta(seconds=15)
_SLOWING = 1.25
EARLY_PULL = timedelta(seconds=30)
"""How long after the last pull one that events ask for may come, however seldom the tracker is asked otherwise."""
_LONGEST_BACK_OFF = timedelta(minutes=30)
_JITTER = 0.1
_LEAST_PAUSE = timedelta(seconds=1)
_PATIENT = 3  # quiet pulls before a tracker is asked less often
_GROWTH = 1.5
_BUSIEST = 3  # busy pulls that count: as many quiet ones take a tracker back to its usual interval
_STEPS = 30  # quiet pulls that count: more of them change nothing within any bounds


def goals_every(debounce: timedelta) -> timedelta:
    """Return how often goals are read: a window shorter than usual is looked at as often as it can end."""
    return min(GOALS_EVERY, max(debounce, _LEAST_PAUSE))


def look_pause(last: timedelta, quiet: timedelta) -> timedelta:
    """Return how long a tracker is left alone after a look at what was rung for.

    ``last`` is the pause before that look, ``quiet`` the time from the look before to it. While looks follow one
    another each pause is a quarter longer; a calm halves them. So there are fifteen a minute at most, in a storm four.
    """
    if quiet > 4 * last:
        return max(last / 2, SHORTEST_LOOK_PAUSE)
    return min(last * _SLOWING, _LONGEST_LOOK_PAUSE)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often a tracker is asked: usually, at most as often, at least as often."""

    base: timedelta
    least: timedelta
    most: timedelta


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a tracker has been lately: how far pulls that brought something prevail, or how many brought nothing."""

    busy: int = 0
    quiet: int = 0

    def after(self, *, changed: bool) -> Rhythm:
        """Return the rhythm after one more pull; a quiet one among busy ones takes back one of them."""
        if changed:
            return Rhythm(min(self.busy + 1, _BUSIEST), 0)
        return Rhythm(self.busy - 1, 0) if self.busy else Rhythm(0, self.quiet + 1)

    def interval(self, bounds: Bounds) -> timedelta:
        """Return the time to the next pull: halved with each busy one, then half as long again with each quiet one.

        The first ``_PATIENT`` quiet pulls change nothing, and one change brings a tracker that slept back at once.
        Always within the bounds.
        """
        if self.busy:
            return max(bounds.base / (1 << self.busy), bounds.least)
        growth: float = _GROWTH ** min(max(self.quiet - _PATIENT, 0), _STEPS)
        return min(bounds.base * growth, bounds.most)

    def why(self) -> str:
        """Return in a few words what the interval comes from."""
        if self.busy:
            return "changes in the last pulls"
        return f"nothing new in the last {counted(self.quiet, 'pull')}" if self.quiet > _PATIENT else "as usual"


def next_pull(now: datetime, interval: timedelta, bounds: Bounds, random: Random) -> datetime:
    """Return when a tracker that answered is asked again: after ``interval``, give or take a tenth, within bounds."""
    return now + min(max(interval * (1 + random.uniform(-_JITTER, _JITTER)), bounds.least), bounds.most)


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

    def night(self, now: datetime) -> date:
        """Return the local date of the run that was due last: before ``at`` it is still yesterday's."""
        local = now.astimezone(self.zone)
        return local.date() - timedelta(days=local.time().replace(tzinfo=None) < self.at)

    def next(self, now: datetime, last: date | None) -> datetime:
        """Return the instant at which it is due next, in UTC."""
        day = now.astimezone(self.zone).date()
        if last is not None and last >= day:
            day = last + timedelta(days=1)
        at = datetime.combine(day, self.at, self.zone)
        return at.astimezone(now.tzinfo)
