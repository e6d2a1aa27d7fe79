from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vindaris_sync.domain.goals import Goal, Outcome, Status
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.goals import GoalSource, GoalsRead, GoalsRefused
from vindaris_sync.sources.files import FileGoals

Read = Callable[..., GoalsRead]
ROOT = Path(__file__).parents[3]

FULL = """\
[[goal]]
key = "GROW"
title = "Grow"
description = '''
[[goal]]
key = "in a text"
'''
priority = "P1"
status = "proposed"
period = "2026-H1"
owner = "ana"
visibility = "public"
[[goal.outcome]]
metric = "signups"
unit = "a week"
baseline = 10
target = 20.5
current = -1
[[goal.outcome]]
metric = "churn"
[[goal]]
key = "WIN"
title = "Win"
parent = "grow"
was = ["OLD", "OLDER"]
minor_revision = 3
material = ["title", "outcomes"]
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return what reads goals from a text."""

    def goals_in(text: str, longest: int = 50) -> GoalsRead:
        path = tmp_path / "goals.toml"
        path.write_bytes(text.encode("utf-8"))
        return FileGoals(path, longest).read()

    return goals_in


@pytest.fixture
def refusals(read: Read, tmp_path: Path) -> Callable[..., list[str]]:
    """Return what reads goals that are refused, as lines without the directory."""

    def lines(text: str, longest: int = 50) -> list[str]:
        with pytest.raises(GoalsRefused) as refused:
            read(text, longest)
        assert isinstance(refused.value, ConfigError)
        assert str(refused.value).splitlines() == list(refused.value.problems)
        return [line.replace(f"{tmp_path}/", "") for line in refused.value.problems]

    return lines


def test_every_key_of_a_goal_is_read(read: Read) -> None:
    """Values arrive typed, absent ones as unknown."""
    assert read(FULL).goals == (
        Goal(
            "GROW",
            "Grow",
            '[[goal]]\nkey = "in a text"\n',
            priority="P1",
            status=Status.PROPOSED,
            period="2026-H1",
            owner="ana",
            outcomes=(Outcome("signups", "a week", 10, 20.5, -1), Outcome("churn")),
            visibility="public",
        ),
        Goal("WIN", "Win", parent="grow", was=("OLD", "OLDER"), minor_revision=3, material=("title", "outcomes")),
    )


def test_the_digest_tells_whether_the_file_was_edited(read: Read, tmp_path: Path) -> None:
    """Reading the same bytes again gives the same digest, any edit another."""
    first = read(FULL)
    assert first == read(FULL)
    assert first.digest != read(FULL + "# a comment\n").digest
    assert first.origin == str(tmp_path / "goals.toml")


def test_a_file_is_a_goal_source(tmp_path: Path) -> None:
    """The engine knows the protocol only."""
    assert isinstance(FileGoals(tmp_path), GoalSource)


def test_an_edit_right_after_a_look_is_seen_whatever_the_stamps_say(tmp_path: Path) -> None:
    """Of the same length, and with the former time of change put back, as some editors and checkouts do."""
    path = tmp_path / "goals.toml"
    path.write_text('[[goal]]\nkey = "A"\ntitle = "one"\n', "utf-8")
    source, told = FileGoals(path), path.stat()
    assert source.read().goals[0].title == "one"
    path.write_text('[[goal]]\nkey = "A"\ntitle = "two"\n', "utf-8")
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert source.read().goals[0].title == "two"


def test_a_file_that_nobody_touches_is_parsed_once() -> None:
    """A thousand goals take a third of a second, and are looked at three times a minute."""
    source = FileGoals(ROOT / "goals.example.toml")
    assert source.read() is source.read()


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "goal = []", FULL.split("key", maxsplit=1)[0].replace("[[goal]]", "")]
)
def test_an_emptied_file_is_refused(refusals: Callable[..., list[str]], text: str) -> None:
    """An empty file is what a failed save leaves; it does not say that all goals are gone."""
    assert refusals(text) == ["goals.toml: no goal is stated; if that is meant, write goals = []"]


