from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread, Timer

import pytest
from structlog.testing import capture_logs

from tests.unit.store.world import NOW, T, decide_unlinked, issue, put, record_of, url
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.generation import GenerationFile
from vindaris_sync.store.store import Store


def raw(folder: Path) -> closing[sqlite3.Connection]:
    """Return a connection of another program."""
    return closing(sqlite3.connect(folder / "store.db", isolation_level=None))


def test_a_transaction_is_kept_whole_or_not_at_all(store: Store) -> None:
    """Whatever ends it early, nothing of it stays."""

    def interrupted() -> None:
        with store.transaction():
            put(store, issue(1))
            store.put_tracker("other", "jira")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.find("acme/web#1") == ()
    assert "other" not in store.trackers()
    put(store, issue(1))
    assert len(store.find("acme/web#1")) == 1


def test_a_part_that_failed_spoils_the_whole(store: Store) -> None:
    """Swallowing an error inside a transaction never commits half of what it was about."""

    def careless() -> None:
        with store.transaction():
            put(store, issue(1))
            with pytest.raises(StoreError):
                decide_unlinked(store, 99)

    with pytest.raises(StoreError):
        careless()
    assert store.find("acme/web#1") == ()


def test_a_view_stays_what_it_was(store: Store) -> None:
    """A reader sees one state of the store, whatever is committed meanwhile; a transaction sees its own writes."""
    put(store, issue(1))
    with store.view() as view:
        put(store, issue(2))
        assert view.due() == [1]
    with store.transaction():
        put(store, issue(3))
        with store.view() as view:
            assert view.due() == [1, 2, 3]
            assert view.due(limit=2) == [1, 2]
            assert view.records([3, 99, 3]).keys() == {3}


def test_other_threads_read_while_one_writes(store: Store) -> None:
    """The web page and the webhooks never wait for a pass, and never see half of it."""
    put(store, issue(1))
    seen: list[int] = []
    ready, done = Event(), Event()

    def look() -> None:
        ready.wait(5)
        seen.append(len(store.find("acme/web#2")))
        done.set()

    reader = Thread(target=look)
    reader.start()
    with store.transaction():
        put(store, issue(2))
        ready.set()
        assert done.wait(5)
    reader.join(5)
    assert seen == [0]
    assert len(store.find("acme/web#2")) == 1


