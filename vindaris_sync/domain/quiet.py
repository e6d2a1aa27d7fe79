"""When a team may be told: working hours in its own time zone, through daylight-saving changes and over midnight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
"""Monday to Friday, as ``date.weekday`` counts."""

_DAY = timedelta(days=1)
_MIDNIGHT = time()
_FURTHEST = 400
"""Days that are looked ahead: holidays that are longer than that end telling for good."""
_PRECISE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """A team's working time: from ``begins`` to before ``ends``, local time in ``zone``, on its working ``days``.

    ``ends`` not after ``begins`` is on the next day; both alike: the whole day. What begins on a working day goes on
    over midnight, also into a day off. A local time that is skipped in spring comes when the clock has jumped over it;
    one that occurs twice in autumn is its first occurrence.
    """

    zone: tzinfo = UTC
    begins: time = _MIDNIGHT
    ends: time = _MIDNIGHT
    days: frozenset[int] = EVERY_DAY
    holidays: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        """Return whether ``day`` is a working day."""
        return day.weekday() in self.days and day not in self.holidays

    def day_off(self, now: datetime) -> bool:
        """Return whether the local date of ``now`` is no working day."""
        return not self.works_on(now.astimezone(self.zone).date())

    def next(self, now: datetime) -> datetime | None:
        """Return the first instant from ``now`` on at which the team may be told; None where there is none in sight.

        ``now`` itself within its hours, as it was given; else an instant in UTC.
        """
        today = now.astimezone(self.zone).date()
        for day in _days(today - 2 * _DAY, _FURTHEST):
            if self.works_on(day):
                begin, end = self._span(day)
                if begin <= now < end:
                    return now
                if now < begin < end:
                    return begin
        return None

    def open(self, now: datetime) -> bool:
        """Return whether the team may be told at ``now``."""
        return self.next(now) == now

    def days_between(self, since: datetime, now: datetime, most: int) -> int:
        """Return how many working days have begun after the local date of ``since``, up to ``now``'s; at most ``most``.

        0 where ``since`` is later, by a clock that was ahead.
        """
        first, last = since.astimezone(self.zone).date(), now.astimezone(self.zone).date()
        count = 0
        for day in _days(first + _DAY, max((last - first).days, 0)):
            count += self.works_on(day)
            if count >= most:
                break
        return count

    def _span(self, day: date) -> tuple[datetime, datetime]:
        over = self.ends <= self.begins
        return self._reached(day, self.begins), self._reached(day + _DAY if over else day, self.ends)

    def _reached(self, day: date, at: time) -> datetime:
        """Return the first instant at which the local time is ``at`` on ``day``, or beyond it."""
        before = datetime.combine(day, at, self.zone).astimezone(UTC)
        after = datetime.combine(day, at.replace(fold=1), self.zone).astimezone(UTC)
        if after >= before:
            return before  # it occurs once, or twice
        while before - after > _PRECISE:  # it is skipped: the clock jumps somewhere between the two
            middle = after + (before - after) / 2
            jumped = self._local(middle) >= datetime.combine(day, at)
            after, before = (after, middle) if jumped else (middle, before)
        return before.replace(microsecond=0)

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone).replace(tzinfo=None)


def _days(first: date, count: int) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(count))
