"""``restore``: a backup in the database's place, whoever is killed on the way; what it cannot know is noticed."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from tests.unit.store.full import fill
from tests.unit.store.world import T, issue, put, url
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.restore import restore
from vindaris_sync.store.store import Store

AT = datetime(2026, 3, 9, 8, tzinfo=UTC)
OLD, NEW = "at the time of the backup", "since the backup"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder with a database and a backup of an earlier state of it."""
    folder = tmp_path / "home"
    folder.mkdir()
    with Store.open(url(folder)) as store:
        fill(store)
        put(store, issue(500, title=OLD))
        store.backup(tmp_path / "backup.db")
        put(store, issue(500, at=5, title=NEW), issue(501))
    return folder


@pytest.fixture
def backup(home: Path) -> Path:
    """Return the backup."""
    return home.with_name("backup.db")


def title(path: Path) -> str:
    """Return what the database says of the issue that has changed since the backup."""
    with closing(sqlite3.connect(path)) as sql:
        assert sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return str(sql.execute("SELECT title FROM issue WHERE ext_id = 'id500'").fetchone()[0])


def test_the_backup_is_in_force_and_the_replaced_database_beside_it(home: Path, backup: Path) -> None:
    """Nothing is thrown away, and the next start sees what has happened."""
    facts = restore(url(home), backup, AT)
    assert facts.replaced == home / "store.db.replaced-20260309T080000Z"
    assert facts.reached > facts.generation
    assert title(facts.replaced) == NEW
    assert {path.name for path in home.iterdir()} == {
        "store.db", "store.db.lock", "store.db.generation", facts.replaced.name,
    }  # fmt: skip
    with Store.open(url(home)) as store:
        assert store.restored_trackers() == {T}
        assert store.check() == ()
        assert store.generation > facts.reached
    assert title(home / "store.db") == OLD
    assert backup.stat().st_size == facts.path.stat().st_size


def test_commits_that_are_only_in_the_log_are_kept_too(home: Path, backup: Path) -> None:
    """A daemon that was killed leaves them there; the replaced database has them, the new one does not."""
    child = os.fork()
    if child == 0:
        put(Store.open(url(home)), issue(500, at=9, title="in the log"))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert (home / "store.db-wal").stat().st_size > 0
    replaced = restore(url(home), backup, AT).replaced
    assert replaced is not None
    assert title(replaced) == "in the log"
    assert title(home / "store.db") == OLD


def test_while_a_daemon_has_the_store_nothing_is_done(home: Path, backup: Path) -> None:
    """It is named; and so is another program that has the database open."""
    with Store.open(url(home)) as daemon:
        daemon.claim()
        with pytest.raises(StoreError) as refused:
            restore(url(home), backup, AT)
        assert refused.value.trouble is Trouble.CLAIMED
        assert str(os.getpid()) in str(refused.value)
    with Store.open(url(home)) as other:
        with pytest.raises(StoreError) as refused:
            restore(url(home), backup, AT)
        assert refused.value.trouble is Trouble.LOCKED
        assert other.find("acme/web#500")
    assert title(home / "store.db") == NEW
    assert not list(home.glob("*.replaced-*"))


def _killed_and_removed(home: Path) -> None:
    """Leave the log of a daemon that was killed, and nothing that it belongs to."""
    child = os.fork()
    if child == 0:
        _write_more(Store.open(url(home)), home)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (home / "store.db").unlink()


def _moved_away_while_open(home: Path) -> None:
    """Leave the log of a daemon whose database was moved away, and which noticed that and ended."""
    with Store.open(url(home)) as store:
        _write_more(store, home)
        (home / "store.db").rename(home / "aside.db")
        with pytest.raises(StoreError) as noticed:
            put(store, issue(900))
        assert noticed.value.trouble is Trouble.REPLACED


def _write_more(store: Store, home: Path) -> None:
    put(store, *(issue(number, title=NEW) for number in range(600, 900)))
    with closing(sqlite3.connect(home / "store.db")) as sql:
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # so that the log is of few pages of a larger file
    put(store, issue(500, at=9, title="in the log"), *(issue(number, at=9, title=NEW) for number in range(600, 900, 9)))


@pytest.mark.parametrize("lose", [_killed_and_removed, _moved_away_while_open])
def test_the_log_of_a_database_that_is_gone_is_not_replayed_into_the_backup(
    home: Path, backup: Path, lose: Callable[[Path], None]
) -> None:
    """SQLite would take it for the backup's own: pages of two databases in one, or a restore that nobody notices."""
    lose(home)
    (home / "store.db-journal").write_bytes(b"of a database that is gone")
    log = (home / "store.db-wal").read_bytes()
    assert log
    facts = restore(url(home), backup, AT)
    assert facts.replaced is None
    assert (home / "store.db").read_bytes() == backup.read_bytes()
    assert (home / "store.db.replaced-20260309T080000Z-wal").read_bytes() == log
    assert not [path for path in home.iterdir() if path.name in ("store.db-wal", "store.db-shm", "store.db-journal")]
    with Store.open(url(home)) as store:
        assert store.restored_trackers() == {T}
        assert store.check() == ()
    assert title(home / "store.db") == OLD


def _damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 3 + 3000] = b"\xff" * 3000
    path.write_bytes(content)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql, sql:
        sql.execute("UPDATE alembic_version SET version_num = '9999'")


