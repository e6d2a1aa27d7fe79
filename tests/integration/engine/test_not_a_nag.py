"""Who is told when: working hours, mutes, own doings, reminders; what is closed or hidden; the ten that matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.integration.engine.test_telling import World
from vindaris_sync.domain import decisions
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.messages import Content, Kind, State
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.muting import Muted
from vindaris_sync.domain.quiet import WEEKDAYS, Hours
from vindaris_sync.engine.escalating import escalate
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.muting import Unmutable, mute, unmute
from vindaris_sync.engine.teams import Person, Team, Teams
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.sdk.goals import GoalsRefused

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours(BERLIN, time(9), time(17, 30), WEEKDAYS, frozenset({date(2026, 3, 4)}))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.context.store.close()


def works(world: World, hours: Hours | None, **parts: object) -> None:
    """Let the team work at these hours."""
    team = replace(Team("Growth", ("mem:*",), "board", hours=hours), **parts)  # type: ignore[arg-type] # any field
    world.context = replace(world.context, teams=Teams.of([team]))


def until(world: World, at: str) -> None:
    """Go on to a local time in Berlin."""
    then = datetime.fromisoformat(at).replace(tzinfo=BERLIN)
    world.go(seconds=(then - world.clock()).total_seconds())


def states(world: World, kind: Kind = Kind.UNLINKED) -> list[State]:
    return [content.state for content in world.board.of(kind)]


def totals(world: World) -> list[int]:
    return [content.total for content in world.board.of(Kind.UNLINKED)]


def kim(world: World, why: str = "on holiday") -> By:
    return By("kim", "command line", why, world.clock())


# --- working hours ---


def test_what_comes_up_in_the_evening_is_posted_when_the_team_is_at_work(world: World) -> None:
    """Nothing is lost: it waits in the outbox, over a holiday, too."""
    works(world, OFFICE)
    until(world, "2026-03-03T18:00")
    world.tracker.create("APP", "New work")
    until(world, "2026-03-03T19:00")
    until(world, "2026-03-04T12:00")
    assert states(world) == []
    assert world.context.store.outbox_depth() == 1
    until(world, "2026-03-05T08:59")
    assert states(world) == []
    until(world, "2026-03-05T09:00")
    assert states(world) == [State.OPEN]
    assert world.context.store.outbox_depth() == 0


def test_a_message_is_edited_and_resolved_at_night_too(world: World) -> None:
    """An edit notifies nobody."""
    works(world, OFFICE)
    until(world, "2026-03-03T10:00")
    first, second = (world.tracker.create("APP", "New work") for _ in range(2))
    until(world, "2026-03-03T11:00")
    world.tracker.add_label(first, "goal:A")
    until(world, "2026-03-03T22:00")
    assert totals(world) == [1]
    world.tracker.add_label(second, "goal:A")
    until(world, "2026-03-03T23:00")
    assert states(world) == [State.RESOLVED]


def test_what_is_added_at_night_is_announced_in_the_morning(world: World) -> None:
    """It is on the message at once, and a new message tells of it when somebody is there."""
    works(world, OFFICE)
    until(world, "2026-03-02T14:00")
    world.tracker.create("APP", "New work")
    until(world, "2026-03-02T15:00")
    world.tracker.create("APP", "More work")
    until(world, "2026-03-02T23:00")
    assert (states(world), totals(world)) == ([State.OPEN], [2])
    until(world, "2026-03-03T09:00")
    assert states(world) == [State.CONTINUED, State.OPEN]


def test_what_came_and_went_at_night_is_told_to_nobody(world: World) -> None:
    """In the morning there is nothing to say."""
    works(world, OFFICE)
    until(world, "2026-03-02T20:00")
    issue = world.tracker.create("APP", "New work")
    until(world, "2026-03-02T21:00")
    world.tracker.add_label(issue, "goal:A")
    until(world, "2026-03-02T22:00")
    until(world, "2026-03-03T09:30")
    assert states(world) == []
    assert world.context.store.outbox_depth() == 0


@pytest.mark.parametrize("urgent", [True, False])
def test_goals_that_are_refused_are_told_at_night_unless_the_team_does_not_want_that(
    world: World,
    urgent: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """What stops everything need not wait; whether it does is the team's choice."""
    works(world, OFFICE, urgent=frozenset({Kind.GOALS} if urgent else ()))
    until(world, "2026-03-02T23:00")
    world.source.read = lambda: (_ for _ in ()).throw(GoalsRefused(("half saved",)))  # type: ignore[method-assign]
    until(world, "2026-03-02T23:30")
    assert states(world, Kind.GOALS) == ([State.OPEN] if urgent else [])
    until(world, "2026-03-03T09:00")
    assert states(world, Kind.GOALS) == [State.OPEN]


