"""Link rules as an operator states, sees and confirms them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.cli.installation import Installation

RULES = """
[[rules]]
goal = "CHECKOUT"
component = ["Checkout", "Cart"]
[[rules]]
goal = "MOON"
label = "space"
"""


def state(shop: Installation, rules: str) -> None:
    """Write rules into the configuration."""
    shop.config.write_text(shop.config.read_text("utf-8") + rules, "utf-8")


@pytest.fixture
def ruled(running: Installation) -> str:
    """Return the key of an issue that the first of two rules links."""
    issue = running.tracker.create("APP", "Pay by card")
    running.tracker.set_components(issue, "checkout")
    state(running, RULES)
    running.call("run", "--once")
    return running.tracker.issue(issue).key


def change_goal(shop: Installation) -> None:
    """Let somebody edit the goal, and the engine follow."""
    shop.goals.write_text(shop.goals.read_text("utf-8").replace("Faster checkout", "Fastest checkout"), "utf-8")
    shop.call("goal", "apply", "--now")


def test_the_list_shows_what_each_rule_is_about(running: Installation, ruled: str) -> None:
    """How many issues fulfil it, how many it links, and that one rests because its goal does not exist."""
    first, second = running.told("rule", "list")["rules"]
    assert (first["rule"], first["goal"], first["conditions"]) == (
        "rule:1", "CHECKOUT", {"component": ["Checkout", "Cart"]},
    )  # fmt: skip
    assert (first["fulfilled"], first["linked"], first["in_force"]) == (1, 1, True)
    assert (second["known"], second["in_force"], second["linked"]) == (False, False, 0)
    said = running.said("rule", "list")
    assert "rests: no goal has this key" in said
    assert "No open issue fulfils 1 rule: rule:2" in said
    linked = running.tracker.create("APP", "By hand", labels=("goal:GROW",))
    running.tracker.set_components(linked, "Cart")
    running.call("run", "--once")
    assert [running.told("rule", "list")["rules"][0][name] for name in ("fulfilled", "linked")] == [2, 1]
    assert running.told("trace", ruled)["rule"]["rule"] == "rule:1"


def test_rules_are_listed_before_the_first_pass_that_knows_them(running: Installation) -> None:
    """What they would be about can be seen before anything follows from them."""
    issue = running.tracker.create("APP", "Pay by card")
    running.tracker.set_components(issue, "Checkout")
    running.call("run", "--once")
    assert "There are no link rules" in running.said("rule", "list")
    state(running, RULES)
    first, _ = running.told("rule", "list")["rules"]
    assert (first["rule"], first["fulfilled"], first["linked"]) == (None, 1, 0)
    assert "counts from the next pass on" in running.said("rule", "list")


def test_the_trace_tells_the_rule_and_the_history_when(running: Installation, ruled: str) -> None:
    """Up from the issue, down from the goal, and as of then."""
    before = datetime.now(UTC)
    said = running.said("trace", ruled)
    assert "linked to CHECKOUT (rule:1: component = Checkout or Cart, " in said
    assert "linked_by_rule" in said
    traced = running.told("trace", ruled)
    assert (traced["state"], traced["carrier"], traced["suspect"]) == ("linked", None, False)
    assert traced["links"][0]["provenance"] == "rule"
    down = running.told("trace", "goal:CHECKOUT")
    assert [(one["key"], one["rule"]) for one in down["work"]] == [(ruled, "rule:1")]
    assert running.told("goal", "show", "CHECKOUT")["issues"] == 1
    running.call("link", "set", ruled, "GROW")
    running.call("run", "--once")
    assert running.told("trace", ruled)["rule"] is None
    then = running.told("trace", ruled, "--at", before.isoformat())
    assert (then["links"], then["rule"]) == (["CHECKOUT"], "rule:1")
    assert "by rule:1" in running.said("trace", ruled, "--at", before.isoformat())
    now = running.told("trace", ruled, "--at", datetime.now(UTC).isoformat())
    assert (now["links"], now["rule"]) == (["GROW"], None)


def test_a_rule_is_asked_about_and_confirmed_like_an_issue(running: Installation, ruled: str) -> None:
    """One question in the list, in status and in the report; one answer settles what the rule links."""
    change_goal(running)
    found = running.told("review", "list")
    assert [(one["key"], one["title"], one["team"], one["goals"]) for one in found["reviews"]] == [
        ("rule:1", "component = Checkout or Cart", "Growth", ["CHECKOUT"])
    ]
    assert found["reviews"][0]["causes"][0]["reason"] == "goal_changed"
    assert running.told("review", "list", "--team", "growth", "--goal", "CHECKOUT")["total"] == 1
    assert running.told("review", "list", "--reason", "conflict")["total"] == 0
    assert running.told("review", "list", "--goal", "GROW")["total"] == 0
    assert running.told("trace", ruled)["suspect"] is True
    assert running.told("status")["rules"]["asked"] == ["rule:1"]
    [decided] = running.told("review", "confirm", "rule:1", "--why", "the same work")["decided"]
    assert (decided["key"], decided["answered"], decided["open"]) == ("rule:1", ["goal_changed"], [])
    assert running.told("review", "list")["total"] == 0
    assert running.told("trace", ruled)["suspect"] is False
    running.call("run", "--once")
    assert running.told("plan")["in_sync"] is True


def test_answers_that_no_rule_can_be_given_are_refused(running: Installation, ruled: str) -> None:
    """Nothing to confirm, no such rule, and what only the configuration can change."""
    assert "rule:1 asks nothing" in running.call("review", "confirm", "rule:1", code=2).stderr
    assert "there is no rule:9" in running.call("review", "confirm", "rule:9", code=2).stderr
    assert "[[rules]]" in running.call("review", "relink", "rule:1", "GROW", code=2).stderr
    assert "rule:1 links it" in running.call("link", "remove", ruled, code=2).stderr


def test_what_a_rule_gives_is_planned_like_anything_else(running: Installation) -> None:
    """The plan says what the next pass does, in words, and touches nothing (L12)."""
    issue = running.tracker.create("APP", "Pay by card")
    running.tracker.set_components(issue, "Checkout")
    running.call("run", "--once")
    state(running, RULES)
    lines = running.told("plan", code=1)["actions"]
    assert ("set_state", "linked CHECKOUT") in {(line["action"], line["text"]) for line in lines}
    assert running.told("rule", "list")["rules"][0]["linked"] == 0
    running.call("run", "--once")
    running.goals.write_text(
        running.goals.read_text("utf-8").replace(
            'title = "Faster checkout"', 'title = "Faster checkout"\nstatus = "achieved"'
        ),
        "utf-8",
    )
    lines = running.told("plan", code=1)["actions"]
    assert ("ask_rule", "rule:1", "goal_closed: CHECKOUT is achieved") in {
        (line["action"], line["key"], line["text"]) for line in lines
    }


def test_status_and_doctor_name_a_rule_that_rests(running: Installation, ruled: str) -> None:
    """A key that no goal has is a mistake in one of two files."""
    assert running.told("trace", ruled)["state"] == "linked"
    assert running.told("status")["rules"]["resting"] == [{"rule": "rule:2", "goal": "MOON"}]
    assert "rule:2 rests: no goal has the key MOON" in running.said("status")
    findings = running.told("doctor")["findings"]
    assert [(one["subject"], one["level"]) for one in findings if "MOON" in one["message"]] == [
        ("[[rules]] #2", "warning")
    ]
