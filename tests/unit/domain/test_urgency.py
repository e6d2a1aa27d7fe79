from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest

from vindaris_sync.domain.urgency import stated_priority, urgency

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("labels", "stated"),
    [
        (("bug", "P1"), "P1"),
        (("priority: high", "prio/low"), "high"),
        (("Priority-2", "p0"), "p0"),
        (("high", "2fa", "3 months", "p100", "priority: purple", "prior"), ""),
        ((), ""),
    ],
)
def test_a_priority_is_read_off_labels_that_mean_one(labels: tuple[str, ...], stated: str) -> None:
    """A word alone may mean anything."""
    assert stated_priority(labels) == stated


def test_a_hostile_label_takes_no_time() -> None:
    """What might be the beginning of a priority until its end is looked at once."""
    begun = perf_counter()
    assert stated_priority(["prio" + " " * 2000 + "x\nx"]) == ""
    assert perf_counter() - begun < 2


def test_an_issues_own_priority_goes_before_its_goals_and_both_before_its_age() -> None:
    """Among equals the one that has waited longest comes first."""
    young, old = NOW, NOW - timedelta(days=9)
    ordered = [
        urgency("P0", (), young),
        urgency("P1", ("low",), young),
        urgency("", ("low", "critical"), young),
        urgency("", ("low",), old),
        urgency("", (), old),
        urgency("", (), young),
    ]
    shuffled = ordered[3:] + ordered[:3]
    assert sorted(shuffled) == ordered
