from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.daemon.timetable import Bounds, Nightly, Rhythm, next_pull, next_try

BERLIN = Nightly(time(2, 30), ZoneInfo("Europe/Berlin"))
POLL = timedelta(minutes=2)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def nights(nightly: Nightly, start: datetime, hours: int) -> list[tuple[date, datetime]]:
    """Tick every five minutes and note the runs."""
    last, runs = None, []
    for step in range(hours * 12):
        now = start + timedelta(minutes=5 * step)
        day = nightly.due(now, last)
        if day is not None:
            runs.append((day, now))
            last = day
    return runs


def test_the_night_without_half_past_two_runs_at_the_first_instant_after_it() -> None:
    """Europe/Berlin, 29 March 2026: 02:00 is followed by 03:00."""
    runs = nights(BERLIN, datetime(2026, 3, 28, 12, tzinfo=UTC), 30)
    assert [run for run in runs if run[0] == date(2026, 3, 29)] == [
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    ]


def test_the_night_with_two_half_past_twos_runs_once() -> None:
    """Europe/Berlin, 25 October 2026: 02:30 comes twice."""
    runs = nights(BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC), 30)
    assert [run for run in runs if run[0] == date(2026, 10, 25)] == [
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    ]


def test_a_night_that_was_slept_through_is_made_up_once_the_same_day() -> None:
    """One coalesced run (fault 16)."""
    assert BERLIN.due(datetime(2026, 6, 2, 9, tzinfo=UTC), date(2026, 6, 1)) == date(2026, 6, 2)
    assert BERLIN.due(datetime(2026, 6, 2, 9, tzinfo=UTC), date(2026, 6, 2)) is None


def test_before_the_hour_it_is_still_the_night_before() -> None:
    """A report that somebody asks for at one o'clock is not the run of half past two."""
    assert BERLIN.night(datetime(2026, 3, 3, 1, 0, tzinfo=BERLIN.zone)) == date(2026, 3, 2)
    assert BERLIN.night(datetime(2026, 3, 3, 2, 30, tzinfo=BERLIN.zone)) == date(2026, 3, 3)


_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001 - made aware below


@given(_MOMENTS, st.sampled_from(["Europe/Berlin", "UTC", "Asia/Tokyo"]))
def test_what_is_told_as_the_next_run_is_due_then_and_not_before(moment: datetime, zone: str) -> None:
    """``next`` and ``due`` agree to the microsecond."""
    nightly = Nightly(time(2, 30), ZoneInfo(zone))
    now = moment.replace(tzinfo=UTC)
    last = now.astimezone(ZoneInfo(zone)).date()
    at = nightly.next(now, last)
    assert at > now
    assert nightly.due(at + timedelta(hours=1), last) == last + timedelta(days=1)
    assert nightly.due(at - timedelta(hours=1, microseconds=1), last) is None


def test_polls_are_spread_by_a_tenth() -> None:
    """Trackers are not asked in step."""
    wide, narrow = Bounds(POLL, POLL / 2, POLL * 2), Bounds(POLL, POLL * 0.95, POLL)
    times = {next_pull(NOON, POLL, wide, Random(seed)) - NOON for seed in range(50)}  # noqa: S311 - jitter
    assert POLL * 0.9 <= min(times) < POLL < max(times) <= POLL * 1.1
    times = {next_pull(NOON, POLL, narrow, Random(seed)) - NOON for seed in range(50)}  # noqa: S311 - jitter
    assert (min(times), max(times)) == (POLL * 0.95, POLL)


def test_failures_are_tried_again_later_and_later_but_within_half_an_hour() -> None:
    """No hot loop, and no forgetting."""
    waits = [next_try(NOON, POLL, failures, None) - NOON for failures in range(1, 9)]
    assert waits[:4] == [POLL, POLL * 2, POLL * 4, POLL * 8]
    assert waits[-1] == timedelta(minutes=30)


def test_a_tracker_that_names_a_time_is_not_asked_before_it() -> None:
    """Fault 23: Retry-After 1800."""
    assert next_try(NOON, POLL, 1, timedelta(seconds=1800)) == NOON + timedelta(seconds=1800)


BOUNDS = Bounds(POLL, timedelta(seconds=30), timedelta(minutes=8))


def rhythm(pulls: Iterable[bool]) -> Rhythm:
    """Return the rhythm after these pulls, each of which brought something or did not."""
    found = Rhythm()
    for changed in pulls:
        found = found.after(changed=changed)
    return found


@given(st.lists(st.booleans(), max_size=60), st.lists(st.integers(1, 86_400), min_size=3, max_size=3))
def test_a_tracker_is_asked_within_the_bounds_whatever_happens(pulls: list[bool], seconds: list[int]) -> None:
    """One change more never slows it down, one quiet pull more never speeds it up."""
    least, base, most = (timedelta(seconds=each) for each in sorted(seconds))
    bounds, now = Bounds(base, least, most), rhythm(pulls)
    interval = now.interval(bounds)
    assert least <= interval <= most
    assert now.after(changed=True).interval(bounds) <= interval
    if not now.busy:
        assert now.after(changed=False).interval(bounds) >= interval


def test_busy_trackers_are_asked_more_often_and_quiet_ones_less() -> None:
    """Two minutes: down to half a minute after two busy pulls, up to eight minutes after a quiet while."""
    minutes = [rhythm([True] * n).interval(BOUNDS).total_seconds() / 60 for n in range(4)]
    assert minutes == [2, 1, 0.5, 0.5]
    minutes = [rhythm([False] * n).interval(BOUNDS).total_seconds() / 60 for n in range(9)]
    assert minutes == [2, 2, 2, 2, 3, 4.5, 6.75, 8, 8]


def test_a_busy_tracker_calms_down_step_by_step() -> None:
    """One quiet pull among busy ones does not make it wait; after a busy day three lead back to the usual interval."""
    minutes = [rhythm([True] * 50 + [False] * n).interval(BOUNDS).total_seconds() / 60 for n in range(5)]
    assert minutes == [0.5, 0.5, 1, 2, 2]


def test_one_change_wakes_a_tracker_that_slept() -> None:
    """After a quiet night the first change is followed at once, and why is said in a few words."""
    asleep = rhythm([False] * 200)
    assert asleep.why() == "nothing new in the last 200 pulls"
    awake = asleep.after(changed=True)
    assert awake.interval(BOUNDS) == timedelta(minutes=1)
    assert awake.why() == "changes in the last pulls"
    assert awake.after(changed=False).why() == "as usual"
