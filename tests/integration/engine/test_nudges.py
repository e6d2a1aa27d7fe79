"""What was rung for is looked at within seconds, at a bounded cost; what was not, the next pull finds all the same."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import time, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import pytest

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import Counted, Setup, Site
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Address, Presence
from vindaris_sync.engine.nudges import MOST
from vindaris_sync.engine.pausing import pause
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.webhooks import Heard

P = ParamSpec("P")
R = TypeVar("R")


class Here(Executor):
    """Does all work at once, in the thread that hands it over."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Do it."""
        done: Future[R] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def clockwork(site: Site) -> Clockwork:
    """Return the daemon's clockwork on a site, after its first pulls: nothing is due for a while."""
    made = Clockwork(
        site.context,
        site.channels,
        Nightly(time(23, 59), ZoneInfo("UTC")),
        lambda _: None,
        Here(),
        observe=lambda _: None,
    )
    made.tick(site.clock())
    return made


def later(site: Site, work: Clockwork, seconds: float = 1, every: int = 1) -> None:
    """Let ``seconds`` pass, ticking at each, or every so many."""
    for _ in range(0, int(seconds), every):
        site.clock.pass_(every)
        work.tick(site.clock())


def named(desk: Desk, key: str) -> Address:
    """Return how an event names an issue."""
    return Address(desk.tracker, key=key)


def lists(counted: Counted) -> list[str]:
    """Return the requests that a pull makes."""
    return [asked for asked in counted.asked if asked.endswith(("/search/jql", "/search", "/issues"))]


def test_a_new_issue_that_is_named_is_known_within_two_seconds(one: Site, desk: Desk) -> None:
    """It is fetched, recorded as a page does, and decided; no list is asked for and no cursor moves."""
    work = clockwork(one)
    before = one.store.cursors(desk.tracker)
    linked, unlinked = desk.create("Pay by phone", "goal:GROW-1"), desk.create("What is this for?")
    with one.requests() as counted:
        one.context.nudges.ring(desk.tracker, [named(desk, linked), named(desk, unlinked)])
        later(one, work, 2)
    assert (one.serves(linked), one.serves(unlinked)) == ("linked GROW-1", "unlinked")
    assert one.asks(unlinked) == ["unlinked"]
    assert not one.record(unlinked).backlog
    assert lists(counted) == []
    assert one.store.cursors(desk.tracker) == before
    one.sound()


def test_an_edit_that_is_named_counts_and_is_written_back(one: Site, desk: Desk) -> None:
    """A label that a person sets is adopted, and all surfaces show it, within two seconds."""
    key = desk.create("What is this for?")
    one.turn(minutes=16)
    work = clockwork(one)
    assert "goal-review" in desk.labels(key)
    one.clock.pass_(2)
    desk.add_label(key, "goal:GROW-2")
    one.context.nudges.ring(desk.tracker, [named(desk, key)])
    later(one, work, 2)
    assert one.serves(key) == "linked GROW-2"
    assert desk.labels(key) == {"goal:GROW-2"}


def test_a_label_that_a_person_takes_off_is_believed_at_once(one: Site, desk: Desk) -> None:
    """The look is a direct read: it shows an edit by absence, which a list does not (R2)."""
    key = desk.create("Pay by phone", "goal:GROW-1")
    one.turn(rounds=2)
    work = clockwork(one)
    one.clock.pass_(2)
    desk.remove_label(key, "goal:GROW-1")
    if "field" in " ".join(surface.key for surface in one.context.layouts[desk.tracker].surfaces):
        desk.set_field(key, None)
    one.context.nudges.ring(desk.tracker, [named(desk, key)])
    later(one, work, 2)
    assert one.serves(key) == "unlinked"


