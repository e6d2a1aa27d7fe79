from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation


@pytest.fixture
def asked(running: Installation) -> str:
    """Return the key of an issue whose goal has changed since it was linked."""
    issue = running.tracker.create("APP", "Pay by card", labels=("goal:CHECKOUT",))
    running.call("run", "--once")
    running.goals.write_text(running.goals.read_text("utf-8").replace("Faster checkout", "Fastest checkout"), "utf-8")
    running.call("goal", "apply", "--now")
    running.call("run", "--once")
    return running.tracker.issue(issue).key


def test_the_list_tells_who_is_asked_what_and_leaves_backlog_out(running: Installation, asked: str) -> None:
    """Old issues are counted, and listed only where they are asked for."""
    found = running.told("review", "list")
    assert [(one["key"], one["team"], one["goals"]) for one in found["reviews"]] == [(asked, "Growth", ["CHECKOUT"])]
    assert [cause["reason"] for cause in found["reviews"][0]["causes"]] == ["goal_changed"]
    assert found["backlog"] == 1
    assert [one["key"] for one in running.told("review", "list", "--backlog")["reviews"]] == ["APP-1", asked]
    assert "1 open review" in running.said("review", "list")


def test_the_list_is_filtered_by_reason_team_and_goal(running: Installation, asked: str) -> None:
    """Filters narrow it down; what they cannot mean is refused with what they can."""
    assert running.told("review", "list", "--reason", "goal-changed", "--goal", "checkout")["total"] == 1
    assert running.told("review", "list", "--reason", "conflict")["total"] == 0
    assert running.told("review", "list", "--goal", "GROW")["total"] == 0
    assert running.told("review", "list", "--team", "growth")["reviews"][0]["key"] == asked
    assert "goal_changed" in running.call("review", "list", "--reason", "mood", code=2).stderr
    assert "there are Growth" in running.call("review", "list", "--team", "Sales", code=2).stderr


def test_a_confirmation_closes_the_review_and_takes_the_label_off(running: Installation, asked: str) -> None:
    """The link is confirmed at the goal's present revision."""
    assert running.told("review", "confirm", asked)["decided"][0]["answered"] == ["goal_changed"]
    running.call("run", "--once")
    assert running.told("review", "list")["total"] == 0
    traced = running.told("trace", asked)
    assert (traced["suspect"], traced["links"][0]["revision"]) == (False, 2)
    assert "asks nothing" in running.call("review", "confirm", asked, code=2).stderr
    assert running.told("plan")["in_sync"] is True


def test_what_is_unlinked_needs_a_decision(running: Installation) -> None:
    """A confirmation of nothing is refused, with the two ways out."""
    error = running.call("review", "confirm", "APP-1", code=2).stderr
    assert "no confirmation answers" in error
    assert "review relink APP-1 GOAL" in error


def test_a_relink_answers_a_review(running: Installation, asked: str) -> None:
    """The tracker shows the new goal alone."""
    running.call("review", "relink", asked, "GROW")
    running.call("run", "--once")
    assert running.told("review", "list")["total"] == 0
    assert running.told("trace", asked)["links"][0]["goal"] == "GROW"


def test_an_exemption_ends_when_it_was_said_to(running: Installation) -> None:
    """The reason is kept, the exempt label is put on, and dates in the past are refused."""
    running.call("review", "exempt", "APP-1", "--reason", "legal duty", "--days", "30")
    running.call("run", "--once")
    traced = running.told("trace", "APP-1")
    assert traced["state"] == "exempt"
    assert traced["exemption"]["reason"] == "legal duty"
    assert "no-goal" in running.tracker.issue("1001").labels
    late = running.call("review", "exempt", "APP-1", "--reason", "x", "--until", "2020-01-01", code=2)
    assert "is over already" in late.stderr
    both = running.call("review", "exempt", "APP-1", "--reason", "x", "--until", "2099-01-01", "--days", "3", code=2)
    assert "either" in both.stderr


def test_held_removals_count_once_somebody_has_released_them(running: Installation) -> None:
    """Thirty links taken off at once wait, are listed, and are taken over after the release and not before."""
    issues = [running.tracker.create("APP", f"Work {n}", labels=("goal:GROW",)) for n in range(30)]
    running.call("run", "--once")
    for issue in issues:
        running.tracker.remove_label(issue, "goal:GROW")
    running.call("run", "--once")
    assert running.told("status")["trackers"][0]["held"] == 30
    assert "30 removals held in mem" in running.call("review", "release", "mem", code=2).stdout
    assert running.told("goal", "show", "GROW")["issues"] == 30
    assert running.told("review", "release", "mem", "--yes")["released"] == 30
    running.call("run", "--once")
    assert running.told("status")["trackers"][0]["held"] == 0
    assert running.told("goal", "show", "GROW")["issues"] == 0
