from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.unit.store.world import NOW, T, decide_unlinked, due, issue, put, state, url
from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.living import Living
from vindaris_sync.domain.models import LinkState
from vindaris_sync.store.passes import ReportFacts
from vindaris_sync.store.store import Store

UNLINKED = Announce(T, "acme/web", "unlinked", "", NOW)


def test_a_subject_waits_once_however_often_it_changes(store: Store) -> None:
    """A burst of changes is one thing to tell (L8)."""
    store.announce(UNLINKED, UNLINKED, now=NOW)
    store.announce(UNLINKED, now=NOW + timedelta(minutes=1))
    store.announce(replace(UNLINKED, place="acme/app"), now=NOW)
    assert [each.announce.place for each in store.outbox(NOW)] == ["acme/web", "acme/app"]
    assert store.outbox_depth() == 2


def test_what_changes_while_it_is_told_is_told_again(store: Store) -> None:
    """Delivery of an older list never hides a newer one (L8)."""
    store.announce(UNLINKED, now=NOW)
    [first] = store.outbox(NOW)
    store.announce(UNLINKED, now=NOW)
    assert not store.delivered(first)
    [second] = store.outbox(NOW)
    assert store.delivered(second)
    assert store.outbox(NOW) == ()


def test_an_alert_is_stored_with_its_cause_or_not_at_all(store: Store) -> None:
    """A transaction that fails tells nobody anything."""

    def interrupted() -> None:
        with store.transaction():
            store.announce(UNLINKED, now=NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.outbox_depth() == 0


def test_a_chat_that_is_down_delays(store: Store) -> None:
    """A failed delivery waits for its time and counts its attempts."""
    store.announce(UNLINKED, now=NOW)
    [first] = store.outbox(NOW)
    store.postponed(first, NOW + timedelta(minutes=5), "503")
    assert store.outbox(NOW) == ()
    [again] = store.outbox(NOW + timedelta(minutes=5))
    assert again.attempts == 1


def test_what_is_due_later_waits_for_it(store: Store) -> None:
    """A change that shows only after the grace is told then."""
    later = replace(UNLINKED, due=NOW + timedelta(minutes=15))
    store.announce(later, now=NOW)
    assert store.outbox(NOW) == ()
    assert [each.announce for each in store.outbox(NOW + timedelta(minutes=15))] == [later]


def test_what_is_announced_anew_is_told_in_its_time(store: Store) -> None:
    """A clock that was ahead when it was announced first does not let it be told early again and again (fault 14)."""
    later = replace(UNLINKED, due=NOW + timedelta(minutes=75))
    store.announce(later, now=NOW + timedelta(hours=1))
    [early] = store.outbox(NOW)
    store.announce(later, now=NOW)
    assert not store.delivered(early)
    assert store.outbox(NOW) == ()
    assert [each.announce for each in store.outbox(later.due)] == [later]


def test_a_living_message_is_remembered_per_subject_and_channel(store: Store) -> None:
    """What is remembered comes back as it was."""
    living = Living(2, 1, True, "C1/17.3", "abc", frozenset({"web:id1"}), NOW, 3, "key", NOW)  # noqa: FBT003
    store.put_living("growth/unlinked", "#growth", Living())
    store.put_living("growth/unlinked", "#growth", living)
    assert store.living("growth/unlinked", "#growth") == living
    assert store.living("growth/unlinked", "#ops") is None


def test_a_tracker_stops_once_per_reason_and_says_so(store: Store) -> None:
    """One alert, however many passes fail, and one when it works again (fault 27)."""
    assert store.stop(T, "credentials", "renew the token", NOW)
    assert not store.stop(T, "credentials", "renew the token", NOW)
    assert (store.tracker(T).stopped_reason, store.tracker(T).stopped_advice) == ("credentials", "renew the token")
    [alert] = store.outbox(NOW)
    assert alert.announce.kind == "tracker"
    assert store.delivered(alert)
    assert store.resume(T, NOW)
    assert not store.resume(T, NOW)
    assert (store.tracker(T).stopped_at, store.tracker(T).last_ok_at) == (None, NOW)
    assert store.outbox_depth() == 1


def test_the_first_full_pull_ends_once(store: Store) -> None:
    """When everything was seen, what was decided before is decided again, since more may be surfaced (R9)."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    assert store.mark_loaded(T, NOW)
    assert due(store) == [number]
    assert not store.mark_loaded(T, NOW + timedelta(days=1))
    assert store.tracker(T).loaded_at == NOW
    assert store.tracker("never seen").loaded_at is None


def test_a_run_is_done_once_per_local_date(store: Store) -> None:
    """A nightly run that was killed is begun again, one that ended is not (fault 15)."""
    night = date(2026, 3, 2)
    assert store.begin_run("nightly", night, NOW)
    assert store.begin_run("nightly", night, NOW)
    assert store.last_run("nightly") is None
    store.end_run("nightly", night, NOW)
    assert not store.begin_run("nightly", night, NOW)
    assert store.begin_run("nightly", night + timedelta(days=1), NOW)
    assert store.last_run("nightly") == night


def test_passes_are_told_newest_first(store: Store) -> None:
    """A pass that was killed has no end."""
    store.begin_pass("p1", T, "pull", NOW)
    store.begin_pass("p2", T, "pull", NOW + timedelta(minutes=1))
    store.end_pass("p1", "ok", {"new": 3}, NOW + timedelta(seconds=5))
    newest, oldest = store.passes(T)
    assert (newest.pass_id, newest.ended, oldest.outcome, oldest.counts) == ("p2", None, "ok", {"new": 3})
    assert store.passes("other") == ()
    assert [each.pass_id for each in store.passes(limit=1)] == ["p2"]


def test_the_last_report_and_notes_are_kept(store: Store) -> None:
    """Tomorrow's report tells what changed since."""
    assert store.last_report() is None
    report = ReportFacts(NOW, date(2026, 3, 2), {"linked": 3}, "/reports/1.html")
    store.put_report(report)
    assert store.last_report() == report
    assert store.put_note("goals", ["bad"])
    assert not store.put_note("goals", ["bad"])
    assert (store.note("goals"), store.note("other")) == (["bad"], None)


def test_issues_are_found_by_reference_and_by_tracker(store: Store) -> None:
    """People name issues in several ways."""
    [number] = put(store, issue(1))
    assert store.find("web:id1") == store.find("acme/web#1") == store.find("acme/web#1", T) == (number,)
    assert store.find("acme/web#1", "other") == store.find("web:id2") == store.find("nothing") == ()
    assert store.ids(T) == {"id1": number}
    assert store.ids(T, ["gone"]) == {}


def test_everything_of_a_tracker_can_be_decided_anew(store: Store) -> None:
    """At night, and when a layout changes."""
    numbers = put(store, issue(1), issue(2))
    decide_unlinked(store, *numbers)
    assert store.mark_due_all("other") == 0
    assert store.mark_due_all(T) == 2
    assert store.mark_due(numbers) == 0


def test_definitions_that_are_gone_make_due_once(store: Store) -> None:
    """What vanished because its definition did is no edit (R2)."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    gone = {number: [("label:goal:", "g-1")]}
    store.set_undefined(gone)
    with store.view() as view:
        assert view.records([number])[number].undefined == {("label:goal:", "g-1")}
    assert due(store) == [number]


@pytest.mark.parametrize(
    ("harm", "law"),
    [
        ("UPDATE issue SET review_open = FALSE, state = 'linked', goals = '[1]' WHERE id = 1", "review_flag"),
        ("UPDATE issue SET decided = FALSE WHERE id = 1", "undecided"),
        ("INSERT INTO link VALUES (1, 77, TRUE, 'chosen', '', 0, 1, '')", "integrity"),
        ("UPDATE issue SET state = 'linked' WHERE id = 1", "state_unfounded"),
        ("UPDATE issue SET state = 'inherited', goals = '[1]', carrier_id = 2 WHERE id = 1", "carrier_empty"),
        ("UPDATE issue SET parent_tracker = 'web', parent_ext = 'id2' WHERE id = 1", "parent_unresolved"),
    ],
)
def test_the_check_finds_what_the_schema_cannot_refuse(tmp_path: Path, harm: str, law: str) -> None:
    """Whatever another program did to the file is found and named (L1)."""
    with Store.open(url(tmp_path)) as store:
        numbers = put(store, issue(1), issue(2))
        decide_unlinked(store, *numbers)
        assert store.check() == ()
        with closing(sqlite3.connect(tmp_path / "store.db")) as raw, raw:
            raw.execute(harm)
        found = {breach.law: breach for breach in store.check()}
    assert law in found
    assert found[law].count == 1


def test_the_schema_refuses_a_state_that_does_not_exist(store: Store, tmp_path: Path) -> None:
    """Only what the glossary knows can be written (L1)."""
    put(store, issue(1))
    for harm in ("state = 'maybe'", "presence = 'lost'", "due = FALSE", "state = NULL", "timing = 'soon'"):
        with closing(sqlite3.connect(tmp_path / "store.db")) as raw, raw, pytest.raises(sqlite3.IntegrityError):
            raw.execute(f"UPDATE issue SET {harm}")
    assert state(1, LinkState.LINKED).state is LinkState.LINKED


def test_what_a_clock_that_was_ahead_announced_first_is_told_now(store: Store) -> None:
    """It does not wait until the year that the clock has shown; what the chat refused waits for its own time."""
    ahead = NOW + timedelta(days=2 * 365)
    store.announce(replace(UNLINKED, due=ahead), now=ahead)
    store.announce(UNLINKED, now=NOW)
    [row] = store.outbox(NOW)
    store.postponed(row, NOW + timedelta(minutes=5), "503")
    store.announce(UNLINKED, now=NOW)
    assert store.outbox(NOW) == ()