def test_no_goal_at_all_can_be_stated_on_purpose(read: Read) -> None:
    """Somebody who starts with nothing says so."""
    assert read("goals = []\n").goals == ()


def test_goals_written_under_the_wrong_name_are_no_empty_list(refusals: Callable[..., list[str]]) -> None:
    """``[[goals]]`` is a slip of the pen, not a statement that there are none."""
    (line,) = refusals('[[goals]]\nkey = "A"\ntitle = "t"\n')
    assert line == "goals.toml:1: goals: a goal is written [[goal]], without s; only goals = [] is written with one"


@pytest.mark.parametrize("cut", range(8, len(FULL), 37))
def test_a_half_saved_file_is_refused_or_gives_whole_goals_only(read: Read, cut: int) -> None:
    """No cut through the text makes a goal that was never written."""
    try:
        goals = read(FULL[:cut]).goals
    except GoalsRefused:
        return
    assert {(goal.key, goal.title) for goal in goals} <= {("GROW", "Grow"), ("WIN", "Win")}


def test_a_deleted_file_or_one_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Both are told in one line."""
    with pytest.raises(GoalsRefused, match=r"goals\.toml: no such file or directory"):
        FileGoals(tmp_path / "goals.toml").read()
    (tmp_path / "goals.toml").write_bytes(b'[[goal]]\nkey = "\xff"')
    with pytest.raises(GoalsRefused, match="no valid UTF-8 at byte 16"):
        FileGoals(tmp_path / "goals.toml").read()
    if os.geteuid():
        (tmp_path / "goals.toml").chmod(0)
        with pytest.raises(GoalsRefused, match="permission denied"):
            FileGoals(tmp_path / "goals.toml").read()


def test_a_byte_order_mark_is_no_part_of_the_text(read: Read) -> None:
    """Some editors write one."""
    assert read("\ufeff" + FULL).goals == read(FULL).goals


def test_a_syntax_error_is_told_with_its_line(refusals: Callable[..., list[str]]) -> None:
    """The parser's own words, with the file before them."""
    (line,) = refusals('[[goal]]\nkey = "A\n')
    assert line.startswith("goals.toml: no valid TOML: ")
    assert "line 2" in line


@pytest.mark.parametrize("depth", [200, 450, 3000])
def test_a_dotted_key_without_end_is_told(refusals: Callable[..., list[str]], depth: int) -> None:
    """It nests a table for each of its dots, and a parser that reads it leaves the fall to whoever walks it."""
    (line,) = refusals(f'[[goal]]\nkey = "A"\nlinks{".a" * depth} = 1\n')
    assert line.startswith("goals.toml: no valid TOML: tables and arrays are nested more than 64 deep")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[goal]]\nkey = "A"\n', ["goals.toml:1: [[goal]] #1 title: is missing"]),
        (
            '[[goal]]\nkey = "A"\ntitle = "t"\n\nprioriti = "P1"\n',
            ["goals.toml:5: [[goal]] #1 prioriti: there is no such key; did you mean 'priority'?"],
        ),
        (
            '[[goal]]\nkey = "A"\ntitle = "t"\nstatus = "done"\n',
            ["goals.toml:4: [[goal]] #1 status: should be 'proposed', 'active', 'achieved' or 'abandoned'"],
        ),
        (
            '[[goal]]\nkey = "A"\ntitle = "t"\n[[goal.outcome]]\nmetric = "m"\n[[goal.outcome]]\ntarget = nan\nx = 1\n',
            [
                "goals.toml:6: [[goal.outcome]] #1 metric: is missing",
                "goals.toml:7: [[goal.outcome]] #1 target: should be a finite number",
                "goals.toml:8: [[goal.outcome]] #1 x: there is no such key",
            ],
        ),
        ("goal = 3\n", ["goals.toml:1: goal: should be a valid tuple"]),
        ("goal = [3]\n", ["goals.toml:1: goal: should be a valid dictionary or instance of GoalEntry"]),
    ],
)
def test_a_goal_of_the_wrong_shape_is_refused_with_its_line(
    refusals: Callable[..., list[str]], text: str, expected: list[str]
) -> None:
    """Types, missing and unknown keys."""
    assert refusals(text) == expected


