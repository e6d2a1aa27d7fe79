from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError, Lock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.sdk.errors import NotNow, Transient
from vindaris_sync.sdk.governor import Governor, Governors, Urgency
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


class Hour:
    """A clock that only we move, and a governor on it."""

    def __init__(self, **settings: float) -> None:
        self.now = NOW
        self.around = Surroundings(now=lambda: self.now, sleep=self.sleep)
        self.governors = Governors()
        self.governor = self.governors.of(self.around, "api.example", "token-1", **settings)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def tell(self, remaining: int, limit: int = 1000, minutes: float = 30, resource: str = "core") -> None:
        """Let an answer say how much is left until when."""
        reset = self.now + timedelta(minutes=minutes)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(int(reset.timestamp())),
            "X-RateLimit-Resource": resource,
        }
        self.governor.note(headers)

    def passes(self, urgency: Urgency = Urgency.BACKGROUND, *, write: bool = False) -> bool:
        """Return whether an exchange may start."""
        try:
            with self.governor.turn(urgency=urgency, write=write):
                return True
        except NotNow:
            return False


@pytest.mark.parametrize(
    ("remaining", "reads", "writes", "people"),
    [(201, True, True, True), (200, False, True, True), (51, False, True, True), (50, False, False, True)],
)
def test_quota_is_kept_free_for_people(remaining: int, *, reads: bool, writes: bool, people: bool) -> None:
    """At 20 % background reading stops, at a quarter of that writes do, and what a person asks for does not."""
    hour = Hour()
    hour.tell(remaining)
    assert hour.passes() is reads
    assert hour.passes(write=True) is hour.passes(Urgency.DECIDED) is writes
    assert hour.passes(Urgency.PERSON) is people
    hour.sleep(1800)
    assert hour.passes()


def test_the_wait_for_the_reset_is_named() -> None:
    """It ends the pass with the time of the reset, and says what is left."""
    hour = Hour()
    hour.tell(100)
    with pytest.raises(NotNow, match="100 of 1,000 requests are left") as raised, hour.governor.turn():
        raise AssertionError
    assert raised.value.retry_after == timedelta(minutes=30)


def test_a_bucket_that_is_full_again_at_once_is_not_saved() -> None:
    """A burst limit of a second or a minute is no hour's quota."""
    hour = Hour()
    hour.tell(1, 100, minutes=0.5)
    assert hour.passes()


def test_the_lowest_word_of_an_hour_counts_until_the_next() -> None:
    """Answers overtake one another; a new hour begins with its own number; other resources are others."""
    hour = Hour()
    hour.tell(150)
    hour.tell(900)
    hour.tell(900, resource="graphql")
    assert not hour.passes()
    assert [one.remaining for one in hour.governor.budget.quotas] == [150, 900]
    hour.sleep(1900)
    hour.tell(999, minutes=60)
    assert hour.passes()


def test_no_share_kept_free_means_all_of_it() -> None:
    """With ``keep_free = 0`` only an empty quota stops us."""
    hour = Hour(keep_free=0.0)
    hour.tell(1)
    assert hour.passes()
    hour.tell(0)
    assert not hour.passes()


def test_one_governor_for_each_credential_and_host() -> None:
    """The same token at the same host is one governor with the more careful settings; any other is another one."""
    hour = Hour(write_interval=1.0, keep_free=0.1)
    same = hour.governors.of(replace(hour.around, in_flight=1), "api.example", "token-1", keep_free=0.3)
    assert same is hour.governor
    assert hour.governors.of(hour.around, "api.example", "token-2") is not same
    assert hour.governors.of(hour.around, "other.example", "token-1") is not same
    assert same.budget.keep_free == 0.3
    assert _most_at_once(same, write=False, threads=3) == 1
    same.hold(hour.now + timedelta(minutes=5))
    assert not hour.passes()


def test_no_credential_can_be_read_off_a_governor() -> None:
    """Eight digits of a digest tell whether it is the same one, and nothing else (L9)."""
    budget = Hour().governor.budget
    assert len(budget.credential) == 8
    assert "token" not in repr(budget)


def test_limits_met_together_are_one_limit() -> None:
    """Four exchanges under way at once that are refused without a reason wait a minute, and not eight."""
    hour = Hour()
    with hour.governor.turn() as one, hour.governor.turn() as two, hour.governor.turn() as three:
        assert [hour.governor.limit(number, None) for number in (one, two, three)] == [60.0, 60.0, 60.0]
    hour.sleep(60)
    with hour.governor.turn() as later:
        assert hour.governor.limit(later, None) == 120.0


def test_a_named_wait_outlives_the_process() -> None:
    """What another process was told is kept, for the same credential at the same host only."""
    hour, other = Hour(), Hour()
    hour.tell(100)
    hour.governor.limit(1, 1800.0, "asked to wait")
    other.governor.restore(hour.governor.budget)
    assert not other.passes()
    assert other.governor.budget.until == NOW + timedelta(seconds=1800)
    assert other.governor.budget.why == "asked to wait"
    stranger = other.governors.of(other.around, "api.example", "token-2")
    stranger.restore(hour.governor.budget)
    with stranger.turn():
        pass
    other.sleep(1800)
    assert other.passes()


@pytest.mark.parametrize("seconds", [3600, 86_400 * 365])
def test_a_clock_that_is_set_back_prolongs_no_wait(seconds: int) -> None:
    """What was asked for is waited for, and not an hour or a year more, also by the next process (fault 14)."""
    hour, other = Hour(), Hour()
    hour.governor.limit(1, 1800.0)
    hour.tell(100, minutes=50)
    hour.sleep(600)
    budget = hour.governor.budget
    hour.sleep(-seconds)
    other.now = hour.now
    other.governor.restore(budget, timedelta(seconds=seconds))
    for one in (hour, other):
        assert not one.passes(Urgency.PERSON)
        one.sleep(1200)
        assert one.passes(Urgency.PERSON)
        assert not one.passes()
        one.sleep(1200)
        assert one.passes()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 200)), max_size=60))
def test_unnamed_limits_cost_a_minute_and_grow_to_an_hour(history: list[tuple[bool, int]]) -> None:
    """However limits and answers follow one another; an answer that is no limit begins anew."""
    hour = Hour()
    expected = 60.0
    for limited, seconds in history:
        hour.sleep(seconds + 3600)
        with hour.governor.turn() as number:
            if limited:
                assert hour.governor.limit(number, None) == expected
                expected = min(expected * 2, 3600.0)
            else:
                hour.governor.well()
                expected = 60.0
