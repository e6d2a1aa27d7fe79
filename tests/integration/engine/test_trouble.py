"""Trackers that fail: one stops or waits, with one line of advice and one alert; the other goes on; it comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.engine.desks import GITHUB_TOKEN, JIRA_TOKEN, Desk
from tests.integration.engine.world import SLACK_TOKEN, Site, ok, outcome
from vindaris_sync.daemon.timetable import next_try
from vindaris_sync.domain.messages import Content
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.secret import Secret

REVIEW = "goal-review"
STOPPED = {"jira": "jira has stopped", "github": "github has stopped"}
Act = Callable[[Site], None]


def _revoke_jira(site: Site) -> None:
    site.jira.world.accounts["gone"] = site.jira.world.accounts.pop(JIRA_TOKEN)


def _restore_jira(site: Site) -> None:
    site.jira.world.accounts[JIRA_TOKEN] = site.jira.world.accounts.pop("gone")


def _expire_jira(site: Site, *, expired: bool = True) -> None:
    site.jira.world.accounts[JIRA_TOKEN].expired = expired


def _hide_projects(site: Site, *, hidden: bool) -> None:
    for key in ("APP", "OPS"):
        (site.jira.alice.hide_project if hidden else site.jira.alice.show_project)(key, JIRA_TOKEN)


def _revoke_github(site: Site) -> None:
    site.github.world.tokens["gone"] = site.github.world.tokens.pop(GITHUB_TOKEN)


def _restore_github(site: Site) -> None:
    site.github.world.tokens[GITHUB_TOKEN] = site.github.world.tokens.pop("gone")


def _login_page(service: str) -> Act:
    return lambda site: site.server.faults.add(Fault("html", service))


def _calm(site: Site) -> None:
    site.server.faults.clear()


TROUBLES: dict[str, tuple[str, Act, Act]] = {
    "jira: token revoked": ("jira", _revoke_jira, _restore_jira),
    "jira: token expired, answers 200 to nobody": (
        "jira",
        _expire_jira,
        lambda site: _expire_jira(site, expired=False),
    ),
    "jira: a login page": ("jira", _login_page("jira"), _calm),
    "jira: projects out of sight": (
        "jira",
        lambda site: _hide_projects(site, hidden=True),
        lambda site: _hide_projects(site, hidden=False),
    ),
    "github: token revoked": ("github", _revoke_github, _restore_github),
    "github: a login page": ("github", _login_page("github"), _calm),
    "github: a repository out of sight": (
        "github",
        lambda site: site.github.hide(),
        lambda site: site.github.hide(hidden=False),
    ),
}


@pytest.mark.parametrize(("tracker", "begins", "ends"), list(TROUBLES.values()), ids=list(TROUBLES))
def test_a_tracker_that_cannot_be_used_stops_alone_and_comes_back(
    site: Site, tracker: str, begins: Act, ends: Act
) -> None:
    """One line of advice, one alert, nothing taken for gone; the other tracker is served; then it resumes (L6, L11)."""
    desks: dict[str, Desk] = {"jira": site.jira, "github": site.github}
    ill, well = desks.pop(tracker), next(iter(desks.values()))
    linked = ill.create("Pay by phone", "goal:GROW-1")
    ok(site.turn())
    begins(site)
    news = well.create("One step", "goal:GROW-2")
    site.clock.pass_(hours=1)
    for _ in range(5):
        done = site.turn(minutes=10)
    report = outcome(done, tracker)
    assert report.outcome == "stopped"
    assert report.advice
    assert "\n" not in report.advice
    assert site.store.tracker(tracker).stopped_advice
    assert site.serves(news) == "linked GROW-2"
    assert (site.serves(linked), site.asks(linked)) == ("linked GROW-1", [])
    assert site.told().count(STOPPED[tracker]) == 1
    assert len(site.messages()) == 1
    ends(site)
    later = ill.create("Pay by watch", "goal:GROW-1")
    ok(site.turn(rounds=2))
    assert site.told() == [f"✓ {tracker} works again"]
    assert site.serves(later) == "linked GROW-1"
    assert (site.serves(linked), ill.labels(linked)) == ("linked GROW-1", {"goal:GROW-1"})
    site.sound()


@pytest.mark.parametrize(
    ("tracker", "wrong"),
    [
        ("jira", {"projects": ("APP", "NONE")}),
        ("github", {"repositories": ("acme/web", "acme/none")}),
        ("jira", {"token": Secret("a-wrong-token-1")}),
        ("github", {"token": Secret("a-wrong-token-2")}),
    ],
    ids=["project", "repository", "jira token", "github token"],
)
def test_a_wrong_setting_is_said_with_what_to_do(site: Site, tracker: str, wrong: dict[str, object]) -> None:
    """What does not exist is named, a secret is not; the other tracker does its work in the same round (L9)."""
    news = site.github.create("One step", "goal:GROW-2") if tracker == "jira" else site.jira.create("x", "goal:GROW-2")
    site.reconnect(tracker, **wrong)
    done = site.turn()
    report = outcome(done, tracker)
    assert (report.outcome, bool(report.advice)) == ("stopped", True)
    assert "wrong-token" not in f"{report.error} {report.advice} {site.messages()}"
    for value in wrong.values():
        if isinstance(value, tuple):
            assert value[1] in report.error
    assert site.serves(news) == "linked GROW-2"
    site.reconnect(tracker)
    ok(site.turn())
    assert site.told() == [f"✓ {tracker} works again"]


def test_a_tracker_that_was_never_reached_is_nobody_elses_business(site: Site) -> None:
    """Another tracker's pass asks it nothing, waits for nothing, and decides what is its own (L11)."""
    site.jira.create("Pay by phone", "goal:GROW-1")
    key = site.github.create("One step", "goal:GROW-2")
    site.reconnect("jira")
    site.server.faults.add(Fault("timeout", "jira", seconds=60))
    with site.requests() as counted:
        ok(site.round("github"))
    assert "jira" not in counted.by_service
    assert site.serves(key) == "linked GROW-2"


