"""Passes that take long: nothing begins beside one, nothing waits behind it; a goal edited meanwhile asks once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, time
from threading import Event
from time import monotonic, sleep
from typing import ParamSpec, TypeVar

import pytest

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import Site, ok
from vindaris_sync.cli import health
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.domain.models import Address, Page, Write, Written
from vindaris_sync.engine.health import of_tracker
from vindaris_sync.sdk.errors import Transient

P = ParamSpec("P")
R = TypeVar("R")
PATIENCE = 60
"""Seconds after which nobody waits any more for what takes no time."""


class Pool(ThreadPoolExecutor):
    """Real threads; counts by name what was handed over."""

    def __init__(self) -> None:
        super().__init__(max_workers=8)
        self.begun: Counter[object] = Counter()

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Hand it over."""
        self.begun[args[0]] += 1
        return super().submit(fn, *args, **kwargs)


class Slow:
    """A connector's pull that stops at its first page until it is let go on."""

    def __init__(self, pull: Callable[[Mapping[str, str]], Iterator[Page]]) -> None:
        self._pull = pull
        self.entered = 0
        self.inside, self.free = Event(), Event()

    def __call__(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Wait, then read."""
        self.entered += 1
        self.inside.set()
        assert self.free.wait(PATIENCE)
        yield from self._pull(cursors)


def left(site: Site, most: int) -> tuple[str, ...]:
    """Return what runs still, once it is ``most`` works and no more."""
    until = monotonic() + PATIENCE
    while len(site.context.progress.running()) > most and monotonic() < until:
        sleep(0.01)
    return site.context.progress.running()


def test_a_pull_that_outlasts_its_interval_is_alone_and_under_way(
    one: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of ticks begin no second one, nothing stands in a queue behind it, and status says so (fault 51)."""
    key = desk.create("Pay by phone", "goal:GROW-1")
    one.turn(rounds=2)
    connector, name, look = one.context.trackers[desk.tracker].connector, f"pull {desk.tracker}", f"look {desk.tracker}"
    slow = Slow(connector.pull)
    with Pool() as pool:
        work = Clockwork(one.context, one.channels, Nightly(time(23, 59), UTC), lambda _: None, pool)
        for _ in range(2):  # goals first, then a pull as it should be
            one.clock.pass_(10)
            work.tick(one.clock())
            assert left(one, 0) == ()
        monkeypatch.setattr(connector, "pull", slow)
        pool.begun.clear()
        try:
            for _ in range(6):
                one.clock.pass_(minutes=40)
                work.tick(one.clock())
                assert slow.inside.wait(PATIENCE)
                one.context.nudges.ring(desk.tracker, [Address(desk.tracker, key=key)])
                assert left(one, 1) == (name,)
            facts = of_tracker(one.store, one.store.trackers()[desk.tracker], {}, one.clock())
            assert health._state(facts) == "under way"  # noqa: SLF001 - the word that `status` shows
        finally:
            slow.free.set()
    assert (pool.begun[name], pool.begun[look], slow.entered) == (1, 5, 1)


def opened(site: Site, key: str) -> tuple[int, int]:
    """Return how often the issue's review was opened, and when it last was."""
    with closing(sqlite3.connect(site.path)) as raw:
        ((times, at),) = raw.execute("SELECT times_opened, review_at FROM issue WHERE id = ?", (site.record(key).id,))
    return int(times), int(at)


@pytest.mark.parametrize("lost", [False, True], ids=["goes on", "is cut off"])
def test_a_goal_edited_again_during_its_fan_out_asks_each_issue_once(
    one: Site,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    lost: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Some labels are on when the second edit comes: one review of each, about the last revision (fault 43)."""
    keys = [desk.create(f"Step {number}", "goal:GROW-1") for number in range(5)]
    ok(one.turn())
    connector = one.context.trackers[desk.tracker].connector
    write, labelled = connector.write, list[int]()

    def edited_meanwhile(writes: Sequence[Write]) -> Iterator[Written]:
        """Write two, let the goal be edited again, then go on, or not."""
        yield from write(writes[:2])
        if not labelled:
            labelled.append(sum("goal-review" in desk.labels(key) for key in keys))
            one.change_goal("GROW-1", title="Checkout in no time")
            if lost:
                raise Transient("the line went dead")
        yield from write(writes[2:])

    monkeypatch.setattr(connector, "write", edited_meanwhile)
    one.change_goal("GROW-1", title="Checkout in a second")
    one.turn()
    assert labelled == [2]
    ok(one.turn(rounds=3))
    for key in keys:
        (cause,) = one.causes(key)
        assert (str(cause.key.reason), cause.key.fingerprint, opened(one, key)[0]) == ("goal_changed", "r3", 1)
        assert desk.labels(key) == {"goal:GROW-1", "goal-review"}
    assert one.told() == ["GROW-1 Checkout in no time has changed: 5 issues to confirm"]
    one.sound()


def test_a_goal_that_is_edited_after_its_end_joins_the_review_that_is_open(one: Site, desk: Desk) -> None:
    """The edit makes the link suspect as well: a second cause of one review, which is as old as it was (fault 43)."""
    key = desk.create("Pay by phone", "goal:GROW-1")
    ok(one.turn())
    one.change_goal("GROW-1", status="achieved")
    ok(one.turn())
    before = opened(one, key)
    one.change_goal("GROW-1", title="Checkout in no time")
    ok(one.turn(rounds=2))
    assert one.asks(key) == ["goal_changed", "goal_closed"]
    assert (before[0], opened(one, key)) == (1, before)
