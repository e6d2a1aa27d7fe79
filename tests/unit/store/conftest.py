from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.store.world import T, fresh
from vindaris_sync.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a fresh store in a file of its own."""
    with fresh(tmp_path) as empty:
        empty.put_tracker(T, "github")
        yield empty