def test_what_was_deleted_or_moved_is_found_where_it_is(one: Site, desk: Desk) -> None:
    """A deleted issue is gone or hidden, a moved one is known under its new key with its link."""
    doomed, traveller = desk.create("Doomed"), desk.create("Traveller", "goal:GROW-1")
    one.turn(rounds=2)
    work = clockwork(one)
    one.clock.pass_(2)
    desk.delete(doomed)
    moved = desk.move(traveller, desk.other)
    names = [named(desk, doomed), named(desk, traveller), named(desk, moved)]
    one.context.nudges.ring(desk.tracker, names)
    later(one, work, 2)
    assert one.record(doomed).presence in {Presence.GONE, Presence.HIDDEN}
    assert one.serves(moved) == "linked GROW-1"
    assert one.store.find(traveller)[0] == one.store.find(moved)[0]


def test_what_is_out_of_scope_is_not_recorded(site: Site) -> None:
    """An event of another project or repository, or about nothing at all, leaves no trace."""
    work = clockwork(site)
    site.jira.world.add_project("FAR", "Far away")
    site.github.world.create_repository("acme/far")
    far = [site.jira.create("Far", place="FAR"), site.github.create("Far", place="acme/far")]
    for desk in (site.jira, site.github):
        strange = [named(desk, key) for key in (*far, desk.place + ("#" if "/" in desk.place else "-") + "99999")]
        site.context.nudges.ring(desk.tracker, [one for one in strange if ("#" in one.key) == ("/" in desk.place)])
    later(site, work, 2)
    assert [site.store.find(key) for key in far] == [(), ()]
    site.sound()


def test_a_thousand_events_about_one_issue_are_one_look(one: Site, desk: Desk) -> None:
    """Rung for again and again it waits once, and is fetched once."""
    key = desk.create("Busy", "goal:GROW-1")
    one.turn(rounds=2)
    work = clockwork(one)
    with one.requests() as counted:
        for _ in range(1000):
            one.context.nudges.ring(desk.tracker, [named(desk, key)])
        later(one, work, 2)
    assert len(counted.asked) == 1


def test_a_storm_becomes_one_early_pull(one: Site, desk: Desk) -> None:
    """More issues than are looked at singly are one pull, not before the least time between two has passed."""
    key = desk.create("In the storm", "goal:GROW-1")
    work = clockwork(one)
    one.clock.pass_(1)
    late = desk.create("At its end", "goal:GROW-2")
    crowd = [Address(desk.tracker, key=f"{desk.place}{'#' if '/' in desk.place else '-'}{n}") for n in range(MOST + 5)]
    one.context.nudges.ring(desk.tracker, [*crowd, named(desk, key)])
    assert one.context.nudges.waiting() == ()
    with one.requests() as counted:
        later(one, work, 5)
    assert counted.asked == []
    one.clock.pass_(one.context.trackers[desk.tracker].settings.poll_min.total_seconds())
    later(one, work, 1)
    assert one.serves(late) == "linked GROW-2"
    assert not one.context.nudges.wants_all(desk.tracker)


def test_a_pull_that_events_ask_for_waits_half_a_minute_where_others_wait_an_hour(one: Site, desk: Desk) -> None:
    """Who has events asks seldom; what a storm brought is there soon all the same."""
    one.reconnect(desk.tracker, poll="4h", poll_max="4h")
    work = clockwork(one)
    one.clock.pass_(1)
    key = desk.create("In the storm", "goal:GROW-1")
    one.context.nudges.ring(desk.tracker, whole=True)
    later(one, work, 5)
    assert one.store.find(key) == ()
    later(one, work, 30)
    assert one.serves(key) == "linked GROW-1"