@pytest.mark.parametrize("service", ["jira", "github"])
def test_a_wait_that_the_tracker_names_ends_the_pass(site: Site, service: str) -> None:
    """429 with half an hour to wait: nothing is slept through or hammered, the next try is after it (fault 23)."""
    fault = Fault("status", service, status=429, headers={"Retry-After": "1800"})
    site.server.faults.add(fault)
    other = site.github if service == "jira" else site.jira
    news = other.create("One step", "goal:GROW-2")
    with site.requests() as counted:
        report = outcome(site.turn(), service)
    assert report.outcome == "later"
    assert report.retry_after is not None
    assert timedelta(minutes=29) < report.retry_after <= timedelta(minutes=30)
    assert next_try(site.clock(), timedelta(minutes=2), 1, report.retry_after) >= site.clock() + timedelta(minutes=29)
    assert counted.by_service[service] <= 2
    assert site.serves(news) == "linked GROW-2"
    assert site.told() == []
    with site.requests() as counted:
        assert outcome(site.turn(), service).outcome == "later"
    assert service not in counted.by_service
    _calm(site)
    ok(site.turn(minutes=31))


@pytest.mark.parametrize("service", ["jira", "github"])
@pytest.mark.parametrize(
    "fault",
    [Fault("truncate"), Fault("status", status=503), Fault("reset", applied=True), Fault("status", status=500)],
    ids=["truncated", "503", "reset", "500"],
)
def test_a_broken_answer_is_tried_again_later(site: Site, service: str, fault: Fault) -> None:
    """Nothing of it is believed, the cursor stays, the other tracker goes on; the next pass reads it (faults 18-22)."""
    desk, other = (site.jira, site.github) if service == "jira" else (site.github, site.jira)
    key, news = desk.create("Pay by phone", "goal:GROW-1"), other.create("One step", "goal:GROW-2")
    before = site.store.cursors(service)
    site.server.faults.add(replace(fault, service=service))
    assert outcome(site.turn(), service).outcome == "later"
    assert site.store.cursors(service) == before
    assert site.store.find(key) == ()
    assert site.serves(news) == "linked GROW-2"
    _calm(site)
    ok(site.turn())
    assert site.serves(key) == "linked GROW-1"
    assert site.told() == []


