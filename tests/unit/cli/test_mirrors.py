"""Issues show the priority and status of the goal they serve."""

from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation
from tests.unit.cli.test_goal_edits import edited

SHOWN = """
[trackers.mem.write_back]
show_priority = "label:prio:"
show_status = "label:goal-is-"
show_limit = 5
"""


@pytest.fixture
def showing(running: Installation) -> Installation:
    """Return an installation whose issues show priority and status."""
    told = running.config.read_text("utf-8").replace("[notify.quiet]", f"{SHOWN}[notify.quiet]")
    running.config.write_text(told, "utf-8")
    return running


def shown(shop: Installation, issue: str) -> list[str]:
    """Return the mirrored labels of an issue."""
    return sorted(label for label in shop.labels(issue) if label.startswith(("prio:", "goal-is-")))


def quiet(shop: Installation) -> None:
    """Check that nothing is left to do."""
    assert shop.told("plan")["in_sync"] is True


def test_the_work_shows_its_goals_priority_and_follows_it(showing: Installation) -> None:
    """By itself and through its parent; what an ancestor gives the goal counts; what ends takes the labels off."""
    epic = showing.tracker.create("APP", "Epic", labels=("goal:CHECKOUT",))
    story = showing.tracker.create("APP", "Story", parent=epic)
    stray = showing.tracker.create("APP", "Stray")
    showing.call("run", "--once")
    assert shown(showing, epic) == shown(showing, story) == ["goal-is-active", "prio:P1"]
    assert shown(showing, stray) == []
    quiet(showing)
    edited(showing, 'priority = "P1"', 'priority = "P2"')
    showing.call("run", "--once")
    assert shown(showing, story) == ["goal-is-active", "prio:P2"]
    edited(showing, 'title = "Faster checkout"', 'title = "Faster checkout"\nstatus = "achieved"')
    showing.call("run", "--once")
    assert shown(showing, epic) == shown(showing, story) == ["goal-is-achieved", "prio:P2"]
    showing.tracker.remove_label(epic, "goal:CHECKOUT")
    showing.call("run", "--once")
    assert shown(showing, epic) == shown(showing, story) == []
    quiet(showing)


def test_what_somebody_else_put_there_stays(showing: Installation) -> None:
    """Neither is it overwritten nor does it say anything about the goal; once it is gone the goal's is shown."""
    issue = showing.tracker.create("APP", "Work", labels=("goal:CHECKOUT", "prio:mine"))
    showing.call("run", "--once")
    assert shown(showing, issue) == ["goal-is-active", "prio:mine"]
    quiet(showing)
    showing.tracker.remove_label(issue, "prio:mine")
    showing.call("run", "--once")
    assert shown(showing, issue) == ["goal-is-active", "prio:P1"]
    showing.tracker.add_label(issue, "prio:low")
    edited(showing, 'priority = "P1"', 'priority = "P2"')
    showing.call("run", "--once")
    assert shown(showing, issue) == ["goal-is-active", "prio:low"]
    assert showing.told("trace", showing.tracker.issue(issue).key)["links"][0]["goal"] == "CHECKOUT"
    quiet(showing)


def test_what_we_wrote_is_put_back_where_it_was_taken_off(showing: Installation) -> None:
    """An empty place is ours to fill; no review follows from it."""
    issue = showing.tracker.create("APP", "Work", labels=("goal:CHECKOUT",))
    showing.call("run", "--once")
    showing.tracker.remove_label(issue, "prio:P1")
    showing.call("run", "--once")
    assert shown(showing, issue) == ["goal-is-active", "prio:P1"]
    assert showing.told("review", "list")["total"] == 0


def test_closed_work_is_left_alone(showing: Installation) -> None:
    """What is done keeps what it showed."""
    issue = showing.tracker.create("APP", "Work", labels=("goal:CHECKOUT",))
    showing.call("run", "--once")
    showing.tracker.close(issue)
    edited(showing, 'priority = "P1"', 'priority = "P2"')
    showing.call("run", "--once")
    assert shown(showing, issue) == ["goal-is-active", "prio:P1"]


def test_many_wait_until_a_person_agrees_and_come_a_part_in_each_pass(showing: Installation) -> None:
    """A goal with more issues than show_limit floods nobody: attention says so, and the release paces."""
    issues = [showing.tracker.create("APP", f"Work {n}", labels=("goal:CHECKOUT",)) for n in range(12)]
    small = showing.tracker.create("APP", "Other", labels=("goal:GROW",))
    showing.call("run", "--once")
    edited(showing, 'title = "Faster checkout"', 'title = "Faster checkout"\npriority = "P3"')
    edited(showing, 'priority = "P1"', 'priority = "P0"')
    showing.call("run", "--once")
    assert shown(showing, small) == ["goal-is-active", "prio:P0"]
    assert not any("prio:P3" in showing.labels(issue) for issue in issues)
    [attention] = [one for one in showing.told("status")["trackers"][0]["attention"] if one["subject"] == "CHECKOUT"]
    assert "12 issues would show it, more than show_limit (5)" in attention["message"]
    assert showing.told("review", "release", "mem", "--yes")["shown"] == {"CHECKOUT": 12}
    counts = []
    for _ in range(4):
        showing.call("run", "--once")
        counts.append(sum("prio:P3" in showing.labels(issue) for issue in issues))
    assert counts == [5, 10, 12, 12]
    quiet(showing)
    assert showing.told("status")["trackers"][0]["attention"] == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('show_priority = "prio:"', "is neither"),
        ('show_priority = "label:"', "is neither"),
        ('show_priority = "label:a b"', "is neither"),
        ('show_priority = "label:goal:prio:"', "in use already"),
        ('show_priority = "label:go"', "in use already"),
        ('show_priority = "label:p"\nshow_status = "label:p-"', "in use already"),
        ('show_status = "field:Goal"\nsurfaces = ["field:goal"]', "in use already"),
        ('show_priority = "field:Prio"\nshow_status = "field:prio"', "in use already"),
    ],
)
def test_a_place_that_something_else_stands_on_is_refused(shop: Installation, line: str, error: str) -> None:
    """A goal's key and its priority must be told apart."""
    told = shop.config.read_text("utf-8").replace(
        "[notify.quiet]", f"[trackers.mem.write_back]\n{line}\n[notify.quiet]"
    )
    shop.config.write_text(told, "utf-8")
    assert error in shop.call("config", "check", code=2).stderr
