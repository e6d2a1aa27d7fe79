from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.blank import blank_at
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import Clock, MemoryTracker
from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.messages import Content, Kind, State
from vindaris_sync.domain.records import Reason
from vindaris_sync.domain.wording import plain
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.goals import refresh_goals, retire_goal
from vindaris_sync.engine.nightly import ReportPlace, run_nightly
from vindaris_sync.engine.passes import run_round
from vindaris_sync.engine.relay import relay, remind
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.goals import GoalsRead
from vindaris_sync.store.store import Store

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Board:
    """A channel that keeps what it shows, and can be down."""

    name = "board"
    abilities = Ability.EDIT
    max_items = 10
    spacing = timedelta()

    def __init__(self) -> None:
        self.shown: dict[str, Content] = {}
        self.down = False
        self.deaf = False
        """Whether what is posted arrives, and its answer is lost."""

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        del repeated
        assert key not in self.shown
        self.update(key, content)
        if self.deaf:
            raise Unknown("the chat gave no answer")
        return key

    def update(self, reference: str, content: Content) -> None:
        if self.down:
            raise Transient("the chat is down")
        self.shown[reference] = content

    def reply(self, reference: str, text: str, key: str, *, repeated: bool = False) -> None:
        raise NotImplementedError(reference, text, key, repeated)

    def find(self, key: str, since: datetime) -> str | None:
        del since
        return key if key in self.shown else ""

    def check(self) -> tuple[()]:
        return ()

    def close(self) -> None:
        """Nothing to close."""

    def of(self, kind: Kind) -> list[Content]:
        return [content for content in self.shown.values() if content.subject.kind is kind]


class Source:
    """Goals that a test sets."""

    def __init__(self, *goals: Goal) -> None:
        self.goals = goals

    def read(self) -> GoalsRead:
        return GoalsRead(self.goals, "test", repr(self.goals))


