"""A pass costs what changed and not what exists: however many goals, homes and required items there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.blank import blank_at
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.homes import Home
from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import PassReport, run_pass
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.sdk.goals import GoalsRead
from vindaris_sync.sdk.settings import WriteBackSettings
from vindaris_sync.store.store import Store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FEW, MANY = 10, 120


class Clock:
    """Virtual time."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.at


class Stated:
    """A source whose goals a test changes."""

    def __init__(self, count: int) -> None:
        above = Goal("G-0", "All that we do")
        self.goals = (above, *(Goal(f"G-{number}", f"Goal {number}", parent="G-0") for number in range(1, count)))

    def read(self) -> GoalsRead:
        """Return them."""
        return GoalsRead(self.goals, "test", str(hash(self.goals)))


class Desk:
    """A company with one tracker in which goals have their homes, and are offered."""

    def __init__(self, folder: Path, count: int) -> None:
        self.clock, self.stated = Clock(), Stated(count)
        self.tracker = MemoryTracker("desk", places=("HOME",))
        self.tracker.create("HOME", "The first")
        settings = MemorySettings(write_back=WriteBackSettings(publish_goals=True, create_limit=1000))
        connector = MemoryConnector.on(self.tracker, "desk", settings)
        self.store = Store.open(blank_at(folder / "desk.db"))
        self.store.put_tracker("desk", "memory")
        self.context = Context(
            self.store,
            {"desk": Tracker("desk", "memory", settings, connector)},
            self.stated,
            Teams.of([Team("Desk", ("desk:*",), "log")]),
            now=self.clock,
            home=Home("desk", "HOME", sources=frozenset({""})),
        )

    def turn(self, minutes: int = 60) -> PassReport:
        """Let time pass, read the goals, and run a pass."""
        self.clock.at += timedelta(minutes=minutes)
        self.tracker.advance(timedelta(minutes=minutes))
        refresh_goals(self.context)
        return run_pass(self.context, "desk")

    def rest(self) -> None:
        """Run passes until there is nothing left to do."""
        for _ in range(20):
            if not self.turn().planned:
                break
        self.turn()

    def idle(self) -> int:
        """Return what an idle pass takes, in the database's own steps."""
        with self.store.metered() as meter:
            done = run_pass(self.context, "desk")
        assert (done.outcome, done.planned) == ("ok", [])
        return meter.steps


@contextmanager
def opened(folder: Path, count: int) -> Iterator[Desk]:
    """Give a company with so many goals, at rest."""
    folder.mkdir()
    desk = Desk(folder, count)
    try:
        desk.rest()
        yield desk
    finally:
        desk.store.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Desk]:
    """Give a company with few goals."""
    with opened(tmp_path / "small", FEW) as desk:
        yield desk


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Desk]:
    """Give a company with many goals."""
    with opened(tmp_path / "large", MANY) as desk:
        yield desk


def test_an_idle_pass_costs_the_same_with_many_goals(small: Desk, large: Desk) -> None:
    """Twelve times as many goals with homes and labels cost a pass that finds nothing new the same instructions."""
    assert len(large.store.homes()) == MANY
    few, many = small.idle(), large.idle()
    assert many <= few * 1.2


def test_an_idle_pass_costs_the_same_with_many_items_that_wait(small: Desk, large: Desk) -> None:
    """Required work that waits for what is not there is not looked through again and again."""
    for desk in (small, large):
        item = Requirement("api", "desk", "HOME", "Build it", parent="HOME-4711")
        desk.stated.goals = tuple(replace(goal, requires=(item,)) for goal in desk.stated.goals)
        desk.rest()
    few, many = small.idle(), large.idle()
    assert large.turn().counts["work waiting"] == MANY
    assert many <= few * 1.2


def test_what_has_changed_is_done_in_the_next_pass(small: Desk) -> None:
    """A new goal gets its home, a new title is shown there, though nothing was to do for many passes."""
    small.stated.goals = (*small.stated.goals, Goal("G-NEW", "A new one"))
    small.rest()
    assert len(small.store.homes()) == FEW + 1
    small.stated.goals = tuple(
        replace(goal, title="Another aim") if goal.key == "G-NEW" else goal for goal in small.stated.goals
    )
    small.rest()
    (home,) = (each for each in small.store.homes().values() if each.page and "G-NEW" in each.page.title)
    assert small.tracker.issue(home.address.id).title == "G-NEW: Another aim"


def test_work_that_hangs_nowhere_is_hung_below_its_goals_home_though_all_was_at_rest(small: Desk) -> None:
    """A link is news for homes, too."""
    id_ = small.tracker.create("HOME", "Do it", labels=["goal:G-1"])
    small.rest()
    (home,) = (each for each in small.store.homes().values() if each.page and each.page.title.startswith("G-1:"))
    above = small.tracker.issue(id_).parent
    assert above is not None
    assert above.id == home.address.id


def test_an_item_is_created_when_it_has_rested(small: Desk) -> None:
    """Nothing but time has changed since it was looked at: its rest is over."""
    first, *others = small.stated.goals
    small.stated.goals = (replace(first, requires=(Requirement("api", "desk", "HOME", "Build it"),)), *others)
    assert small.turn(minutes=1).counts["work waiting"] == 1
    assert small.turn(minutes=1).counts["work waiting"] == 1
    assert small.turn(minutes=10).counts["work created"] == 1


def test_an_item_is_created_when_the_issue_it_hangs_under_is_there(small: Desk) -> None:
    """A person's new issue is news for what waits for it."""
    first, *others = small.stated.goals
    item = Requirement("api", "desk", "HOME", "Build it", parent=f"HOME-{FEW + 2}")
    small.stated.goals = (replace(first, requires=(item,)), *others)
    small.rest()
    assert small.turn().counts["work waiting"] == 1
    id_ = small.tracker.create("HOME", "An epic")
    assert small.tracker.issue(id_).key == item.parent
    assert small.turn().counts["work created"] == 1
