"""Issues that moved, or vanished: what people type goes on working, and what is missing waits for their word."""

from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation


@pytest.fixture(params=["moved", "transferred"])
def former(request: pytest.FixtureRequest, running: Installation) -> tuple[str, str, str]:
    """Return an issue's former key, its present one, and its id: moved with its id, or under another id."""
    old = running.tracker.create("APP", "Pay by card", labels=("goal:CHECKOUT",))
    running.call("run", "--once")
    key = running.tracker.issue(old).key
    if request.param == "moved":
        running.tracker.move(old, "OPS")
        new = old
    else:
        new = running.tracker.transfer(old, "OPS")
    running.call("run", "--once")
    running.call("report", "--now")
    return key, running.tracker.issue(new).key, new


def test_a_former_key_is_traced_to_the_issue_of_today(running: Installation, former: tuple[str, str, str]) -> None:
    """The link is found under the name that people remember."""
    before, now, _ = former
    assert before != now
    assert now in running.said("trace", before)
    assert running.told("trace", before) == running.told("trace", now)


def test_a_decision_under_a_former_key_reaches_the_issue(running: Installation, former: tuple[str, str, str]) -> None:
    """``link set`` by the old key writes onto the issue where it is now."""
    before, now, issue = former
    (decided,) = running.told("link", "set", before, "GROW")["decided"]
    assert decided["key"] == now
    running.call("run", "--once")
    assert running.labels(issue) == ("goal:GROW",)


def test_a_review_is_answered_under_a_former_key(running: Installation, former: tuple[str, str, str]) -> None:
    """``review confirm`` and ``review exempt`` by the old key close the issue's review."""
    before, now, issue = former
    running.goals.write_text(running.goals.read_text("utf-8").replace("Faster checkout", "Fastest checkout"), "utf-8")
    running.call("goal", "apply", "--now")
    running.call("run", "--once")
    assert [one["key"] for one in running.told("review", "list")["reviews"]] == [now]
    running.call("review", "confirm", before)
    running.call("run", "--once")
    assert running.told("review", "list")["reviews"] == []
    running.call("review", "exempt", before, "--reason", "legal duty")
    running.call("run", "--once")
    assert running.labels(issue) == ("no-goal",)


def test_what_is_missing_waits_for_somebody_to_look(running: Installation) -> None:
    """Thirty of sixty vanish: status and doctor say so, nothing is decided, and the release lets it be believed."""
    issues = [running.tracker.create("APP", f"Work {n}", labels=("goal:GROW",)) for n in range(60)]
    running.call("run", "--once")
    for issue in issues[:30]:
        running.tracker.delete(issue)
    running.call("report", "--now")
    (tracker,) = running.told("status")["trackers"]
    assert tracker["missing"]["count"] == 30
    assert "30 of 61 issues are missing" in running.said("status")
    assert "review release mem" in running.call("doctor", code=3).stdout.replace("\n", " ")
    running.call("link", "set", running.tracker.issue(issues[40]).key, "CHECKOUT")
    running.call("run", "--once")
    assert running.labels(issues[40]) == ("goal:GROW",)
    assert "30 of 61" in running.call("review", "release", "mem", code=2).stdout
    assert running.told("goal", "show", "GROW")["issues"] >= 59
    assert running.told("review", "release", "mem", "--yes")["released"] == 30
    running.call("run", "--once")
    running.call("run", "--once")
    assert running.told("status")["trackers"][0]["missing"] is None
    assert running.labels(issues[40]) == ("goal:CHECKOUT",)
    assert running.told("goal", "show", "GROW")["issues"] == 29
    assert "30 gone" in running.said("status")


def test_what_is_to_be_set_right_is_in_status_and_report(running: Installation) -> None:
    """A place that refuses writes: named with its fix, in both."""
    issue = running.tracker.create("APP", "Pay by card")
    running.call("run", "--once")
    running.tracker.places["APP"].refusal = "the project is read-only"
    running.call("link", "set", running.tracker.issue(issue).key, "GROW")
    running.call("run", "--once")
    (tracker,) = running.told("status")["trackers"]
    (said,) = tracker["attention"]
    assert (said["subject"], said["message"]) == ("APP", "the project is read-only")
    assert "give our account write access to APP" in running.said("status").replace("\n", " ")
    running.call("report", "--now")
    found = running.told("report", "--now")
    assert any("read-only" in one["why"] for one in found["not_checked"])