class World:
    """One memory tracker, two goals, one team and its board."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock(MONDAY)
        self.tracker = MemoryTracker("mem", clock=self.clock)
        self.source = Source(Goal("A", "First"), Goal("B", "Second"))
        self.board = Board()
        self.place = ReportPlace(folder / "reports")
        store = Store.open(blank_at(folder / "test.db"))
        store.put_tracker("mem", "memory")
        settings = MemorySettings()
        connector = MemoryConnector.on(self.tracker, "mem", settings)
        trackers = {"mem": Tracker("mem", "memory", settings, connector)}
        teams = Teams.of([Team("Growth", ("mem:*",), "board")])
        self.context = Context(store, trackers, self.source, teams, now=self.clock)
        refresh_goals(self.context, promote_all=True)
        run_round(self.context)

    def go(self, **units: float) -> None:
        self.clock.advance(timedelta(**units))
        refresh_goals(self.context, promote_all=True)
        run_round(self.context)
        relay(self.context, {"board": self.board})

    def remind(self) -> int:
        remind(self.context)
        return relay(self.context, {"board": self.board})

    def night(self) -> None:
        run_nightly(self.context, {"board": self.board}, self.place, self.clock().date())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.context.store.close()


def test_a_channel_that_gathers_tells_what_changed_meanwhile_at_once(world: World) -> None:
    """Mails come at most once an hour about one subject: two more issues are one more mail, not two."""
    world.board.abilities, world.board.spacing = Ability.NONE, timedelta(hours=1)
    world.tracker.create("APP", "Work")
    world.go(minutes=20)
    for _ in range(2):
        world.tracker.create("APP", "More work")
        world.go(minutes=20)
        assert len(world.board.of(Kind.UNLINKED)) == 1
    for _ in range(3):
        world.go(minutes=20)
    assert [content.total for content in world.board.of(Kind.UNLINKED)] == [1, 3]


def test_a_goal_that_is_no_longer_stated_is_told_and_stays_in_force(world: World) -> None:
    """Forgetting a goal in the file abandons nothing."""
    issue = world.tracker.create("APP", "Work", labels=["goal:B"])
    world.go(minutes=1)
    world.source.goals = world.source.goals[:1]
    world.go(minutes=1)
    [told] = world.board.of(Kind.MISSING_GOALS)
    assert (told.state, told.total, told.lines[0].key) == (State.OPEN, 1, "B")
    assert world.tracker.issue(issue).labels == ("goal:B",)


def test_a_missing_goal_that_is_retired_is_asked_about_as_any_closed_one(world: World) -> None:
    """The message is resolved, and whoever is on the goal is asked."""
    world.tracker.create("APP", "Work", labels=["goal:B"])
    world.go(minutes=1)
    stated = world.context.book().by_key["b"]
    assert not retire_goal(world.context, stated), "a goal that is stated is ended where it is stated"
    world.source.goals = world.source.goals[:1]
    world.go(minutes=1)
    assert retire_goal(world.context, stated)
    world.go(minutes=1)
    assert [content.state for content in world.board.of(Kind.MISSING_GOALS)] == [State.RESOLVED]
    [record] = world.context.store.view_records([1]).values()
    assert [cause.key.reason for cause in record.causes] == [Reason.GOAL_CLOSED]


def test_a_goal_that_comes_back_resolves_the_message(world: World) -> None:
    """A revert of the file needs nobody."""
    both = world.source.goals
    world.source.goals = both[:1]
    world.go(minutes=1)
    world.source.goals = both
    world.go(minutes=1)
    assert [content.state for content in world.board.of(Kind.MISSING_GOALS)] == [State.RESOLVED]


def test_the_message_about_a_goal_goes_on_under_the_goals_new_key(world: World) -> None:
    """One message shows the list under the present key, also where the goal gets its former key back (L8)."""
    world.tracker.create("APP", "Work", labels=["goal:B"])
    world.go(minutes=1)
    world.source.goals = (world.source.goals[0], Goal("B", "Second to none"))
    world.go(minutes=20)
    assert [content.headline for content in world.board.of(Kind.SUSPECT)] == [
        "B Second to none has changed: 1 issue to confirm"
    ]
    for key, was in (("BEST", "B"), ("B", "BEST")):
        world.source.goals = (world.source.goals[0], Goal(key, "Second to none", was=(was,)))
        world.go(minutes=20)
        assert [content.headline for content in world.board.of(Kind.SUSPECT)] == [
            f"{key} Second to none has changed: 1 issue to confirm"
        ]


@pytest.mark.parametrize("episodes", [1, 2])
def test_a_message_whose_answer_was_lost_is_resolved_with_its_list(world: World, episodes: int) -> None:
    """What people see is brought up to date, although we never heard that it was posted (fault 4, L8)."""
    for _ in range(episodes):
        issue = world.tracker.create("APP", "New work")
        world.board.deaf = True
        world.go(minutes=30)
        world.board.deaf = False
        world.tracker.add_label(issue, "goal:A")
        world.go(minutes=30)
    assert [content.state for content in world.board.of(Kind.UNLINKED)] == [State.RESOLVED] * episodes


def test_a_continuation_whose_answer_was_lost_takes_the_older_messages_place(world: World) -> None:
    """Where its list is shorter again when the chat answers, one message shows it (L8)."""
    world.tracker.create("APP", "New work")
    world.go(hours=1)
    world.clock.advance(timedelta(days=1))
    added = world.tracker.create("APP", "More work")
    world.board.deaf = True
    world.go(minutes=30)
    world.board.deaf = False
    world.tracker.add_label(added, "goal:A")
    world.go(minutes=30)
    told = world.board.of(Kind.UNLINKED)
    assert [(content.state, content.total) for content in told] == [(State.CONTINUED, 1), (State.OPEN, 1)]


def test_a_question_that_a_wrong_clock_told_too_early_is_on_the_list_in_its_time(world: World) -> None:
    """A clock that is set back takes the issue off the list until its time has come, and no longer (fault 14, L8)."""
    world.tracker.create("APP", "New work")
    world.go(minutes=1)
    ahead = replace(world.context, now=lambda: world.clock() + timedelta(hours=1))
    relay(ahead, {"board": world.board})
    assert [content.state for content in world.board.of(Kind.UNLINKED)] == [State.OPEN]
    world.context.store.announce(Announce("mem", "APP", Reason.UNLINKED, "", world.clock()), now=world.clock())
    world.go(minutes=1)
    assert [content.state for content in world.board.of(Kind.UNLINKED)] == [State.RESOLVED]
    world.go(minutes=20)
    assert [content.state for content in world.board.of(Kind.UNLINKED)] == [State.RESOLVED, State.OPEN]


def test_a_summary_that_the_chat_did_not_take_is_sent_when_it_is_back(world: World) -> None:
    """The night in short waits in the outbox as any alert does."""
    world.board.down = True
    world.night()
    assert world.board.shown == {}
    world.board.down = False
    world.go(minutes=5)
    assert [content.subject.goal for content in world.board.of(Kind.NIGHTLY)] == ["2026-03-02"]
    world.go(minutes=5)
    assert len(world.board.shown) == 1


def test_a_night_that_a_newer_one_has_overtaken_is_not_told_late(world: World) -> None:
    """One up-to-date message after a day's silence, not a burst."""
    world.board.down = True
    world.night()
    world.clock.advance(timedelta(days=1))
    world.night()
    world.board.down = False
    world.go(hours=1)
    assert [content.subject.goal for content in world.board.of(Kind.NIGHTLY)] == ["2026-03-03"]


