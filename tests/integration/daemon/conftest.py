"""A company for the daemon's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """Give a company nobody has looked at yet."""
    made = Company(tmp_path)
    try:
        yield made
    finally:
        made.close()
