"""One nursery for all tests of a worker, and a company for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.lives import Nursery
from tests.chaos.trial import Trial
from tests.integration.daemon.company import Company

SEED = 20261122


@pytest.fixture(scope="session")
def incubator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Give a nursery that has everything imported."""
    company = Company(tmp_path_factory.mktemp("incubator"))
    try:
        with Nursery(company.config) as made:
            yield made
    finally:
        company.close()


@pytest.fixture
def nursery(incubator: Nursery) -> Iterator[Nursery]:
    """Give the nursery; what was started for the test ends with it."""
    yield incubator
    incubator.bury()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """Give a company nobody has looked at yet."""
    made = Company(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def trial(company: Company, nursery: Nursery) -> Trial:
    """Give that company with people in it."""
    return Trial(company, nursery, SEED)
