"""When a part of a census is due, how large it is, and what has been counted so far."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.census import AGAIN, LEAST, Census, CensusFacts, Numbers, portion
from vindaris_sync.domain.limits import missing_allowed

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVERY = timedelta(hours=6)
LONG_AGO = NOW - timedelta(days=2)


@given(st.lists(st.sets(st.integers(0, 5000))))
def test_numbers_are_the_set_of_what_was_taken_in(parts: list[set[int]]) -> None:
    """Whatever comes, in any order, also after having been stored."""
    numbers, truth = Numbers(), set[int]()
    for part in parts:
        numbers.update(part)
        numbers = Numbers(bytes(numbers))
        truth |= part
    assert {number for number in range(5100) if number in numbers} == truth


def test_a_million_numbers_take_an_eighth_of_a_megabyte() -> None:
    """One bit each."""
    numbers = Numbers()
    numbers.update(range(1_000_000))
    assert len(bytes(numbers)) == 125_000


@pytest.mark.parametrize(
    ("facts", "loaded", "due"),
    [
        (CensusFacts("t"), None, False),
        (CensusFacts("t"), NOW - timedelta(hours=5), False),
        (CensusFacts("t"), NOW - EVERY, True),
        (CensusFacts("t", ended=NOW - timedelta(hours=5)), LONG_AGO, False),
        (CensusFacts("t", ended=NOW - EVERY), LONG_AGO, True),
        (CensusFacts("t", began=NOW - timedelta(minutes=1)), LONG_AGO, True),
        (CensusFacts("t", ended=NOW - timedelta(minutes=1), accepted=True), LONG_AGO, True),
        (CensusFacts("t", ended=NOW - AGAIN, missing=30), LONG_AGO, True),
        (CensusFacts("t", ended=NOW - timedelta(minutes=14), missing=30), LONG_AGO, False),
        (CensusFacts("t", began=LONG_AGO, failed=NOW - timedelta(minutes=14)), LONG_AGO, False),
        (CensusFacts("t", began=LONG_AGO, failed=NOW - AGAIN), LONG_AGO, True),
    ],
    ids=[
        "before the first full pull", "soon after it", "an interval after it", "soon after the last",
        "an interval later", "under way", "somebody agreed", "issues are missing", "they were looked for just now",
        "failed just now", "failed a while ago",
    ],
)  # fmt: skip
def test_when_a_part_is_due(facts: CensusFacts, loaded: datetime | None, due: bool) -> None:  # noqa: FBT001 - a table
    """Under way at every pass, else an interval after the last; sooner where issues are missing."""
    assert facts.due(NOW, loaded, EVERY) is due


def test_a_short_interval_is_not_lengthened_while_issues_are_missing() -> None:
    """Every ten minutes is more often than every fifteen."""
    facts = CensusFacts("t", ended=NOW - timedelta(minutes=10), missing=30)
    assert facts.due(NOW, LONG_AGO, timedelta(minutes=10))


def test_a_pass_lists_as_much_as_ends_the_census_in_half_its_interval() -> None:
    """A thousand at least; where it is behind, all that it is behind."""
    census = Census(NOW)
    assert portion(census, 5000, NOW, EVERY) == LEAST
    assert portion(census, 1_200_000, NOW + timedelta(minutes=30), EVERY) == 200_000
    census.reach("a", "further", 199_500)
    assert portion(census, 1_200_000, NOW + timedelta(minutes=30), EVERY) == LEAST
    assert portion(census, 1_200_000, NOW + timedelta(hours=3), EVERY) == 1_000_500


def test_a_census_goes_from_scope_to_scope() -> None:
    """A position is where the present scope goes on; without one it is counted in full."""
    census = Census(NOW)
    census.reach("a", "x", 100)
    assert (census.scope, census.position, census.done, census.listed) == ("a", "x", set(), 100)
    census.reach("a", "", 50)
    assert (census.scope, census.position, census.done, census.listed) == ("", "", {"a"}, 150)


def test_a_few_may_always_be_missing() -> None:
    """Twenty, or the share of a large tracker (fault 56)."""
    assert [missing_allowed(known, 0.05) for known in (0, 100, 400, 1000)] == [20, 20, 20, 50]
