"""The census: what no pull can see is found in hours, part by part, and what vanishes at once is not believed (L6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.engine.desks import GITHUB_TOKEN, JIRA_TOKEN, Desk
from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain.models import Address, Gone, Presence, Seen
from vindaris_sync.engine import census
from vindaris_sync.engine.gather import verify
from vindaris_sync.engine.passes import run_pass
from vindaris_sync.sandbox.faults import Fault

HOURS = 7  # one more than the usual interval


def desk_of(site: Site, service: str) -> Desk:
    """Return the desk at which a service is used."""
    return site.jira if service == "jira" else site.github


def later(site: Site, hours: float = HOURS) -> None:
    """Let hours go by, and all trackers be looked at."""
    site.clock.pass_(hours=hours)
    ok(site.turn(rounds=2))


@pytest.mark.parametrize("service", ["jira", "github"])
def test_what_is_deleted_is_found_without_a_night(site: Site, service: str) -> None:
    """A deleted issue shows no change; the census misses it, and the tracker is asked: gone, kept as a tombstone."""
    desk = desk_of(site, service)
    doomed, stays = desk.create("Doomed", "goal:GROW-1"), desk.create("Stays", "goal:GROW-1")
    ok(site.turn(rounds=2))
    desk.delete(doomed)
    ok(site.turn(minutes=30, rounds=2))
    assert site.record(doomed).presence is Presence.PRESENT
    later(site)
    assert site.record(doomed).presence in (Presence.GONE, Presence.HIDDEN)
    assert site.record(stays).presence is Presence.PRESENT
    assert site.store.census(service).found == {str(site.record(doomed).presence): 1}
    site.sound()


def orphaned(site: Site, *labels: str) -> tuple[str, str]:
    """Return an epic that was deleted while the index was half an hour late, and a child that no pull has shown since.

    The child has no parent any more; the census has not missed the epic yet.
    """
    above = site.jira.epic("Doomed", "goal:GROW-1")
    below = site.jira.create("Part of it", *labels, parent=above)
    ok(site.turn(minutes=30, rounds=2))  # what has just been written to is read past the index
    site.jira.world.weather.index_lag = timedelta(minutes=30)
    site.jira.delete(above)
    for _ in range(4):
        ok(site.turn(minutes=15))
    site.jira.world.weather.index_lag = timedelta()
    ok(site.turn(minutes=15, rounds=2))
    assert (site.record(above).presence, site.record(below).parent_stated) == (Presence.PRESENT, True)
    return above, below


def lose(site: Site, key: str) -> None:
    """Let the store know that an issue is gone, as a pass does that fails right after."""
    gone = Gone(Address("jira", site.record(key).ref.id, key), "not found")
    site.store.record_seen("jira", [gone], site.context.meet("jira").surfaces, site.clock())


def test_what_hung_below_a_deleted_issue_is_read_as_soon_as_that_is_found(site: Site) -> None:
    """The census misses the parent; its children are read at once, so that one that serves no goal is asked about."""
    above, below = orphaned(site)
    assert site.serves(below) == "inherited GROW-1"
    later(site)
    assert site.record(above).presence is Presence.GONE
    assert (site.record(below).parent_stated, site.record(below).parent_unknown) == (False, False)
    assert site.asks(below) == ["unlinked"]
    site.sound()


def test_what_hung_below_a_deleted_issue_waits_for_its_own_trackers_pass(site: Site) -> None:
    """Its tracker failed right after it told of the deletion: no other tracker's pass decides what was not read."""
    above, below = orphaned(site)
    lose(site, above)
    run_pass(site.context, "github")
    assert site.serves(below) == "inherited GROW-1"
    run_pass(site.context, "jira")
    assert (site.record(below).parent_stated, site.asks(below)) == (False, ["unlinked"])
    site.sound()


