from __future__ import annotations

import pytest

from vindaris_sync.domain.goals import Goal, Outcome
from vindaris_sync.domain.leading import Birth, Effort, added_up, contrast
from vindaris_sync.domain.readings import measured, metric_of, newly_stated, sparkline


def test_priorities_are_set_against_finished_work() -> None:
    """A goal weighs twice as much as one of the next priority; spellings of one rank are one row."""
    rows = contrast([("P0", 1, 10), ("P2", 2, 5), ("medium", 0, 1), ("", 1, 0)], {"P0": 1, "P2": 6}, (20, 3))
    assert [(row.priority, row.goals, row.open, row.finished) for row in rows] == [
        ("P0", 1, 10, 1), ("P2", 2, 6, 6), ("no priority", 1, 0, 0), ("", 0, 20, 3)
    ]  # fmt: skip
    assert [row.expected for row in rows] == pytest.approx([1 / 2.25, 1 / 2.25, 0.25 / 2.25, 0])
    assert [row.actual for row in rows] == pytest.approx([0.1, 0.6, 0, 0.3])
    assert contrast([("P0", 1, 0)], {}, (0, 0))[0].actual is None
    assert contrast([], {}, (0, 0)) == ()


def test_efforts_of_different_units_are_added_up_apart() -> None:
    """Points and hours are never one number."""
    found = added_up([Effort("points", 1, 3, 1), Effort("hours", 2, 2, 1), Effort("points", 2, 5, 2)])
    assert found == (Effort("points", 3, 8, 3), Effort("hours", 2, 2, 1))
    assert [each.share for each in (*found, Effort("points"))] == [3 / 8, 1.0, None]


def test_births_are_added_up() -> None:
    """What is unknown counts among all, and in no ratio."""
    total = Birth(1, 2, 3, 4) + Birth(later=1)
    assert (total, total.total, total.share) == (Birth(1, 2, 4, 4), 11, 3 / 7)


def test_a_value_that_the_source_states_anew_is_a_reading() -> None:
    """The same value again is none, nor is none at all; metrics are matched by name, in any case."""
    before = (Outcome("NRR", current=101), Outcome("Churn"))
    assert newly_stated(before, (Outcome("nrr", current=101), Outcome("churn"))) == []
    assert newly_stated(before, (Outcome("nrr", current=102), Outcome("Churn", current=3)))[1].metric == "Churn"
    assert newly_stated((), (Outcome("NRR", current=float("nan")),)) == []
    assert metric_of("  Net  Revenue ") == metric_of("net revenue")


def test_without_readings_a_goal_is_as_it_is_stated() -> None:
    """An outcome that nobody measured keeps what its source says."""
    goal = Goal("G-1", "Grow", outcomes=(Outcome("NRR", current=5),))
    assert measured(goal, {}) == goal


@pytest.mark.parametrize(
    ("values", "drawn"), [((), ""), ((5,), "▄"), ((1, 1), "▄▄"), ((0, 1, 2), "▁▅█"), ((3, -1), "█▁")]
)
def test_a_sparkline_runs_from_the_lowest_to_the_highest(values: tuple[float, ...], drawn: str) -> None:
    """One block for each value."""
    assert sparkline(values) == drawn
