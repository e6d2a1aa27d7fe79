from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.cli.installation import Installation
from vindaris_sync.app import open_store
from vindaris_sync.config.load import load


def database(shop: Installation) -> Path:
    return shop.directory / "state" / "vindaris.db"


def harm(shop: Installation, statement: str) -> None:
    with closing(sqlite3.connect(database(shop))) as raw, raw:
        raw.executescript(statement)


@pytest.fixture
def worked(running: Installation) -> Installation:
    """Return an installation with a link, a backup, and a link since then."""
    running.tracker.create("APP", "Pay by phone", labels=["goal:GROW"])
    running.call("run", "--once")
    running.call("db", "backup")
    running.tracker.create("APP", "Pay by watch", labels=["goal:CHECKOUT"])
    running.call("run", "--once")
    return running


def test_what_check_names_repair_mends(worked: Installation) -> None:
    """Each finding has its fix; a dry run tells, the repair keeps the former database, and then all is well."""
    assert worked.said("db", "repair").splitlines()[0] == "Nothing is to be repaired."
    harm(worked, "UPDATE issue SET decided = FALSE WHERE id = 2")
    [breach] = worked.told("db", "check", code=1)["breaches"]
    assert breach["law"] == "undecided"
    assert "db repair" in breach["fix"]
    assert "db repair" in worked.said("db", "check", code=1)
    assert "would be mended" in worked.said("db", "repair", "--dry-run", code=1)
    assert worked.told("db", "check", code=1)["sound"] is False
    told = worked.told("db", "repair")
    assert [each["law"] for each in told["repaired"]] == ["undecided"]
    assert told["remaining"] == []
    assert Path(told["copy"]).name.startswith("vindaris.db.before-repair-")
    assert worked.told("db", "check")["sound"] is True


def test_the_database_as_it_was_stays_over_a_second_repair(worked: Installation) -> None:
    """Each repair that mends something keeps its own copy; one that mends nothing makes none."""
    assert worked.told("db", "repair")["copy"] is None
    copies = []
    for number in (1, 2):
        harm(worked, f"UPDATE issue SET decided = FALSE WHERE id = {number}")
        copies.append(Path(worked.told("db", "repair")["copy"]))
    assert worked.told("db", "repair")["copy"] is None
    assert sorted(copies) == sorted(database(worked).parent.glob("vindaris.db.before-repair*"))
    for number, copy in enumerate(copies, 1):
        with closing(sqlite3.connect(copy)) as raw:
            assert raw.execute("SELECT id FROM issue WHERE NOT decided AND NOT due").fetchall() == [(number,)]


def test_a_lost_table_comes_back_from_the_backup_and_the_tracker(worked: Installation) -> None:
    """Links are kept; the next run reads everything and shows what is linked to what as before."""
    before = worked.told("status")["trackers"][0]["open"]
    harm(worked, "DROP TABLE issue")
    assert "missing issue" in worked.said("db", "check", code=1)
    assert "would be put into a new one" in worked.said("db", "repair", "--dry-run", code=0)
    said = worked.said("db", "repair")
    assert "issue: " in said
    assert "filled up from" in said
    assert list((worked.directory / "state").glob("vindaris.db.replaced-*"))
    assert worked.told("db", "check")["sound"] is True
    worked.call("run", "--once")
    assert worked.told("status")["trackers"][0]["open"] == before
    assert worked.told("db", "check")["sound"] is True


def test_two_decisions_are_left_to_a_person(worked: Installation) -> None:
    """Exit code 1, and which command decides."""
    with closing(sqlite3.connect(database(worked))) as raw:
        [[number]] = raw.execute("SELECT min(issue_id) FROM link").fetchall()
    harm(worked, f"INSERT INTO exemption VALUES ({number}, 'legal duty', 'eve', 5, NULL)")
    said = worked.said("db", "repair", code=1)
    assert "linked_and_exempt" in said
    assert "link set" in said


def test_a_daemon_is_not_disturbed(worked: Installation) -> None:
    """Repair is refused while it runs; a check is not."""
    with open_store(load(worked.config)) as store:
        store.claim()
        assert "another daemon" in worked.call("db", "repair", code=2).stderr
        assert worked.told("db", "check")["sound"] is True


def test_without_a_database_there_is_nothing_to_repair(shop: Installation) -> None:
    """It says how one is made."""
    assert "db migrate" in shop.call("db", "repair", code=2).stderr
