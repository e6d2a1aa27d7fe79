"""What is known of the real issues of Titanium: which belongs to which epic, which sub-task to which parent."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EPICS, SUBTASKS = "goals/tidev_issue_to_epic_dev.csv", "goals/tidev_subtask_to_parent_dev.csv"

Ask = Callable[..., list[tuple[Any, ...]]]
Served = dict[str, tuple[str, str, str]]


@dataclass(frozen=True)
class Share:
    """Issues of some projects, and in numbers what is known of them."""

    files: tuple[str, ...]
    projects: tuple[str, ...]
    linked: int
    """Issues whose epic is there."""
    unknown: int
    """Issues whose epic is not there."""
    epics: int
    sub_tasks: int
    """Sub-tasks whose parent is there."""
    following: int
    """Those of them that serve a goal."""


SMALL, LARGE = "jira/tidev-dev-ALOY-MOD-DAEMON.jsonl.gz", "jira/tidev-dev-TIMOB.jsonl.gz"
PART = Share((SMALL,), ("ALOY", "DAEMON", "MOD"), 77, 17, 20, 98, 0)
WHOLE = Share((SMALL, LARGE), ("ALOY", "DAEMON", "MOD", "TIMOB"), 363, 41, 85, 970, 80)


def truth(data: Path, name: str, column: str, share: Share) -> tuple[dict[str, str], set[str]]:
    """Return what is known of each of the issues whose ``column`` is there too, and the issues whose is not."""
    with (data / name).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["issue"].rpartition("-")[0] in share.projects]
    known = {
        row["issue"]: row[column]
        for row in rows
        if row[f"{column}_in_dump"] == "1" and row[column].rpartition("-")[0] in share.projects
    }
    return known, {row["issue"] for row in rows} - known.keys()


def judge(data: Path, ask: Ask, tracker: str, share: Share) -> None:
    """Hold the store to what is known: all links to epics are in effect, none is wrong, the other epics are unknown."""
    known, outside = truth(data, EPICS, "epic", share)
    assert (len(known), len(outside)) == (share.linked, share.unknown)
    found, unknown = _served(ask, tracker), _unknown(ask, tracker)
    wrong = {issue: found.get(issue) for issue, epic in known.items() if found.get(issue) != ("inherited", epic, epic)}
    assert wrong == {}
    assert outside <= unknown
    assert not outside & found.keys()
    _sub_tasks_follow(data, ask, tracker, share)
    _epics_are_goals(ask, tracker, share)


def _served(ask: Ask, tracker: str) -> Served:
    """Return state, goal and carrier of each issue that serves a goal."""
    rows = ask(
        "SELECT i.key, i.state, g.key, c.key FROM issue i JOIN issue c ON c.id = i.carrier_id "
        "JOIN goal g ON i.goals = '[' || g.id || ']' WHERE i.tracked AND i.tracker = ?",
        tracker,
    )
    return {row[0]: row[1:] for row in rows}


def _unknown(ask: Ask, tracker: str) -> set[str]:
    query = "SELECT key FROM issue WHERE parent_unknown AND parent_id IS NULL AND tracker = ?"
    return {key for (key,) in ask(query, tracker)}


def _sub_tasks_follow(data: Path, ask: Ask, tracker: str, share: Share) -> None:
    """Hold all sub-tasks whose parent is there to what that serves; where it serves nothing, so do they."""
    parents, outside = truth(data, SUBTASKS, "parent", share)
    assert len(parents) == share.sub_tasks
    found = _served(ask, tracker)
    epics = {key for (key,) in ask("SELECT key FROM issue WHERE type = 'Epic' AND tracker = ?", tracker)}
    expected = {
        issue: ("inherited", parent, parent) if parent in epics else found.get(parent)
        for issue, parent in parents.items()
    }
    assert {issue: found.get(issue) for issue in parents} == expected
    assert sum(serves is not None for serves in expected.values()) == share.following
    assert outside <= _unknown(ask, tracker)


def _epics_are_goals(ask: Ask, tracker: str, share: Share) -> None:
    """Hold the epics that are there to be the goals, without link, state, review or label of their own."""
    assert ask("SELECT count(*) FROM goal") == [(share.epics,)]
    epics = "FROM issue WHERE type = 'Epic' AND tracker = ?"
    assert ask(f"SELECT count(*), sum(tracked), sum(review_open) {epics}", tracker) == [(share.epics, 0, 0)]
    assert ask("SELECT count(*) FROM link JOIN issue ON issue.id = issue_id WHERE tracker = ?", tracker) == [(0,)]
    assert ask(f"SELECT count(*) {epics} AND observed LIKE '%[\"%'", tracker) == [(0,)]
