"""One answer to many open reviews."""

from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation
from tests.unit.cli.test_goal_edits import edited


@pytest.fixture
def crowd(running: Installation) -> list[str]:
    """Return the ids of six issues whose goal has changed: three bugs in APP, two tasks in OPS, one of GROW."""
    tracker = running.tracker
    found = [tracker.create("APP", f"Bug {n}", type="Bug", labels=("goal:CHECKOUT", "legal")) for n in range(2)]
    found.append(tracker.create("APP", "Bug 2", type="Bug", labels=("goal:CHECKOUT",)))
    found += [tracker.create("OPS", f"Task {n}", type="Task", labels=("goal:CHECKOUT",)) for n in range(2)]
    found.append(tracker.create("APP", "Grow", labels=("goal:GROW",)))
    running.call("run", "--once")
    edited(running, "Faster checkout", "Safer checkout")
    edited(running, "Grow the business", "Shrink the business")
    running.call("run", "--once")
    return found


def asked(shop: Installation) -> list[str]:
    """Return the titles of issues that show the review label."""
    return sorted(record.issue.title for record in shop.tracker.records() if "goal-review" in record.issue.labels)


def test_all_on_a_goal_are_confirmed_with_one_reason(running: Installation, crowd: list[str]) -> None:
    """Each link is confirmed at the goal's revision, with who and why; other goals' reviews stay open."""
    said = running.said("review", "confirm", "--goal", "CHECKOUT", "--why", "still right", "--as", "ana", "--yes")
    assert "5 reviews confirmed at CHECKOUT revision 2" in said
    running.call("run", "--once")
    assert asked(running) == ["Grow"]
    for issue in crowd[:5]:
        traced = running.told("trace", running.tracker.issue(issue).key)
        assert [link["revision"] for link in traced["links"]] == [2]
        confirmed = next(each for each in traced["history"] if each["event"] == "confirmed")
        assert (confirmed["who"], confirmed["why"], confirmed["revision"]) == ("ana", "still right", 2)


def test_a_dry_run_shows_which_and_changes_nothing(running: Installation, crowd: list[str]) -> None:
    """What is shown is what would be confirmed."""
    told = running.told("review", "confirm", "--goal", "CHECKOUT", "--where", "place=APP type=bug", "--dry-run")
    assert (told["matched"], told["confirmed"], told["revisions"]) == (3, 0, {"CHECKOUT": 2})
    assert {one["issue"] for one in told["issues"]} == {f"mem:{issue}" for issue in crowd[:3]}
    said = running.said("review", "confirm", "--goal", "CHECKOUT", "--where", "place=APP", "--dry-run")
    assert "3 reviews would be confirmed at CHECKOUT revision 2; nothing was changed" in said
    running.call("run", "--once")
    assert len(asked(running)) == 6


@pytest.mark.parametrize(
    ("where", "left"),
    [
        (["place=ops"], ["Bug 0", "Bug 1", "Bug 2", "Grow"]),
        (["type=Bug label=legal"], ["Bug 2", "Grow", "Task 0", "Task 1"]),
        (["type=Bug", "label!=legal"], ["Bug 0", "Bug 1", "Grow", "Task 0", "Task 1"]),
        (["type=Bug,Epic tracker=mem team=growth"], ["Grow", "Task 0", "Task 1"]),
        (["reason=goal-changed issue=OPS-*"], ["Bug 0", "Bug 1", "Bug 2", "Grow"]),
        (["assignee=ana"], ["Bug 0", "Bug 1", "Bug 2", "Grow", "Task 0", "Task 1"]),
        (["component=Cart"], ["Bug 0", "Bug 1", "Bug 2", "Grow", "Task 0", "Task 1"]),
    ],
)
def test_conditions_narrow_it_down(running: Installation, crowd: list[str], where: list[str], left: list[str]) -> None:
    """All must hold; of several values any; case does not matter, and a star stands for anything."""
    assert crowd
    words = [word for each in where for word in ("--where", each)]
    running.call("review", "confirm", *words, "--yes")
    running.call("run", "--once")
    assert asked(running) == left


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--where", "plaice=APP"], "did you mean place?"),
        (["--where", "place"], "write NAME=VALUE"),
        (["--where", "label='x"], "a quotation mark is not closed"),
        (["--where", "reason=mood"], "there is no reason"),
        (["--goal", "GROWTH"], "no goal is called"),
        (["APP-2", "--goal", "GROW"], "either issues, or --goal and --where"),
        ([], "which issues?"),
        (["--goal", "CHECKOUT"], "nobody is there to be asked"),
    ],
)
def test_what_cannot_be_meant_is_refused(running: Installation, crowd: list[str], words: list[str], error: str) -> None:
    """The refusal tells what can be written, and nothing was changed."""
    assert error in " ".join(running.call("review", "confirm", *words, code=2).stderr.split())
    running.call("run", "--once")
    assert len(asked(running)) == len(crowd)


