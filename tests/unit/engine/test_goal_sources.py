from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vindaris_sync.domain.goals import Goal, Outcome, Status
from vindaris_sync.engine.goal_sources import JoinedGoals
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused
from vindaris_sync.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with Store.open(f"sqlite:///{tmp_path / 'goals.db'}") as opened:
        yield opened


@dataclass
class Source:
    """States what it is told to, or fails."""

    name: str
    goals: tuple[Goal, ...] = ()
    failure: Exception | None = None

    def read(self) -> GoalsRead:
        """Return the goals."""
        if self.failure:
            raise self.failure
        return GoalsRead(self.goals, f"the {self.name}", repr(self.goals))


FULL = Goal(
    "GROW", "Grow", "more", None, "P1", Status.PROPOSED, "2026", "ana", (Outcome("nrr", "%", 1, 2.5, None),), ("OLD",)
)


def test_goals_of_all_sources_are_joined_in_order_and_each_knows_its_source(store: Store) -> None:
    """A goal may hang below one of another source."""
    joined = JoinedGoals(
        {"file": Source("file", (FULL,)), "okr": Source("tool", (Goal("WIN", "Win", parent="old"),))}, store
    )
    read = joined.read()
    assert [(goal.key, goal.source) for goal in read.goals] == [("GROW", "file"), ("WIN", "okr")]
    assert (read.origin, read.problems) == ("the file, the tool", ())
    assert joined.read() == read


def test_what_a_source_stated_last_stands_in_for_it_also_after_a_restart(store: Store) -> None:
    """A tool that is down closes and deletes nothing; the others' edits count (fault 55)."""
    tool, file = Source("tool", (FULL,)), Source("file", (Goal("WIN", "Win"),))
    JoinedGoals({"file": file, "okr": tool}, store).read()
    tool.failure, file.goals = Transient("it does not answer"), (Goal("WIN", "Win twice"),)
    read = JoinedGoals({"file": file, "okr": tool}, store).read()
    assert [goal.title for goal in read.goals] == ["Win twice", "Grow"]
    assert read.goals[1].outcomes == FULL.outcomes
    assert read.problems == ("it does not answer",)
    tool.failure = GoalsRefused(["okr.json: no goal is stated"])
    assert JoinedGoals({"file": file, "okr": tool}, store).read().problems == ("okr.json: no goal is stated",)


def test_a_source_that_was_never_read_leaves_the_others_alone(store: Store) -> None:
    """There is nothing to stand in for it."""
    read = JoinedGoals(
        {"okr": Source("tool", failure=Transient("down")), "file": Source("file", (FULL,))}, store
    ).read()
    assert [goal.key for goal in read.goals] == ["GROW"]


def test_a_key_in_two_sources_is_refused_and_names_both(store: Store) -> None:
    """Each goal is one source's, whatever the spelling."""
    joined = JoinedGoals({"file": Source("file", (FULL,)), "okr": Source("tool", (Goal("grow", "Grow"),))}, store)
    with pytest.raises(GoalsRefused) as refused:
        joined.read()
    assert refused.value.problems == ("grow is stated by the file and by the tool: one must go",)


def test_a_parent_that_no_source_states_is_refused(store: Store) -> None:
    """The source that names it is told."""
    joined = JoinedGoals({"file": Source("file", (FULL,)), "okr": Source("tool", (Goal("A", "A", parent="Z"),))}, store)
    with pytest.raises(GoalsRefused, match="the tool: A: the parent Z is unknown"):
        joined.read()