def test_writers_of_several_threads_take_turns(store: Store) -> None:
    """No write is lost or fails because another thread writes."""

    def write(first: int) -> None:
        for number in range(first, first + 10):
            put(store, issue(number))

    threads = [Thread(target=write, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(store.ids(T)) == 30


def test_the_generation_counts_commits_that_change_something(store: Store) -> None:
    """Looking is no commit."""
    before = store.generation
    put(store, issue(1))
    assert store.generation == before + 1
    with store.transaction():
        put(store, issue(2))
        put(store, issue(3))
    assert store.generation == before + 2
    store.wake(NOW)
    with store.transaction():
        pass
    assert store.generation == before + 2


def test_a_database_restored_from_a_backup_is_noticed(tmp_path: Path) -> None:
    """The generation kept beside the database tells that the database is older (fault 57)."""
    copy = tmp_path / "copy.db"
    with Store.open(url(tmp_path)) as store:
        put(store, issue(1))
        store.backup(copy)
        put(store, issue(2))
        assert not store.restored
        reached = store.generation
    copy.replace(tmp_path / "store.db")
    with capture_logs() as logs, Store.open(url(tmp_path), now=NOW) as store:
        assert store.find("acme/web#2") == ()
        assert store.restored_trackers() == {T}
        assert store.generation > reached
    assert [(line["event"], line["log_level"]) for line in logs] == [("restored from a backup", "warning")]
    with Store.open(url(tmp_path)) as store:
        assert store.restored
        store.end_restored(T)
        assert not store.restored
    with capture_logs() as logs, Store.open(url(tmp_path)) as store:
        assert not store.restored
        assert [(each.at, each.who) for each in store.history() if each.event == "restored"] == [(NOW, "vindaris-sync")]
    assert logs == []


def test_a_database_that_was_just_made_was_not_restored(tmp_path: Path) -> None:
    """Beside the note of one that was moved away it goes on counting, and says nothing of a backup."""
    with Store.open(url(tmp_path)) as store:
        put(store, issue(1), issue(2))
        put(store, issue(3))
        reached = store.generation
    (tmp_path / "store.db").rename(tmp_path / "aside.db")
    with capture_logs() as logs, Store.open(url(tmp_path)) as store:
        assert store.generation > reached
        assert not store.restored
        assert store.history() == ()
        put(store, issue(1))
    assert logs == []
    (tmp_path / "aside.db").replace(tmp_path / "store.db")
    with Store.open(url(tmp_path)) as store:
        assert store.restored_trackers() == {T}


def test_commits_to_a_restored_database_do_not_hide_that_it_is_one(tmp_path: Path) -> None:
    """The note beside the database never falls, whoever commits, and in whichever order commits are noted."""
    file = GenerationFile(tmp_path / "store.db.generation")
    for generation in (7, 3, 8, 5):
        file.put(generation)
    assert file.get() == 8
    file.close()
    with Store.open(url(tmp_path)) as store:  # its schema is made: a commit
        assert store.generation > 8


def test_two_programs_that_open_a_restored_database_notice_it_once(tmp_path: Path) -> None:
    """The history has one entry, and what one has ended is not begun again by the other."""
    copy = tmp_path / "copy.db"
    with Store.open(url(tmp_path)) as store:
        put(store, issue(1))
        store.backup(copy)
        put(store, issue(2))
    copy.replace(tmp_path / "store.db")
    with Store.open(url(tmp_path)) as first, Store.open(url(tmp_path)) as second:
        first.end_restored(T)
        assert not second.restored
        assert [each.event for each in second.history()].count("restored") == 1


def test_a_backup_is_whole_and_sound(store: Store, tmp_path: Path) -> None:
    """What is copied while a transaction is open is what was committed."""
    put(store, issue(1))
    store.backup(tmp_path / "copy.db")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("copy")) == ["copy.db"]
    with Store.open(f"sqlite:///{tmp_path / 'copy.db'}") as copy:
        assert record_of(copy, 1) == record_of(store, 1)
        assert copy.check() == ()


def test_a_backup_that_cannot_be_written_leaves_nothing(store: Store, tmp_path: Path) -> None:
    """A backup is there whole or not at all, and the error says what to do."""
    with pytest.raises(StoreError) as refused:
        store.backup(tmp_path / "missing" / "copy.db")
    assert refused.value.trouble is Trouble.UNREACHABLE
    assert refused.value.advice


@pytest.mark.parametrize("another", [False, True], ids=["deleted", "replaced"])
def test_nothing_is_written_into_a_file_that_nobody_can_find_again(store: Store, tmp_path: Path, another: bool) -> None:  # noqa: FBT001 - a case
    """Where the database was deleted or replaced while it is in use, a write says so and keeps nothing."""
    store.put_note("before", 1)
    path = Path(store.facts["path"])
    path.rename(tmp_path / "elsewhere.db")
    if another:
        path.write_bytes(b"")
    with pytest.raises(StoreError) as refused:
        store.put_note("after", 1)
    assert refused.value.trouble is Trouble.REPLACED
    assert "db restore" in refused.value.advice
    assert store.note("after") is None


def test_one_daemon_per_store(store: Store, tmp_path: Path) -> None:
    """The second daemon is refused and told which process has the store; programs that only look are not (fault 13)."""
    store.claim()
    store.claim()
    with Store.open(url(tmp_path)) as second:
        with pytest.raises(StoreError) as refused:
            second.claim()
        assert refused.value.trouble is Trouble.CLAIMED
        assert str(os.getpid()) in str(refused.value)
        assert second.trackers().keys() == {T}
        store.close()
        second.claim()


def test_a_locked_database_says_so(tmp_path: Path) -> None:
    """Another program's lock is waited for, then named; afterwards all goes on (fault 9)."""
    with Store.open(url(tmp_path), busy=0.05) as store, raw(tmp_path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as refused:
            put(store, issue(1))
        assert refused.value.trouble is Trouble.LOCKED
        other.execute("ROLLBACK")
        put(store, issue(1))
        assert len(store.ids(T)) == 1


def test_a_lock_that_ends_in_time_is_waited_for(tmp_path: Path) -> None:
    """Another program that lets go a moment later costs that moment, and no error (fault 9)."""
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None, check_same_thread=False)
    with Store.open(url(tmp_path), busy=5) as store, closing(other):
        other.execute("BEGIN IMMEDIATE")
        release = Timer(0.3, other.execute, ["ROLLBACK"])
        release.start()
        put(store, issue(1))
        release.join()
        assert len(store.ids(T)) == 1


def test_who_says_nothing_waits_a_minute_for_a_lock(tmp_path: Path) -> None:
    """Reader and writer alike (fault 9)."""
    with Store.open(url(tmp_path)) as store:
        with store._db.write() as sql:  # noqa: SLF001 - a minute is asked for, and not waited for
            assert sql.value("PRAGMA busy_timeout") == 60_000
        with store._db.read() as sql:  # noqa: SLF001 - as above
            assert sql.value("PRAGMA busy_timeout") == 60_000


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Let the file grow no more."""
    with store._db.write() as sql:  # noqa: SLF001 - a disk that is full cannot be had otherwise without being root
        pages = sql.value("PRAGMA page_count")
        most = sql.value("PRAGMA max_page_count")
        sql.rows(f"PRAGMA max_page_count = {pages}")
    yield
    with store._db.write() as sql:  # noqa: SLF001 - as above
        sql.rows(f"PRAGMA max_page_count = {most}")


def test_a_full_disk_keeps_nothing_of_the_pass_and_heals(tmp_path: Path) -> None:
    """A commit that does not fit is rolled back, cursor included; with room again the next one works (fault 8)."""
    with Store.open(url(tmp_path)) as store:
        put(store, issue(1), cursor="c1")
        with full_disk(store):
            with pytest.raises(StoreError) as refused:
                put(store, issue(2, title="x" * 500_000), cursor="c2")
            assert refused.value.trouble is Trouble.FULL
            assert store.cursors(T) == {"acme/web": "c1"}
        put(store, issue(2, title="x" * 500_000), cursor="c2")
        assert store.cursors(T) == {"acme/web": "c2"}
        assert [breach for breach in store.check() if breach.law != "undecided"] == []


@pytest.fixture
def closed_store(tmp_path: Path) -> Path:
    """Return the file of a store that holds something and is closed."""
    with Store.open(url(tmp_path)) as store:
        put(store, *(issue(number) for number in range(200)))
    return tmp_path / "store.db"


def test_a_corrupt_page_is_found_before_anything_is_believed(closed_store: Path) -> None:
    """`db check` names the damage; using the damaged part is an error with advice to restore (fault 10)."""
    content = bytearray(closed_store.read_bytes())
    for start in range(0, len(content), 4096):
        if b"https://tracker.example/" in content[start : start + 4096]:
            content[start : start + 2048] = b"\xff" * 2048
    closed_store.write_bytes(content)
    with Store.open(url(closed_store.parent)) as store:
        assert {breach.law for breach in store.check()} == {"integrity"}
        with pytest.raises(StoreError) as refused, store.view() as view:
            view.records(range(200))
        assert refused.value.trouble is Trouble.CORRUPT
        assert "restore" in refused.value.advice


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of something else is left alone."""
    (tmp_path / "store.db").write_bytes(b"no database at all, " * 100)
    with pytest.raises(StoreError) as refused:
        Store.open(url(tmp_path))
    assert refused.value.trouble is Trouble.CORRUPT
    assert "restore" in refused.value.advice
    assert (tmp_path / "store.db").read_bytes().startswith(b"no database")


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:", "postgresql://host/db", "rubbish"])
def test_an_address_that_is_no_file_is_refused(address: str) -> None:
    """Only a file can be shared by readers and outlive the process."""
    with pytest.raises(StoreError) as refused:
        Store.open(address)
    assert refused.value.trouble is Trouble.UNREACHABLE


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The error says which folder does not exist."""
    with pytest.raises(StoreError, match="nowhere"):
        Store.open(url(tmp_path / "nowhere"))


def test_only_the_owner_may_read_the_file(store: Store, tmp_path: Path) -> None:
    """Titles of private trackers lie in it (L9)."""
    put(store, issue(1))
    assert all((path.stat().st_mode & 0o077) == 0 for path in tmp_path.glob("store.db*"))


def test_the_meter_counts_instructions(store: Store) -> None:
    """What a query costs can be told independent of the machine."""
    put(store, *(issue(number) for number in range(100)))
    with store.metered() as few:
        store.find("acme/web#1")
    with store.metered() as many:
        store.check()
    assert 0 < few.steps < many.steps
    counted = many.steps
    store.check()
    assert many.steps == counted


def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    """Nothing is left open, and the files beside the database are gone."""
    store = Store.open(url(tmp_path))
    put(store, issue(1))
    store.close()
    store.close()
    assert {path.name for path in tmp_path.iterdir()} == {"store.db", "store.db.generation"}


def test_many_readers_at_once_are_served(store: Store) -> None:
    """As many threads as the web server has may each hold a view."""
    put(store, issue(1))
    views = [store.view() for _ in range(40)]
    assert [view.due() for view in views] == [[1]] * 40
    for view in views:
        view.close()
        view.close()