def test_what_no_confirmation_answers_stays(running: Installation, crowd: list[str]) -> None:
    """Unlinked issues are counted as not answered, and not confirmed."""
    running.tracker.create("APP", "Stray")
    running.call("run", "--once")
    told = running.told("review", "confirm", "--where", "place=APP", "--yes")
    assert (told["confirmed"], told["not_answered"]) == (4, 2)
    running.call("run", "--once")
    assert asked(running) == ["Stray", "Task 0", "Task 1"]
    assert crowd


def test_many_are_linked_to_another_goal(running: Installation, crowd: list[str]) -> None:
    """The trackers show the other goal, and the reviews are answered; a dry run only lists them."""
    words = ("review", "relink", "--goal", "CHECKOUT", "--to", "GROW", "--where", "place=OPS", "--why", "agreed")
    assert "2 issues asked about CHECKOUT: would be linked to GROW" in running.said(*words, "--dry-run")
    assert "2 issues asked about CHECKOUT: linked to GROW now" in running.said(*words)
    running.call("run", "--once")
    assert all("goal:GROW" in running.labels(issue) for issue in crowd[3:5])
    assert asked(running) == ["Bug 0", "Bug 1", "Bug 2", "Grow"]


def test_many_are_exempt_with_one_reason(running: Installation, crowd: list[str]) -> None:
    """Each until its tracker's days are over."""
    words = ("review", "exempt", "--where", "label=legal", "--reason", "legal duty")
    assert "2 reviews would be exempt" in running.said(*words, "--dry-run")
    assert running.told(*words, "--yes")["exempt"] == 2
    running.call("run", "--once")
    assert all("no-goal" in running.labels(issue) for issue in crowd[:2])
    assert running.told("trace", running.tracker.issue(crowd[0]).key)["exemption"]["reason"] == "legal duty"


def test_a_rule_is_confirmed_with_the_issues_unless_issues_are_described(running: Installation) -> None:
    """A rule's review stands for all that it links; what an issue looks like says nothing about it."""
    running.config.write_text(
        running.config.read_text("utf-8") + '[[rules]]\ngoal = "CHECKOUT"\nlabel = "auto"\n', "utf-8"
    )
    running.tracker.create("OPS", "Ruled", labels=("auto",))
    running.call("run", "--once")
    edited(running, "Faster checkout", "Safer checkout")
    running.call("run", "--once")
    assert running.told("review", "confirm", "--goal", "CHECKOUT", "--where", "place=OPS", "--dry-run")["rules"] == []
    assert "title [-Faster-] {+Safer+} checkout" in running.said("review", "show", "rule:1")
    told = running.told("review", "confirm", "--goal", "CHECKOUT", "--yes")
    assert (told["rules"], told["confirmed"]) == (["rule:1"], 1)
    assert running.told("review", "list")["total"] == 0
