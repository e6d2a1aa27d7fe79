"""Fixtures of the sandbox's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.github_site import Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def github() -> Iterator[Site]:
    """Run a small GitHub."""
    with site() as running:
        yield running
