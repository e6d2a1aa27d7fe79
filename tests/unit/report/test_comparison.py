from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vindaris_sync.domain.comparison import TREND, after, delta
from vindaris_sync.domain.findings import Coverage, Findings, GoalRow, OutcomeChange
from vindaris_sync.domain.goals import Outcome

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_a_first_report_has_no_change(first_night: Findings) -> None:
    """Nothing is compared with nothing."""
    assert after(None, first_night) == first_night


def test_two_equal_nights_differ_in_nothing(first_night: Findings) -> None:
    """Every number's difference is zero, and no goal has changed."""
    change = delta(first_night, first_night)
    assert set(change.numbers.values()) == {0}
    assert (change.share, change.goals_new, change.goals_gone, change.statuses, change.outcomes) == (
        0.0,
        (),
        (),
        (),
        (),
    )


def test_what_happened_to_goals_is_named() -> None:
    """New and gone goals, new states, and outcomes that moved, each with before and after."""
    old = (
        GoalRow("GONE", ""),
        GoalRow("KEPT", "", outcomes=(Outcome("m", "%", 0, 10, 4), Outcome("same", "", 0, 1, 1), Outcome("dropped"))),
    )
    new = (
        GoalRow("KEPT", "", "achieved", outcomes=(Outcome("m", "%", 0, 10, 5), Outcome("same", "", 0, 1, 1))),
        GoalRow("NEW", "", outcomes=(Outcome("m"),)),
    )
    change = delta(Findings(AT, goals=old), Findings(AT, goals=new))
    assert (change.goals_new, change.goals_gone) == (("NEW",), ("GONE",))
    assert change.statuses == (("KEPT", "active", "achieved"),)
    assert change.outcomes == (OutcomeChange("KEPT", "m", "%", 4, 5),)


def test_a_share_that_was_unknown_has_no_change() -> None:
    """From no work to some work is no progress in points."""
    assert delta(Findings(AT), Findings(AT, coverage=Coverage(1))).share is None


def test_the_trend_grows_by_the_last_report_and_is_bounded(first_night: Findings) -> None:
    """Each report carries the ones before it, the oldest fall off, and today is not among them."""
    night = first_night
    for days in range(1, TREND + 5):
        night = after(night, replace(first_night, at=first_night.at + timedelta(days=days)))
    assert len(night.trend) == TREND
    assert night.trend[-1].at == night.at - timedelta(days=1)
    assert night.since == night.trend[-1].at
