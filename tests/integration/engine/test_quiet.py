"""Where nothing has happened nothing is asked twice, and nothing is written (L3)."""

from __future__ import annotations

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import Site, ok, written

REVIEW, EXEMPT = "goal-review", "no-goal"


def test_a_round_in_which_nothing_happened_asks_little_and_writes_nothing(one: Site, desk: Desk) -> None:
    """One conditional request per GitHub repository, one search per Jira tracker (L3, the budget of requests)."""
    linked = desk.create("Pay by phone", "goal:GROW-1")
    desk.create("What is this for?")
    ok(one.turn(minutes=16))
    ok(one.turn(minutes=16, rounds=3))
    shown = desk.labels(linked)
    with one.requests() as counted:
        done = ok(one.turn())
    assert done.planned == []
    assert counted.writes == 0
    assert counted.by_service == {desk.service: 1 if desk.service == "jira" else 2}
    assert desk.labels(linked) == shown


def test_a_full_round_leaves_nothing_for_the_next(one: Site, desk: Desk) -> None:
    """Whatever a round has written, the next one at the same instant plans and writes nothing (L3, fault 38)."""
    above = desk.epic("Checkout", "goal:GROW-1")
    desk.create("One step", parent=above)
    desk.create("Printer", EXEMPT)
    desk.create("To the moon", "goal:MOON-1")
    asked = desk.create("What is this for?")
    ok(one.turn(minutes=16))
    one.change_goal("GROW-1", title="Checkout in a second")
    assert written(ok(one.round()))
    again = ok(one.round())
    assert (again.planned, written(again)) == ([], 0)
    assert desk.labels(asked) == {REVIEW}


def test_a_context_outlives_a_restart(one: Site, desk: Desk) -> None:
    """Everything is in the store: a new engine on it writes nothing and asks for what has changed only."""
    desk.create("Pay by phone", "goal:GROW-1")
    desk.create("What is this for?")
    ok(one.turn(minutes=16))
    ok(one.turn(minutes=16, rounds=2))
    one.restart()
    with one.requests() as counted:
        done = ok(one.turn())
    assert (done.planned, counted.writes) == ([], 0)
    assert one.told() == ["1 issue serves no goal"]
