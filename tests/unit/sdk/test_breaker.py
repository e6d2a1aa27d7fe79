from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.sdk.breaker import FIRST_PAUSE, LONGEST_PAUSE, OPENS_AFTER, Breaker, Phase
from vindaris_sync.sdk.errors import NotNow, TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer, Policy
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.sdk.protocol import Surroundings

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Tracker:
    """A tracker on a clock that only we move; ``down`` until it is not."""

    def __init__(self) -> None:
        self.now = NOON
        self.sent = 0
        self.down = True
        self.around = Surroundings(now=lambda: self.now, sleep=self.sleep)
        self.conduct = self.around.conduct
        self.policy = Policy(self.around)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def send(self) -> Answer:
        """Answer, or fail as a host does that is not there."""
        self.sent += 1
        if self.down:
            raise requests.Timeout
        return Answer.made(200, body=b"{}")

    def run(self) -> bool:
        """Run a pass of two reads as the engine does; return whether it went well."""
        try:
            for _ in range(2):
                self.policy.call(self.send, safe=True)
        except NotNow:
            return False
        except Transient:
            self.conduct.failed(self.now)
            return False
        self.conduct.succeeded()
        return True

    def open(self) -> None:
        """Fail until the breaker is open."""
        for _ in range(OPENS_AFTER):
            assert not self.run()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 7200)), max_size=60))
def test_a_breaker_is_open_for_a_growing_bounded_time(history: list[tuple[bool, int]]) -> None:
    """Closed up to the limit; then each failure opens it for longer, and never beyond the longest pause."""
    breaker, now, failures, last = Breaker(), NOON, 0, timedelta()
    for failed, seconds in history:
        now += timedelta(seconds=seconds)
        breaker = breaker.failed(now) if failed else Breaker()
        failures = failures + 1 if failed else 0
        if failures < OPENS_AFTER:
            assert breaker.phase(now) is Phase.CLOSED
            last = timedelta()
            continue
        assert breaker.until is not None
        pause = breaker.until - now
        assert max(last, FIRST_PAUSE) <= pause <= LONGEST_PAUSE
        assert breaker.phase(now) is Phase.OPEN
        assert breaker.phase(breaker.until) is Phase.HALF_OPEN
        last = pause


def test_a_tracker_that_keeps_failing_is_not_asked() -> None:
    """While it is open nothing is sent, and the wait is named."""
    tracker = Tracker()
    tracker.open()
    before = tracker.sent
    with pytest.raises(NotNow) as raised:
        tracker.policy.call(tracker.send, safe=True)
    assert raised.value.retry_after == FIRST_PAUSE
    assert tracker.sent == before
    assert tracker.conduct.rests_until(tracker.now) == tracker.now + FIRST_PAUSE


def test_one_request_decides_after_the_pause() -> None:
    """The probe is sent once, without repeating; where it fails, the pause grows; where it is answered, all goes on."""
    tracker = Tracker()
    tracker.open()
    for expected in (FIRST_PAUSE * 2, FIRST_PAUSE * 4, LONGEST_PAUSE, LONGEST_PAUSE):
        until = tracker.conduct.breaker.until
        assert until is not None
        tracker.now, before = until, tracker.sent
        assert not tracker.run()
        assert tracker.sent == before + 1
        assert tracker.conduct.rests_until(tracker.now) == tracker.now + expected
    tracker.now += LONGEST_PAUSE
    tracker.down, before = False, tracker.sent
    assert tracker.run()
    assert tracker.sent == before + 2
    assert tracker.conduct.breaker == Breaker()


def test_a_clock_that_is_set_back_prolongs_no_rest() -> None:
    """A year back: the probe comes after the pause that was meant (fault 14)."""
    tracker = Tracker()
    tracker.open()
    assert tracker.conduct.rests_until(tracker.now) == tracker.now + FIRST_PAUSE
    tracker.now -= timedelta(days=365)
    assert tracker.conduct.rests_until(tracker.now) == tracker.now + FIRST_PAUSE


def test_a_clock_that_is_set_back_right_after_a_restart_prolongs_no_rest() -> None:
    """Nothing was asked since the process began: the rest that it took over ends as much earlier, all the same."""
    before, tracker = Tracker(), Tracker()
    before.open()
    tracker.now = before.now
    tracker.conduct.restore(before.conduct.breaker, tracker.now)
    tracker.now -= timedelta(days=365)
    assert tracker.conduct.rests_until(tracker.now) == tracker.now + FIRST_PAUSE


def test_a_person_may_probe_before_the_time() -> None:
    """What somebody asked for and waits for is sent once, though the breaker is open."""
    tracker = Tracker()
    tracker.open()
    before = tracker.sent
    with tracker.conduct.urgent(Urgency.PERSON), pytest.raises(Transient):
        tracker.policy.call(tracker.send, safe=True)
    assert tracker.sent == before + 1
    with tracker.conduct.urgent(Urgency.DECIDED), pytest.raises(NotNow):
        tracker.policy.call(tracker.send, safe=True)
    assert tracker.sent == before + 1


def test_a_refusal_is_an_answer() -> None:
    """A tracker that refuses our token is there: the probe passes, and the breaker has nothing to do with it."""
    tracker = Tracker()
    tracker.open()
    tracker.now += FIRST_PAUSE
    with pytest.raises(TrackerUnusable):
        tracker.policy.call(lambda: Answer.made(401), safe=True)
    tracker.down = False
    assert tracker.run()


def test_others_wait_for_what_the_probe_shows() -> None:
    """Of four threads that come half open, one sends; the others send only after it was answered."""
    tracker = Tracker()
    tracker.open()
    tracker.now += FIRST_PAUSE
    barrier = Barrier(4)
    before = tracker.sent

    def ask() -> bool:
        barrier.wait(5)
        try:
            tracker.policy.call(tracker.send, safe=True)
        except Transient:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert [future.result(5) for future in [pool.submit(ask) for _ in range(4)]] == [False] * 4
    assert tracker.sent == before + 1
    tracker.now += FIRST_PAUSE * 2
    tracker.down = False
    with ThreadPoolExecutor(4) as pool:
        assert all(future.result(5) for future in [pool.submit(ask) for _ in range(4)])
    assert tracker.sent == before + 5
