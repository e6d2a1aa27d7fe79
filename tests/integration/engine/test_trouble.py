"""Trackers that fail: one stops or waits, with one line of advice and one alert; the other goes on; it comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.engine.world import GITHUB_TOKEN, JIRA_TOKEN, Desk, Setup, Site, ok, outcome
from vindaris_sync.daemon.timetable import next_try
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.secret import Secret

REVIEW = "goal-review"
STOPPED = {"jira": "jira has stopped", "github": "github has stopped"}
Act = Callable[[Site], None]
MANY = 12


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


# --- writes that are refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("jira",), ("github",)], ids=["read-only project", "archived repository"])
def test_a_place_that_refuses_writes_is_tried_once_and_probed_at_night(
    names: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Said once with the fix and planned no more; others are written; the nightly probe lifts it (fault 60)."""
    site = Site(tmp_path_factory.mktemp("site"), Setup(names=names))
    try:
        ok(site.turn())
        desk = site.jira if names == ("jira",) else site.github
        shut = [desk.create(f"Step {number}") for number in range(MANY)]
        free = desk.create("Elsewhere", place=desk.other)
        ok(site.turn())
        desk.lock()
        for key in (*shut, free):
            site.link(key, "COST-1")
        with site.requests() as counted:
            ok(site.turn())
        assert desk.labels(free) == {"goal:COST-1"}
        assert [desk.labels(key) for key in shut] == [set()] * MANY
        assert [site.serves(key) for key in shut] == ["linked COST-1"] * MANY
        assert counted.writes <= 22  # two surfaces, a few in flight each, however many issues there are
        assert {refusal.place for refusal in site.store.refusals()} == {desk.place}
        assert all(refusal.advice for refusal in site.store.refusals())
        with site.requests() as counted:
            done = ok(site.turn())
        assert (done.planned, counted.writes) == ([], 0)
        site.night()
        assert site.store.refusals() != ()
        assert [desk.labels(key) for key in shut] == [set()] * MANY
        desk.lock(locked=False)
        site.night()
        ok(site.turn(rounds=2))
        assert [desk.labels(key) for key in shut] == [{"goal:COST-1"}] * MANY
        assert site.store.refusals() == ()
        site.sound()
    finally:
        site.close()


def test_a_field_that_is_not_on_the_screen_leaves_the_label(site: Site) -> None:
    """The next rung: the label carries the goal, the refusal tells how to put the field on the screen (fault 42)."""
    key = site.jira.create("Pay by phone")
    ok(site.turn())
    site.jira.alice.remove_field_from_screen("Goal", "APP")
    site.link(key, "GROW-1")
    ok(site.turn(rounds=2))
    assert (site.jira.labels(key), site.jira.field(key)) == ({"goal:GROW-1"}, None)
    (refusal,) = site.store.refusals()
    assert "screen" in refusal.advice
    assert ok(site.turn()).planned == []
    site.jira.alice.add_field_to_screen("Goal", "APP")
    site.night()
    ok(site.turn())
    assert site.jira.field(key) == "GROW-1"
    assert site.store.refusals() == ()


def test_an_issue_full_of_labels_is_left_alone_by_itself(site: Site) -> None:
    """A hundred labels are GitHub's limit: that issue is refused, its neighbours are written."""
    full = site.github.create("Everything", *(f"topic-{number}" for number in range(100)))
    other = site.github.create("One step")
    ok(site.turn())
    site.link(full, "GROW-1")
    site.link(other, "GROW-1")
    ok(site.turn())
    assert "goal:GROW-1" in site.github.labels(other)
    assert len(site.github.labels(full)) == 100
    assert site.record(full).refused == {"label:goal:"}
    assert site.store.refusals() == ()
    assert ok(site.turn()).planned == []
    site.clock.pass_(minutes=10)
    site.github.remove_label(full, "topic-1")
    ok(site.turn())
    site.night()
    ok(site.turn())
    assert "goal:GROW-1" in site.github.labels(full)


@pytest.mark.parametrize("service", ["jira", "github"])
@pytest.mark.parametrize("kind", ["reset", "timeout"])
def test_a_write_whose_answer_was_lost_is_not_repeated(site: Site, service: str, kind: str) -> None:
    """It was applied and nobody told us: the reading back finds it, and it is made once (fault 41)."""
    desk = site.jira if service == "jira" else site.github
    key = desk.create("Pay by phone")
    ok(site.turn())
    site.link(key, "GROW-1")
    method, path = ("PUT", "/issue/") if service == "jira" else ("POST", "/labels$")
    site.server.faults.add(
        Fault(kind, service, method=method, path=path, times=1, applied=True, seconds=0)  # type: ignore[arg-type]
    )
    with site.requests() as counted:
        site.turn()
    sent = [asked for asked in counted.asked if f" {method} " in asked and "/issue" in asked]
    assert len(sent) == 1
    ok(site.turn(rounds=2))
    assert "goal:GROW-1" in desk.labels(key)
    with site.requests() as counted:
        assert ok(site.turn()).planned == []
    assert counted.writes == 0


# --- chat ---------------------------------------------------------------------------------------------------------


def test_a_chat_that_is_down_for_a_day_shows_one_message_afterwards(site: Site) -> None:
    """Nothing is lost and nothing comes in a burst: the message tells what holds now (fault 50)."""
    site.server.faults.add(Fault("status", "slack", status=503))
    keys = []
    for number in range(12):
        keys.append(site.jira.create(f"Work {number}"))
        ok(site.turn(minutes=120))
    for key in keys[:9]:
        site.jira.add_label(key, "goal:GROW-1")
    ok(site.turn())
    assert site.messages() == []
    _calm(site)
    ok(site.turn(minutes=40, rounds=2))
    assert site.told() == ["3 issues serve no goal"]
    assert site.messages()[0].edits == []


def test_a_message_that_somebody_deleted_is_posted_anew(site: Site) -> None:
    """While something is open people see it, once."""
    site.jira.create("What is this for?")
    ok(site.turn(minutes=16))
    ok(site.turn())
    (message,) = site.messages()
    site.slack.delete("growth", message.ts)
    site.jira.create("And this?")
    ok(site.turn(minutes=16))
    ok(site.turn(rounds=3))
    assert site.told() == ["2 issues serve no goal"]


def test_each_team_hears_of_its_own_issues(site: Site) -> None:
    """An exact scope goes before a wildcard; a team's channel shows its places only."""
    site.jira.create("For Growth")
    site.jira.create("For Platform", place="OPS")
    site.github.create("For Growth, too")
    ok(site.turn(minutes=16))
    ok(site.turn())
    assert site.told("growth") == ["2 issues serve no goal"]
    assert site.told("platform") == ["1 issue serves no goal"]


def test_refused_goals_leave_the_last_good_ones_in_force(site: Site) -> None:
    """Said once to every team, resolved when they can be read again; links are not touched (fault 55)."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn())
    site.goals.problems = ("goals.toml:3: [[goal]] GROW-1 parent: GROW is its own ancestor",)
    ok(site.turn(rounds=3))
    assert site.told("growth") == site.told("platform") == ["The goals cannot be used"]
    assert site.serves(key) == "linked GROW-1"
    site.goals.problems = ()
    ok(site.turn())
    assert site.told() == ["✓ The goals can be used again"]
