from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import MaxRetryError, NewConnectionError

from vindaris_sync.sdk.errors import NotNow, TrackerUnusable, Transient, Unknown
from vindaris_sync.sdk.exchange import Answer, Policy
from vindaris_sync.sdk.governor import Governor
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.transport import TooLarge

URL = "https://tracker.example/issues"


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    """Return a standing clock."""
    return Time()


@pytest.fixture
def around(time: Time) -> Surroundings:
    """Return surroundings on that clock."""
    return Surroundings(now=lambda: time.now, sleep=time.sleep, random=Random(7), in_flight=2)  # noqa: S311 - jitter


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Answer:
    """Return an answer; header names are written with underscores."""
    return Answer.made(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, URL)


class Script:
    """A tracker that answers by a script and counts what it was sent."""

    def __init__(self, *steps: Answer | Exception) -> None:
        self.steps = list(steps)
        self.sent = 0

    def __call__(self) -> Answer:
        """Answer with the next step; the last one stands for ever."""
        self.sent += 1
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step


def refused_connection() -> requests.ConnectionError:
    """Return what ``requests`` raises where nobody listens."""
    pool = requests.adapters.HTTPAdapter().poolmanager.connection_from_url(URL)
    reason = NewConnectionError(pool._new_conn(), "refused")  # noqa: SLF001 - its argument
    return requests.ConnectionError(MaxRetryError(pool, URL, reason))


@pytest.mark.parametrize("status", [200, 201, 204, 301, 304, 307, 400, 403, 404, 409, 410, 422, 451])
@pytest.mark.parametrize("safe", [True, False])
def test_answers_that_are_the_callers(around: Surroundings, status: int, *, safe: bool) -> None:
    """What a caller can read is returned after one exchange."""
    tracker = Script(answer(status))
    assert Policy(around).call(tracker, safe=safe).status == status
    assert tracker.sent == 1


@pytest.mark.parametrize("step", [answer(500), answer(502), answer(408), requests.Timeout(), OSError("reset")])
def test_read_is_repeated_with_growing_random_pauses(
    around: Surroundings, time: Time, step: Answer | Exception
) -> None:
    """A read that failed is repeated until it succeeds, after pauses with full jitter."""
    tracker = Script(step, step, answer())
    assert Policy(around).call(tracker, safe=True).status == 200
    assert tracker.sent == 3
    assert len(time.slept) == 2
    assert all(0 <= pause <= limit for pause, limit in zip(time.slept, (1, 2), strict=True))


def test_read_is_given_up(around: Surroundings) -> None:
    """A read that keeps failing is Transient after four attempts; with one attempt after the first."""
    for attempts in (4, 1):
        tracker = Script(answer(503))
        with pytest.raises(Transient) as raised:
            Policy(around, attempts=attempts).call(tracker, safe=True)
        assert not isinstance(raised.value, Unknown)
        assert tracker.sent == attempts


@pytest.mark.parametrize("step", [answer(500), answer(503, Retry_After="1"), requests.Timeout(), OSError("reset")])
def test_write_of_unknown_outcome_is_never_repeated(around: Surroundings, time: Time, step: Answer | Exception) -> None:
    """A write that may have been applied is sent once and is Unknown."""
    tracker = Script(step, answer())
    with pytest.raises(Unknown):
        Policy(around).call(tracker, safe=False)
    assert (tracker.sent, time.slept) == (1, [])


def test_a_pause_named_to_a_write_holds_the_others(around: Surroundings) -> None:
    """What the write did is unknown; a tracker under maintenance is not sent the rest of a batch."""
    policy, tracker = Policy(around), Script(answer(503, Retry_After="3600"))
    with pytest.raises(Unknown):
        policy.call(tracker, safe=False)
    for safe in (False, True):
        with pytest.raises(NotNow) as held:
            policy.call(tracker, safe=safe)
        assert held.value.retry_after == timedelta(seconds=3600)
    assert tracker.sent == 1


@pytest.mark.parametrize("error", [requests.ConnectTimeout(), refused_connection()])
def test_write_that_never_left_is_repeated(around: Surroundings, error: Exception) -> None:
    """A write whose connection was never made is repeated, and is plainly Transient when given up."""
    tracker = Script(error, answer())
    assert Policy(around).call(tracker, safe=False).status == 200
    with pytest.raises(Transient) as raised:
        Policy(around).call(Script(error), safe=False)
    assert not isinstance(raised.value, Unknown)


