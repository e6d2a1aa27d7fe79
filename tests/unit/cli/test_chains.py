"""Chains across trackers, altitude, catch-alls and budgets, as an operator sees them on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.cli.installation import CONFIG, Installation
from vindaris_connectors.memory.tracker import MemoryTracker, trackers

TWO = (
    CONFIG.replace('grace = "0s"', 'grace = "0s"\nmust_link = ["epic"]\nparent_reference = { tracker = "far" }')
    .replace("[notify.quiet]", '[trackers.far]\nkind = "memory"\nplaces = ["CORE"]\n[notify.quiet]')
    .replace('scopes = ["mem:*"]', 'scopes = ["mem:*", "far:*"]\nexempt_share = 0.1')
)
"""What is in ``mem`` may name its parent in ``far``."""


@pytest.fixture
def far(running: Installation) -> Iterator[MemoryTracker]:
    """Return a second tracker, to which the first one refers."""
    running.config.write_text(TWO, "utf-8")
    trackers["far"] = MemoryTracker(
        "far", places=("CORE",), clock=lambda: datetime.now(UTC), precision=timedelta(), field_name=""
    )
    running.call("run", "--once")
    yield trackers["far"]
    del trackers["far"]


def said(running: Installation, *words: str) -> str:
    """Return what a command prints, on one line."""
    return " ".join(running.said(*words).split())


def test_a_trace_prints_the_chain_through_both_trackers(running: Installation, far: MemoryTracker) -> None:
    """With the tracker of each parent that is in another one, and who carries the link."""
    far.create("CORE", "Platform", labels=("goal:GROW",))
    story = running.tracker.create("APP", "CORE-1: Faster")
    running.tracker.create("APP", "Part of it", parent=story)
    running.call("run", "--once")
    found = running.told("trace", "APP-3")
    assert [above["issue"] for above in found["chain"]] == ["mem:1002", "far:1001"]
    assert (found["state"], found["carrier"]["issue"], found["chain_end"]) == ("inherited", "far:1001", "")
    assert "└─ CORE-1 Platform · in far ← carries the link" in said(running, "trace", "APP-3")
    before = datetime.now(UTC).isoformat()
    running.tracker.edit_title(story, "Faster")
    running.call("run", "--once")
    then = running.told("trace", "APP-3", "--at", before)
    assert ([above["key"] for above in then["chain"]], then["carrier"]["key"]) == (["APP-2", "CORE-1"], "CORE-1")
    work = {one["key"]: one["carrier"] for one in running.told("trace", "GROW", "--at", before)["work"]}
    assert work == {"CORE-1": None, "APP-2": "CORE-1", "APP-3": "CORE-1"}
    assert [one["key"] for one in running.told("trace", "GROW")["work"]] == ["CORE-1"]
    assert running.told("trace", "APP-3")["chain"][-1]["key"] == "APP-2"


def test_a_trace_says_why_a_chain_leads_nowhere(running: Installation, far: MemoryTracker) -> None:
    """A parent that nobody could read, one that is gone, and a circle, each by name."""
    above = far.create("CORE", "Doomed")
    lost, orphan = running.tracker.create("APP", "CORE-77: Lost"), running.tracker.create("APP", "CORE-1: Orphan")
    one = running.tracker.create("APP", "One")
    other = running.tracker.create("APP", "Other", parent=one)
    running.tracker.set_parent(one, other)
    running.call("run", "--once")
    keys = {each: running.tracker.issue(each).key for each in (lost, orphan, one, other)}
    assert "└─ its parent CORE-77 in far: " in said(running, "trace", keys[lost])
    assert f"└─ cycle: {keys[one]} → {keys[other]} → {keys[one]}" in said(running, "trace", keys[one])
    assert running.told("trace", keys[other])["chain_end"] == f"cycle: {keys[other]} → {keys[one]} → {keys[other]}"
    far.delete(above)
    running.call("run", "--once")
    assert running.told("trace", keys[orphan])["chain"][0]["key"] == "CORE-1"


def test_a_trace_says_that_a_type_must_carry_a_link_itself(running: Installation, far: MemoryTracker) -> None:
    """And a confirmation of something else gives it none."""
    far.create("CORE", "Platform", labels=("goal:GROW",))
    epic = running.tracker.create("APP", "CORE-1: Checkout", type="Epic")
    running.call("run", "--once")
    key = running.tracker.issue(epic).key
    found = running.told("trace", key)
    assert (found["state"], found["must_link"], found["links"]) == ("unlinked", True, [])
    assert "state: unlinked, its type must carry a link itself" in said(running, "trace", key)
    assert "review: unlinked: its type, Epic, must carry a link itself" in said(running, "trace", key)
    assert "no confirmation answers" in running.call("review", "confirm", key, code=2).stderr
    running.call("link", "set", key, "CHECKOUT")
    running.call("run", "--once")
    assert running.told("trace", key)["state"] == "linked"


@pytest.mark.usefixtures("far")
def test_status_and_the_list_of_goals_name_catch_alls_and_budgets(running: Installation) -> None:
    """Where they are configured low enough for a small shop."""
    for number in range(3):
        running.tracker.create("APP", f"Work {number}", labels=("goal:GROW",))
    running.tracker.create("APP", "Chore", labels=("no-goal",))
    running.call("run", "--once")
    assert running.told("status")["goals"]["catch_all"] == []
    running.config.write_text(TWO + "[goals]\ncatch_all_least = 3\ncatch_all_share = 0.5\n", "utf-8")
    found = running.told("status")
    assert found["goals"]["catch_all"] == [{"goal": "GROW", "open": 3, "share": 0.6}]
    assert found["over_budget"] == [{"team": "Growth", "open": 5, "exempt": 1, "share": 0.2, "budget": 0.1}]
    assert "GROW is a catch-all: 60 % of all open work is on it" in said(running, "status")
    assert "Growth: 20 % of its open work (1 of 5) is exempt, 10 % was agreed" in said(running, "status")
    shares = {goal["key"]: goal["catch_all"] for goal in running.told("goal", "list")["goals"]}
    assert shares == {"GROW": 0.6, "CHECKOUT": None}
    assert "catch-all: 60 % of open work" in said(running, "goal", "list")
