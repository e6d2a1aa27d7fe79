"""A good citizen: waits are kept, quota is left to people, who fails is left alone, who is quiet is asked less."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests.integration.engine.desks import GITHUB_TOKEN
from tests.integration.engine.world import SLACK_TOKEN, Setup, Site, ok, outcome
from vindaris_sync.config.chats import SlackSettings
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.engine.courtesy import next_pull_of
from vindaris_sync.engine.health import asked, credentials
from vindaris_sync.notify.governed import governed
from vindaris_sync.sandbox import github
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.breaker import LONGEST_PAUSE
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret

HALF_AN_HOUR = Fault("status", status=429, headers={"Retry-After": "1800"})


class AtOnce(Executor):
    """Carries work out in the caller's thread: one seed is one history."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it now."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Life:
    """The daemon's clockwork on a site, ticked in virtual time; notes when which service was asked how often."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.asked: list[tuple[datetime, dict[str, int]]] = []
        nightly = Nightly(time(2, 30), UTC)
        self.clockwork = Clockwork(
            site.context, site.channels, nightly, lambda _: None, AtOnce(), random=Random(7)  # noqa: S311 - jitter
        )  # fmt: skip

    def go_on(self, every: float = 10, **units: float) -> None:
        """Tick every ``every`` seconds for a while."""
        until = self.site.clock() + timedelta(**units)
        while self.site.clock() < until:
            self.site.clock.pass_(every)
            now = self.site.clock()
            with self.site.requests() as counted:
                self.clockwork.tick(now)
            if counted.by_service:
                self.asked.append((now, counted.by_service))

    def requests(self, service: str, since: datetime) -> list[tuple[datetime, int]]:
        """Return when ``service`` was asked since then, and how often each time."""
        return [(at, found[service]) for at, found in self.asked if service in found and at > since]


@pytest.mark.parametrize("service", ["jira", "github"])
def test_a_named_wait_is_kept_over_a_restart(site: Site, service: str) -> None:
    """Retry-After 1800, then a restart: not one request before, and work goes on after it (fault 23)."""
    Life(site).go_on(minutes=3)
    site.server.faults.add(replace(HALF_AN_HOUR, service=service, times=1))
    told = site.clock()
    life = Life(site)
    life.go_on(minutes=1)
    site.restart()
    life = Life(site)
    life.go_on(minutes=27)
    assert life.requests(service, told) == []
    other = "github" if service == "jira" else "jira"
    assert len(life.requests(other, told)) > 3
    (state,) = credentials(site.store, [service], site.clock())
    assert state["trackers"] == [service]
    assert state["waiting_until"] - told >= timedelta(minutes=30)
    assert "limits our requests (429)" in state["why"]
    life.go_on(minutes=10)
    first, _ = life.requests(service, told)[0]
    assert first - told >= timedelta(minutes=30)
    ok(site.turn(minutes=40))


@pytest.mark.parametrize("wait", ["0", "1"])
def test_a_limit_that_does_not_end_is_met_seldom(site: Site, wait: str) -> None:
    """Where the wait that is named is of no use, nobody is asked again every second."""
    life = Life(site)
    life.go_on(minutes=3)
    site.server.faults.add(Fault("status", service="github", status=429, headers={"Retry-After": wait}))
    since = site.clock()
    life.go_on(every=1, minutes=60)
    assert 2 <= sum(count for _, count in life.requests("github", since)) <= 40


def test_two_trackers_with_one_credential_share_its_limits(site: Site) -> None:
    """What one of them is told holds for both, at once; another host goes on."""
    context = site.context
    trackers = {
        **context.trackers,
        "second": replace(site.tracker("github", repositories=("acme/api",)), name="second"),
    }
    site.context = replace(context, trackers=trackers)
    site.store.put_tracker("second", "github")
    first, second = context.trackers["github"].conduct, trackers["second"].conduct
    assert first.governor is second.governor
    assert first.breaker == second.breaker
    site.server.faults.add(replace(HALF_AN_HOUR, service="github", times=1))
    done = site.round()
    assert (outcome(done, "github").outcome, outcome(done, "second").rests) == ("later", True)
    assert outcome(done, "jira").outcome == "ok"
    with site.requests() as counted:
        site.turn(minutes=20)
    assert "github" not in counted.by_service


@pytest.mark.parametrize("site", [Setup(names=("github",))], indirect=True)
def test_background_reading_leaves_quota_to_people(site: Site) -> None:
    """At a fifth left it stops until the reset; what a person decides is still written; then it goes on."""
    key = site.github.create("Pay by phone")
    ok(site.turn())
    account = github.Account("vindaris-bot", limit=100)
    account.core.spend(site.clock(), 75)
    site.github.world.grant(GITHUB_TOKEN, account)
    life = Life(site)
    for number in range(8):  # people are at work, so that every pull costs something
        site.github.create(f"Step {number}", "goal:GROW-1")
        life.go_on(minutes=2)
    left = account.core.limit - account.core.used
    assert 15 <= left <= 20
    before = site.clock()
    life.go_on(minutes=5)
    assert life.requests("github", before) == []
    site.link(key, "GROW-2")
    life.go_on(minutes=1)
    assert "goal:GROW-2" in site.github.labels(key)
    assert account.core.limit - account.core.used >= 5
    (state,) = credentials(site.store, ["github"], site.clock())
    shown = next(each for each in state["quotas"] if each["resource"] == "core")
    assert (shown["limit"], shown["kept_free"], shown["remaining"] <= 20) == (100, 20, True)
    report = site.store.passes("github", limit=50)
    assert any("kept free" in each.error for each in report)
    life.go_on(minutes=60)
    assert site.serves("acme/web#10") == "linked GROW-1"


@pytest.mark.parametrize(
    "fault",
    [Fault("status", "jira", status=500), Fault("truncate", "jira"), Fault("reset", "jira")],
    ids=["500", "truncated", "reset"],
)
def test_a_tracker_that_keeps_failing_is_probed_with_one_request(site: Site, fault: Fault) -> None:
    """After a few failed passes one request in up to half an hour; the other tracker notices nothing; it comes back."""
    life = Life(site)
    life.go_on(minutes=5)
    site.server.faults.add(fault)
    life.go_on(minutes=20)
    since = site.clock()
    life.go_on(hours=3)
    tries = life.requests("jira", since)
    pauses = [after - before for (before, _), (after, _) in pairwise(tries)]
    assert [count for _, count in tries] == [1] * len(tries)
    assert timedelta(minutes=7) <= min(pauses) <= max(pauses) <= LONGEST_PAUSE + timedelta(minutes=1)
    assert len(life.requests("github", since)) >= 18
    state = asked(site.store, "jira", site.clock())
    assert state["breaker"]["failures"] > 5
    planned = next_pull_of(site.store, "jira")
    assert planned is not None
    assert "in a row" in planned.why
    site.server.faults.clear()
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    life.go_on(minutes=32)
    assert site.serves(key) == "linked GROW-1"
    assert asked(site.store, "jira", site.clock())["breaker"] == {
        "phase": "closed",
        "failures": 0,
        "until": None,
    }


def test_quiet_trackers_are_asked_less_and_busy_ones_more(site: Site) -> None:
    """A quiet tracker sinks to its longest interval, a busy one rises to its shortest; status says when, and why."""
    life = Life(site)
    life.go_on(hours=1)
    since = site.clock()
    for _ in range(30):
        site.github.create("Step", "goal:GROW-1")
        life.go_on(minutes=1)
    busy = [at for at, _ in life.requests("github", since + timedelta(minutes=5))]
    quiet = [at for at, _ in life.requests("jira", since)]
    assert 25 <= len(busy) <= 56
    assert 3 <= len(quiet) <= 5
    planned = next_pull_of(site.store, "jira")
    assert planned is not None
    assert planned.why.startswith("nothing new in the last")
    life.go_on(every=1, minutes=10)
    (at, _) = life.requests("jira", quiet[-1])[0]
    assert timedelta() <= at - planned.at <= timedelta(seconds=1)
    assert asked(site.store, "jira", site.clock())["requests"]["last_pass"] == 1


def test_channels_with_one_token_share_its_limits(site: Site) -> None:
    """What Slack tells one of them holds for both; messages are a second apart; none is lost, none comes twice (L8)."""
    settings = SlackSettings(channel="#any", token=Secret(SLACK_TOKEN), api_url=f"{site.server.url}/slack/api")
    around = Surroundings(now=site.clock, sleep=site.clock.pass_)
    site.channels = {name: governed(channel, settings, around) for name, channel in site.channels.items()}
    site.jira.create("Pay by phone", place="APP")
    site.jira.create("Move the servers", place="OPS")
    site.server.faults.add(Fault("status", "slack", status=429, headers={"Retry-After": "90"}, path="postMessage"))
    ok(site.round())
    site.clock.pass_(minutes=16)
    ok(site.round())
    with site.requests() as counted:
        assert site.tell() == 0
    assert [asked for asked in counted.asked if "slack" in asked] == ["slack POST /api/chat.postMessage"]
    site.server.faults.clear()
    site.clock.pass_(80)
    with site.requests() as counted:
        assert site.tell() == 0
    assert "slack" not in counted.by_service
    site.clock.pass_(11)
    before = site.clock()
    assert site.tell() == 2
    assert site.clock() - before >= timedelta(seconds=1)
    assert (len(site.messages("growth")), len(site.messages("platform"))) == (1, 1)


def test_what_cannot_be_written_is_no_hot_loop(site: Site) -> None:
    """Writes that fail are tried with the pulls, and not with every look at what is due."""
    key = site.github.create("Pay by phone")
    life = Life(site)
    life.go_on(minutes=5)
    site.server.faults.add(Fault("status", "github", status=502, method="POST", path="graphql"))
    site.link(key, "GROW-1")
    since = site.clock()
    life.go_on(every=5, minutes=10)
    assert len(life.requests("github", since)) <= 12
    site.server.faults.clear()
    life.go_on(minutes=20)
    assert "goal:GROW-1" in site.github.labels(key)
