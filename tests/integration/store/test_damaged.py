"""A damaged database is refused by who would write, before anything is asked of a tracker (fault 10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.cli.installation import CONFIG, GOALS, Installation
from vindaris_connectors.memory.tracker import MemoryTracker, trackers
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.store.store import Store

PAGE = 4096


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Installation]:
    """Give an installation that has worked on a hundred issues."""
    (tmp_path / "vindaris.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "goals.toml").write_text(GOALS, "utf-8")
    (tmp_path / "state").mkdir()
    tracker = trackers["mem"] = MemoryTracker("mem", clock=lambda: datetime.now(UTC), precision=timedelta())
    made = Installation(tmp_path, tracker)
    for number in range(100):
        tracker.create("APP", f"Step {number}")
    made.call("run", "--once")
    yield made
    del trackers["mem"]


def database(shop: Installation) -> Path:
    return shop.directory / "state" / "vindaris.db"


def spoil(path: Path, mark: bytes) -> None:
    """Damage every page that holds ``mark``."""
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), PAGE):
        if mark in content[start : start + PAGE]:
            content[start : start + PAGE // 2] = b"\xff" * (PAGE // 2)
    path.write_bytes(content)


def test_a_damaged_database_is_not_worked_on(shop: Installation) -> None:
    """The start is refused with one line and the advice; no tracker is asked, and what can be read is still shown."""
    key = shop.tracker.create("APP", "Since then", labels=["goal:GROW"])
    before = shop.labels(key)
    spoil(database(shop), b"Step ")
    spoiled = database(shop).read_bytes()
    for words in (("run", "--once"), ("run",)):
        said = shop.call(*words, code=2).stderr
        assert [line for line in said.splitlines() if line.startswith("error: ")] == [said.splitlines()[0]]
        assert "is damaged" in said
        assert "restore the newest backup" in said
        assert "Traceback" not in said
    assert shop.labels(key) == before
    assert database(shop).read_bytes() == spoiled
    assert "GROW" in shop.said("outcome", "list")


def test_a_sound_database_is_claimed_and_a_damaged_one_given_up_again(shop: Installation) -> None:
    """Who was refused leaves no claim behind."""
    address = f"sqlite:///{database(shop)}"
    with Store.open(address) as store:
        store.claim()
    spoil(database(shop), b"Step ")
    for _ in range(2):
        with Store.open(address) as store, pytest.raises(StoreError) as refused:
            store.claim()
        assert refused.value.trouble is Trouble.CORRUPT