def _in(seconds: int, time: Time) -> str:
    return format_datetime(time.now + timedelta(seconds=seconds), usegmt=True)


def _epoch(seconds: int, time: Time) -> str:
    return str(int(time.now.timestamp()) + seconds)


LIMITS: dict[str, Callable[[Time], Answer]] = {
    "retry-after seconds": lambda _: answer(429, Retry_After="20"),
    "retry-after date": lambda time: answer(429, Retry_After=_in(20, time)),
    "retry-after date, our clock an hour off": lambda time: answer(
        429, Retry_After=_in(3620, time), Date=_in(3600, time)
    ),
    "quota used up": lambda time: answer(403, X_RateLimit_Remaining="0", X_RateLimit_Reset=_epoch(20, time)),
    "quota used up, iso": lambda time: answer(
        429, X_RateLimit_Remaining="0", X_RateLimit_Reset=(time.now + timedelta(seconds=20)).isoformat()
    ),
    "ratelimit-reset": lambda _: answer(429, RateLimit_Reset="20"),
    "secondary": lambda _: answer(403, b"You have exceeded a secondary rate limit", Retry_After="20"),
}


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("safe", [True, False])
def test_short_limit_is_waited_for(
    around: Surroundings, time: Time, limit: Callable[[Time], Answer], *, safe: bool
) -> None:
    """A limit that names up to a minute, in whatever way, is waited for exactly, by reads and writes."""
    tracker = Script(limit(time), answer())
    assert Policy(around).call(tracker, safe=safe).status == 200
    assert (tracker.sent, time.slept) == (2, [20.0])


def test_long_limit_ends_the_pass(around: Surroundings, time: Time) -> None:
    """A longer limit is Transient at once, names the wait, and holds all others of the credential back."""
    policy, tracker = Policy(around), Script(answer(429, Retry_After="1800"), answer())
    with pytest.raises(Transient) as raised:
        policy.call(tracker, safe=True)
    assert raised.value.retry_after == timedelta(seconds=1800)
    time.now += timedelta(seconds=600)
    with pytest.raises(Transient) as held:
        policy.call(tracker, safe=True)
    assert held.value.retry_after == timedelta(seconds=1200)
    time.now += timedelta(seconds=1200)
    assert policy.call(tracker, safe=True).status == 200
    assert (tracker.sent, time.slept) == (2, [])


def test_limit_that_names_nothing_grows(around: Surroundings, time: Time) -> None:
    """A secondary limit without Retry-After costs a minute, then twice as long each time; success forgives."""
    secondary = answer(403, b'{"message":"You have exceeded a secondary rate limit."}')
    policy, tracker = Policy(around), Script(secondary, secondary, answer(), secondary, answer())
    with pytest.raises(Transient) as raised:
        policy.call(tracker, safe=True)
    assert time.slept == [60.0]
    assert raised.value.retry_after == timedelta(seconds=120)
    time.now += timedelta(seconds=120)
    policy.call(tracker, safe=True)
    policy.call(tracker, safe=True)
    assert time.slept == [60.0, 60.0]


def test_a_named_wait_that_does_not_help_grows(around: Surroundings, time: Time) -> None:
    """Retry-After 1, again and again: not asked every second for ever."""
    policy, tracker = Policy(around), Script(answer(429, Retry_After="1"))
    with pytest.raises(NotNow) as raised:
        policy.call(tracker, safe=True)
    assert (tracker.sent, time.slept) == (3, [1.0, 60.0])
    assert raised.value.retry_after == timedelta(seconds=120)


def test_writes_that_are_limited_while_reads_go_on_wait_longer_each_time(around: Surroundings, time: Time) -> None:
    """GitHub limits the creation of content by itself: a read that is answered does not forgive a write."""
    secondary = answer(403, b'{"message":"You have exceeded a secondary rate limit."}')
    policy, waits = Policy(around), []
    for _ in range(4):
        policy.call(Script(answer()), safe=True)
        with pytest.raises(NotNow) as raised:
            policy.call(Script(secondary), safe=False)
        waits.append(raised.value.retry_after)
        time.now += raised.value.retry_after or timedelta()
    assert waits == [timedelta(seconds=seconds) for seconds in (120, 240, 480, 960)]


