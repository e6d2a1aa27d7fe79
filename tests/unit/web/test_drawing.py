"""Where lines lie in a chart, as readers see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vindaris_sync.web.drawing import HEIGHT, chart

DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]


def test_nothing_at_all_lies_on_the_lower_edge() -> None:
    """Zero differences are not half of one."""
    found = chart(DAYS, [0, 0, 0], low=0)
    assert found is not None
    assert (found.low, found.high) == (0, 1)
    assert {y for _, y in found.points} == {HEIGHT}


def test_a_level_line_without_edges_lies_in_the_middle() -> None:
    """What never changes is neither low nor high."""
    found = chart(DAYS, [7, 7, 7])
    assert found is not None
    assert (found.low, found.high) == (6, 8)
    assert {y for _, y in found.points} == {HEIGHT / 2}


def test_what_is_not_known_is_a_gap() -> None:
    """A line is not drawn through a night without a figure; without any there is no chart."""
    found = chart([*DAYS, DAYS[-1] + timedelta(days=1)], [1, None, 2, 3])
    assert found is not None
    assert found.path.count("M") == 2
    assert len(found.points) == 3
    assert chart(DAYS, [None, None, None]) is None