def test_a_channel_that_cannot_edit_is_silent_at_night(world: World) -> None:
    """Every change would be a message: in the morning there is one, with what holds then."""
    world.board.abilities = Ability.NONE
    works(world, OFFICE)
    until(world, "2026-03-02T20:00")
    for number in range(3):
        world.tracker.create("APP", f"Work {number}")
        until(world, f"2026-03-02T2{number + 1}:00")
    assert totals(world) == []
    until(world, "2026-03-03T09:00")
    assert totals(world) == [3]


# --- mutes ---


def test_a_muted_issue_is_on_no_list_until_its_mute_ends_by_itself(world: World) -> None:
    """Meanwhile it is counted on the message; at the end it is added and told."""
    quiet, other = (world.tracker.create("APP", title) for title in ("Quiet", "Other"))
    del other
    world.go(minutes=1)
    [number] = world.context.store.find(world.tracker.issue(quiet).key)
    mute(world.context.store, Muted(issue=number), world.clock() + timedelta(days=1), kim(world))
    world.go(hours=1)
    [told] = world.board.of(Kind.UNLINKED)
    assert (told.total, "1 muted issue" in told.footer) == (1, True)
    world.go(hours=23)
    assert [content.total for content in world.board.of(Kind.UNLINKED) if content.state is State.OPEN] == [2]


@pytest.mark.parametrize("about", ["team", "goal"])
def test_a_mute_holds_back_what_notifies_and_ends_by_itself(world: World, about: str) -> None:
    """The review is open all the time; the message comes when the mute is over."""
    world.tracker.create("APP", "Work", labels=["goal:A"])
    world.go(minutes=1)
    muted = Muted(team="Growth") if about == "team" else Muted(goal=world.context.book().by_key["a"])
    mute(world.context.store, muted, world.clock() + timedelta(days=2), kim(world))
    change(world, "The very first")
    assert states(world, Kind.SUSPECT) == []
    world.go(days=1)
    assert states(world, Kind.SUSPECT) == []
    world.go(days=1)
    assert states(world, Kind.SUSPECT) == [State.OPEN]


def test_what_a_mute_held_back_is_told_when_somebody_ends_it(world: World) -> None:
    """At once; a second end finds nothing to end."""
    world.tracker.create("APP", "Work", labels=["goal:A"])
    world.go(minutes=1)
    mute(world.context.store, Muted(team="Growth"), world.clock() + timedelta(days=2), kim(world))
    change(world, "The very first")
    assert states(world, Kind.SUSPECT) == []
    assert unmute(world.context.store, Muted(team="Growth"), kim(world))
    world.go(minutes=1)
    assert states(world, Kind.SUSPECT) == [State.OPEN]
    assert not unmute(world.context.store, Muted(team="Growth"), kim(world))


def test_a_mute_needs_an_end_and_a_reason(world: World) -> None:
    """Silence for ever, or without a word, is none that can be explained."""
    store, now = world.context.store, world.clock()
    for end, why in ((now, "x"), (now + timedelta(days=400), "x"), (now + timedelta(days=1), " ")):
        with pytest.raises(Unmutable):
            mute(store, Muted(team="Growth"), end, kim(world, why))
    assert store.mutes(now) == ()


