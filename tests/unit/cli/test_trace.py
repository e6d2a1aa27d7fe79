from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.cli.installation import Installation

HOSTILE = "Pay [red]now[/red] :smile: \x1b]0;owned\x07\x1b[31m \u202egnp.exe [link=https://evil.example]x[/link]"


def test_an_issue_leads_to_its_goal_and_outcomes(running: Installation) -> None:
    """The whole chain: issue, epic that carries the link, goal, parent goal, outcome."""
    epic = running.tracker.create("APP", "Checkout", labels=("goal:CHECKOUT",))
    story = running.tracker.create("APP", "Pay by card", parent=epic)
    running.call("run", "--once")
    found = running.told("trace", running.tracker.issue(story).key)
    assert found["state"] == "inherited"
    assert found["carrier"]["key"] == running.tracker.issue(epic).key
    assert [above["title"] for above in found["chain"]] == ["Checkout"]
    assert [goal["key"] for goal in found["goals"]] == ["CHECKOUT"]
    assert found["goals"][0]["parents"][0]["outcomes"][0]["progress"] == pytest.approx(0.5)
    said = running.said("trace", running.tracker.issue(story).key)
    assert "← carries the link" in said
    assert "revenue 2 of 3 M (from 1): 50 %" in said


def test_a_goal_leads_to_all_its_work(running: Installation) -> None:
    """Linked and inherited issues, with how they come to it."""
    epic = running.tracker.create("APP", "Checkout", labels=("goal:CHECKOUT",))
    running.tracker.create("APP", "Pay by card", parent=epic)
    running.call("run", "--once")
    found = running.told("trace", "checkout")
    assert [(one["title"], one["state"], one["carrier"]) for one in found["work"]] == [
        ("Checkout", "linked", None),
        ("Pay by card", "inherited", running.tracker.issue(epic).key),
    ]
    assert found["totals"] == {"issues": 2, "inherited": 1, "linked": 1, "open": 2}
    assert [(goal["key"], goal["depth"], goal["output"]["below"]["issues"]) for goal in found["goals"]] == [
        ("CHECKOUT", 0, 2)
    ]


def test_strangers_text_steers_no_terminal_and_is_no_markup(running: Installation) -> None:
    """Escape sequences and direction overrides are taken out; brackets and colons stay as they were written."""
    issue = running.tracker.create("APP", HOSTILE, labels=("goal:CHECKOUT",))
    running.call("run", "--once")
    key = running.tracker.issue(issue).key
    for words in (["trace", key], ["trace", "CHECKOUT"], ["review", "list", "--backlog"], ["plan", "--all"]):
        said = running.said(*words)
        assert not {"\x1b", "\x07", "\u202e"} & set(said)
    assert "Pay [red]now[/red] :smile:" in running.said("trace", key)
    assert "[link=https://evil.example]x[/link]" in running.said("trace", "CHECKOUT")
    assert running.call("trace", key, "--json").stdout.isascii()


def test_the_past_is_told_from_the_history(running: Installation) -> None:
    """What an issue served then, even where its parent and its link have changed since."""
    epic = running.tracker.create("APP", "Checkout", labels=("goal:CHECKOUT",))
    story = running.tracker.create("APP", "Pay by card", parent=epic)
    running.call("run", "--once")
    then = datetime.now(UTC).isoformat()
    running.tracker.set_parent(story, None)
    running.call("run", "--once")
    running.call("link", "set", running.tracker.issue(story).key, "GROW")
    key = running.tracker.issue(story).key
    past = running.told("trace", key, "--at", then)
    assert (past["links"], past["carrier"]["title"]) == (["CHECKOUT"], "Checkout")
    assert running.told("trace", key, "--at", datetime.now(UTC).isoformat())["links"] == ["GROW"]
    assert "served CHECKOUT through" in running.said("trace", key, "--at", then)
    assert "is no date" in running.call("trace", key, "--at", "yesterday", code=2).stderr


def test_a_name_that_is_nothing_is_refused(running: Installation) -> None:
    """One line, and near goals."""
    assert "did you mean CHECKOUT?" in running.call("trace", "CHECKOT", code=2).stderr