def test_what_is_wrong_among_goals_is_told_with_the_line_at_fault(refusals: Callable[..., list[str]]) -> None:
    """Cycles, unknown parents, taken keys and keys that no tracker could carry, all at once."""
    text = """\
[[goal]]
key = "A"
title = "t"
parent = "B"
[[goal]]
title = "t"
parent = "a"
key = "B"
[[goal]]
key = "a"
title = "t"
[[goal]]
key = "two words"
title = "t"
parent = "NOWHERE"
[[goal]]
key = "12345678901"
title = " "
was = ["b"]
"""
    assert refusals(text, 10) == [
        "goals.toml:4: [[goal]] #1 parent: A: parents form a cycle: A → B → A",
        "goals.toml:10: [[goal]] #3 key: a: the key a is taken by goal 1, A",
        (
            "goals.toml:13: [[goal]] #4 key: two words: no tracker can carry the key 'two words': "
            "spaces, commas and control characters do not fit into a label"
        ),
        "goals.toml:15: [[goal]] #4 parent: two words: the parent NOWHERE is unknown",
        (
            "goals.toml:17: [[goal]] #5 key: 12345678901: no tracker can carry the key '12345678901': "
            "11 characters, 10 fit beside the prefix"
        ),
        "goals.toml:18: [[goal]] #5 title: 12345678901: the title is empty",
        "goals.toml:19: [[goal]] #5 was: 12345678901: the former key b belongs to goal B",
    ]


def stated(*keys: str, parent: str = "") -> str:
    """Return a file that states goals."""
    more = f'parent = "{parent}"\n' if parent else ""
    return "".join(f'[[goal]]\nkey = "{key}"\ntitle = "{key}"\n{more}' for key in keys)


def test_a_folder_holds_one_file_for_each_team(tmp_path: Path) -> None:
    """Goals hang together across files; other files and editors' leavings are none."""
    (tmp_path / "a.toml").write_text(stated("GROW"))
    (tmp_path / "b.toml").write_text(stated("WIN", parent="GROW"))
    (tmp_path / ".b.toml.swp").write_text("no goals")
    (tmp_path / ".c.toml").write_text("no goals")
    (tmp_path / "README.md").write_text("no goals")
    read = FileGoals(tmp_path).read()
    assert [(goal.key, goal.parent) for goal in read.goals] == [("GROW", None), ("WIN", "GROW")]
    assert read.origin == str(tmp_path)
    (tmp_path / "b.toml").rename(tmp_path / "c.toml")
    assert FileGoals(tmp_path).read().digest != read.digest


def test_problems_in_a_folder_name_their_file_and_line(tmp_path: Path) -> None:
    """A key in two files is told where it stands the second time."""
    (tmp_path / "a.toml").write_text(stated("GROW"))
    (tmp_path / "b.toml").write_text(stated("WIN", "grow"))
    with pytest.raises(GoalsRefused) as refused:
        FileGoals(tmp_path).read()
    assert [line.replace(f"{tmp_path}/", "") for line in refused.value.problems] == [
        "b.toml:5: [[goal]] #2 key: grow: the key grow is taken by goal 1, GROW"
    ]


def test_a_folder_without_goals_is_refused(tmp_path: Path) -> None:
    """It says as little as a file that is gone."""
    with pytest.raises(GoalsRefused, match=r"there is no \*\.toml file in it"):
        FileGoals(tmp_path).read()


def test_a_parent_may_be_stated_by_another_source(tmp_path: Path) -> None:
    """Whether it exists is asked where all sources are joined."""
    path = tmp_path / "goals.toml"
    path.write_text(stated("WIN", parent="GROW"))
    assert len(FileGoals(path, alone=False).read().goals) == 1
    with pytest.raises(GoalsRefused, match="the parent GROW is unknown"):
        FileGoals(path).read()
