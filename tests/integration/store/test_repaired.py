"""A store that lost its issues and was repaired: the trackers are read whole, and nobody's work is undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.store.salvage import salvage

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


def lose_issues(site: Site, *backups: Path) -> None:
    """Stop the engine, lose the table of issues, repair, and start again."""
    site.shut()
    with closing(sqlite3.connect(site.path)) as sql:
        sql.execute("DROP TABLE issue")
        sql.commit()
    salvage(f"sqlite:///{site.path}", backups, site.clock())
    site.context = site.open()
    site.store.repair(site.clock())


@pytest.mark.parametrize("kept", [True, False])
def test_the_trackers_are_read_whole_and_nothing_is_overwritten(site: Site, *, kept: bool) -> None:
    """With a backup and without: what is linked to what is as before, no label or field of anybody is touched."""
    keys = [site.jira.create(f"Step {number}", "goal:GROW-1") for number in range(3)]
    child = site.jira.create("Below", parent=keys[0])
    ok(site.turn(rounds=2))
    site.store.backup(site.folder / "backup.db")
    later = site.jira.create("Made since", "goal:SAFE-1")
    site.link(keys[1], "COST-1")
    ok(site.turn(rounds=2))
    every = (*keys, child, later)
    shown = {key: (site.jira.labels(key), site.jira.field(key)) for key in every}
    served = {key: site.serves(key) for key in every}
    told = site.told()
    lose_issues(site, *([site.folder / "backup.db"] if kept else []))
    if kept:
        site.jira.set_field(keys[2], "SAFE-1")
    with site.requests() as counted:
        ok(site.turn(rounds=2))
    assert counted.writes == 0 or kept  # then the label follows the field that somebody has set since
    for key in (keys[0], keys[1], child, later):
        assert (site.jira.labels(key), site.jira.field(key)) == shown[key]
        assert site.serves(key) == served[key]
    assert site.serves(keys[2]) == ("linked SAFE-1" if kept else served[keys[2]])
    assert site.told() == told
    assert not site.store.restored
    with site.requests() as counted:
        ok(site.turn(rounds=2))
    assert counted.writes == 0
    site.sound()


def test_an_issue_of_which_only_the_name_is_left_has_its_link_when_it_is_seen(site: Site) -> None:
    """It is frozen until its tracker shows it; its link and its history were never anybody else's."""
    key = site.jira.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.link(key, "COST-1")
    ok(site.turn(rounds=2))
    site.shut()
    with closing(sqlite3.connect(site.path)) as sql:
        before = sql.execute("SELECT who, at, goal_id FROM link").fetchall()
        history = sql.execute("SELECT * FROM history").fetchall()
    spoil(site.path, b"Pay by phone")
    salvage(f"sqlite:///{site.path}", [], site.clock())
    site.context = site.open()
    site.store.repair(site.clock())
    with closing(sqlite3.connect(site.path)) as sql:
        assert sql.execute("SELECT who, at, goal_id FROM link").fetchall() == before
        assert sql.execute("SELECT * FROM history").fetchall()[: len(history)] == history
    ok(site.turn(rounds=2))
    assert site.serves(key) == "linked COST-1"
    site.sound()


def spoil(path: Path, mark: bytes) -> None:
    """Damage every page that holds ``mark``."""
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), 4096):
        if mark in content[start : start + 4096]:
            content[start : start + 2048] = b"\xff" * 2048
    path.write_bytes(content)