SPOILT = {
    "damaged": (_damage, Trouble.FOREIGN),
    "cut": (lambda path: os.truncate(path, path.stat().st_size // 2), Trouble.FOREIGN),
    "other": (lambda path: path.write_text("a letter"), Trouble.FOREIGN),
    "empty": (lambda path: path.write_bytes(b""), Trouble.FOREIGN),
    "newer": (_newer, Trouble.NEWER),
    "missing": (lambda path: path.unlink(), Trouble.FOREIGN),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_backup_that_cannot_be_believed_changes_nothing(home: Path, backup: Path, how: str) -> None:
    """It is read whole before anything else, and the error names it."""
    spoil, trouble = SPOILT[how]
    spoil(backup)
    before = (home / "store.db").read_bytes()
    with pytest.raises(StoreError) as refused:
        restore(url(home), backup, AT)
    assert refused.value.trouble is trouble
    assert refused.value.advice
    assert "partial" not in str(refused.value)
    assert (home / "store.db").read_bytes() == before
    assert not [path for path in home.iterdir() if "replaced" in path.name or "partial" in path.name]


def test_the_database_is_not_its_own_backup(home: Path) -> None:
    """Naming the wrong file is told."""
    with pytest.raises(StoreError, match="is the database itself"):
        restore(url(home), home / "store.db", AT)


@pytest.mark.parametrize("damage", [_damage, lambda path: path.write_bytes(b"nothing readable" * 999)])
def test_a_damaged_database_is_replaced_and_kept(home: Path, backup: Path, damage: object) -> None:
    """That is what backups are for; what was readable of it can still be looked at."""
    assert callable(damage)
    damage(home / "store.db")
    (home / "store.db-wal").write_bytes(b"a log of it")
    before = (home / "store.db").read_bytes()
    facts = restore(url(home), backup, AT)
    assert facts.replaced is not None
    assert facts.replaced.read_bytes()[4096:] == before[4096:]
    with Store.open(url(home)) as store:
        assert store.restored
        assert store.check() == ()


@pytest.mark.parametrize("kept", [True, False])
def test_a_restored_database_is_noticed_on_a_new_machine(home: Path, backup: Path, *, kept: bool) -> None:
    """Neither a lost generation file nor a lost or fresh database beside it hides that trackers may know more."""
    for path in home.iterdir():
        path.unlink()
    if kept:
        Store.open(url(home)).close()
    facts = restore(url(home), backup, AT)
    assert (facts.replaced is not None) is kept
    with Store.open(url(home)) as store:
        assert store.restored_trackers() == {T}


def test_a_backup_of_what_is_there_is_no_step_back(home: Path) -> None:
    """Where nothing was committed since, no tracker knows more."""
    with Store.open(url(home)) as store:
        store.backup(home.with_name("now.db"))
    facts = restore(url(home), home.with_name("now.db"), AT)
    assert facts.reached == facts.generation
    with Store.open(url(home)) as store:
        assert not store.restored


def _restored(home: Path, backup: Path, at: int, *, kill: bool) -> int:
    """Restore in a process that is killed at its event ``at``; return how many events it went through, 0: killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        seen = [0]

        def count(event: str, _: object) -> None:
            if event.startswith(("os.", "open", "shutil.", "sqlite3.", "fcntl.", "tempfile.")):
                seen[0] += 1
                if kill and seen[0] == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        restore(url(home), backup, AT)
        os.write(writer, str(seen[0]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        told = said.read()
    os.waitpid(child, 0)
    return int(told or 0)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(
    home: Path, backup: Path, tmp_path: Path, *, damaged: bool
) -> None:
    """Before every call to the system that opens, links, renames or deletes: one of the two is whole and in place."""
    if damaged:
        (home / "store.db").write_bytes(b"nothing readable" * 999)
    was = copytree(home, tmp_path / "was")
    calls, found = _restored(home, backup, 0, kill=False), set()
    assert calls > 15
    for at in range(1, calls + 1):
        for path in home.iterdir():
            path.unlink()
        copytree(was, home, dirs_exist_ok=True)
        _restored(home, backup, at, kill=True)
        old = (home / "store.db").read_bytes() == (was / "store.db").read_bytes() if damaged else None
        found.add(NEW if old else title(home / "store.db"))
        again = restore(url(home), backup, AT + timedelta(seconds=1))
        assert title(again.path) == OLD
        assert again.replaced is not None
        with Store.open(url(home)) as store:
            assert store.restored
    assert found == {OLD, NEW}


def test_copies_that_killed_processes_have_left_are_deleted(home: Path, backup: Path) -> None:
    """They are as large as the database, and nobody else looks for them; one that may be in work stays."""
    old = [home / f".store.db.{name}.partial" for name in ("abc", "before-0002.abc", "before-repair-2026.abc")]
    old.append(home / ".store.db.abc.partial-journal")
    others = [home / ".store.db.def.partial", home / ".other.db.abc.partial", home / "store.db.before-0002"]
    for path in (*old, *others):
        path.touch()
        os.utime(path, (AT.timestamp(), (AT - timedelta(hours=7)).timestamp()))
    os.utime(others[0], (AT.timestamp(), (AT - timedelta(hours=5)).timestamp()))
    restore(url(home), backup, AT)
    assert [path for path in (*old, *others) if path.exists()] == others


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("lost", [(".lock", ".generation"), (".lock", ".generation", "")])
def test_what_root_restores_belongs_to_the_daemons_user(home: Path, backup: Path, lost: tuple[str, ...]) -> None:
    """Also what lies beside the database and was not there: the daemon could not even take its claim."""
    for path in (home, *home.iterdir()):
        os.chown(path, 65534, 65534)
    for suffix in lost:
        (home / f"store.db{suffix}").unlink(missing_ok=True)
    restore(url(home), backup, AT)
    assert {path.stat().st_uid for path in home.iterdir()} == {65534}
    assert {path.stat().st_gid for path in home.iterdir()} == {65534}
    assert {".lock", ".generation"} <= {path.suffix for path in home.iterdir()}
