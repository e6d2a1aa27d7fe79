"""A tracker that a person pauses is left alone, and nothing that was decided meanwhile is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.engine.test_courtesy import Life
from tests.integration.engine.world import Site
from vindaris_sync.domain.decisions import By
from vindaris_sync.engine.compare import compare
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.engine.pausing import heed, pause, pauses, resume
from vindaris_sync.sdk.errors import NotNow


def _mia(site: Site, why: str = "") -> By:
    return By("mia", "page", why, site.clock())


@pytest.mark.parametrize("service", ["jira", "github"])
def test_a_paused_tracker_is_asked_nothing_over_a_restart_and_the_other_goes_on(site: Site, service: str) -> None:
    """Two hours of pause: no request to it, many to the other; then it goes on by itself."""
    Life(site).go_on(minutes=3)
    pause(site.store, service, _mia(site, "moving house"), timedelta(hours=2))
    told = site.clock()
    Life(site).go_on(minutes=30)
    site.restart()
    life = Life(site)
    life.go_on(minutes=85)
    assert life.requests(service, told) == []
    assert life.requests("github" if service == "jira" else "jira", told)
    life.go_on(minutes=10)
    assert life.requests(service, told)
    assert pauses(site.store, site.clock()) == {}


def test_what_was_decided_during_a_pause_is_written_when_it_is_resumed(site: Site) -> None:
    """The decision stays in the store; the label appears with the first pass after the pause."""
    life = Life(site)
    life.go_on(minutes=3)
    key = site.jira.create("Pay by card")
    life.go_on(minutes=5)
    pause(site.store, "jira", _mia(site))
    life.go_on(seconds=20)
    site.link(key, "GROW-1")
    life.go_on(hours=5)
    assert "goal:GROW-1" not in site.jira.labels(key)
    assert resume(site.store, "jira", _mia(site)) is not None
    life.go_on(minutes=1)
    assert "goal:GROW-1" in site.jira.labels(key)


def test_a_pause_ends_the_pass_under_way_at_its_next_request_and_counts_as_no_failure(site: Site) -> None:
    """The connector itself refuses to send, with the person's words, and the breaker stays closed."""
    Life(site).go_on(minutes=3)
    pause(site.store, "jira", _mia(site, "moving house"))
    heed(site.store, site.context.trackers, site.clock())
    tracker = site.context.trackers["jira"]
    with pytest.raises(NotNow, match="paused by mia: moving house"):
        list(tracker.connector.pull({}))
    assert tracker.conduct.breaker.failures == 0


def test_the_report_says_what_a_pause_means(site: Site) -> None:
    """A night does not compare it, and says whose word that was."""
    Life(site).go_on(minutes=3)
    pause(site.store, "jira", _mia(site, "moving house"))
    heed(site.store, site.context.trackers, site.clock())
    (unchecked,) = compare(site.context, "jira").not_checked
    assert unchecked.why == "paused by mia: moving house"
    row = next(each for each in gather_findings(site.context, None, "UTC").trackers if each.name == "jira")
    assert (row.state, "nothing is read from it" in row.note) == ("paused", True)


def test_who_paused_and_resumed_stays_in_the_history(site: Site) -> None:
    """Both acts are kept with their means; resuming what is not paused changes nothing."""
    pause(site.store, "jira", _mia(site, "moving house"))
    assert resume(site.store, "jira", _mia(site)) is not None
    assert resume(site.store, "jira", _mia(site)) is None
    told = [(each.event, each.who, each.how, each.why) for each in site.store.history(limit=2)]
    assert told == [
        ("tracker_resumed", "mia", "page", "jira"),
        ("tracker_paused", "mia", "page", "jira: paused by mia: moving house"),
    ]
