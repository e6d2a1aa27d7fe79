"""Goals: keys, tree, progress, and what a set of goals is refused for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.domain.goals import (
    Goal,
    Outcome,
    Status,
    ancestors,
    by_key,
    children,
    fold,
    outcome_progress,
    problems,
    tree,
)

FOREST = (
    Goal("GROW", "Grow"),
    Goal("RETAIN", "Retain", parent="grow", was=("KEEP",)),
    Goal("SPEED", "Be fast", parent="Keep"),
    Goal("WIN", "Win", parent="GROW"),
    Goal("SAFE", "Be safe"),
)


def goal(key: str, parent: str | None = None, was: tuple[str, ...] = (), title: str = "a title") -> Goal:
    """Return a goal of which only the key matters."""
    return Goal(key, title, parent=parent, was=was)


def reasons(*goals: Goal, longest: int = 50) -> list[str]:
    """Return the problems of a set of goals as lines."""
    return [f"{problem.index} {problem.field}: {problem.reason}" for problem in problems(goals, longest)]


@given(st.text())
def test_folding_a_key_twice_is_folding_it_once(key: str) -> None:
    """A stored folded key is found again by folding it."""
    assert fold(fold(key)) == fold(key)


@pytest.mark.parametrize(
    ("one", "other"), [("GROW", "grow"), (" grow", "GROW "), ("STRASSE", "straße"), ("é", "e\u0301")]
)
def test_spellings_of_one_key_are_the_same_key(one: str, other: str) -> None:
    """Case, surrounding space and Unicode composition do not make another key."""
    assert fold(one) == fold(other)


def test_a_former_key_finds_its_goal_unless_another_goal_has_it_now() -> None:
    """Aliases resolve; a current key is stronger than somebody's former one."""
    renamed, current = goal("NEW", was=("OLD", "OLDER")), goal("older")
    known = by_key([renamed, current])
    assert known["old"] is renamed
    assert known["older"] is current


def test_ancestors_are_nearest_first_through_aliases_and_case() -> None:
    """SPEED names its parent by a former key; the line still reaches the root."""
    assert [above.key for above in ancestors(FOREST[2], by_key(FOREST))] == ["RETAIN", "GROW"]


def test_a_cycle_of_parents_ends_the_line_of_ancestors() -> None:
    """Walking up a cycle stops before it comes back, wherever it is entered."""
    ring = (goal("A", parent="B"), goal("B", parent="C"), goal("C", parent="A"), goal("X", parent="A"))
    known = by_key(ring)
    assert [above.key for above in ancestors(ring[0], known)] == ["B", "C"]
    assert [above.key for above in ancestors(ring[3], known)] == ["A", "B", "C"]


def test_the_tree_lists_parents_before_children_in_the_order_of_the_file() -> None:
    """Depth first, siblings as given; children are found through a parent's former key."""
    assert [(depth, each.key) for depth, each in tree(FOREST)] == [
        (0, "GROW"),
        (1, "RETAIN"),
        (2, "SPEED"),
        (1, "WIN"),
        (0, "SAFE"),
    ]
    assert [each.key for each in children(FOREST)["grow"]] == ["RETAIN", "WIN"]


def test_a_goal_with_an_unknown_parent_is_shown_as_a_root() -> None:
    """Nothing disappears from the tree because its parent is missing."""
    assert [each.key for _, each in tree([goal("A", parent="NOWHERE")])] == ["A"]


@pytest.mark.parametrize(
    ("outcome", "progress"),
    [
        (Outcome("signups", "", 0, 200, 50), 0.25),
        (Outcome("p95", "s", 4, 2, 3), 0.5),
        (Outcome("p95", "s", 4, 2, 5), -0.5),
        (Outcome("p95", "s", 4, 2, 1), 1.5),
        (Outcome("uptime", "%", 99.9, 99.9, 99.9), None),
        (Outcome("x", "", None, 2, 1), None),
        (Outcome("x", "", 0, None, 1), None),
        (Outcome("x", "", 0, 2, None), None),
        (Outcome("x", "", -1e308, 1e308, 1e308), None),
    ],
)
def test_progress_is_honest(outcome: Outcome, progress: float | None) -> None:
    """Falling targets count like rising ones, nothing is clamped, and what cannot be told is unknown."""
    assert outcome_progress(outcome) == progress


def test_only_achieved_and_abandoned_goals_are_closed() -> None:
    """A proposed goal is not closed; work on it is not asked about."""
    assert [status for status in Status if status.closed] == [Status.ACHIEVED, Status.ABANDONED]


def test_a_sound_set_of_goals_has_no_problems() -> None:
    """Aliases, case differences in parents and several roots are fine."""
    assert problems(FOREST) == []


def test_a_cycle_is_named_once_and_what_hangs_on_it_is_not_blamed() -> None:
    """The problem lies with the ring alone, in the order of its members."""
    ring = (goal("X", parent="b"), goal("A", parent="b"), goal("B", parent="c"), goal("C", parent="a"))
    assert reasons(*ring) == ["1 parent: parents form a cycle: A → B → C → A"]


def test_a_goal_cannot_be_its_own_parent_by_a_former_key() -> None:
    """A former key in ``parent`` is the goal itself."""
    assert reasons(goal("A", was=("OLD",), parent="old")) == ["0 parent: parents form a cycle: A → A"]


def test_an_unknown_parent_is_named() -> None:
    """The line says which parent and on which goal."""
    assert reasons(goal("A"), goal("B", parent="Z")) == ["1 parent: the parent Z is unknown"]


def test_a_key_is_taken_whatever_its_case() -> None:
    """The later of two goals is the one at fault, and the line names the earlier."""
    assert reasons(goal("GROW"), goal("x"), goal("grow")) == ["2 key: the key grow is taken by goal 1, GROW"]


def test_a_former_key_may_not_be_a_goal_or_another_goals_former_key() -> None:
    """Else an old label would point at two goals."""
    assert reasons(goal("A"), goal("B", was=("a",))) == ["1 was: the former key a belongs to goal A"]
    assert reasons(goal("A", was=("o",)), goal("B", was=("O",))) == ["1 was: the former key O belongs to goal A"]


def test_a_goal_may_list_its_own_key_in_another_case_among_former_ones() -> None:
    """Renaming grow to GROW is no clash."""
    assert reasons(goal("GROW", was=("grow",))) == []


@pytest.mark.parametrize("key", ["", "a b", "a\u00a0b", "a,b", "a\nb", "a\x00b", "a\u200bb", "\ud800"])
def test_a_key_that_no_tracker_could_carry_is_refused(key: str) -> None:
    """A Jira label has no spaces; commas and invisible characters break lists of labels."""
    (problem,) = problems([goal(key)])
    assert problem.field == "key"
    assert problem.reason.isprintable()


def test_a_key_must_fit_beside_the_longest_prefix() -> None:
    """The limit counts characters and is inclusive."""
    assert reasons(goal("x" * 45), longest=45) == []
    (reason,) = reasons(goal("x" * 46), longest=45)
    assert "46 characters, 45 fit" in reason


def test_a_blank_title_is_refused() -> None:
    """Nobody can answer a review about a goal without a title."""
    assert reasons(goal("A", title=" \n")) == ["0 title: the title is empty"]
