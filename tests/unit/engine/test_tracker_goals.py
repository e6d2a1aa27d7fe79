from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import RLock, Thread

import pytest

from tests.blank import blank_at
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.goals import MemoryGoalSettings
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.models import IssueRef
from vindaris_sync.engine.context import Tracker
from vindaris_sync.engine.tracker_goals import ANEW, TrackerGoals, accepted
from vindaris_sync.sdk.errors import NotNow, TrackerUnusable, Transient
from vindaris_sync.sdk.goals import GoalsRefused
from vindaris_sync.store.store import Store

EVERY = timedelta(minutes=5)


class Desk:
    """A memory tracker whose labelled issues are goals, a store, and a source over both."""

    def __init__(self, path: Path) -> None:
        self.world = MemoryTracker("main")
        self.store = Store.open(blank_at(path))
        self.lock = RLock()
        self.source = self.opened()

    def opened(self, **settings: object) -> TrackerGoals:
        """Return the source as another process opens it."""
        block = MemoryGoalSettings.model_validate({"tracker": "main", "label": "goal", **settings})
        connector = MemoryConnector.on(self.world, settings=MemorySettings())
        tracker = Tracker("main", "memory", MemorySettings(), connector)
        return TrackerGoals("epics", block, tracker, self.store, lock=self.lock, now=self.world.now)

    def goal(self, title: str, parent: str = "") -> str:
        """Let a person make a goal."""
        return self.world.create("APP", title, labels=["goal"], parent=parent)

    def titles(self) -> list[str]:
        """Return the titles of what is stated, once it is asked again."""
        self.world.advance(EVERY)
        return [goal.title for goal in self.source.read().goals]

    @property
    def asked(self) -> int:
        """How often the tracker was asked."""
        return self.world.faults.calls


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk with an empty tracker."""
    desk = Desk(tmp_path / "goals.db")
    yield desk
    desk.store.close()


def test_goals_hang_below_one_another_by_key_and_below_others_not_at_all(desk: Desk) -> None:
    """A parent that is no goal of this source is none."""
    above = desk.goal("Grow")
    desk.goal("Grow abroad", parent=above)
    other = desk.world.create("APP", "An initiative that is no goal")
    desk.goal("Faster", parent=other)
    read = desk.source.read()
    assert [(goal.key, goal.parent) for goal in read.goals] == [("APP-1", None), ("APP-2", "APP-1"), ("APP-4", None)]
    assert read.goals[0].issue == IssueRef("main", above)
    assert read.problems == ()


def test_the_tracker_is_asked_at_most_once_in_the_interval(desk: Desk) -> None:
    """In between the last answer counts, and is the same."""
    desk.goal("Grow")
    first, asked = desk.source.read(), desk.asked
    desk.goal("Win")
    assert desk.source.read() is first
    assert desk.asked == asked
    assert desk.titles() == ["Grow", "Win"]


def test_an_unchanged_reading_has_the_same_digest_in_another_process(desk: Desk) -> None:
    """So nothing is taken over anew after a restart."""
    desk.goal("Grow")
    assert desk.opened().read() == desk.source.read()


def test_a_moved_goal_keeps_its_former_keys_for_ever(desk: Desk) -> None:
    """Each key that it had is an alias of it; moving back makes the present one none."""
    id_ = desk.goal("Grow")
    desk.source.read()
    desk.world.move(id_, "OPS")
    desk.world.advance(EVERY)
    assert [(goal.key, goal.was) for goal in desk.source.read().goals] == [("OPS-1", ("APP-1",))]
    desk.world.move(id_, "APP")
    desk.source = desk.opened()
    assert [(goal.key, goal.was) for goal in desk.source.read().goals] == [("APP-2", ("APP-1", "OPS-1"))]


def test_a_malformed_goal_is_told_alone_and_its_last_good_form_counts(desk: Desk) -> None:
    """The others' edits count meanwhile."""
    bad, good = desk.goal("Grow"), desk.goal("Win")
    desk.source.read()
    desk.world.edit_title(bad, " ")
    desk.world.edit_title(good, "Win twice")
    assert desk.titles() == ["Win twice", "Grow"]
    [problem] = desk.source.read().problems
    assert problem == "epics (main): APP-1: the title is empty: give it one; until then its last good form counts"
    desk.world.edit_title(bad, "Grow again")
    assert desk.titles() == ["Grow again", "Win twice"]
    assert desk.source.read().problems == ()


def test_what_was_never_good_is_left_out(desk: Desk) -> None:
    """And said to be."""
    desk.goal("Grow")
    desk.goal(" ")
    read = desk.source.read()
    assert [goal.key for goal in read.goals] == ["APP-1"]
    assert read.problems == ("epics (main): APP-2: the title is empty: give it one; it is left out",)


def test_a_circle_of_parents_is_broken_and_told(desk: Desk) -> None:
    """The goals stay."""
    first = desk.goal("a")
    second = desk.goal("b", parent=first)
    desk.world.set_parent(first, second)
    read = desk.source.read()
    assert len(read.goals) == 2
    assert [goal.parent for goal in read.goals] == [None, "APP-1"]
    assert read.problems == (
        "epics (main): APP-1: parents form a cycle: APP-1 → APP-2 → APP-1; until that is corrected nothing is above it",
    )


