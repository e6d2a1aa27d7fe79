"""Required work in goal files and feeds: what is wrong is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.sdk.goals import GoalsRefused
from vindaris_sync.sources.feed import Feed
from vindaris_sync.sources.files import FileGoals

GOAL = """
[[goal]]
key = "GROW-1"
title = "Faster checkout"
"""
ITEM = """
[[goal.requires]]
id = "{id}"
tracker = "jira-main"
place = "APP"
title = "{title}"
"""


def _file(tmp_path: Path, *items: str) -> FileGoals:
    path = tmp_path / "goals.toml"
    path.write_text(GOAL + "".join(items), encoding="utf-8")
    return FileGoals(path)


def _refused(source: FileGoals) -> str:
    with pytest.raises(GoalsRefused) as refused:
        source.read()
    (problem,) = refused.value.problems
    return problem


def test_a_file_states_required_work(tmp_path: Path) -> None:
    """Everything that an item may say arrives; what it does not say is empty."""
    whole = ITEM.format(id="api", title="Build it") + (
        'type = "Story"\nbody = "For {goal.title}"\nlabels = ["backend"]\nassignee = "ana"\nparent = "APP-7"\n'
    )
    (goal,) = _file(tmp_path, whole, ITEM.format(id="ui", title="Show it")).read().goals
    assert goal.requires == (
        Requirement(
            "api", "jira-main", "APP", "Build it", "Story", "For {goal.title}", ("backend",), "ana", "APP-7"
        ),
        Requirement("ui", "jira-main", "APP", "Show it"),
    )  # fmt: skip


def test_an_unknown_placeholder_is_told_with_its_line(tmp_path: Path) -> None:
    """File, line and field, and which placeholders there are."""
    problem = _refused(_file(tmp_path, ITEM.format(id="api", title="Build {goal.titel}")))
    assert problem.startswith(f"{tmp_path / 'goals.toml'}:10: ")
    assert "{goal.titel}" in problem
    assert "{goal.title}" in problem


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ((ITEM.format(id="api", title="A"), ITEM.format(id="API", title="B")), "the id API is taken"),
        ((ITEM.format(id="a b", title="A"),), "without spaces"),
        (('[[goal.requires]]\nid = "api"\ntracker = "jira-main"\nplace = "APP"\n',), "is missing"),
        ((ITEM.format(id="api", title="A") + 'asignee = "ana"\n',), "did you mean 'assignee'"),
        ((ITEM.format(id="api", title="A") + 'parent = "api"\n',), "parents form a circle"),
    ],
)
def test_what_cannot_be_required_is_refused(tmp_path: Path, items: tuple[str, ...], said: str) -> None:
    """One line each, on the item's place."""
    problem = _refused(_file(tmp_path, *items))
    assert said in problem
    assert "goals.toml:" in problem


def test_an_item_has_an_id(tmp_path: Path) -> None:
    """Without one nobody could tell whether work is the same work."""
    assert "id: is missing" in _refused(_file(tmp_path, ITEM.format(id="x", title="A").replace('id = "x"\n', "")))


def test_a_feed_states_required_work() -> None:
    """Under ``requires``; keys that are not known are left alone."""
    item = {"id": "api", "tracker": "jira-main", "place": "APP", "title": "Build it", "colour": "red"}
    feed = Feed.model_validate({"schema": 1, "goals": [{"key": "G", "title": "G", "requires": [item]}]})
    assert feed.goals[0].goal().requires == (Requirement("api", "jira-main", "APP", "Build it"),)