def test_a_parent_out_of_scope_found_below_a_deleted_issue_is_read_before_anything_is_decided(site: Site) -> None:
    """R6: no pull need show it, and who is decided without would be asked for a goal though one is inherited."""
    site.jira.world.add_project("HQ", "Headquarters")
    outside = site.jira.alice.create_issue("HQ", "Elsewhere", "Epic", labels=["goal:GROW-2"])
    above, below = orphaned(site)
    lose(site, above)
    site.jira.world.weather.index_lag = timedelta(hours=2)
    site.jira.set_parent(below, outside)
    run_pass(site.context, "jira")
    assert (site.serves(below), site.asks(below)) == ("inherited GROW-2", ["parent_changed"])
    site.sound()


def test_what_is_held_below_a_deleted_issue_is_not_read_again_and_again(site: Site) -> None:
    """It stays due until a person has looked; no pass asks the tracker about it meanwhile."""
    above, below = orphaned(site, "goal:GROW-2")
    site.store.hold("jira", [site.record(below).id], 20, site.clock())
    lose(site, above)
    before = site.record(below)
    verify(site.context, site.context.trackers["jira"], Counter())
    assert site.record(below) == before


def test_what_becomes_visible_without_a_change_is_found(site: Site) -> None:
    """An issue behind a security level that is lifted keeps its old stamp: no pull shows it, the census does."""
    secret = site.jira.create("Secret", "goal:GROW-1")
    site.jira.alice.hide_issue(secret, JIRA_TOKEN)
    ok(site.turn(minutes=30, rounds=3))
    assert site.store.find(secret) == ()
    site.jira.alice.show_issue(secret, JIRA_TOKEN)
    ok(site.turn(minutes=30, rounds=3))
    assert site.store.find(secret) == ()
    later(site)
    assert site.serves(secret) == "linked GROW-1"
    site.sound()


@pytest.mark.parametrize("site", [Setup(names=("jira",))], indirect=True)
def test_an_issue_that_the_index_shows_too_late_for_any_pull_is_found(site: Site) -> None:
    """Half an hour late, it turns up far behind the cursor: no pull reads so far back, the census does (fault 37)."""
    ok(site.turn(minutes=30))
    site.jira.world.weather.index_lag = timedelta(minutes=30)
    key = site.jira.create("Late", "goal:GROW-1")
    for _ in range(4):
        ok(site.turn(minutes=15))
    site.jira.world.weather.index_lag = timedelta()
    ok(site.turn(minutes=15, rounds=2))
    assert site.store.find(key) == ()
    later(site)
    assert site.serves(key) == "linked GROW-1"
    site.sound()