def test_a_hostile_item_is_set_aside_and_its_page_kept(site: Site) -> None:
    """What cannot be mapped is quarantined with a reason and listed; all others come in; healed it returns (L11)."""
    keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(5)]
    sick = site.jira.world.find(keys[2])
    assert sick is not None
    whole = sick.state
    _break(site, keys[2])
    done = ok(site.turn())
    assert outcome(done, "jira").counts["quarantined"] == 1
    assert [site.serves(key) for key in keys if key != keys[2]] == ["linked GROW-1"] * 4
    (aside,) = site.store.quarantine("jira")
    assert (aside.key, bool(aside.reason)) == (keys[2], True)
    site.jira.world.rewrite(sick, {"created": whole.created, "status": whole.values["status"]})
    site.clock.pass_(minutes=10)
    site.jira.add_label(keys[2], "healed")
    ok(site.turn())
    assert site.store.quarantine() == ()
    assert site.serves(keys[2]) == "linked GROW-1"
    site.sound()


def _break(site: Site, key: str) -> None:
    """Let an issue be printed without a status, as an add-on once did."""
    issue = site.jira.world.find(key)
    assert issue is not None
    site.jira.world.rewrite(issue, {"status": None})


@pytest.mark.parametrize("service", ["jira", "github"])
def test_a_bomb_stops_the_tracker_and_nothing_else(site: Site, service: str) -> None:
    """JSON nested a hundred thousand deep is refused, bounded, with advice (fault 48)."""
    deep = "[" * 100_000 + "]" * 100_000
    site.server.faults.add(
        Fault("status", service, status=200, headers={"Content-Type": "application/json"}, body=deep)
    )
    before = site.store.cursors(service)
    report = outcome(site.turn(), service)
    assert report.outcome in ("stopped", "later")
    assert site.store.cursors(service) == before
    _calm(site)
    ok(site.turn())


def test_hostile_titles_are_text_everywhere(site: Site) -> None:
    """NUL, bidi, markup, mentions, 10,000 characters: stored, shown as text in chat, and no page is lost (fault 49)."""
    titles = ["\u202e<!channel> @everyone", "'); DROP TABLE issue;--", "🎯" * 200, "a\x00b", "x" * 250]
    keys = [site.github.create(title or "x") for title in titles]
    ok(site.turn(minutes=16))
    ok(site.turn(minutes=2))
    assert [site.asks(key) for key in keys] == [["unlinked"]] * 5
    assert site.told() == ["5 issues serve no goal"]
    assert "<!channel>" not in site.messages()[0].text
    site.sound()


class _Broken(SlackChannel):
    """A channel with a mistake in it."""

    sick = True

    def post(self, content: Content, key: str, *, repeated: bool = False) -> str:
        if self.sick:
            return str(key.encode("latin-1").decode("ascii") + None)  # type: ignore[operator]
        return super().post(content, key, repeated=repeated)


def test_a_channel_with_a_defect_stops_no_other_and_loses_nothing(site: Site) -> None:
    """What it does not take waits, as for a channel that is down, and comes when it works (L8, L11)."""
    broken = _Broken("growth", "#growth", Secret(SLACK_TOKEN), f"{site.server.url}/slack/api")
    site.channels["growth"] = broken
    site.jira.create("Ours")
    site.jira.create("Theirs", place="OPS")
    for _ in range(3):
        site.turn(30)
    assert len(site.messages("platform")) == 1
    assert site.messages("growth") == []
    broken.sick = False
    site.turn(60)
    site.turn(60)
    assert len(site.messages("growth")) == 1
    assert len(site.messages("platform")) == 1