def test_a_reminder_posts_what_is_still_open_anew_once_a_day(world: World) -> None:
    """An edit notifies nobody, so an open list is posted again and the old message is marked continued."""
    world.tracker.create("APP", "New work")
    world.go(hours=1)
    assert world.remind() == 0, "it was posted today"
    world.clock.advance(timedelta(days=1))
    assert world.remind() == 1
    assert [content.state for content in world.board.of(Kind.UNLINKED)] == [State.CONTINUED, State.OPEN]
    assert world.remind() == 0


def test_a_reminder_that_the_chat_did_not_take_is_sent_when_it_is_back(world: World) -> None:
    """It waits as any alert does; a post whose answer was lost leaves one message that is unresolved (L8)."""
    world.tracker.create("APP", "New work")
    world.go(hours=1)
    world.clock.advance(timedelta(days=1))
    world.board.deaf = True
    assert world.remind() == 0
    world.board.deaf = False
    world.go(hours=1)
    assert [content.state for content in world.board.of(Kind.UNLINKED)] == [State.CONTINUED, State.OPEN]


def test_nobody_is_reminded_of_what_is_settled(world: World) -> None:
    """A resolved message stays as it is."""
    issue = world.tracker.create("APP", "New work")
    world.go(hours=1)
    world.tracker.add_label(issue, "goal:A")
    world.go(hours=1)
    world.clock.advance(timedelta(days=1))
    assert world.remind() == 0
    assert [content.state for content in world.board.of(Kind.UNLINKED)] == [State.RESOLVED]


def test_a_team_reads_what_changed_since_its_links_were_confirmed(world: World) -> None:
    """Word by word, and against the revision that most of its links were confirmed against."""
    for number in range(3):
        world.tracker.create("APP", f"Work {number}", labels=["goal:A"])
    world.go(minutes=1)
    for title in ("The very first", "The first"):
        world.source.goals = (replace(world.source.goals[0], title=title), *world.source.goals[1:])
        world.go(minutes=1)
    [message] = world.board.of(Kind.SUSPECT)
    assert [(each.name, plain(each.pieces)) for each in message.changes] == [
        ("Since revision 1, title", "[-First-] {+The first+}")
    ]
