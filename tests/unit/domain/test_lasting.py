"""Whether links last: catch-alls, goals with nothing attached, goals that ended, budgets of exemptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vindaris_sync.domain.findings import Coverage, Delta, Findings, GoalRow, Slice, Work, rolled_up
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.domain.lasting import CatchAll, catch_alls, ended, is_short, nothing_attached, over_budget
from vindaris_sync.domain.summary import summary
from vindaris_sync.report.lasting import remarks

NOW = datetime(2026, 3, 2, tzinfo=UTC)
NRR = Outcome("NRR", "%", 100, 110, 103)


def goal(
    key: str, open_: int = 0, closed: int = 0, *, outcomes: tuple[Outcome, ...] = (NRR,), **more: object
) -> GoalRow:
    """Return a goal with its own work."""
    return GoalRow(key, f"Goal {key}", own=Work(open_, closed), outcomes=outcomes, **more)  # type: ignore[arg-type] # any field


def findings(*goals: GoalRow, **more: object) -> Findings:
    """Return a report on these goals."""
    return Findings(NOW, goals=rolled_up(goals), coverage=Coverage(linked=100), **more)  # type: ignore[arg-type] # any field


@pytest.mark.parametrize(
    ("share", "least", "held"),
    [(0.3, 50, {"A"}), (0.6, 50, set()), (0.3, 61, set()), (0.05, 1, {"A", "B"}), (0.3, 60, {"A"})],
)
def test_a_goal_that_holds_more_than_the_share_of_all_open_work_is_a_catch_all(
    share: float, least: int, held: set[str]
) -> None:
    """Not in a small installation, where every goal does; the share alone is not enough."""
    assert set(CatchAll(share, least).held({"A": 60, "B": 10, "C": 0}, 100)) == held
    assert CatchAll(share, least).held({}, 0) == {}


@pytest.mark.parametrize(
    ("outcome", "short"),
    [
        (NRR, True),
        (replace(NRR, current=110), False),
        (replace(NRR, current=120), False),
        (replace(NRR, current=None), True),
        (replace(NRR, target=None), False),
        (Outcome("latency", "s", 4, 2, 3), True),
        (Outcome("latency", "s", 4, 2, 1), False),
        (Outcome("uptime", "%", 99, 99, 99), False),
        (Outcome("uptime", "%", None, 99, 98), True),
    ],
)
def test_an_outcome_is_short_unless_it_is_known_to_have_reached_its_target(outcome: Outcome, *, short: bool) -> None:
    """Upwards or downwards; what nobody measured is short, and what has no target is not."""
    assert is_short(outcome) == short


def test_a_goal_whose_last_open_issue_is_finished_short_of_its_target_has_nothing_attached() -> None:
    """Below it too; without any work ever it is a goal without work, which is said elsewhere."""
    bare = goal("BARE", 0, 3)
    found = findings(
        bare,
        goal("BUSY", 1, 3),
        goal("IDLE"),
        goal("DONE", 0, 3, outcomes=(replace(NRR, current=111),)),
        goal("ENDED", 0, 3, status="achieved"),
        goal("ABOVE", 0, 3),
        goal("BELOW", 1, 0, parent="ABOVE"),
    )
    assert [each.key for each in nothing_attached(found)] == ["BARE"]
    [remark] = [each for each in remarks(found) if each.heading == "Goals with nothing attached"]
    assert [line.note for line in remark.lines] == [
        "3 issues finished, none open. NRR: 103 % of 110 %, 30 % of the way"
    ]


def test_goals_that_ended_say_what_was_finished_and_where_the_rest_goes() -> None:
    """For as long as open work is on them, and once when they end."""
    found = findings(
        goal("LEFT", 2, 12, status="achieved", successor="NEXT"),
        goal("LOST", 1, 0, status="abandoned", outcomes=()),
        goal("NEAT", 0, 7, status="achieved", outcomes=()),
        goal("OLD", 0, 7, status="achieved"),
        change=Delta(NOW, statuses=(("NEAT", "active", "achieved"),)),
    )
    assert [each.key for each in ended(found)] == ["LEFT", "LOST", "NEAT"]
    [remark] = [each for each in remarks(found) if each.heading == "Goals that ended"]
    assert [line.note for line in remark.lines] == [
        "achieved: 12 finished, 2 open → NEXT. NRR: 103 % of 110 %",
        "abandoned: 0 finished, 1 open, no successor named",
        "achieved: 7 finished, none open",
    ]


def test_teams_over_their_budget_of_exemptions_are_named_with_both_shares() -> None:
    """The furthest first; a team without a budget is over none, and one without work neither."""
    work = {name: Coverage(linked=90 - count, exempt=10 + count) for name, count in (("A", 5), ("B", 20), ("C", 0))}
    found = findings(
        *[],
        slices=(
            *(Slice("team", name, each, 0.1) for name, each in work.items()),
            Slice("team", "Free", Coverage(exempt=9)),
            Slice("team", "Idle", Coverage(), 0.1),
        ),
    )
    assert [each.name for each in over_budget(found)] == ["B", "A"]
    [remark] = remarks(found)
    assert remark.lines[0].note == "30 % of 100 open issues exempt (30), 10 % agreed"
    assert dict(summary(found, "A", "2026-03-02").facts)["Exempt beyond the budget"] == "B 30 % of 10 %, A 15 % of 10 %"


def test_the_night_names_catch_alls_and_what_has_nothing_attached() -> None:
    """In chat, too; where all is well nothing is said."""
    found = findings(goal("ALL", 60, catch_all=True), goal("BARE", 0, 3))
    assert [each.key for each in catch_alls(found)] == ["ALL"]
    facts = dict(summary(found, "A", "2026-03-02").facts)
    assert facts["Catch-all goals"] == "ALL (60 % of open work)"
    assert facts["Goals with nothing attached"] == "1: BARE"
    assert remarks(found)[0].lines[0].note == "60 % of all open work: 60 issues"
    assert remarks(findings()) == ()
