"""A damaged database: what can be read is kept, what cannot comes from the backup, the index and the trackers."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest

from tests.unit.store.full import fill
from tests.unit.store.world import NOW, SURFACES, T, explicit, issue, link, page, plan, put, url
from vindaris_sync.domain.models import Presence
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.salvage import Salvaged, reindex, salvage, state_of
from vindaris_sync.store.store import Store

LATER = NOW + timedelta(days=8)
PAGE = 4096
_SAID = "SELECT i.ext_id, l.goal_id, l.who, l.at FROM link l JOIN issue i ON i.id = l.issue_id"
_SERVED = 30


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder with a database: links are older and younger than its backup."""
    folder = tmp_path / "home"
    folder.mkdir()
    with Store.open(url(folder)) as store:
        fill(store)
        numbers = put(store, *(issue(number, title=f"Step {number} {'x' * 500}") for number in range(100, 180)))
        _serve(store, numbers[:_SERVED])
        store.backup(tmp_path / "backup.db")
        numbers = put(store, *(issue(number, title=f"Step {number} {'x' * 500}") for number in range(180, 220)))
        _serve(store, numbers[:_SERVED])
    return folder


def _serve(store: Store, numbers: list[int]) -> None:
    store.apply(plan(*(explicit(each, (link(1),)) for each in numbers)), "p9", NOW)


@pytest.fixture
def backup(home: Path) -> Path:
    """Return the backup."""
    return home.with_name("backup.db")


def spoil(path: Path, mark: bytes) -> int:
    """Damage every page that holds ``mark``; return how many."""
    content, count = bytearray(path.read_bytes()), 0
    for start in range(0, len(content), PAGE):
        if mark in content[start : start + PAGE]:
            content[start : start + PAGE // 2] = b"\xff" * (PAGE // 2)
            count += 1
    path.write_bytes(content)
    return count


def asked(path: Path, query: str) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as sql:
        return set(sql.execute(query))


def opened_and_mended(home: Path) -> Store:
    """Open the new database as ``db repair`` does; every law holds."""
    store = Store.open(url(home), now=LATER)
    store.repair(LATER)
    assert store.check() == ()
    return store


def test_rows_that_cannot_be_read_come_from_the_backup_and_from_the_index(home: Path, backup: Path) -> None:
    """Every link is still on its issue; what nobody remembers more of is hidden until its tracker shows it."""
    before = asked(home / "store.db", _SAID)
    history = asked(home / "store.db", "SELECT * FROM history")
    assert spoil(home / "store.db", b"Step ") > 5
    assert state_of(url(home)) == "damaged"
    told = salvage(url(home), [backup], LATER)
    assert told.unreadable.keys() == {"issue"}
    assert told.from_backup["issue"] >= 80
    assert 0 < told.stubs["issue"] <= 40
    assert told.restored is not None
    assert asked(home / "store.db", _SAID) == before
    assert history <= asked(home / "store.db", "SELECT * FROM history")
    with opened_and_mended(home) as store:
        assert store.restored_trackers() == {T}
        assert store.cursors(T) == {}
        [lost] = store.by_id(T, ["id215"]).values()
        with store.view() as view:
            assert view.records([lost])[lost].presence is Presence.HIDDEN
        store.record_page(T, page(issue(215, at=1, title="Read again")), SURFACES, LATER)
        with store.view() as view:
            assert view.records([lost])[lost].presence is Presence.PRESENT
            assert view.records([lost])[lost].title == "Read again"
        assert store.check() == ()


def test_without_a_backup_identities_are_enough_to_go_on(home: Path) -> None:
    """Links, answers and history keep the issues that they are about."""
    before = asked(home / "store.db", _SAID)
    spoil(home / "store.db", b"Step ")
    told = salvage(url(home), [], LATER)
    assert told.backup is None
    assert told.stubs["issue"] >= 100
    assert asked(home / "store.db", _SAID) == before
    opened_and_mended(home).close()


def test_a_table_that_is_gone_is_found_in_the_backup(home: Path, backup: Path) -> None:
    """The whole table of issues: those since the backup lose their names, nothing else."""
    with closing(sqlite3.connect(home / "store.db")) as sql:
        links = sql.execute("SELECT count(*) FROM link").fetchone()
        sql.execute("DROP TABLE issue")
        sql.commit()
    assert state_of(url(home)) == "damaged"
    told = salvage(url(home), [backup], LATER)
    assert told.from_backup["issue"] > 80
    assert told.stubs["issue"] == _SERVED
    with opened_and_mended(home) as store:
        assert asked(home / "store.db", "SELECT count(*) FROM link") == {links}
        assert store.trackers().keys() == {T}
        assert ("gone",) in asked(home / "store.db", "SELECT presence FROM issue WHERE tracker = 'lost'")
        assert store.find("acme/web#150")


@pytest.mark.parametrize("table", ["goal", "goal_revision", "link", "history", "cause", "note", "tracker", "counter"])
def test_any_table_may_be_gone(home: Path, backup: Path, table: str) -> None:
    """What is in the backup comes from there; the next start finds a store in which every law holds."""
    was = asked(backup, f"SELECT * FROM {table}")
    with closing(sqlite3.connect(home / "store.db")) as sql:
        sql.execute(f"DROP TABLE {table}")
        sql.commit()
    told = salvage(url(home), [backup], LATER)
    assert told.restored is not None
    if table != "counter":
        assert was <= asked(home / "store.db", f"SELECT * FROM {table}")
    with opened_and_mended(home) as store:
        assert store.restored
        assert store.goal_book().goals


def test_goals_that_nobody_remembers_keep_their_links(home: Path) -> None:
    """Without a backup they are goals that are stated no more; people are asked, no link is dropped."""
    links = asked(home / "store.db", _SAID)
    with closing(sqlite3.connect(home / "store.db")) as sql:
        sql.executescript("DROP TABLE goal; DROP TABLE goal_revision;")
    told = salvage(url(home), [], LATER)
    assert told.stubs["goal"] >= 1
    assert asked(home / "store.db", _SAID) == links
    with opened_and_mended(home) as store:
        assert {each.goal.key for each in store.goals() if each.missing_since} >= {"LOST-1"}
        assert store.goal_book().goals[1].revision == 1


def test_references_that_lead_nowhere_are_brought_back(home: Path, backup: Path) -> None:
    """Another program has deleted an issue: it is in the backup, and so is it here again."""
    with closing(sqlite3.connect(home / "store.db")) as sql, sql:
        sql.execute("DELETE FROM issue WHERE id = 1")
    assert state_of(url(home)) == "damaged"
    told = salvage(url(home), [backup], LATER)
    assert (told.from_backup, told.stubs, told.unreadable) == ({"issue": 1}, {}, {})
    with opened_and_mended(home) as store:
        assert store.find("acme/web#1")


def test_indexes_are_made_anew(home: Path) -> None:
    """An index that does not agree with its table makes issues invisible; the table is what counts."""
    with closing(sqlite3.connect(home / "store.db")) as sql:
        [root] = sql.execute("SELECT rootpage FROM sqlite_master WHERE name = 'issue_key'").fetchone()
        sql.executescript(
            "CREATE TABLE other (key TEXT, tracker TEXT); CREATE INDEX other_key ON other (key, tracker);"
            f"PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage = {root} WHERE name = 'other_key';"
        )
    with closing(sqlite3.connect(home / "store.db")) as sql:
        sql.execute("INSERT INTO other VALUES ('a key of nobody', 'web')")
        sql.commit()
    with closing(sqlite3.connect(home / "store.db")) as sql:
        sql.executescript("PRAGMA writable_schema=ON; DELETE FROM sqlite_master WHERE name LIKE 'other%';")
    assert state_of(url(home)) in ("indexes", "damaged")
    reindex(url(home))
    with closing(sqlite3.connect(home / "store.db")) as sql:
        found = [row[0] for row in sql.execute("PRAGMA integrity_check")]
        assert not [line for line in found if "index" in line]


def test_a_dry_run_changes_nothing(home: Path, backup: Path) -> None:
    """It tells what would come from where."""
    spoil(home / "store.db", b"Step ")
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.suffix == ".db"}
    told = salvage(url(home), [backup], LATER, dry_run=True)
    assert isinstance(told, Salvaged)
    assert told.restored is None
    assert told.from_backup["issue"] >= 80
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.suffix == ".db"} == before


