"""The page of a small team, as somebody sees it who works at the daemon's machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.web.site import Site, open_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a page without a login, whose tracker was pulled once: what is created from now on is no backlog."""
    with open_site(tmp_path) as made:
        made.pull()
        yield made