@pytest.mark.parametrize("status", [403, 429])
def test_a_reason_that_nobody_knows_is_a_limit(around: Surroundings, time: Time, status: int) -> None:
    """A refusal whose headers name a limit we have never heard of costs a minute, and more the next time."""
    unheard = answer(status, b"{}", RateLimit_Reason="jira-something-new", X_RateLimit_Remaining="900")
    policy, tracker = Policy(around), Script(unheard, unheard, answer())
    with pytest.raises(NotNow) as raised:
        policy.call(tracker, safe=True)
    assert (time.slept, raised.value.retry_after) == ([60.0], timedelta(seconds=120))


@pytest.mark.parametrize(
    "headers",
    [
        {"X_RateLimit_Limit": "9" * 400, "X_RateLimit_Remaining": "9" * 400, "X_RateLimit_Reset": "9" * 400},
        {"X_RateLimit_Limit": "5000", "X_RateLimit_Remaining": "-1", "X_RateLimit_Reset": "soon"},
        {"X_RateLimit_Limit": "", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "1e9"},
        {"X_RateLimit_Limit": "5000", "X_RateLimit_Remaining": "10", "X_RateLimit_Reset": "9999-12-31T23:59:59Z"},
    ],
    ids=["huge", "negative", "empty", "far away"],
)
def test_quota_headers_that_make_no_sense_do_no_harm(around: Surroundings, time: Time, headers: dict[str, str]) -> None:
    """Whatever stands there, the answer is the caller's, and nobody waits longer than a day for it."""
    policy = Policy(around)
    assert policy.call(Script(answer(200, b"{}", **headers)), safe=True).status == 200
    time.now += timedelta(days=1)
    assert policy.call(Script(answer()), safe=True).status == 200


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (answer(401), "credentials"),
        (answer(302, Location="/login"), "credentials"),
        (answer(200, b"<!DOCTYPE html><p>Log in</p>", Content_Type="text/html"), "credentials"),
        (answer(200, b"<html>Welcome to the proxy"), "protocol"),
        (TooLarge("too large"), "protocol"),
        (requests.exceptions.SSLError("certificate"), "protocol"),
    ],
)
def test_unusable_tracker_stops_with_advice(around: Surroundings, step: Answer | Exception, reason: str) -> None:
    """What only a person can mend is TrackerUnusable at once, with its reason and advice."""
    tracker = Script(step)
    with pytest.raises(TrackerUnusable) as raised:
        Policy(around).call(tracker, safe=True)
    assert (raised.value.reason, tracker.sent) == (reason, 1)
    assert raised.value.advice


def test_no_secret_in_errors(around: Surroundings) -> None:
    """A token that the tracker echoes, or that stands in an error of the transport, is masked."""
    token = Secret("tok-echoed-0123456789")
    for step in (answer(401, token.reveal().encode()), requests.Timeout(token.reveal())):
        with pytest.raises((TrackerUnusable, Transient)) as raised:
            Policy(around).call(Script(step), safe=False)
        assert token.reveal() not in str(raised.value)
        assert "***" in str(raised.value)


def test_writes_are_paced(around: Surroundings, time: Time) -> None:
    """Writes start at least the interval apart; reads do not wait for it."""
    policy = Policy(around, governor=Governor(around, write_interval=1.0))
    starts: list[datetime] = []

    def send() -> Answer:
        starts.append(time.now)
        return answer()

    for safe in (False, False, True, False):
        policy.call(send, safe=safe)
    assert [(one - starts[0]).total_seconds() for one in starts] == [0, 1, 1, 2]


def test_sleep_can_be_interrupted(around: Surroundings) -> None:
    """What the injected sleep raises (the daemon stops) ends the call."""

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    policy = Policy(Surroundings(now=around.now, sleep=stop))
    with pytest.raises(KeyboardInterrupt):
        policy.call(Script(answer(429, Retry_After="20")), safe=True)


def test_json_of_an_answer() -> None:
    """A body is decoded; a broken one is Transient, a bomb makes the tracker unusable."""
    assert answer(body=b'{"a":[1,"\\ud83d"]}').json() == {"a": [1, "\ufffd"]}
    with pytest.raises(Transient):
        answer(body=b'{"a":[1,').json()
    with pytest.raises(TrackerUnusable):
        answer(body=b"[" * 100_000).json()


def test_headers_are_case_insensitive() -> None:
    """Headers are found in any case, from a response as from parts."""
    response = requests.Response()
    response.status_code, response.headers, response.url = 200, CaseInsensitiveDict({"ETag": "x"}), URL
    response._content = b"{}"  # noqa: SLF001 - requests has no other way to make a response
    assert Answer.of(response).headers["etag"] == "x"
    assert answer(ETag="y").headers["etag"] == "y"
