"""Steps of the schema over a store full of data: whatever interrupts them, nothing is lost (fault 5)."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.unit.store.full import fill
from tests.unit.store.world import url
from vindaris_sync.store.engine import Database
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.migrations import OURS, Steps, migrate
from vindaris_sync.store.store import Store
from vindaris_sync.store.tables import APPEND_ONLY

LATER = Steps("0003", (*OURS.folders, Path(__file__).with_name("steps")))
BROKEN = Steps("0004", (*LATER.folders, Path(__file__).with_name("broken")))
OLD = "before-0002"
RELEASED = sorted(Path(__file__).with_name("released").glob("*.sql"))
"""Databases of released versions, as SQL (CONTRIBUTING.md says when one is added)."""

Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database of the first schema in which every table holds something."""
    folder = tmp_path_factory.mktemp("old")
    with Store.open(url(folder)) as store:
        fill(store)
    return folder / "store.db"


@pytest.fixture
def path(old: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return Path(copyfile(old, tmp_path / "store.db"))


def rows(path: Path) -> Rows:
    """Return everything in a database; the counter of commits aside."""
    with closing(sqlite3.connect(path)) as sql:
        tables = [row[0] for row in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(sql.execute(f'SELECT * FROM "{name}"'), key=repr) for name in tables if name != "counter"}


def upgrade(path: Path, steps: Steps = LATER) -> None:
    database = Database(f"sqlite:///{path}", busy=1)
    try:
        migrate(database, steps)
    finally:
        database.close()


def killed(path: Path, at: int) -> bool:
    """Upgrade in a process that is killed after its statement ``at``; return whether it was, or had ended before."""
    child = os.fork()
    if child == 0:
        left = [at]

        def count(*_: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "after_cursor_execute", count)
        upgrade(path)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def test_every_row_survives_the_steps(path: Path, old: Path) -> None:
    """What was there is there, new columns say what the step computed, references and triggers hold."""
    upgrade(path)
    before, after = rows(old), rows(path)
    assert after.pop("alembic_version") == [("0003",)]
    before.pop("alembic_version")
    new = {"goal": 1, "issue": 1, "link": 1}
    shown = {name: [row[: -new[name]] if name in new else row for row in found] for name, found in after.items()}
    assert shown == before
    assert sorted(str(row[-1]) for row in after["goal"]) == ["green", "red", "red"]
    with closing(sqlite3.connect(path)) as sql:
        assert sql.execute("PRAGMA foreign_key_check").fetchall() == []
        assert sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert {row[0] for row in sql.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")} == set(
            APPEND_ONLY
        )
        assert sql.execute("SELECT happened FROM issue WHERE id = 2").fetchone() == (2,)


def test_a_copy_for_its_owner_alone_is_made_before(path: Path, old: Path) -> None:
    """Whoever goes back to the former version has what it needs."""
    upgrade(path)
    copy = path.with_name(f"store.db.{OLD}")
    assert rows(copy) == rows(old)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    made = copy.stat().st_mtime_ns
    upgrade(path)
    assert copy.stat().st_mtime_ns == made
    copyfile(copy, path)
    path.with_name("store.db-wal").unlink(missing_ok=True)
    with Store.open(f"sqlite:///{path}") as store:
        assert store.check() == ()


def test_a_kill_at_any_statement_loses_nothing(path: Path, old: Path, tmp_path: Path) -> None:
    """Each step is there whole or not at all, and the next start goes on; a second kill changes nothing of that."""
    upgrade(Path(copyfile(old, tmp_path / "whole.db")))
    wanted, kills, twice = rows(tmp_path / "whole.db"), 0, 0
    seen: set[str] = set()
    while killed(path, kills + 1):
        kills += 1
        [[version]] = rows(path)["alembic_version"]
        seen.add(str(version))
        if kills % 3 == 0:
            twice += killed(path, 1 + kills // 2)
        upgrade(path)
        assert rows(path) == wanted
        assert rows(path.with_name(f"store.db.{OLD}")) == rows(old)
        for left in tmp_path.glob("store.db*"):
            left.unlink()
        copyfile(old, path)
    assert rows(path) == wanted
    assert kills > 20
    assert twice > 5
    assert seen == {"0001", "0002", "0003"}


def test_a_step_that_fails_leaves_what_the_former_ones_made(path: Path, old: Path) -> None:
    """The database refuses the fourth step: the third is in force, the copy is from before the second."""
    with pytest.raises(StoreError):
        upgrade(path, BROKEN)
    whole = rows(path)
    assert whole["alembic_version"] == [("0003",)]
    assert whole["history"] == rows(old)["history"]
    assert rows(path.with_name(f"store.db.{OLD}")) == rows(old)
    upgrade(path)


@pytest.mark.parametrize("dump", [None, *RELEASED], ids=lambda dump: dump.stem if dump else "today")
def test_a_database_of_a_released_version_comes_up_to_date(old: Path, tmp_path: Path, dump: Path | None) -> None:
    """Kept as SQL, it is what people have: every row is found again, and every law holds."""
    with closing(sqlite3.connect(old)) as sql:
        text = dump.read_text("utf-8") if dump else "\n".join(sql.iterdump())
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as sql:
        sql.executescript(text)
    before = rows(path)
    assert all(before.values())
    with Store.open(f"sqlite:///{path}") as store:
        assert store.check() == ()
    after = rows(path)
    assert {name: len(found) for name, found in after.items()} == {name: len(found) for name, found in before.items()}


def _full_disk(path: Path) -> str:
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, resource.RLIM_INFINITY))
    try:
        upgrade(path)
    except StoreError as refused:
        return refused.trouble
    return "nothing was refused"


def in_a_child(act: Callable[[], str]) -> str:
    """Return what ``act`` says in a process of its own, whose limits end with it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, act().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as said:
        return said.read()


def test_without_room_for_the_copy_no_step_is_taken(path: Path, old: Path, tmp_path: Path) -> None:
    """The disk takes no more: the database is as it was, nothing half-written lies about, and it says so."""
    assert in_a_child(lambda: _full_disk(path)) == Trouble.FULL
    assert rows(path) == rows(old)
    assert [each.name for each in tmp_path.iterdir() if "before" in each.name or "partial" in each.name] == []


def test_a_damaged_database_is_not_altered(path: Path) -> None:
    """A copy that cannot be verified is none, and without a copy no step is taken."""
    whole = bytearray(path.read_bytes())
    for start in range(0, len(whole), 4096):
        if b"x" * 1000 in whole[start : start + 4096]:
            whole[start : start + 2048] = b"\xff" * 2048
    path.write_bytes(whole)
    with pytest.raises(StoreError) as refused:
        upgrade(path)
    assert refused.value.trouble is Trouble.CORRUPT
    assert path.read_bytes() == bytes(whole)
    assert not path.with_name(f"store.db.{OLD}").exists()


def test_an_older_program_refuses_a_newer_database(path: Path) -> None:
    """It says which schema it is and what to install or restore, and touches nothing."""
    upgrade(path)
    before = rows(path)
    with pytest.raises(StoreError) as refused:
        Store.open(f"sqlite:///{path}")
    assert refused.value.trouble is Trouble.NEWER
    assert "0003" in str(refused.value)
    assert "restore" in refused.value.advice
    assert rows(path) == before
