from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.installation import Installation
from vindaris_sync.app import open_store
from vindaris_sync.config.load import load


def test_without_a_name_a_backup_goes_where_the_daemons_go(running: Installation) -> None:
    """The state directory by default; ``status`` says how old the newest is, and whether another should be there."""
    before = running.told("status")["backup"]
    assert (before["at"], before["overdue"], before["problems"]) == (None, True, [])
    assert "backup: none yet" in running.said("status")
    made = running.told("db", "backup")
    assert Path(made["path"]).parent == running.directory / "state" / "backups"
    assert made["bytes"] == Path(made["path"]).stat().st_size
    found = running.told("status")["backup"]
    assert (found["path"], found["overdue"]) == (made["path"], False)
    assert 0 <= found["age"] < 600
    assert made["path"] in running.said("status")


def test_a_backup_is_put_back(running: Installation) -> None:
    """What happens next is told, and what was there is kept."""
    copy = str(running.directory / "copy.db")
    running.call("db", "backup", copy)
    running.tracker.create("APP", "Since the backup", labels=["goal:GROW"])
    running.call("run", "--once")
    said = running.said("db", "restore", copy)
    for words in ("its word is taken", "vindaris-sync plan", "vindaris-sync doctor", ".replaced-"):
        assert words in said
    assert running.told("status")["restored"] is True
    running.call("run", "--once")
    assert running.told("status")["restored"] is False
    assert running.told("db", "check")["sound"] is True
    assert running.told("status")["trackers"][0]["open"]["linked"] == 1


def test_a_backup_is_not_put_back_under_a_daemon(running: Installation) -> None:
    """It says which process has the database and what to do; a file that is none is refused too."""
    copy = str(running.directory / "copy.db")
    running.call("db", "backup", copy)
    with open_store(load(running.config)) as store:
        store.claim()
        refused = running.call("db", "restore", copy, code=2)
        assert "another daemon" in refused.stderr
        assert "stop the other one" in refused.stderr
    (running.directory / "letter.txt").write_text("Dear operator")
    refused = running.call("db", "restore", str(running.directory / "letter.txt"), code=2)
    assert "cannot be restored" in refused.stderr
    assert "db backup" in refused.stderr
    assert running.told("status")["restored"] is False


@pytest.mark.parametrize("verb", [("db", "backup"), ("export",)])
def test_the_database_in_use_is_never_replaced(running: Installation, verb: tuple[str, ...]) -> None:
    """Neither it nor what lies beside it, under whichever name, whatever --force says."""
    database = running.directory / "state" / "vindaris.db"
    (running.directory / "link.db").symlink_to(database)
    (running.directory / "hard.db").hardlink_to(database)
    beside = [database.with_name(database.name + each) for each in ("", "-wal", "-shm", ".lock", ".generation")]
    before = {path: path.read_bytes() for path in database.parent.iterdir() if path.is_file()}
    detour = running.directory / "state" / ".." / "state" / "vindaris.db"
    for path in (*beside, detour, running.directory / "link.db", running.directory / "hard.db"):
        assert "database in use" in running.call(*verb, str(path), "--force", code=2).stderr
    assert {path: path.read_bytes() for path in database.parent.iterdir() if path.is_file()} == before
    running.call(*verb, str(running.directory / "other"), "--force")
    running.call(*verb, str(running.directory / "other"), "--force")
