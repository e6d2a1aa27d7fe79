"""Where goals are shown in trackers, as a person sees and changes it on the command line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.cli.installation import CONFIG, Installation

PUBLISHED = """
[trackers.mem.write_back]
surfaces = ["field:Goal", "label"]
publish_goals = true
[goals.home]
tracker = "mem"
place = "OPS"
"""


@pytest.fixture
def published(shop: Installation) -> Installation:
    """Return an installation whose goals are published and have their home in OPS."""
    shop.config.write_text(CONFIG + PUBLISHED, "utf-8")
    return shop


def test_a_plan_tells_what_is_published_and_made(published: Installation) -> None:
    """Each change is one line and one action, under the words that people and programs look for."""
    said = published.said("plan", code=1)
    assert "Publish goals where they are picked" in said
    assert "add CHECKOUT" in said
    assert "create: CHECKOUT: Faster checkout" in said
    actions = published.told("plan", code=1)["actions"]
    assert {each["action"] for each in actions} >= {"publish", "keep_home"}
    assert published.tracker.menu == []
    assert "changes to goals' issues" in published.said("run", "--once")
    assert [choice.value for choice in published.tracker.menu] == ["GROW", "CHECKOUT"]


def test_a_goal_says_where_its_issue_is_and_what_people_keep(published: Installation) -> None:
    """Nothing that a person changed stays unsaid."""
    published.call("run", "--once")
    (choice,) = [each for each in published.tracker.menu if each.value == "CHECKOUT"]
    published.tracker.change_choice(replace(choice, description="ask Ann"))
    goals = published.goals.read_text("utf-8")
    published.goals.write_text(goals.replace("Faster checkout", "Fast checkout"), "utf-8")
    published.call("goal", "apply", "--now")
    published.call("run", "--once")
    shown = published.told("goal", "show", "CHECKOUT")
    assert shown["home"].startswith("OPS-")
    assert list(shown["kept"].values()) == [["description"]]
    said = published.said("goal", "show", "CHECKOUT")
    assert f"its issue: {shown['home']}" in said
    assert "description as a person left it" in said


def test_a_goal_gets_another_home_where_a_person_asks_for_it(published: Installation) -> None:
    """The former issue stays as it is."""
    published.call("run", "--once")
    former = published.told("goal", "show", "GROW")["home"]
    assert published.told("goal", "rehome", "GROW") == {"rehomed": "GROW", "former": former}
    published.call("run", "--once")
    home = published.told("goal", "show", "GROW")["home"]
    assert home != former
    assert sum(each.issue.title.startswith("GROW:") for each in published.tracker.records()) == 2


def test_a_goal_without_a_home_is_refused_with_the_way_out(running: Installation) -> None:
    """It tells which setting makes goals issues."""
    assert "[goals.home]" in running.call("goal", "rehome", "GROW", code=2).stderr


def test_work_that_goes_to_another_goal_leaves_the_goals_own_issue_where_it_is(published: Installation) -> None:
    """It is asked about, too, when the goal changes; but it is that goal, and serves no other by it."""
    published.call("run", "--once")
    issue = published.tracker.create("APP", "Pay by card", labels=("goal:CHECKOUT",))
    published.call("run", "--once")
    goals = published.goals.read_text("utf-8")
    published.goals.write_text(goals.replace("Faster checkout", "Fast checkout"), "utf-8")
    published.call("goal", "apply", "--now")
    published.call("run", "--once")
    home = published.told("goal", "show", "CHECKOUT")["home"]
    key = published.tracker.issue(issue).key
    assert {each["key"] for each in published.told("review", "list")["reviews"]} == {home, key}
    moved = published.told("review", "relink", "--goal", "CHECKOUT", "--to", "GROW", "--why", "agreed")
    assert [each["key"] for each in moved["issues"]] == [key]
    published.call("run", "--once")
    assert published.told("trace", home)["links"][0]["goal"] == "CHECKOUT"