def test_a_second_mute_about_the_same_takes_the_first_ones_place(world: World) -> None:
    """Whoever prolongs silence does not have to end it twice."""
    store, now = world.context.store, world.clock()
    mute(store, Muted(team="Growth"), now + timedelta(days=1), kim(world))
    mute(store, Muted(team="Growth"), now + timedelta(days=3), kim(world, "still away"))
    assert [(each.until, each.why) for each in store.mutes(now)] == [(now + timedelta(days=3), "still away")]


# --- people's own doings ---


def test_a_label_that_was_just_taken_off_is_told_a_minute_later(world: World) -> None:
    """Who took it off may be about to set another."""
    issue = world.tracker.create("APP", "Work", labels=["goal:A"])
    world.go(hours=1)
    world.tracker.remove_label(issue, "goal:A")
    world.go(seconds=50)
    assert states(world) == []
    world.go(seconds=20)
    assert states(world) == [State.OPEN]


def test_a_decision_through_us_edits_the_message_at_once_and_sends_none(world: World) -> None:
    """Kim unlinks one: the list grows on the message that is there, and a new day's message waits a minute."""
    linked = world.tracker.create("APP", "Work", labels=["goal:A"])
    world.tracker.create("APP", "New work")
    world.go(hours=1)
    world.go(days=1)
    decide(world, linked)
    world.go(seconds=20)
    assert states(world) == [State.OPEN]
    world.go(seconds=60)
    assert totals(world)[-1] == 2


def test_a_channel_that_cannot_edit_hears_of_ones_own_decision_a_minute_later(world: World) -> None:
    """A new message about what one has just done oneself is a nag; one a minute later tells the others."""
    world.board.abilities = Ability.NONE
    issue = world.tracker.create("APP", "New work")
    world.go(hours=1)
    assert len(world.board.shown) == 1
    [number] = world.context.store.find(world.tracker.issue(issue).key)
    with world.context.store.transaction():
        [record] = world.context.store.view_records([number]).values()
        goals = world.context.book()
        plan = decisions.link(record, [goals.by_key["a"]], goals, kim(world), Provenance.CHOSEN)
        world.context.store.apply(plan, "", world.clock())
    world.go(seconds=5)
    assert len(world.board.shown) == 1
    world.go(seconds=60)
    assert [content.state for content in world.board.shown.values()] == [State.OPEN, State.RESOLVED]


def test_what_a_decision_held_back_is_told_though_a_slow_message_before_it_outlasted_that(world: World) -> None:
    """The minute is over when its turn comes: it was to be held back and is not, and must not fall between the two."""
    linked = world.tracker.create("APP", "Work", labels=["goal:A"])
    world.go(hours=1)
    world.source.read = lambda: (_ for _ in ()).throw(GoalsRefused(("half saved",)))  # type: ignore[method-assign]
    refresh_goals(world.context)
    decide(world, linked)
    show = world.board.update

    def slowly(reference: str, content: Content) -> None:
        world.clock.advance(timedelta(seconds=61))
        show(reference, content)

    world.board.update = slowly  # type: ignore[method-assign]
    world.go(seconds=1)
    assert (states(world, Kind.GOALS), states(world)) == ([State.OPEN], [])
    world.go(seconds=1)
    assert states(world) == [State.OPEN]
    assert world.context.store.outbox_depth() == 0


def decide(world: World, issue: str) -> None:
    """Let Kim take the issue's link off, on the command line."""
    [number] = world.context.store.find(world.tracker.issue(issue).key)
    with world.context.store.transaction():
        [record] = world.context.store.view_records([number]).values()
        plan = decisions.unlink(record, world.context.book(), kim(world))
        world.context.store.apply(plan, "", world.clock())


# --- closed, hidden, many ---


def test_nobody_is_alerted_about_a_closed_issue(world: World) -> None:
    """It leaves every list as soon as it is seen closed."""
    first, second = (world.tracker.create("APP", "New work") for _ in range(2))
    world.go(hours=1)
    world.tracker.close(first)
    world.go(minutes=1)
    assert totals(world) == [1]
    world.tracker.close(second)
    world.go(minutes=1)
    assert states(world) == [State.RESOLVED]


