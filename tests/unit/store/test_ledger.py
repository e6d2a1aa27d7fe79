"""The ledger of (id, updated): what was recorded already costs no row, however often a page repeats it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.store.world import NOW, SURFACES, T, decide_unlinked, due, issue, page, put, url
from vindaris_sync.domain.models import Page, Present, Rejected
from vindaris_sync.store.store import Store

TABLES = ("issue", "history", "alias", "place", "cursor", "quarantine", "cause", "outbox", "note", "counter")


@dataclass(slots=True)
class Changes:
    """How many rows were inserted, updated or deleted, by table; what SQLite's own triggers counted."""

    by_table: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_table.values())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store lies."""
    return tmp_path / "store.db"


@pytest.fixture
def store(tmp_path: Path, path: Path) -> Iterator[Store]:
    """Give a store in whose every table SQLite counts the changes of rows."""
    Store.open(url(tmp_path)).close()
    with closing(sqlite3.connect(path)) as sql, sql:
        sql.execute("CREATE TABLE tally (name TEXT)")
        for table in TABLES:
            for verb in ("INSERT", "UPDATE", "DELETE"):
                sql.execute(
                    f"CREATE TRIGGER tally_{table}_{verb} AFTER {verb} ON {table} "
                    f"BEGIN INSERT INTO tally VALUES ('{table}'); END"
                )
    with Store.open(url(tmp_path)) as opened:
        yield opened


@contextmanager
def changes(path: Path) -> Iterator[Changes]:
    """Count the rows that change while the block runs, read over a connection of our own."""
    found = Changes({})
    with closing(sqlite3.connect(path)) as sql:
        before = dict(sql.execute("SELECT name, count(*) FROM tally GROUP BY name"))
        yield found
        after = dict(sql.execute("SELECT name, count(*) FROM tally GROUP BY name"))
    found.by_table = {
        name: number - before.get(name, 0) for name, number in after.items() if number > before.get(name, 0)
    }


def test_the_counter_counts(store: Store, path: Path) -> None:
    """A new issue is rows: the test's own instrument works."""
    with changes(path) as counted:
        put(store, issue(1))
    assert counted.by_table["issue"] == 1
    assert counted.by_table["cursor"] == 1


def test_a_repeated_page_costs_no_row(store: Store, path: Path) -> None:
    """Overlap reads a hundred issues again with their cursor: nothing is written, nothing is due."""
    hundred = [issue(number) for number in range(1, 101)]
    decide_unlinked(store, *put(store, *hundred))
    with changes(path) as counted:
        for _ in range(3):
            store.record_page(T, page(*hundred), SURFACES, NOW + timedelta(minutes=5))
    assert counted.by_table == {}
    assert due(store) == []


def test_one_change_among_a_hundred_costs_one_row(store: Store, path: Path) -> None:
    """Only what differs is written, and the cursor, which has moved."""
    hundred = [issue(number) for number in range(1, 101)]
    decide_unlinked(store, *put(store, *hundred))
    hundred[41] = issue(42, at=1, title="Another title")
    with changes(path) as counted:
        store.record_page(T, page(*hundred, cursor="later"), SURFACES, NOW)
    assert {name: counted.by_table.get(name, 0) for name in ("issue", "cursor")} == {"issue": 1, "cursor": 1}


def test_the_same_issue_twice_on_a_page_is_one_row(store: Store, path: Path) -> None:
    """A list that shifted under us names an issue twice: the newer observation is written, once."""
    decide_unlinked(store, *put(store, issue(1)))
    with changes(path) as counted:
        store.record_page(T, page(issue(1, at=2, title="New"), issue(1, at=1, title="Old")), SURFACES, NOW)
    assert counted.by_table["issue"] == 1


def test_an_older_observation_costs_no_row(store: Store, path: Path) -> None:
    """A lagging index shows what was before: it is not written over what is known (fault 37)."""
    decide_unlinked(store, *put(store, issue(1, at=5)))
    with changes(path) as counted:
        store.record_page(T, page(issue(1, at=1, title="Before")), SURFACES, NOW)
    assert counted.by_table == {}


def test_a_direct_read_that_shows_nothing_new_costs_a_row_once(store: Store, path: Path) -> None:
    """The first read makes what is shown certain; a second one of the same state changes nothing."""
    [number] = put(store, issue(1))
    decide_unlinked(store, number)
    seen = Present(store.addresses([number])[number], issue(1))
    store.record_seen(T, [seen], SURFACES, NOW)
    with changes(path) as counted:
        store.record_seen(T, [seen], SURFACES, NOW + timedelta(hours=1))
    assert counted.by_table == {}


def test_what_cannot_be_mapped_costs_a_row_once(store: Store, path: Path) -> None:
    """The same item on every page is set aside once."""
    bad = Rejected("id9", "acme/web#9", "no title", "{}")
    store.record_page(T, Page("acme/web", (), "c1", (bad,)), SURFACES, NOW)
    with changes(path) as counted:
        store.record_page(T, Page("acme/web", (), "c1", (bad,)), SURFACES, NOW + timedelta(minutes=5))
    assert counted.by_table == {}


def test_an_idle_census_costs_no_issue_row(store: Store, path: Path) -> None:
    """Asking which of a hundred ids are known and present writes nothing."""
    hundred = [issue(number) for number in range(1, 101)]
    decide_unlinked(store, *put(store, *hundred))
    with changes(path) as counted:
        known = store.numbered(T, [each.ref.id for each in hundred])
    assert {each.presence for each in known.values()} == {"present"}
    assert counted.by_table == {}