def test_while_events_pour_in_looks_become_rare(one: Site, desk: Desk) -> None:
    """Events at every second of a minute cost far fewer looks than seconds; after a calm one is answered at once."""
    key = desk.create("Busy", "goal:GROW-1")
    one.turn(rounds=2)
    one.reconnect(desk.tracker, poll="1h", poll_max="2h")
    work = clockwork(one)
    with one.requests() as counted:
        for _ in range(60):
            one.context.nudges.ring(desk.tracker, [named(desk, key)])
            later(one, work, 1)
    assert 4 <= len(counted.asked) <= 15
    later(one, work, 120)
    one.clock.pass_(1)
    desk.retitle(key, "Calm again")
    one.context.nudges.ring(desk.tracker, [named(desk, key)])
    later(one, work, 2)
    (number,) = one.store.find(key)
    assert one.store.view_records([number])[number].title == "Calm again"


def test_a_look_that_fails_is_made_up_for_by_a_pull(one: Site, desk: Desk) -> None:
    """The tracker answers 502: nothing is asked again at once, and the issue is there a pull later."""
    work = clockwork(one)
    one.clock.pass_(1)
    key = desk.create("Pay by phone", "goal:GROW-1")
    one.server.faults.add(Fault("status", desk.service, status=502, times=20))
    one.context.nudges.ring(desk.tracker, [named(desk, key)])
    later(one, work, 2)
    one.server.faults.clear()
    assert one.store.find(key) == ()
    one.clock.pass_(minutes=3)
    later(one, work, 1)
    assert one.serves(key) == "linked GROW-1"


def test_a_paused_tracker_is_not_looked_at(one: Site, desk: Desk) -> None:
    """What is rung for waits until it goes on."""
    work = clockwork(one)
    one.clock.pass_(1)
    key = desk.create("Pay by phone", "goal:GROW-1")
    pause(one.store, desk.tracker, By("mia", "page", "", one.clock()), timedelta(seconds=20))
    with one.requests() as counted:
        one.context.nudges.ring(desk.tracker, [named(desk, key)])
        later(one, work, 10)
    assert counted.asked == []
    later(one, work, 15)
    assert one.serves(key) == "linked GROW-1"


def test_a_tracker_that_fell_silent_is_polled_as_if_it_had_never_rung(one: Site, desk: Desk) -> None:
    """Heard once, then nothing for a week: what was edited on its last day counts within ``poll_max`` (fault 46)."""
    one.reconnect(desk.tracker, poll="1h", poll_max="2h")
    work = clockwork(one)
    one.clock.pass_(1)
    key = desk.create("Pay by phone")
    assert one.context.nudges.hear(desk.tracker, Heard("1", "an issue is new", (named(desk, key),)), one.clock())
    later(one, work, 2)
    assert one.serves(key) == "unlinked"
    later(one, work, 7 * 24 * 3600, every=600)
    desk.add_label(key, "goal:GROW-1")
    later(one, work, 2 * 3600 + 600, every=600)
    assert one.serves(key) == "linked GROW-1"


def test_what_a_person_decides_is_written_within_two_seconds(one: Site, desk: Desk) -> None:
    """A decision rings, too: the label is on the issue before the next turn of anything else."""
    key = desk.create("What is this for?")
    one.turn(rounds=2)
    work = clockwork(one)
    later(one, work, 1)
    one.link(key, "GROW-1")
    one.context.nudges.decided(desk.tracker)
    later(one, work, 1)
    assert "goal:GROW-1" in desk.labels(key)


@pytest.mark.parametrize("name", ["jira", "github"])
def test_a_tracker_that_was_never_read_whole_is_read_and_not_looked_at(name: str, tmp_path: Path) -> None:
    """Before the first full pull has ended an event makes no issue a new one: all of it is the backlog (R9)."""
    made = Site(tmp_path, Setup(names=(name,)))
    desk = made.jira if name == "jira" else made.github
    try:
        key = desk.create("Old")
        made.server.faults.add(Fault("status", name, status=502, times=50))
        work = clockwork(made)
        made.server.faults.clear()
        made.context.nudges.ring(name, [named(desk, key)])
        later(made, work, 2)
        assert made.store.find(key) == ()
        later(made, work, 300)
        assert made.record(key).backlog
    finally:
        made.close()