def test_a_hidden_issue_leaves_the_list_and_comes_back_with_its_place(world: World) -> None:
    """Its review stays as it is; nobody is asked about what they cannot see."""
    issue = world.tracker.create("APP", "New work")
    world.go(hours=1)
    world.tracker.hide(issue)
    world.night()
    world.go(minutes=1)
    assert states(world) == [State.RESOLVED]
    world.tracker.show(issue)
    world.night()
    world.go(minutes=1)
    assert states(world)[-1] is State.OPEN


def test_a_thousand_new_issues_are_one_message_with_the_ten_that_matter(world: World) -> None:
    """By priority, then by how long they wait; the rest is one command away, or one click where there is a page."""
    works(world, None)
    for number in range(1000):
        labels = ["P1"] if number == 700 else ["priority: critical"] if number == 900 else []
        world.tracker.create("APP", f"Work {number}", labels=labels)
    world.go(hours=1)
    [told] = world.board.of(Kind.UNLINKED)
    assert (told.total, len(told.lines), told.more) == (1000, 10, 990)
    assert [line.title for line in told.lines[:2]] == ["Work 900", "Work 700"]
    assert "vindaris-sync review list --team Growth --reason unlinked" in told.footer
    world.context = replace(world.context, page="https://goals.acme.example")
    world.tracker.create("APP", "One more")
    world.go(hours=1)
    [again] = world.board.of(Kind.UNLINKED)
    assert again.link == "https://goals.acme.example/inbox?team=Growth&reason=unlinked"
    assert "vindaris-sync" not in again.footer


# --- reminders ---


def test_reminders_come_after_one_two_four_and_eight_working_days(world: World) -> None:
    """Whoever does not answer hears of it ever more seldom; weekends do not count."""
    world.tracker.create("APP", "New work")
    world.go(hours=1)
    days = []
    for day in range(1, 30):
        world.clock.advance(timedelta(days=1))
        if world.remind():
            days.append(day)
    assert days == [1, 3, 9, 21]  # Monday; Tuesday, Thursday, Wednesday of next week, Monday two weeks after
    assert states(world)[-1] is State.OPEN


# --- digests ---


def test_many_new_lists_at_once_are_one_digest_that_resolves_as_they_do(world: World) -> None:
    """Four goals change at once: one message instead of four; each line goes when its list is empty."""
    issues = many(world, digest_above=3)
    [digest] = world.board.of(Kind.DIGEST)
    assert (digest.state, digest.total, states(world, Kind.SUSPECT)) == (State.OPEN, 4, [])
    assert digest.lines[0].title.endswith("has changed: 1 issue to confirm")
    settle(world, *issues[:3])
    [digest] = world.board.of(Kind.DIGEST)
    assert (digest.state, digest.total) == (State.OPEN, 1)
    settle(world, issues[3])
    assert states(world, Kind.DIGEST) == [State.RESOLVED]
    assert states(world, Kind.SUSPECT) == []
    assert world.context.store.outbox_depth() == 0


def test_as_many_lists_as_the_team_wants_are_told_one_by_one(world: World) -> None:
    """The threshold is the last number that is told singly."""
    many(world, digest_above=4)
    assert (states(world, Kind.DIGEST), states(world, Kind.SUSPECT)) == ([], [State.OPEN] * 4)


def test_a_list_in_a_digest_that_grows_on_another_day_is_told_by_itself(world: World) -> None:
    """On the same day the digest is edited; later somebody is to hear of it."""
    *_, today, tomorrow = many(world, digest_above=3)
    world.tracker.reopen(today)
    world.go(minutes=1)
    assert (states(world, Kind.DIGEST), states(world, Kind.SUSPECT)) == ([State.OPEN], [])
    world.clock.advance(timedelta(days=1))
    world.tracker.reopen(tomorrow)
    world.go(minutes=1)
    [digest] = world.board.of(Kind.DIGEST)
    assert (digest.total, states(world, Kind.SUSPECT)) == (3, [State.OPEN])