def test_what_cannot_be_read_at_all_is_for_a_backup(home: Path, backup: Path) -> None:
    """It says so, and touches nothing."""
    (home / "store.db").write_bytes(b"nothing readable" * 999)
    with pytest.raises(StoreError) as refused:
        salvage(url(home), [backup], LATER)
    assert refused.value.trouble is Trouble.CORRUPT
    assert "db restore" in refused.value.advice
    assert (home / "store.db").read_bytes() == b"nothing readable" * 999


def test_a_backup_that_is_damaged_too_is_not_used(home: Path, backup: Path) -> None:
    """The newest sound one is."""
    older = home.with_name("older.db")
    older.write_bytes(backup.read_bytes())
    spoil(backup, b"Step ")
    spoil(home / "store.db", b"Step ")
    assert salvage(url(home), [older, backup], LATER).backup == older


def test_a_daemon_that_runs_is_not_disturbed(home: Path, backup: Path) -> None:
    """Two may not change one file."""
    with Store.open(url(home)) as store:
        store.claim()
        with pytest.raises(StoreError) as refused:
            salvage(url(home), [backup], LATER)
        assert refused.value.trouble is Trouble.CLAIMED


def test_a_kill_at_any_moment_leaves_the_damaged_or_the_new(home: Path, backup: Path, tmp_path: Path) -> None:
    """And the next try finds all that the first one did."""
    before = asked(home / "store.db", _SAID)
    spoil(home / "store.db", b"Step 21")
    was = copytree(home, tmp_path / "was")
    kills = 0
    for at in range(1, 400, 5):
        for path in home.iterdir():
            path.unlink()
        copytree(was, home, dirs_exist_ok=True)
        child = os.fork()
        if child == 0:
            _die_at(at)
            salvage(url(home), [backup], LATER)
            os._exit(0)
        killed = os.waitpid(child, 0)[1] == signal.SIGKILL
        kills += killed
        if state_of(url(home)) == "damaged":
            salvage(url(home), [backup], LATER + timedelta(seconds=1))
        assert asked(home / "store.db", _SAID) == before
        if not killed:
            break
    assert kills > 5


def _die_at(at: int) -> None:
    seen = [0]

    def count(event: str, _: object) -> None:
        if event.startswith(("os.", "open", "sqlite3.", "tempfile.")):
            seen[0] += 1
            if seen[0] == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
