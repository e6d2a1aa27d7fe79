"""A database that fails in the middle of a pass: nothing of the pass is half kept, and it goes on afterwards."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.blank import blank
from tests.integration.engine.world import Setup, Site, ok
from tests.unit.cli.installation import CONFIG
from vindaris_sync.cli.examining import database
from vindaris_sync.config.load import load
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.store import Store

JIRA_ONLY = pytest.mark.parametrize("site", [Setup(names=("jira",))], indirect=True)


def content(path: Path) -> list[str]:
    """Return everything that a database holds, pass records and counters aside."""
    with closing(sqlite3.connect(path)) as sql:
        lines = list(sql.iterdump())
    return [line for line in lines if not line.startswith(('INSERT INTO "pass"', 'INSERT INTO "counter"'))]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another program hold the database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@JIRA_ONLY
def test_another_programs_lock_ends_the_pass_with_advice(site: Site) -> None:
    """Waited for, then named; nothing was recorded, nothing written; afterwards the pass is made up (fault 9)."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    site.shut()
    site.context = site.open(busy=0.1)
    before = content(site.path)
    with locked(site.path), pytest.raises(StoreError) as refused:
        site.round()
    assert refused.value.trouble is Trouble.LOCKED
    assert refused.value.advice
    assert content(site.path) == before
    assert site.jira.field(key) is None
    ok(site.turn())
    assert (site.serves(key), site.jira.field(key)) == ("linked GROW-1", "GROW-1")


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user that file permissions hold for."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_database_that_may_not_be_written_is_refused_with_advice() -> None:
    """The daemon's user may read it only: told before any tracker is touched, and the file stays as it was."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vindaris.db"
        path.write_bytes(blank())
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        before = path.read_bytes()
        with nobody(), pytest.raises(StoreError) as refused:  # noqa: PT012 - whichever statement is the first to write
            store = Store.open(f"sqlite:///{path}")
            try:
                store.put_tracker("jira", "jira")
            finally:
                store.close()
        Path(folder).chmod(0o755)
        assert refused.value.trouble in (Trouble.READ_ONLY, Trouble.UNREACHABLE)
        assert refused.value.advice
        assert path.read_bytes() == before


def test_doctor_names_a_database_that_may_not_be_written() -> None:
    """It is open elsewhere, so that it can be read, and the daemon would fail at its first pass."""
    with TemporaryDirectory() as folder:
        state, stated = Path(folder) / "state", Path(folder) / "vindaris.toml"
        state.mkdir(mode=0o700)
        path = state / "vindaris.db"
        path.write_bytes(blank())
        stated.write_text(CONFIG, "utf-8")
        config = load(stated)
        with closing(Store.open(f"sqlite:///{path}")) as store:
            store.put_tracker("mem", "memory")
            for each in (Path(folder), state, *state.glob("vindaris.db*")):
                os.chown(each, 65534 if os.geteuid() == 0 else -1, -1)
            path.chmod(0o444)
            state.chmod(0o555)
            with nobody():
                found = list(database(config))
            state.chmod(0o755)
        assert [each.message for each in found if each.level == "error"] == [
            f"{each} cannot be written by this user" for each in (path, state)
        ]


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Let the database's file grow no more."""
    with store._db.write() as sql:  # noqa: SLF001 - a disk that is full cannot be had otherwise without being root
        most = sql.value("PRAGMA max_page_count")
        sql.rows(f"PRAGMA max_page_count = {sql.value('PRAGMA page_count')}")
    yield
    with store._db.write() as sql:  # noqa: SLF001 - as above
        sql.rows(f"PRAGMA max_page_count = {most}")


@JIRA_ONLY
def test_a_full_disk_keeps_nothing_of_what_did_not_fit(site: Site) -> None:
    """No page without its cursor, no write that was not decided; with room again the pass is made up (fault 8)."""
    keys = [site.jira.create(f"Step {number} {'x' * 200}", "goal:GROW-1") for number in range(120)]
    before = site.store.cursors("jira"), site.store.ids("jira")
    with full_disk(site.store), pytest.raises(StoreError) as refused:
        site.round()
    assert refused.value.trouble is Trouble.FULL
    assert "disk" in refused.value.advice
    assert (site.store.cursors("jira"), site.store.ids("jira")) == before
    assert [site.jira.field(key) for key in keys] == [None] * 120
    ok(site.turn(rounds=2))
    assert {site.serves(key) for key in keys} == {"linked GROW-1"}
    assert {site.jira.field(key) for key in keys} == {"GROW-1"}
    site.sound()


@JIRA_ONLY
def test_a_corrupt_page_stops_the_pass_before_anything_is_written(site: Site) -> None:
    """What cannot be read is not taken for absent: advice to restore, and nobody's labels are touched (fault 10)."""
    keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(200)]
    ok(site.turn(rounds=2))
    site.shut()
    _spoil(site.path, b"Step ")
    site.context = site.open()
    site.clock.pass_(hours=1)
    for key in keys:
        site.jira.add_label(key, "touched")
    with site.requests() as counted, pytest.raises(StoreError) as refused:
        site.round()
    assert refused.value.trouble is Trouble.CORRUPT
    assert "restore" in refused.value.advice
    assert counted.writes == 0
    assert {breach.law for breach in site.store.check()} == {"integrity"}


def _spoil(path: Path, mark: bytes) -> None:
    """Damage every page of the file that holds ``mark``."""
    whole = bytearray(path.read_bytes())
    for start in range(0, len(whole), 4096):
        if mark in whole[start : start + 4096]:
            whole[start : start + 2048] = b"\xff" * 2048
    path.write_bytes(whole)


@JIRA_ONLY
def test_a_database_restored_from_a_backup_takes_the_trackers_word(site: Site) -> None:
    """Last week's links do not overwrite what people have set since, and no message is posted twice (fault 57)."""
    key, other = site.jira.create("Pay by phone", "goal:GROW-1"), site.jira.create("What is this for?")
    ok(site.turn(minutes=16))
    ok(site.turn())
    backup = site.folder / "backup.db"
    site.store.backup(backup)
    site.clock.pass_(days=1)
    site.jira.add_label(key, "goal:COST-1")
    site.jira.remove_label(key, "goal:GROW-1")
    site.jira.add_label(other, "goal:SAFE-1")
    ok(site.turn(rounds=2))
    assert site.told() == ["✓ Every new issue serves a goal"]
    site.shut()
    backup.replace(site.path)
    for beside in ("-wal", "-shm"):
        site.path.with_name(site.path.name + beside).unlink(missing_ok=True)
    site.context = site.open()
    assert site.store.restored
    ok(site.turn(rounds=2))
    assert site.jira.labels(key) == {"goal:COST-1"}
    assert site.jira.labels(other) == {"goal:SAFE-1"}
    assert site.told() == ["✓ Every new issue serves a goal"]
    site.sound()
