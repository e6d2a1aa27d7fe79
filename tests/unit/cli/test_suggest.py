"""Which goals an issue may serve, and goals found by what is typed."""

from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation


@pytest.fixture
def asked(running: Installation) -> str:
    """Return the key of an unlinked issue that shares a word with what serves CHECKOUT."""
    running.tracker.create("APP", "Basket loses coupons", labels=("goal:CHECKOUT",))
    made = running.tracker.create("APP", "Coupons are \u202eshown\nwrongly <!channel>")
    running.call("run", "--once")
    return running.tracker.issue(made).key


def test_candidates_come_with_their_evidence(running: Installation, asked: str) -> None:
    """For people with the way to accept one, for programs with the weights; hostile titles are one visible line."""
    (one,) = running.told("review", "suggest", asked)["issues"]
    (candidate,) = one["candidates"]
    assert (one["key"], one["serves"], candidate["goal"]) == (asked, [], "CHECKOUT")
    assert "words: coupons" in [each["said"] for each in candidate["evidence"]]
    said = running.said("review", "suggest", asked)
    assert "words: coupons" in said
    assert f"`review relink {asked} CHECKOUT`" in said
    assert "Coupons are shown wrongly <!channel>" in said


def test_what_is_accepted_is_linked(running: Installation, asked: str) -> None:
    """Suggesting links nothing; accepting is a decision like any other, after which the goal is told as served."""
    running.call("review", "suggest", asked)
    assert running.told("trace", asked)["links"] == []
    running.call("review", "relink", asked, "CHECKOUT")
    running.call("run", "--once")
    (one,) = running.told("review", "suggest", asked)["issues"]
    assert one["serves"] == ["CHECKOUT"]
    assert "serves CHECKOUT already" in running.said("review", "suggest", asked)


def test_nothing_to_suggest_says_what_to_do(running: Installation) -> None:
    """Where nothing points to a goal, the way to look for one is named."""
    made = running.tracker.create("APP", "Zebra")
    running.call("run", "--once")
    key = running.tracker.issue(made).key
    assert "goal search" in running.said("review", "suggest", key)
    assert running.told("review", "suggest", key)["issues"][0]["candidates"] == []
    assert "APP-999" in running.call("review", "suggest", "APP-999", code=2).stderr


@pytest.mark.usefixtures("asked")
def test_goals_are_found_by_what_is_typed(running: Installation) -> None:
    """By the beginning of a word of the title, by the key, or by what the work on them is called."""
    assert [each["key"] for each in running.told("goal", "search", "check")["goals"]] == ["CHECKOUT"]
    assert [each["key"] for each in running.told("goal", "search", "grow")["goals"]] == ["GROW"]
    assert [each["key"] for each in running.told("goal", "search", "coupons")["goals"]] == ["CHECKOUT"]
    assert "Faster checkout" in running.said("goal", "search", "faster")
    assert "goal list" in running.said("goal", "search", "zebra")
