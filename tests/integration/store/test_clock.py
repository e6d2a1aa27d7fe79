"""A clock of ours that trackers contradict: nothing ends, begins or is asked by it alone (fault 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from tests.integration.engine.world import Clock, Setup, Site, ok
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.domain.models import Presence
from vindaris_sync.engine.context import Tracker
from vindaris_sync.engine.passes import PassReport
from vindaris_sync.sdk.clock import ServerClock
from vindaris_sync.sdk.protocol import Surroundings

T = TypeVar("T")


@dataclass(slots=True)
class Ours:
    """Our own clock, which may be ahead of everybody else's."""

    theirs: Clock
    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Return what it shows."""
        return self.theirs() + self.ahead


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Give a site whose Jira was read once."""
    made = Site(tmp_path, Setup(names=("jira",)))
    try:
        made.turn()
        yield made
    finally:
        made.close()


@pytest.fixture
def ours(site: Site) -> Ours:
    """Give the clock by which the site's engine goes from now on."""
    clock = Ours(site.clock)
    site.context.trackers["jira"].connector.close()
    settings = site.settings("jira")
    around = Surroundings(now=clock, sleep=site.clock.pass_)
    tracker = Tracker("jira", "jira", settings, JiraConnector("jira", settings, around), around.clock)
    site.context = replace(site.context, trackers={"jira": tracker}, now=clock)
    return clock


def test_an_exemption_does_not_end_by_a_clock_that_the_tracker_contradicts(site: Site, ours: Ours) -> None:
    """Our clock is a year ahead: the label stays, whatever else is decided; when the clocks agree it ends in time."""
    key = site.jira.create("Order new chairs", "no-goal")
    ok(site.turn(rounds=2))
    assert site.exempt(key)
    ours.ahead = timedelta(days=365)
    with capture_logs() as logs:
        ok(site.turn(rounds=2))
        site.jira.add_label(key, "urgent")
        ok(site.turn(rounds=2))
    assert site.exempt(key)
    assert site.jira.labels(key) == {"no-goal", "urgent"}
    assert [line["event"] for line in logs].count("clocks differ") == 1
    assert site.store.trackers_due(site.context.waking()) == []
    assert site.store.note("clock jira") == pytest.approx(365 * 86_400, abs=5)
    ours.ahead = timedelta()
    ok(site.turn(rounds=2))
    assert site.exempt(key)
    assert site.store.note("clock jira") is None
    site.clock.pass_(days=91)
    ok(site.turn(rounds=2))
    assert not site.exempt(key)
    assert "no-goal" not in site.jira.labels(key)


def test_no_night_begins_by_a_clock_that_the_tracker_contradicts(site: Site, ours: Ours) -> None:
    """It would be counted for a date that has not come."""
    nights: list[date] = []
    with ThreadPoolExecutor(4) as pool:
        clockwork = Clockwork(site.context, site.channels, Nightly(time(2), UTC), nights.append, pool)
        ours.ahead = timedelta(hours=30)
        site.turn()
        clockwork.tick(ours())
    assert nights == []
    ours.ahead = timedelta()
    site.turn()
    with ThreadPoolExecutor(4) as pool:
        Clockwork(site.context, site.channels, Nightly(time(2), UTC), nights.append, pool).tick(ours())
    assert nights == [ours().date()]


@pytest.mark.parametrize(("ahead", "astray"), [(9, False), (-9, False), (11, True), (-11, True)])
def test_ten_minutes_are_borne(ahead: int, astray: bool) -> None:  # noqa: FBT001 - a case of the table
    """Either way; an answer without a readable date changes nothing."""
    clock, now = ServerClock(), datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert clock.astray is None
    clock.note({"Date": "Mon, 02 Mar 2026 09:00:00 GMT"}, now + timedelta(minutes=ahead))
    clock.note({"Date": "yesterday"}, now)
    clock.note({}, now)
    assert clock.astray == (timedelta(minutes=ahead) if astray else None)


def test_a_clock_that_was_set_back_lets_nothing_wait_for_the_future_it_has_seen(site: Site, ours: Ours) -> None:
    """It was two years ahead for an hour: pulls, goals and the chat go on at once when it is right again."""
    pulls: list[str] = []
    clockwork = Clockwork(
        site.context,
        site.channels,
        Nightly(time(23, 59), UTC),
        print,
        Here(),
        observe=lambda done: pulls.append(done.kind),
    )
    site.goals.goals = tuple(replace(goal, description="Anew") for goal in site.goals.goals)
    site.jira.create("Nobody knows why", "goal:NONE")
    ours.ahead = timedelta(days=730)
    site.slack.archive("growth")
    for _ in range(3):
        site.clock.pass_(minutes=3)
        clockwork.tick(ours())
    site.slack.archive("growth", archived=False)
    ours.ahead = timedelta()
    pulls.clear()
    for _ in range(8):
        site.clock.pass_(minutes=4)
        clockwork.tick(ours())
    assert pulls.count("pull") >= 2
    assert site.store.outbox_depth() == 0
    assert any("NONE" in message.text or "no goal" in message.text for message in site.messages()), site.told()
    assert all(goal.revision == 2 for goal in site.store.goals())


def test_a_clock_that_was_wrong_between_two_ticks_lets_nothing_wait_for_the_future(site: Site, ours: Ours) -> None:
    """It went two years ahead in the middle of a pass and was right again by the next tick: pulls go on."""
    pulls: list[str] = []

    def observe(done: PassReport) -> None:
        pulls.append(done.tracker)

    clockwork = Clockwork(site.context, site.channels, Nightly(time(23, 59), UTC), print, Here(), observe=observe)
    now, ours.ahead = ours(), timedelta(days=730)
    clockwork.tick(now)
    ours.ahead = timedelta()
    assert pulls == ["jira"]
    for _ in range(3):
        site.clock.pass_(minutes=5)
        clockwork.tick(ours())
    assert len(pulls) > 1


def test_what_was_first_seen_by_a_clock_that_was_ahead_is_missed_like_any_other(site: Site, ours: Ours) -> None:
    """Found two years from now, and deleted: the next census asks about it (L6)."""
    ours.ahead = timedelta(days=730)
    key = site.jira.create("Doomed", "goal:GROW-1")
    ok(site.turn(rounds=2))
    ours.ahead = timedelta()
    site.jira.delete(key)
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    assert site.record(key).presence is not Presence.PRESENT


class Here(Executor):
    """Does everything at once."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Do it."""
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
