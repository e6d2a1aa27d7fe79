from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.store.full import fill
from tests.unit.store.world import NOW, T, issue, put, record_of, url
from vindaris_sync.store.backup import backups, kept, rotate, stamped, verified
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_backup_is_verified_and_for_its_owner_alone(store: Store, tmp_path: Path) -> None:
    """It says what it is, can be opened as it is, and nothing lies beside it."""
    fill(store)
    folder = tmp_path / "copies"
    folder.mkdir()
    facts = store.backup(folder / "copy.db")
    assert (facts.schema, facts.generation) == ("0001", store.generation)
    assert facts.bytes == (folder / "copy.db").stat().st_size
    assert verified(folder / "copy.db") == facts
    assert [path.name for path in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600


def test_the_writer_goes_on_while_a_backup_is_made(store: Store, tmp_path: Path) -> None:
    """Commits between two steps of the copying do not wait, and do not begin it anew; the copy is what was before."""
    for first in range(0, 20_000, 2_000):
        put(store, *(issue(number, title=f"{number} {'x' * 300}") for number in range(first, first + 2_000)))
    generation, committed = store.generation, 0

    def commit() -> None:
        nonlocal committed
        writer = Thread(target=put, args=(store, issue(30_000 + committed)))
        writer.start()
        writer.join(10)
        committed += not writer.is_alive()

    facts = store.backup(tmp_path / "copy.db", commit)
    assert committed == store.generation - generation > 2
    assert facts.generation == generation
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM issue").fetchone() == (20_000,)
    assert store.check() == ()


class Ended(Exception):
    """A stop was asked for."""


@pytest.mark.parametrize("step", [1, 2])
def test_a_backup_that_is_stopped_leaves_the_former_one(store: Store, tmp_path: Path, step: int) -> None:
    """It can be ended after each step of the copying."""
    put(store, issue(1))
    (tmp_path / "copies").mkdir()
    store.backup(target := tmp_path / "copies" / "copy.db")
    before, steps = target.read_bytes(), 0

    def stop() -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            raise Ended

    put(store, *(issue(number, title="x" * 2000) for number in range(4000)))
    with pytest.raises(Ended):
        store.backup(target, stop)
    assert target.read_bytes() == before
    assert list(target.parent.iterdir()) == [target]


def test_what_is_damaged_is_no_backup(store: Store, tmp_path: Path) -> None:
    """The former backup stays, since the new one could not be believed."""
    put(store, *(issue(number, title=f"Step {number} {'x' * 300}") for number in range(300)))
    store.backup(tmp_path / "copy.db")
    before = (tmp_path / "copy.db").read_bytes()
    store.close()
    content = bytearray((tmp_path / "store.db").read_bytes())
    for start in range(0, len(content), 4096):
        if b"Step 2" in content[start : start + 4096]:
            content[start : start + 2048] = b"\xff" * 2048
    (tmp_path / "store.db").write_bytes(content)
    with Store.open(url(tmp_path)) as spoilt, pytest.raises(StoreError) as refused:
        spoilt.backup(tmp_path / "copy.db")
    assert refused.value.trouble is Trouble.CORRUPT
    assert (tmp_path / "copy.db").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
def test_a_file_of_somebody_else_is_no_backup(tmp_path: Path, content: bytes) -> None:
    """Nothing is made of it, or beside it."""
    (tmp_path / "other.db").write_bytes(content)
    with pytest.raises(StoreError) as refused:
        verified(tmp_path / "other.db")
    assert refused.value.trouble in (Trouble.FOREIGN, Trouble.CORRUPT)
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


def test_old_backups_make_room_for_new_ones(store: Store, tmp_path: Path) -> None:
    """The newest stay, and one of each of the last weeks; nothing else in the folder is touched."""
    folder, database = tmp_path / "backups", tmp_path / "store.db"
    folder.mkdir()
    others = {"store.db", "other-20260101T000000Z.db", "store-soon.db", ".store-20260301T000000Z.db.abc.partial"}
    for name in others:
        (folder / name).touch()
    put(store, issue(1))
    for day in range(40):
        now = NOW + day * DAY
        store.backup(stamped(folder, database, now))
        rotate(folder, database, keep=3, weeks=2, now=datetime.now(UTC))
    found = backups(folder, database)
    newest = NOW + 39 * DAY  # a Friday
    assert list(found) == [newest - 5 * DAY, newest - 2 * DAY, newest - DAY, newest]
    assert {path.name for path in folder.iterdir()} - {path.name for path in found.values()} == others
    rotate(folder, database, keep=3, weeks=2, now=datetime.now(UTC) + DAY)
    assert {path.name for path in folder.iterdir()} - {path.name for path in found.values()} == {
        name for name in others if "partial" not in name
    }


@pytest.mark.parametrize("weeks", [0, 1, 4])
def test_the_backup_that_was_just_made_stays_beside_those_of_a_wrong_clock(
    store: Store, tmp_path: Path, weeks: int
) -> None:
    """A clock that was ahead has stamped others with later times; what was made now is what is there to put back."""
    folder = tmp_path / "backups"
    for hour in range(3):
        store.back_up_into(folder, NOW + 300 * DAY + hour * HOUR)
    for day in range(3):
        made = store.back_up_into(folder, now := NOW + day * DAY + timedelta(microseconds=5))
        store.rotate(folder, 3, weeks, now)
        assert made.path.exists()


@given(
    st.sets(st.integers(0, 4000).map(lambda hours: NOW + hours * HOUR), max_size=60),
    st.integers(1, 10),
    st.integers(0, 6),
)
def test_the_newest_backups_always_stay(made: set[datetime], keep: int, weeks: int) -> None:
    """So do those of the latest weeks, and a second look at what stayed takes nothing away."""
    stay = kept(made, keep, weeks)
    assert set(sorted(made)[-keep:]) <= stay <= made
    assert len(stay) <= keep + weeks
    assert kept(stay, keep, weeks) == stay
    for week in sorted({at.isocalendar()[:2] for at in made})[len({at.isocalendar()[:2] for at in made}) - weeks :]:
        assert max(at for at in made if at.isocalendar()[:2] == week) in stay


def test_a_copy_for_a_dry_run_is_the_same(store: Store, tmp_path: Path) -> None:
    """It is not verified, and holds the same."""
    [number] = put(store, issue(1))
    store.copy(tmp_path / "copy.db")
    with Store.open(f"sqlite:///{tmp_path / 'copy.db'}") as copy:
        assert record_of(copy, number) == record_of(store, number)
        assert copy.trackers().keys() == {T}
