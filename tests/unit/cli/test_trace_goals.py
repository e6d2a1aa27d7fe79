from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.unit.cli.installation import GOALS, Installation

HOSTILE = 'A"];b -> c; \\N ` <b>#35;%%{init}%%'


@pytest.fixture
def growing(running: Installation) -> Installation:
    """Return an installation with an epic of thirty stories on CHECKOUT, ten of them done, and an issue on GROW."""
    epic = running.tracker.create("APP", HOSTILE, labels=("goal:CHECKOUT",))
    stories = [running.tracker.create("APP", f"Story {number}", parent=epic) for number in range(30)]
    running.tracker.create("APP", "By itself", labels=("goal:GROW",))
    running.call("run", "--once")
    for story in stories[:10]:
        running.tracker.close(story)
    running.call("run", "--once")
    return running


def test_a_goal_leads_down_through_its_goals_to_every_issue(growing: Installation) -> None:
    """Output adds up the hierarchy, beside the outcome; the issues hang as they do in the tracker."""
    found = growing.told("trace", "GROW")
    outputs = {goal["key"]: (goal["output"]["own"], goal["output"]["below"]["done"]) for goal in found["goals"]}
    assert outputs["GROW"][0] == {"issues": 1, "done": 0, "share": 0.0}
    assert (outputs["GROW"][1], outputs["CHECKOUT"][1]) == (10, 10)
    assert found["goals"][0]["outcomes"][0]["progress"] == pytest.approx(0.5)
    epic = next(issue for issue in found["work"] if issue["title"] == HOSTILE)
    assert {issue["parent"] for issue in found["work"] if issue["carrier"]} == {epic["issue"]}
    assert len(found["work"]) == 32
    said = growing.said("trace", "GROW", "--all")
    assert "GROW  Grow the business (P1) · 10 of 32 done, 31 %" in said
    assert "└─ CHECKOUT  Faster checkout · 10 of 31 done, 32 %" in said
    assert len(re.findall("Story", said)) == 30


def test_an_outcome_leads_to_the_goals_that_state_it_and_their_work(growing: Installation) -> None:
    """By the metric's name, in any case; a metric that nobody states is refused with the way out."""
    found = growing.told("trace", "outcome:Revenue")
    assert (found["kind"], [goal["key"] for goal in found["goals"]]) == ("outcome", ["GROW", "CHECKOUT"])
    assert len(found["work"]) == 32
    assert "outcome list" in growing.call("trace", "outcome:NRR", code=2).stderr


def test_a_large_tree_is_summed_up(growing: Installation) -> None:
    """What is left out is counted where it would stand; JSON leaves nothing out."""
    said = growing.said("trace", "CHECKOUT", "--limit", "4", "--history", "0")
    assert "… and 27 more issues, 10 done" in said
    assert len(said.splitlines()) == 9
    assert len(growing.told("trace", "CHECKOUT", "--limit", "4")["work"]) == 31
    said = growing.said("trace", "GROW", "--depth", "0", "--history", "0")
    assert "… and 1 more goal with 31 issues" in said
    assert "Story" not in said


def test_graphs_keep_hostile_titles_as_text(growing: Installation) -> None:
    """No title ends a label, names a node or begins a directive."""
    dot = growing.said("trace", "CHECKOUT", "--dot", "--limit", "3")
    line = next(line for line in dot.splitlines() if "A\\" in line)
    label = re.search(r'\[label="((?:[^"\\]|\\.)*)", shape=box, style=rounded\];$', line)
    assert label is not None
    assert label[1].replace("\\\\", "\\").replace('\\"', '"').endswith(f"{HOSTILE} · linked")
    assert dot.startswith("digraph trace {")
    mermaid = growing.said("trace", "CHECKOUT", "--mermaid", "--limit", "3")
    first = next(line for line in mermaid.splitlines() if "A#34;" in line)
    assert re.fullmatch(r'  n\d+\("(?:[\w ,.·…→-]|#\d+;)*"\)', first)
    assert mermaid.startswith("flowchart LR\n")
    assert "choose one" in growing.call("trace", "GROW", "--dot", "--json", code=2).stderr
    assert "only goals" in growing.call("trace", "APP-1", "--dot", code=2).stderr


