from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.quiet import EVERY_DAY, WEEKDAYS, Hours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours(BERLIN, time(9), time(17, 30), WEEKDAYS)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca")  # fmt: skip

_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
_hours = st.builds(
    Hours,
    st.sampled_from(ZONES).map(ZoneInfo),
    _times,
    _times,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=9),
)
_instants = st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - drawn, then UTC


def _at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_within_its_hours_a_team_is_told_at_once() -> None:
    """The instant itself is the answer, as it was given."""
    now = _at("2026-11-23T09:00")
    assert OFFICE.next(now) is now
    assert OFFICE.open(now)


def test_what_comes_up_in_the_evening_waits_for_the_next_morning() -> None:
    """The end of the working time is not in it any more."""
    assert OFFICE.next(_at("2026-11-23T17:30")) == _at("2026-11-24T09:00")
    assert OFFICE.next(_at("2026-11-23T06:00")) == _at("2026-11-23T09:00")


def test_a_weekend_and_a_holiday_after_it_are_waited_out() -> None:
    """Friday evening to Tuesday morning, where Monday is a holiday."""
    hours = Hours(BERLIN, time(9), time(17), WEEKDAYS, frozenset({date(2026, 11, 23)}))
    assert hours.next(_at("2026-11-20T18:00")) == _at("2026-11-24T09:00")
    assert hours.day_off(_at("2026-11-23T12:00"))


def test_a_night_shift_goes_on_over_midnight_into_a_day_off() -> None:
    """What begins on Friday ends on Saturday at six."""
    night = Hours(BERLIN, time(22), time(6), WEEKDAYS)
    assert night.open(_at("2026-11-21T05:59"))
    assert night.next(_at("2026-11-21T06:00")) == _at("2026-11-23T22:00")


def test_a_time_that_spring_skips_comes_when_the_clock_has_jumped() -> None:
    """02:30 does not exist on that day in Berlin: three o'clock is the first instant beyond it."""
    early = Hours(BERLIN, time(2, 30), time(8), EVERY_DAY)
    assert early.next(_at("2026-03-29T01:00")) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_hours_that_spring_skips_whole_are_those_of_the_next_day() -> None:
    """Between 02:10 and 02:40 there is no instant on that day."""
    early = Hours(BERLIN, time(2, 10), time(2, 40), EVERY_DAY)
    assert early.next(_at("2026-03-29T01:00")) == _at("2026-03-30T02:10")


def test_a_time_that_autumn_repeats_is_its_first_occurrence() -> None:
    """Half past two comes twice; the first one counts, as a beginning and as an end."""
    early = Hours(BERLIN, time(2, 30), time(8), EVERY_DAY)
    late = Hours(BERLIN, time(1), time(2, 30), EVERY_DAY)
    assert early.next(_at("2026-10-25T01:00")) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert late.next(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == _at("2026-10-26T01:00")


def test_a_zone_that_skips_a_whole_day_is_told_on_the_day_after() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    hours = Hours(apia, time(9), time(17), EVERY_DAY)
    assert hours.next(_at("2011-12-29T18:00", apia)) == _at("2011-12-31T09:00", apia)


def test_a_team_that_never_works_is_never_told() -> None:
    """There is no end in sight, and none is made up."""
    assert Hours(days=frozenset()).next(_at("2026-11-23T09:00")) is None


def test_working_days_are_counted_from_the_day_after() -> None:
    """Friday to Monday is one; the same day is none; by a clock that was ahead, none either."""
    friday = _at("2026-11-20T23:00")
    assert OFFICE.days_between(friday, _at("2026-11-22T10:00"), 9) == 0
    assert OFFICE.days_between(friday, _at("2026-11-23T00:00"), 9) == 1
    assert OFFICE.days_between(friday, _at("2027-11-23T00:00"), 9) == 9
    assert OFFICE.days_between(friday, _at("2026-11-20T23:30"), 9) == 0
    assert OFFICE.days_between(friday, _at("2025-11-20T23:30"), 9) == 0


@given(_hours, _instants)
def test_the_next_instant_is_the_first_at_which_a_team_may_be_told(hours: Hours, now: datetime) -> None:
    """It is open then, and at no instant on the way there; its answer for itself is itself."""
    found = hours.next(now)
    assert found is not None
    assert found >= now
    assert hours.next(found) == found
    for share in (0.0, 0.25, 0.5, 0.9):
        between = now + (found - now) * share
        assert hours.open(between) == (between == found)


@given(_hours, _instants)
def test_hours_begin_on_a_working_day_and_never_before_their_time(hours: Hours, now: datetime) -> None:
    """The local time is that of the beginning, or later by what the clock has jumped."""
    found = hours.next(now)
    assert found is not None
    if found != now:
        local = found.astimezone(hours.zone)
        before = (found - timedelta(seconds=1)).astimezone(hours.zone)
        jumped = local.utcoffset() != before.utcoffset()
        assert local.time() == hours.begins or (jumped and local.time() > hours.begins)
        assert hours.works_on(local.date())


@given(st.sampled_from(ZONES).map(ZoneInfo), _instants)
def test_who_states_nothing_is_told_at_any_time(zone: ZoneInfo, now: datetime) -> None:
    """Whole days follow one another without a gap, also where the clock jumps."""
    assert Hours(zone).open(now)
