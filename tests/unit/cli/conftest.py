"""A small installation: a configuration, goals, and a tracker in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from tests.blank import blank_at
from tests.unit.cli.installation import CONFIG, GOALS, Installation
from vindaris_connectors.memory.tracker import MemoryTracker, trackers


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Installation]:
    """Return an installation that was never started."""
    (tmp_path / "vindaris.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "goals.toml").write_text(GOALS, "utf-8")
    (tmp_path / "state").mkdir()
    tracker = trackers["mem"] = MemoryTracker("mem", clock=lambda: datetime.now(UTC), precision=timedelta())
    yield Installation(tmp_path, tracker)
    del trackers["mem"]


@pytest.fixture
def running(shop: Installation) -> Installation:
    """Return an installation whose first full pull has ended: what is created from now on is no backlog."""
    blank_at(shop.directory / "state" / "vindaris.db")
    shop.tracker.create("APP", "Before all")
    shop.call("run", "--once")
    return shop