def many(world: World, digest_above: int) -> list[str]:
    """Let four goals change, each with an open issue on it; return these, and two closed ones on the first goal."""
    works(world, None, digest_above=digest_above)
    world.source.goals = tuple(Goal(f"G-{number}", f"Goal {number}") for number in range(4))
    issues = [world.tracker.create("APP", "Work", labels=[f"goal:G-{n % 4}"]) for n in (0, 1, 2, 3, 0, 0)]
    world.go(minutes=1)
    settle(world, *issues[4:])
    world.source.goals = tuple(replace(goal, title=f"{goal.title}, changed") for goal in world.source.goals)
    world.go(minutes=1)
    return issues


def settle(world: World, *issues: str) -> None:
    """Let people close the issues."""
    for issue in issues:
        world.tracker.close(issue)
    world.go(minutes=1)


# --- owners ---


def test_the_goals_owner_hears_once_of_questions_that_wait_too_long(world: World) -> None:
    """After the stated time, by name; more such questions are shown, start no new message, and it ends with them."""
    works(world, None, escalate_after=timedelta(days=3))
    world.context = replace(world.context, people={"ana": Person("Ana", mention="U012AB3CD")})
    world.source.goals = tuple(replace(goal, owner="ana") for goal in world.source.goals)
    issues = [world.tracker.create("APP", "Work", labels=["goal:A"]) for _ in range(2)]
    world.go(minutes=1)
    change(world, "The very first")
    for _ in range(3):
        assert world.board.of(Kind.OVERDUE) == []
        wait(world, days=1)
    [told] = world.board.of(Kind.OVERDUE)
    assert (told.total, told.mention, told.facts) == (2, "U012AB3CD", (("Owner", "Ana"),))
    for _ in range(9):
        wait(world, days=1)
    assert states(world, Kind.OVERDUE) == [State.OPEN]
    for issue in issues:
        world.tracker.add_label(issue, "goal:B")
        world.tracker.remove_label(issue, "goal:A")
    wait(world, minutes=5)
    assert states(world, Kind.OVERDUE) == [State.RESOLVED]


def test_the_goals_owner_reads_of_an_issue_once_though_its_goal_changed_and_was_closed(world: World) -> None:
    """Two questions about one issue are one line."""
    works(world, None, escalate_after=timedelta(days=3))
    world.context = replace(world.context, people={"ana": Person("Ana")})
    world.source.goals = tuple(replace(goal, owner="ana") for goal in world.source.goals)
    world.tracker.create("APP", "Work", labels=["goal:A"])
    world.go(minutes=1)
    change(world, "The very first")
    world.source.goals = (replace(world.source.goals[0], status=Status.ABANDONED), *world.source.goals[1:])
    world.go(minutes=1)
    wait(world, days=4)
    [told] = world.board.of(Kind.OVERDUE)
    assert (told.total, len(told.lines)) == (1, 1)


def test_nobody_is_mentioned_for_a_goal_whose_owner_is_not_known(world: World) -> None:
    """A name that leads nowhere is no reason to tell everybody."""
    works(world, None, escalate_after=timedelta(days=3))
    world.context = replace(world.context, people={"ana": Person("Ana", mention="U012AB3CD")})
    world.source.goals = tuple(replace(goal, owner="somebody else") for goal in world.source.goals)
    world.tracker.create("APP", "Work", labels=["goal:A"])
    world.go(minutes=1)
    change(world, "The very first")
    wait(world, days=9)
    assert world.board.of(Kind.OVERDUE) == []


def wait(world: World, **units: float) -> None:
    """Go on, and let the daemon look for what has waited too long."""
    world.clock.advance(timedelta(**units))
    escalate(world.context)
    world.go(seconds=1)


def change(world: World, title: str) -> None:
    """Let somebody edit goal A, and let the edit count."""
    world.source.goals = (replace(world.source.goals[0], title=title), *world.source.goals[1:])
    world.go(minutes=1)
