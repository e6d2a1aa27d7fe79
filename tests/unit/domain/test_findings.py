from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.findings import (
    Ages,
    Coverage,
    Findings,
    GoalRow,
    ReviewRow,
    Reviews,
    Work,
    ages,
    rolled_up,
    urgent_idle,
)
from vindaris_sync.domain.leading import Birth

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_coverage_is_the_part_that_serves_a_goal() -> None:
    """Inherited work counts, exempt and unlinked do not; without work there is no share."""
    coverage = Coverage(linked=3, inherited=2, exempt=1, unlinked=4, due=7, backlog=2)
    assert (coverage.total, coverage.share) == (10, 0.5)
    assert Coverage().share is None
    assert coverage + Coverage(1, 1, 1, 1, 1, 1) == Coverage(4, 3, 2, 5, 8, 3)


def test_born_linked_is_told_among_those_whose_timing_is_known() -> None:
    """What nobody can prove stays outside the ratio."""
    assert Birth(created=1, at_birth=2, later=3, unknown=100).share == 0.5
    assert Birth(unknown=5).share is None


def test_work_without_issues_has_no_share_done() -> None:
    """Nothing to do is not everything done."""
    assert Work().done is None
    assert Work(1, 3).done == 0.75


def test_goals_roll_up_along_their_tree() -> None:
    """Parents come first with their depth, siblings keep their order, and work below is summed."""
    rows = rolled_up(
        [
            GoalRow("C", "c", parent="B", own=Work(1, 2)),
            GoalRow("A", "a", own=Work(10, 0)),
            GoalRow("B", "b", parent="A", own=Work(0, 5)),
            GoalRow("D", "d", parent="A"),
            GoalRow("E", "e", parent="nobody"),
        ]
    )
    assert [(row.key, row.depth, row.below) for row in rows] == [
        ("A", 0, Work(11, 7)),
        ("B", 1, Work(1, 7)),
        ("C", 2, Work(1, 2)),
        ("D", 1, Work()),
        ("E", 0, Work()),
    ]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique_by=lambda pair: pair[0]))
def test_every_goal_appears_once_however_parents_hang_together(pairs: list[tuple[int, int]]) -> None:
    """Circles, orphans and goals that are their own parents neither lose a goal nor hang."""
    rows = [GoalRow(str(key), "t", parent=str(parent), own=Work(1, 1)) for key, parent in pairs]
    found = rolled_up(rows)
    assert sorted(row.key for row in found) == sorted(row.key for row in rows)
    assert sum(row.below.total for row in found if row.depth == 0) == 2 * len(rows)


def test_goals_without_work_are_active_and_the_urgent_ones_come_first() -> None:
    """Proposed, closed and worked-on goals are not idle; nor is a parent whose children have work."""
    goals = rolled_up(
        [
            GoalRow("LOW", "", priority="low"),
            GoalRow("NONE", ""),
            GoalRow("TOP", "", priority="P0"),
            GoalRow("HIGH", "", priority="high"),
            GoalRow("PROPOSED", "", status="proposed"),
            GoalRow("ENDED", "", status="abandoned"),
            GoalRow("PARENT", ""),
            GoalRow("CHILD", "", parent="PARENT", own=Work(0, 1)),
        ]
    )
    findings = Findings(NOW, goals=goals)
    assert [goal.key for goal in findings.goals_without_work] == ["TOP", "HIGH", "LOW", "NONE"]
    assert [goal.key for goal in urgent_idle(findings)] == ["TOP", "HIGH"]
    assert [goal.key for goal in goals if goal.closed] == ["ENDED"]


def test_ages_fall_into_four_classes() -> None:
    """Borders belong to the older class, and a clock that went backwards counts as young."""
    waited = [-1, 0, 23, 24, 167, 168, 719, 720, 9000]
    found = ages((NOW - timedelta(hours=hours) for hours in waited), NOW)
    assert found == Ages(day=3, week=2, month=2, older=2)
    assert found.total == len(waited)


def test_waiting_reviews_are_counted_over_all_reasons() -> None:
    """One number stands for all that waits."""
    assert Reviews(open=(ReviewRow("unlinked", 3), ReviewRow("conflict", 2))).waiting == 5
