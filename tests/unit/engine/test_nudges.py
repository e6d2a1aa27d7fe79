"""What was rung for: each once, bounded, from any thread."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from vindaris_sync.daemon.timetable import look_pause
from vindaris_sync.domain.models import Address
from vindaris_sync.engine.nudges import MOST, REMEMBERED, Nudges
from vindaris_sync.sdk.webhooks import Heard

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def heard(number: str, *keys: str, whole: bool = False) -> Heard:
    """Return what a delivery said."""
    return Heard(number, "changed", tuple(Address("hub", key=key) for key in keys), whole)


def test_an_issue_waits_once_and_the_longest_waiting_is_taken_first() -> None:
    """However often it is rung for."""
    nudges = Nudges()
    for number, key in enumerate(("a#1", "a#2", "a#1", "a#3")):
        assert nudges.hear("hub", heard(str(number), key), NOW)
    assert [each.key for each in nudges.take("hub", 2)] == ["a#1", "a#2"]
    assert [each.key for each in nudges.take("hub", 2)] == ["a#3"]
    assert nudges.waiting() == ()


def test_a_delivery_that_is_sent_again_rings_no_bell() -> None:
    """Out of order, twice, or late: known by its id, which is each tracker's own."""
    nudges = Nudges()
    assert nudges.hear("hub", heard("x", "a#1"), NOW)
    nudges.take("hub", 10)
    assert not nudges.hear("hub", heard("x", "a#1"), NOW + timedelta(hours=1))
    assert nudges.waiting() == ()
    assert nudges.hear("other", heard("x", "a#1"), NOW)
    assert (nudges.ears()["hub"].heard, nudges.ears()["hub"].repeated) == (1, 1)


def test_more_than_can_wait_is_all_of_the_place() -> None:
    """Issues are not counted any more then, until a pull begins; another tracker's are."""
    nudges = Nudges()
    nudges.ring("hub", [Address("hub", key=f"a#{n}") for n in range(MOST + 1)])
    nudges.ring("hub", [Address("hub", key="a#1")])
    nudges.ring("other", [Address("other", key="b#1")])
    assert (nudges.waiting(), nudges.wants_all("hub"), nudges.wants_all("other")) == (("other",), True, False)
    nudges.take_all("hub")
    nudges.ring("hub", [Address("hub", key="a#1")])
    assert (nudges.waiting(), nudges.wants_all("hub")) == (("other", "hub"), False)


def test_bursts_from_many_threads_keep_their_bounds() -> None:
    """Memory grows to what may wait and what is remembered, and no further, whatever comes."""
    nudges = Nudges()

    def burst(part: int, first: int = 0) -> None:
        for n in range(first + part, first + REMEMBERED + 1000, 8):
            nudges.hear("hub", heard(f"delivery-{n}", f"acme/web#{n}"), NOW)

    tracemalloc.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(burst, range(8)))
    first, _ = tracemalloc.get_traced_memory()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda part: burst(part, 10 * REMEMBERED), range(8)))
        list(pool.map(burst, range(8)))
    second, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert nudges.wants_all("hub")
    assert first < 4_000_000
    assert second - first < 1_000_000


def test_decisions_are_taken_once() -> None:
    """Each tracker in which something was decided, until it is taken."""
    nudges = Nudges()
    nudges.decided("hub")
    nudges.decided("hub")
    assert nudges.take_decided() == {"hub"}
    assert nudges.take_decided() == frozenset()


def test_looks_that_follow_one_another_become_rare() -> None:
    """From one second to fifteen, and back to one after a calm; a few in a row are answered in seconds all the same."""
    pause, pauses = timedelta(seconds=1), []
    for _ in range(14):
        pause = look_pause(pause, pause)
        pauses.append(pause.total_seconds())
    assert pauses[4] < 3.1
    assert sum(pauses[:12]) > 60
    assert pauses[-2:] == [15, 15]
    for _ in range(4):
        pause = look_pause(pause, timedelta(minutes=5))
    assert pause == timedelta(seconds=1)
