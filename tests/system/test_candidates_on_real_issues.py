"""Candidates for real issues whose goal is known: a change of the ranking that finds less is noticed."""

from __future__ import annotations

import pytest

from benchmarks.ground_truth import History, real_data, replay, tracking_issues
from vindaris_sync.domain.ranking import Baseline


@pytest.fixture(scope="module")
def told() -> History:
    """Return Rust's issues; no weight was chosen on them."""
    try:
        return tracking_issues(real_data())
    except FileNotFoundError as error:
        pytest.skip(f"no real data at {error.filename}; set VINDARIS_REAL_DATA")


def test_the_right_goal_is_among_three(told: History) -> None:
    """At the moment of an issue's creation the right goal is first for most, and far above naming the most used."""
    found, floor = replay(told, Baseline())
    assert found.asked > 100
    assert found.first / found.asked > 0.8
    assert found.among / found.asked > 0.9
    assert floor.among < found.among / 2