def test_what_was_hidden_comes_back_without_a_change(site: Site) -> None:
    """Hidden freezes; shown again, with its old stamp, it is listed, read, and goes on."""
    key = site.jira.create("Secret", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.jira.alice.hide_issue(key, JIRA_TOKEN)
    later(site)
    assert site.record(key).presence in (Presence.GONE, Presence.HIDDEN)
    assert site.record(key).links
    site.jira.alice.show_issue(key, JIRA_TOKEN)
    later(site)
    assert site.record(key).presence is Presence.PRESENT
    assert site.serves(key) == "linked GROW-1"
    site.sound()


@pytest.mark.parametrize("service", ["jira", "github"])
def test_what_moves_out_of_scope_keeps_its_link_and_what_moves_within_is_followed(site: Site, service: str) -> None:
    """Moved to a place that nobody tracks: out of scope; moved to another that we track: the link goes along (R6)."""
    site.jira.world.add_project("LAB")
    site.github.world.create_repository("acme/lab")
    desk = desk_of(site, service)
    away, over = desk.create("Away", "goal:GROW-1"), desk.create("Over", "goal:GROW-2")
    ok(site.turn(rounds=2))
    away = desk.move(away, {"jira": "LAB", "github": "acme/lab"}[service])
    over = desk.move(over, desk.other)
    later(site)
    assert site.record(away).presence is Presence.OUT_OF_SCOPE
    assert site.record(away).links
    assert site.serves(over) == "linked GROW-2"
    site.sound()


@pytest.mark.parametrize("service", ["jira", "github"])
def test_nothing_is_written_to_what_moved_out_of_scope_while_it_was_being_decided(site: Site, service: str) -> None:
    """Its write was decided and never made; found elsewhere when it is read again, it is left alone there (R6)."""
    site.jira.world.add_project("LAB")
    site.github.world.create_repository("acme/lab")
    desk = desk_of(site, service)
    key = desk.create("Away", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.link(key, "GROW-2")
    site.server.faults.add(Fault("status", service, 500, times=9, method="PUT" if service == "jira" else "POST"))
    site.turn()
    away = desk.move(key, {"jira": "LAB", "github": "acme/lab"}[service])
    site.server.faults.clear()
    site.clock.pass_(minutes=20)
    ok(site.turn(rounds=2))
    assert "goal:GROW-2" not in desk.labels(away)
    assert site.record(away).presence is Presence.OUT_OF_SCOPE
    site.sound()


def outside(site: Site, service: str) -> tuple[Desk, str, str]:
    """Return a desk, an issue in a place that nobody tracks, and one in scope that hangs below it; both are known."""
    site.jira.world.add_project("LAB")
    site.github.world.create_repository("acme/lab")
    if service == "jira":
        above = site.jira.alice.create_issue("LAB", "Everything", "Epic", labels=["goal:GROW-1"])
    else:
        above = site.github.create("Everything", "goal:GROW-1", place="acme/lab")
    desk = desk_of(site, service)
    below = desk.create("Part of it", parent=above)
    ok(site.turn(rounds=2))
    assert (site.record(above).presence, site.serves(below)) == (Presence.CONTEXT, "inherited GROW-1")
    return desk, above, below


@pytest.mark.parametrize("service", ["jira", "github"])
def test_what_is_said_of_a_parent_that_nobody_tracks_is_heard(site: Site, service: str) -> None:
    """No list shows it, so it is read again: another goal on it is its children's, and without any they are asked."""
    desk, above, below = outside(site, service)
    desk.remove_label(above, "goal:GROW-1")
    desk.add_label(above, "goal:GROW-2")
    later(site)
    assert (site.record(above).presence, site.serves(below)) == (Presence.CONTEXT, "inherited GROW-2")
    desk.delete(above)
    later(site)
    assert site.record(above).presence in (Presence.GONE, Presence.HIDDEN)
    site.sound()


def test_a_parent_that_nobody_tracks_is_followed_under_each_of_its_ids(site: Site) -> None:
    """Transferred to where nobody tracks it either it stays context; transferred into scope it is tracked."""
    desk, above, below = outside(site, "github")
    site.github.world.create_repository("acme/attic")
    elsewhere = desk.move(above, "acme/attic")
    later(site)
    assert site.record(elsewhere).presence is Presence.CONTEXT
    home = desk.move(elsewhere, desk.place)
    later(site)
    assert site.record(home).presence is Presence.PRESENT
    assert len(site.store.ids("github", (Presence.MOVED,))) == 2
    assert site.serves(below) == "inherited GROW-1"
    site.sound()


def test_a_parent_that_nobody_tracks_and_that_was_hidden_is_context_again(site: Site) -> None:
    """While it cannot be read it is no decision about those below; shown again it carries as before."""
    desk, above, below = outside(site, "jira")
    site.jira.alice.hide_issue(above, JIRA_TOKEN)
    later(site)
    assert site.record(above).presence in (Presence.GONE, Presence.HIDDEN)
    site.jira.alice.show_issue(above, JIRA_TOKEN)
    later(site)
    assert (site.record(above).presence, site.serves(below)) == (Presence.CONTEXT, "inherited GROW-1")
    desk.add_label(below, "goal:GROW-2")
    ok(site.turn(minutes=30, rounds=2))
    assert site.serves(below) == "linked GROW-2"
    site.sound()


def test_an_archived_issue_is_left_alone_and_comes_back(site: Site) -> None:
    """Jira's search shows an archived issue no more, though it can be read: out of scope, link kept."""
    key = site.jira.create("Done with", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.jira.alice.archive(key)
    later(site)
    assert site.record(key).presence is not Presence.PRESENT
    assert site.record(key).links
    site.sound()


@pytest.mark.parametrize("site", [Setup(names=("github",))], indirect=True)
def test_a_census_is_spread_over_passes_and_goes_on_after_a_restart(site: Site) -> None:
    """Each pass lists a thousand; where it stopped is stored, and what was listed is not listed again."""
    keys = [site.github.create(f"Step {number}", "goal:GROW-1") for number in range(1250)]
    ok(site.turn(rounds=2))
    site.github.delete(keys[1100])
    site.clock.pass_(hours=25)
    asked: list[int] = []
    while not asked or site.store.census("github").began is not None:
        site.restart()
        site.context = replace(site.context, census=timedelta(days=1))
        with site.requests() as counted:
            ok(site.turn(minutes=1))
        asked.append(sum("/graphql" in each for each in counted.asked))
    assert asked == [10, 5]  # ten pages; three more, one of the other repository, and one asks about what is missing
    assert site.record(keys[1100]).presence in (Presence.GONE, Presence.HIDDEN)
    assert site.store.census("github").found == {str(site.record(keys[1100]).presence): 1}


def test_an_idle_census_changes_no_issue(site: Site) -> None:
    """Where nothing is amiss it reads ids alone: no issue is due, written, or asked about."""
    site.jira.create("Pay by phone", "goal:GROW-1")
    site.github.create("Pay by card", "goal:GROW-1")
    ok(site.turn(rounds=3))
    site.clock.pass_(hours=HOURS)
    done = ok(site.round())
    assert done.planned == []
    assert [site.store.census(name).found for name in ("jira", "github")] == [{}, {}]
    assert sum(report.counts["decided"] for report in done.reports) == 0


def test_a_census_that_fails_stops_nothing_else(site: Site) -> None:
    """GraphQL is down: the pass goes on, the reason is kept, the census goes on a quarter of an hour later (L11)."""
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.server.faults.add(Fault("status", "github", status=404, path="/graphql$"))
    site.clock.pass_(hours=HOURS)
    site.link(key, "GROW-2")
    ok(site.turn())
    assert site.github.labels(key) == {"goal:GROW-2"}
    assert site.store.census("github").error
    site.server.faults.clear()
    ok(site.turn(minutes=16))
    assert site.store.census("github").error == ""
    assert site.store.census("github").ended is not None


@pytest.mark.parametrize("site", [Setup(names=("jira",))], indirect=True)
def test_a_sharp_drop_stops_decisions_until_the_issues_are_back(site: Site) -> None:
    """Thirty of sixty vanish: one alert, nothing is decided or written; back again, all goes on (fault 56)."""
    keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(60)]
    ok(site.turn(rounds=2))
    for key in keys[:30]:
        site.jira.alice.hide_issue(key, JIRA_TOKEN)
    later(site)
    assert site.store.census("jira").missing == 30
    assert {site.record(key).presence for key in keys} == {Presence.PRESENT}
    assert [each for each in site.told() if "missing" in each] == [
        "Too many issues are missing from jira: nothing is decided there"
    ]
    site.link(keys[50], "COST-1")
    site.change_goal("GROW-1", title="Checkout in a second")
    with site.requests() as counted:
        ok(site.turn(minutes=20, rounds=2))
    assert counted.writes == 0
    assert site.asks(keys[51]) == []
    assert site.jira.labels(keys[50]) == {"goal:GROW-1"}
    for key in keys[:30]:
        site.jira.alice.show_issue(key, JIRA_TOKEN)
    ok(site.turn(minutes=20, rounds=3))
    assert site.store.census("jira").missing == 0
    assert "✓ jira shows its issues again" in site.told()
    assert site.asks(keys[51]) == ["goal_changed"]
    assert site.jira.labels(keys[50]) == {"goal:COST-1"}
    site.sound()


@pytest.mark.parametrize("site", [Setup(names=("jira",))], indirect=True)
def test_a_sharp_drop_is_believed_once_somebody_agrees(site: Site) -> None:
    """Released, each issue is asked about: those the tracker calls gone are tombstones, and decisions go on."""
    keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(60)]
    ok(site.turn(rounds=2))
    for key in keys[:30]:
        site.jira.delete(key)
    later(site)
    assert site.store.census("jira").missing == 30
    assert site.store.accept_missing("jira", site.clock()) == 30
    ok(site.turn(rounds=3))
    assert {site.record(key).presence for key in keys[:30]} == {Presence.GONE}
    assert {site.record(key).presence for key in keys[30:]} == {Presence.PRESENT}
    assert not site.store.census("jira").accepted
    site.sound()


def test_the_share_that_may_vanish_is_a_setting(tmp_path: Path) -> None:
    """With ``missing_share = 0.6`` half of sixty may go without a question."""
    site = Site(tmp_path, Setup(names=("jira",)))
    try:
        ok(site.turn())
        keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(60)]
        ok(site.turn(rounds=2))
        site.reconnect("jira", missing_share=0.6)
        for key in keys[:30]:
            site.jira.delete(key)
        later(site)
        assert site.store.census("jira").missing == 0
        assert {site.record(key).presence for key in keys[:30]} == {Presence.GONE}
    finally:
        site.close()


