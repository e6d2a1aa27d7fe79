from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.contest import WINDOW, contested, recent, told, undone

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AGO = st.lists(st.integers(-7200, 10_800).map(lambda seconds: NOON - timedelta(seconds=seconds)), max_size=40)


@pytest.mark.parametrize(
    ("added", "removed", "shown", "is_undone"),
    [
        (("A",), (), ("A",), False),
        (("A",), (), ("a",), False),
        (("A",), (), ("A", "B"), False),
        (("A",), (), (), True),
        (("A",), (), ("B",), True),
        (("A",), ("B",), ("A",), False),
        (("A",), ("B",), ("A", "B"), True),
        ((), ("A",), (), False),
        ((), ("A",), ("A",), True),
        (("a",), ("A",), ("a",), False),
    ],
)
def test_a_write_is_undone_where_the_value_shows_no_more(
    added: tuple[str, ...], removed: tuple[str, ...], shown: tuple[str, ...], *, is_undone: bool
) -> None:
    """What stands beside it, and in which case it is spelled, is nobody's contradiction."""
    assert undone(added, removed, shown) is is_undone


@given(AGO, st.integers(1, 10))
def test_more_than_the_limit_within_an_hour_is_a_contest(flips: list[datetime], limit: int) -> None:
    """Counted by hand: what lies in the future or more than an hour back does not count, in any order."""
    counting = sum(timedelta() <= NOON - at < WINDOW for at in flips)
    assert contested(flips, NOON, limit) is (counting > limit)
    assert contested(sorted(flips, reverse=True), NOON, limit) is (counting > limit)
    assert len(recent(flips, NOON)) == counting


@given(AGO, st.integers(1, 10))
def test_time_alone_ends_every_contest(flips: list[datetime], limit: int) -> None:
    """An hour after the last flip nothing is contested; one flip more never ends a contest."""
    assert not contested(flips, max([*flips, NOON]) + WINDOW, limit)
    if contested(flips, NOON, limit):
        assert contested([*flips, NOON], NOON, limit)


def test_a_write_is_told_in_a_few_words() -> None:
    """What was put on, or what was taken off for nothing."""
    assert told(("B", "A"), ("C",)) == "A, B"
    assert told((), ("C",)) == "nothing instead of C"
