from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from vindaris_sync.domain.bursts import LEAST, PAUSE, Burst, Retrofit, bursts
from vindaris_sync.domain.periods import period_end, quarter_ends

Q3 = {"G-1": date(2026, 9, 30), "G-2": date(2026, 9, 30), "LONG": date(2027, 6, 30)}
LAST_DAYS = datetime(2026, 9, 28, 14, 2, tzinfo=UTC)


def links(start: datetime, count: int, *, every: float = 3, goal: str = "G-1", who: str = "ann") -> list[Retrofit]:
    """Return ``count`` links, one each ``every`` minutes."""
    return [Retrofit(start + timedelta(minutes=every * number), who, goal, "Growth") for number in range(count)]


def found(made: Iterable[Retrofit]) -> tuple[Burst, ...]:
    return bursts(made, Q3, lambda at: at.date())


def a_quarter(seed: int = 7) -> list[Retrofit]:
    """Return what a team does in a quarter: a link or two on most working days, at any hour of the day."""
    random = Random(seed)  # noqa: S311 - one seed is one history
    days = (datetime(2026, 7, 1, 8, tzinfo=UTC) + timedelta(days=number) for number in range(80))
    return [
        Retrofit(day + timedelta(minutes=random.randrange(540)), random.choice(["ann", "bo"]), "G-1", "Growth")
        for day in days
        if day.weekday() < 5
        for _ in range(random.randrange(3))
    ]


def test_a_burst_is_told_with_when_how_many_by_whom_and_on_what() -> None:
    """Two people link forty-two issues on one afternoon of the quarter's last days."""
    made = [*a_quarter(), *links(LAST_DAYS, 30), *links(LAST_DAYS, 12, goal="G-2", who="bo")]
    [burst] = found(made)
    assert (burst.start, burst.end, burst.links) == (LAST_DAYS, LAST_DAYS + timedelta(minutes=87), 42)
    assert (burst.ends, list(burst.people.items())) == (date(2026, 9, 30), [("ann", 30), ("bo", 12)])
    assert (dict(burst.goals), dict(burst.teams)) == ({"G-1": 30, "G-2": 12}, {"Growth": 42})
    assert 0.4 < burst.usual < 1.2


def test_a_quarter_of_steady_work_has_none() -> None:
    """Linking a few issues late on most days is a habit, and its last days are no burst."""
    for seed in range(20):
        assert found(a_quarter(seed)) == ()


def test_a_team_that_always_links_in_bulk_has_none() -> None:
    """Sixty links every few days for two months: sixty at the end are what is usual."""
    made = [each for back in range(30) for each in links(LAST_DAYS - timedelta(days=2 * back), 60)]
    assert found(made) == ()


@pytest.mark.parametrize("at", ["2026-08-12", "2026-09-15", "2026-10-08"])
def test_a_bulk_in_the_middle_of_a_period_is_none(at: str) -> None:
    """Tidying up is welcome when it serves the work ahead."""
    assert found(links(datetime.fromisoformat(f"{at}T10:00+00:00"), 50)) == ()


@pytest.mark.parametrize("at", ["2026-09-16", "2026-09-30", "2026-10-07"])
def test_a_bulk_from_two_weeks_before_to_one_after_the_end_is_one(at: str) -> None:
    """Reports are written in the days around the end."""
    assert len(found(links(datetime.fromisoformat(f"{at}T10:00+00:00"), 50))) == 1


def test_the_period_is_the_goals_own_and_else_the_calendars_quarter() -> None:
    """A goal that runs until next June is not ending; one without a period ends with the quarter."""
    assert found(links(LAST_DAYS, 50, goal="LONG")) == ()
    assert found(links(LAST_DAYS, 50, goal="NONE"))[0].ends == date(2026, 9, 30)


def test_fewer_than_twenty_are_none_and_pauses_part_them() -> None:
    """Two lots of ten with a night between are two lots."""
    assert found(links(LAST_DAYS, LEAST - 1)) == ()
    assert len(found(links(LAST_DAYS, LEAST))) == 1
    later = LAST_DAYS + PAUSE + timedelta(hours=1)
    assert found([*links(LAST_DAYS, LEAST // 2), *links(later, LEAST // 2)]) == ()


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2026-Q4", date(2026, 12, 31)),
        ("Q1 2026", date(2026, 3, 31)),
        ("2026 H1", date(2026, 6, 30)),
        ("2024h2", date(2024, 12, 31)),
        ("2026", date(2026, 12, 31)),
        ("2028-02", date(2028, 2, 29)),
        ("2026-10-01/2026-11-15", date(2026, 11, 15)),
        ("until 2026-05-04", date(2026, 5, 4)),
        ("2026-Q5", None),
        ("2026-H3", None),
        ("2026-13-01", None),
        ("FY23Q1", None),
        ("v1.30", None),
        ("", None),
    ],
)
def test_periods_are_read_as_people_write_them(text: str, end: date | None) -> None:
    """What is no calendar date is not guessed."""
    assert period_end(text) == end


def test_a_day_lies_between_the_ends_of_two_quarters() -> None:
    """The last day of a quarter is its own end."""
    assert quarter_ends(date(2026, 1, 1)) == (date(2025, 12, 31), date(2026, 3, 31))
    assert quarter_ends(date(2026, 12, 31)) == (date(2026, 9, 30), date(2026, 12, 31))