def test_the_past_of_a_goal_is_told_from_the_history(growing: Installation) -> None:
    """Links, parents, what was closed, the goal's own contents and what was measured: as they were then."""
    then = datetime.now(UTC).isoformat()
    work = growing.told("trace", "GROW")["work"]
    moved, epic = work[5], next(issue for issue in work if issue["title"] == HOSTILE)
    growing.tracker.set_parent(moved["issue"].removeprefix("mem:"), None)
    growing.tracker.reopen(work[1]["issue"].removeprefix("mem:"))
    growing.tracker.remove_label(epic["issue"].removeprefix("mem:"), "goal:CHECKOUT")
    growing.tracker.create("APP", "New", labels=("goal:GROW",))
    growing.goals.write_text(GOALS.replace("Grow the business", "Grow").replace("current = 2", "current = 3"), "utf-8")
    growing.call("goal", "apply", "--now")
    growing.call("run", "--once")
    now, before = growing.told("trace", "GROW"), growing.told("trace", "GROW", "--at", then)
    assert (now["totals"]["issues"], now["goals"][0]["title"]) == (2, "Grow")
    assert now["goals"][0]["outcomes"][0]["current"] == 3
    assert (before["goals"][0]["title"], before["goals"][0]["outcomes"][0]["current"]) == ("Grow the business", 2)
    assert [(one["key"], one["closed"], one["state"], one["parent"]) for one in before["work"]] == [
        (one["key"], one["closed"], one["state"], one["parent"]) for one in work
    ]
    assert before["goals"][0]["output"]["below"] == {"issues": 32, "done": 10, "share": pytest.approx(10 / 32)}
    assert "as of" in growing.said("trace", "CHECKOUT", "--at", then)
    assert "was not stated then" in growing.call("trace", "GROW", "--at", "2020-01-01", code=2).stderr


def told_of(shop: Installation, *at: str) -> object:
    """Return what the trace of GROW says of goals and work, now or then; what no history is kept of left out."""
    found = shop.told("trace", "GROW", "--history", "0", *at)
    goals = [(goal["key"], goal["title"], goal["status"], goal["depth"], goal["output"]) for goal in found["goals"]]
    currents = [outcome["current"] for goal in found["goals"] for outcome in goal["outcomes"]]
    work = {
        (one["key"], one["place"], one["closed"], one["state"], one["parent"], one["carrier"], tuple(one["goals"]))
        for one in found["work"]
        if one["presence"] == "present"
    }
    return goals, currents, work


def test_every_moment_is_told_as_it_was(running: Installation) -> None:
    """After any change by people, goals or rules, all earlier moments are still told as they were seen then."""
    tracker, moments = running.tracker, list[tuple[str, object]]()

    def seen() -> None:
        running.call("goal", "apply", "--now")
        running.call("run", "--once")
        moments.append((datetime.now(UTC).isoformat(), told_of(running)))

    epic = tracker.create("APP", "Epic", labels=("goal:CHECKOUT",))
    story = tracker.create("APP", "Story", parent=epic)
    task = tracker.create("APP", "Task", parent=story)
    loose = tracker.create("OPS", "Loose")
    seen()
    tracker.add_label(loose, "goal:GROW")
    tracker.close(task)
    seen()
    tracker.set_parent(task, loose)
    tracker.remove_label(epic, "goal:CHECKOUT")
    tracker.add_label(epic, "goal:GROW")
    seen()
    tracker.reopen(task)
    tracker.add_label(story, "no-goal")
    running.call("outcome", "record", "revenue", "2.5")
    seen()
    tracker.remove_label(loose, "goal:GROW")
    tracker.set_parent(task, None)
    running.goals.write_text(
        GOALS.replace('"CHECKOUT"', '"FAST"\nwas = ["CHECKOUT"]\nstatus = "achieved"').replace("Grow the", "Grow our"),
        "utf-8",
    )
    seen()
    tracker.move(epic, "OPS")
    tracker.remove_label(story, "no-goal")
    tracker.delete(loose)
    running.goals.write_text(running.goals.read_text("utf-8").replace('parent = "GROW"', ""), "utf-8")
    seen()
    rule = '\n[[rules]]\ngoal = "GROW"\ntype = "Task"\n'
    running.config.write_text(running.config.read_text("utf-8") + rule, "utf-8")
    seen()
    running.config.write_text(running.config.read_text("utf-8").replace(rule, ""), "utf-8")
    seen()
    assert len({str(told) for _, told in moments}) == len(moments) - 1  # without the rule it is as before
    for at, told in moments:
        assert told_of(running, "--at", at) == told, at
