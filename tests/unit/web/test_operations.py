"""The operations page: how things are doing, in words, and trackers paused and resumed."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from tests.unit.web.site import Site, open_site
from vindaris_sync.engine.pausing import pauses
from vindaris_sync.engine.relay import relay


def test_a_working_installation_says_so(site: Site) -> None:
    """The tracker with its last pass; nothing waits, nothing runs."""
    site.clock.on(minutes=1)
    relay(site.app.context, site.app.channels)
    text = site.get("/operations").text
    assert "1 tracker, all working." in text
    assert "What is decided" not in text
    assert "Nothing: everything is done." in text
    assert "None: everything was told." in text


def test_a_tracker_is_paused_and_resumed_in_the_visitors_name(site: Site) -> None:
    """The pause holds at once, says what it means, and both acts stay in the history."""
    answer = site.post("/operations/trackers/mem/pause", {"lasting": "2h", "why": "<b>moving</b>"}, on="/operations")
    assert (answer.status_code, answer.headers["location"]) == (303, "/operations")
    assert site.app.context.trackers["mem"].conduct.paused
    text = site.get("/operations").text
    assert "paused by somebody at this machine until 2026-03-02 11:00 UTC: &lt;b&gt;moving" in text
    assert "nothing is read from it and nothing written to it" in text
    assert site.post("/operations/trackers/mem/resume", on="/operations").status_code == 303
    assert pauses(site.app.store, site.clock()) == {}
    assert not site.app.context.trackers["mem"].conduct.paused
    assert [each.event for each in site.app.store.history(limit=2)] == ["tracker_resumed", "tracker_paused"]


def test_a_pause_needs_a_known_tracker_a_known_time_and_a_form_of_ours(site: Site) -> None:
    """What is made up is refused, and nothing is paused."""
    assert site.post("/operations/trackers/nope/pause", {"lasting": "2h"}).status_code == 404
    assert site.post("/operations/trackers/mem/pause", {"lasting": "900d"}).status_code == 422
    assert site.post("/operations/trackers/mem/pause", {"why": "x" * 5000}).status_code == 422
    assert site.browser.ask("POST", "/operations/trackers/mem/pause", data={"lasting": "2h"}).status_code == 403
    assert pauses(site.app.store, site.clock()) == {}


def test_whoever_may_only_decide_sees_no_button_and_pauses_nothing(tmp_path: Path) -> None:
    """Pausing is for administrators."""
    with open_site(tmp_path, 'without_login = "decide"') as site:
        site.pull()
        assert "/pause" not in site.get("/operations").text
        assert site.post("/operations/trackers/mem/pause", {"lasting": "2h"}).status_code == 403
        assert pauses(site.app.store, site.clock()) == {}


def test_a_stopped_tracker_says_what_that_means_and_what_to_do(site: Site) -> None:
    """In words, for people who do not know the daemon."""
    site.app.store.stop("mem", "credentials", "renew the <token>", site.clock())
    text = site.get("/operations").text
    assert "1 of 1 tracker needs a look." in text
    assert "decisions made here are kept and written once it answers again" in text
    assert "renew the &lt;token&gt;" in text


def test_running_work_is_shown_with_how_long_it_usually_takes(site: Site) -> None:
    """Three passes of a known length give an estimate; without them there is none, and that is said."""
    progress, stop, begun = site.app.context.progress, Event(), Event()

    def work() -> None:
        progress.begin("pull mem")
        with progress.working("pull mem"):
            progress.beat("pull mem")
            begun.set()
            stop.wait(30)

    thread = Thread(target=work)
    thread.start()
    try:
        assert begun.wait(30)
        assert "too few passes have ended to say" in site.get("/operations").text
        for _ in range(3):
            site.pull()
        assert "half of the last ones took under a second" in site.get("/operations").text
    finally:
        stop.set()
        thread.join()
    assert progress.works() == ()
