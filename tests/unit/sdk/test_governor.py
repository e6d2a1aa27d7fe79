from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError, Lock

import pytest

from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.governor import Governor
from vindaris_sync.sdk.protocol import Surroundings

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def _most_at_once(governor: Governor, *, write: bool, threads: int) -> int:
    """Return how many of ``threads`` exchanges were under way together."""
    lock, under_way, most = Lock(), 0, 0
    barrier = Barrier(threads)

    def exchange() -> None:
        nonlocal under_way, most
        with governor.turn(write=write):
            with lock:
                under_way += 1
                most = max(most, under_way)
            with suppress(BrokenBarrierError):
                barrier.wait(0.05)
            with lock:
                under_way -= 1

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(exchange) for _ in range(threads)]:
            future.result(5)
    return most


@pytest.mark.parametrize(
    ("in_flight", "interval", "write", "most"), [(2, 0.0, False, 2), (4, 0.0, True, 4), (4, 1.0, True, 1)]
)
def test_exchanges_at_once(in_flight: int, interval: float, most: int, *, write: bool) -> None:
    """No more than ``in_flight`` exchanges are under way; paced writes go one after another."""
    around = Surroundings(now=lambda: NOW, sleep=lambda _: None, in_flight=in_flight)
    assert _most_at_once(Governor(around, write_interval=interval), write=write, threads=4) == most


def test_hold_is_the_latest() -> None:
    """Of two holds the later one stands; its time is slept through once, and a long one is refused."""
    slept: list[float] = []
    governor = Governor(Surroundings(now=lambda: NOW, sleep=slept.append))
    governor.hold(NOW + timedelta(seconds=30))
    governor.hold(NOW + timedelta(seconds=10))
    with governor.turn():
        assert slept == [30.0]
    governor.hold(NOW + timedelta(seconds=90))
    with pytest.raises(Transient) as raised, governor.turn():
        raise AssertionError
    assert raised.value.retry_after == timedelta(seconds=90)


def test_hold_set_while_waiting_is_kept() -> None:
    """A hold that grows while a thread sleeps is waited for as well."""
    now, slept = NOW, []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += timedelta(seconds=seconds)
        slept.append(seconds)
        if len(slept) == 1:
            governor.hold(NOW + timedelta(seconds=50))

    governor = Governor(Surroundings(now=lambda: now, sleep=sleep))
    governor.hold(NOW + timedelta(seconds=20))
    with governor.turn():
        assert slept == [20.0, 30.0]