@pytest.mark.parametrize("site", [Setup(names=("github",))], indirect=True)
def test_a_repository_that_we_track_no_more_is_no_drop(site: Site) -> None:
    """Taken out of the configuration, its issues have left the scope by our own wish: nobody is asked."""
    keys = [site.github.create(f"Step {number}", "goal:GROW-1", place="acme/api") for number in range(40)]
    ok(site.turn(rounds=2))
    later(site)
    site.reconnect("github", repositories=("acme/web",))
    later(site)
    assert site.store.census("github").missing == 0
    assert {site.record(key).presence for key in keys} == {Presence.OUT_OF_SCOPE}
    assert all(site.record(key).links for key in keys)
    assert GITHUB_TOKEN not in str(site.store.census("github"))


def asked_about(site: Site, service: str, look: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the ids of those out of scope that ``look`` asks the tracker about."""
    connector, asked = site.context.trackers[service].connector, set[str]()
    fetch = connector.fetch

    def noting(addresses: Sequence[Address]) -> Iterator[Seen]:
        asked.update(each.id for each in addresses)
        return fetch(addresses)

    with monkeypatch.context() as patched:
        patched.setattr(connector, "fetch", noting)
        look()
    return asked & site.store.ids(service, (Presence.OUT_OF_SCOPE,)).keys()


@pytest.mark.parametrize("service", ["jira", "github"])
def test_what_left_the_scope_is_asked_about_for_a_week(
    site: Site, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may go on under another id; a parent of what is in scope is read for as long as that hangs below it (R6)."""
    site.jira.world.add_project("LAB")
    site.github.world.create_repository("acme/lab")
    desk, lab = desk_of(site, service), {"jira": "LAB", "github": "acme/lab"}[service]
    above = desk.epic("Everything", "goal:GROW-1")
    desk.create("Part of it", parent=above)
    keys = [above, *(desk.create(f"Away {number}", "goal:GROW-1") for number in range(3))]
    ok(site.turn(rounds=2))
    above, *_ = [desk.move(key, lab) for key in keys]
    later(site)
    everything = set(site.store.ids(service, (Presence.OUT_OF_SCOPE,)))
    assert len(everything) == len(keys)
    assert asked_about(site, service, lambda: later(site), monkeypatch) == everything
    monkeypatch.setattr(census, "_FOLLOWED", 1)
    assert len(asked_about(site, service, lambda: later(site), monkeypatch)) == 2
    assert asked_about(site, service, site.night, monkeypatch) == everything
    site.clock.pass_(days=8)
    later(site)
    assert asked_about(site, service, site.night, monkeypatch) == {site.record(above).ref.id}
    site.sound()