def test_a_tracker_that_is_down_keeps_the_last_good_goals(desk: Desk) -> None:
    """The error says which source and tracker; after it the goals are there as before."""
    desk.goal("Grow")
    desk.source.read()
    desk.world.advance(EVERY)
    desk.world.faults.fail_next(lambda: Transient("no answer"), times=1)
    with pytest.raises(Transient, match=r"epics \(main\): no answer"):
        desk.source.read()
    with pytest.raises(Transient):  # it is not asked again at once
        desk.source.read()
    assert desk.titles() == ["Grow"]


def test_what_a_person_must_act_on_is_refused_with_its_advice(desk: Desk) -> None:
    """A tracker without access is told with what to do."""
    desk.world.faults.fail_next(lambda: TrackerUnusable("forbidden", reason="permission", advice="let us in"))
    with pytest.raises(GoalsRefused, match=r"epics \(main\): forbidden; let us in"):
        desk.source.read()


def test_a_tracker_that_we_keep_away_from_has_said_nothing_new(desk: Desk) -> None:
    """No trouble is made of that; it is asked when it may be."""
    desk.goal("Grow")
    first = desk.source.read()
    desk.world.advance(EVERY)
    desk.world.faults.fail_next(lambda: NotNow("a limit", retry_after=timedelta(hours=1)))
    desk.goal("Win")
    assert desk.source.read() == first
    assert desk.titles() == ["Grow"]
    desk.world.advance(timedelta(hours=1))
    assert desk.titles() == ["Grow", "Win"]


def test_nobody_waits_while_somebody_else_speaks_to_the_tracker(desk: Desk) -> None:
    """Then the last answer counts, or there is none yet; the next look asks."""
    desk.goal("Grow")
    answers: list[object] = []

    def look() -> None:
        try:
            answers.append(desk.source.read())
        except NotNow as error:
            answers.append(error)

    with desk.lock:
        looking = Thread(target=look)
        looking.start()
        looking.join(10)
    assert [type(each) for each in answers] == [NotNow]
    assert [goal.title for goal in desk.source.read().goals] == ["Grow"]


def test_many_goals_missing_at_once_are_not_believed_until_a_person_says_so(desk: Desk) -> None:
    """More than 20, or all: an account that sees less states no less. The way out is named, and works."""
    ids = [desk.goal(f"goal {number}") for number in range(30)]
    assert len(desk.source.read().goals) == 30
    desk.world.advance(timedelta(hours=1))
    for id_ in ids[:21]:
        desk.world.remove_label(id_, "goal")
    desk.world.advance(timedelta(hours=1))
    with pytest.raises(GoalsRefused) as refused:
        desk.source.read()
    assert str(refused.value) == (
        "epics (main): 21 of 30 goals are stated no more (APP-1, APP-2, APP-3, APP-4, APP-5, …), too many to be "
        "believed; look whether the account may see them, and at [goal_sources.epics]; "
        "if that is meant: vindaris-sync goal accept epics"
    )
    desk.store.put_note(accepted("epics"), value=True)
    assert len(desk.source.read().goals) == 9
    assert desk.store.note(accepted("epics")) is None


def test_some_goals_missing_are_stated_no_more(desk: Desk) -> None:
    """Up to 20 are what people do on a day."""
    ids = [desk.goal(f"goal {number}") for number in range(30)]
    desk.source.read()
    for id_ in ids[:20]:
        desk.world.delete(id_)
    assert len(desk.titles()) == 10


def test_no_goal_at_all_is_not_believed(desk: Desk) -> None:
    """Neither the first time, which a wrong setting would cause, nor later."""
    with pytest.raises(GoalsRefused, match="no goal is found; look whether"):
        desk.source.read()
    only = desk.goal("Grow")
    assert desk.titles() == ["Grow"]
    desk.world.delete(only)
    desk.world.advance(EVERY)
    with pytest.raises(GoalsRefused, match=r"1 of 1 goals are stated no more \(APP-1\)"):
        desk.source.read()


def test_hidden_goals_stay(desk: Desk) -> None:
    """However many there are: that the account cannot see them is no statement."""
    ids = [desk.goal(f"goal {number}") for number in range(30)]
    desk.source.read()
    for id_ in ids[1:]:
        desk.world.hide(id_)
    assert len(desk.titles()) == 30


def test_other_settings_read_everything_anew(desk: Desk) -> None:
    """What was kept was read with the former ones."""
    desk.goal("Grow")
    assert desk.source.read().goals[0].visibility == "private"
    assert desk.opened(visibility="public").read().goals[0].visibility == "public"


def test_types_that_pulls_show_cost_nothing(desk: Desk) -> None:
    """Where nothing was edited, and the store knows all issues of the types, the tracker is not asked."""
    desk.world.create("APP", "Grow", type="Goal")
    source = desk.opened(label="", types=["goal"])
    source.read()
    connector = MemoryConnector.on(desk.world, settings=MemorySettings())
    desk.store.put_tracker("main", "memory")
    for page in connector.pull({}):
        desk.store.record_page("main", page, connector.layout().surfaces, desk.world.now())
    desk.store.mark_loaded("main", desk.world.now())
    asked = desk.asked
    desk.world.advance(EVERY)
    assert [goal.title for goal in source.read().goals] == ["Grow"]
    assert desk.asked == asked
    desk.world.advance(ANEW)
    source.read()
    assert desk.asked > asked
