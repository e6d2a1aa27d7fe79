"""A database put back from a backup: what trackers and chat have seen since holds, and is not said twice (fault 57)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain.models import LinkState

REVIEW = "goal-review"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Give a site whose Jira was read once."""
    made = Site(tmp_path, Setup(names=("jira",)))
    try:
        made.turn()
        yield made
    finally:
        made.close()


def back_up(site: Site) -> Path:
    backup = site.folder / "backup.db"
    site.store.backup(backup)
    return backup


def put_back(site: Site, backup: Path) -> None:
    """Stop the engine, put the backup in the database's place, and start it again."""
    site.shut()
    backup.replace(site.path)
    for beside in ("-wal", "-shm"):
        site.path.with_name(site.path.name + beside).unlink(missing_ok=True)
    site.context = site.open()


def test_links_set_since_the_backup_are_adopted_and_nothing_is_overwritten(site: Site) -> None:
    """Set here or there, replaced or taken off: everybody's labels and fields stay as they were found."""
    keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(4)]
    ok(site.turn(rounds=2))
    site.link(keys[0], "GROW-2")  # the backup is made between a decision and its write
    backup = back_up(site)
    ok(site.turn(rounds=2))
    site.clock.pass_(days=1)
    for key in keys[:2]:
        site.jira.set_field(key, "COST-1")
    site.jira.add_label(keys[2], "no-goal")
    site.link(keys[3], "SAFE-1")
    later = site.jira.create("Made since", "goal:SAFE-1")
    ok(site.turn(rounds=2))
    shown = {key: (site.jira.labels(key), site.jira.field(key)) for key in (*keys, later)}
    served = {key: site.serves(key) for key in shown}
    assert served[keys[0]] == "linked COST-1"
    put_back(site, backup)
    assert site.store.restored_trackers() == {"jira"}
    assert site.serves(keys[1]) == "linked GROW-1"
    with site.requests() as counted:
        ok(site.turn(rounds=2))
    assert counted.writes == 0
    assert {key: (site.jira.labels(key), site.jira.field(key)) for key in shown} == shown
    assert {key: site.serves(key) for key in shown} == served
    assert [site.asks(key) for key in shown] == [[]] * 5
    assert not site.store.restored
    assert [each.event for each in site.store.history()].count("restored") == 1
    site.sound()


def test_a_confirmation_that_the_backup_does_not_know_is_asked_for_again(site: Site) -> None:
    """Who took the label off nobody knows: it confirms nothing, and is put on once more."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.change_goal("GROW-1", title="Checkout in one step")
    ok(site.turn(rounds=2))
    assert REVIEW in site.jira.labels(key)
    backup = back_up(site)
    site.clock.pass_(hours=1)
    site.jira.remove_label(key, REVIEW)
    ok(site.turn(rounds=2))
    assert site.asks(key) == []
    put_back(site, backup)
    ok(site.turn(rounds=2))
    assert site.asks(key) == ["goal_changed"]
    assert REVIEW in site.jira.labels(key)
    site.jira.remove_label(key, REVIEW)
    ok(site.turn(rounds=2))
    assert site.asks(key) == []
    assert site.record(key).state is LinkState.LINKED


def test_messages_sent_since_the_backup_are_found_and_not_sent_again(site: Site) -> None:
    """The message about an issue that was told since the backup goes on living; what is new is told as always."""
    backup = back_up(site)
    first = site.jira.create("What is this for?")
    ok(site.turn(minutes=16, rounds=2))
    before = [message.ts for message in site.messages()]
    assert len(before) == 1
    put_back(site, backup)
    ok(site.turn(rounds=2))
    assert [message.ts for message in site.messages()] == before
    assert first in site.messages()[0].text
    assert REVIEW in site.jira.labels(first)
    assert site.asks(first) == ["unlinked"]
    site.jira.add_label(first, "goal:GROW-1")
    ok(site.turn(rounds=2))
    assert site.told() == ["✓ Every new issue serves a goal"]
    second = site.jira.create("And this?")
    ok(site.turn(minutes=16, rounds=2))
    assert len(site.messages()) == 2
    assert second in site.messages()[1].text


def test_a_tracker_that_does_not_answer_keeps_its_mark(site: Site) -> None:
    """Until it was read nothing is decided on what the backup says of it."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.link(key, "COST-1")
    backup = back_up(site)
    put_back(site, backup)
    assert not site.store.restored  # nothing was committed since: it is the same database
    site.jira.set_field(key, "SAFE-1")
    site.store.put_note("something", "committed since")
    backup = site.folder / "backup.db"
    site.store.backup(backup)
    site.store.put_note("something", "else")
    put_back(site, backup)
    site.jira.hide()
    site.turn()
    assert site.store.restored_trackers() == {"jira"}
    assert site.store.trackers_due(site.clock()) == []
    site.jira.hide(hidden=False)
    ok(site.turn(rounds=2))
    assert site.serves(key) == "linked SAFE-1"
    assert not site.store.restored
