"""Sites for the engine's tests: the usual one, and one for each tracker on which the main path is walked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.engine.desks import Desk
from tests.integration.engine.world import VARIANTS, Setup, Site


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Give a site whose trackers were read once; a ``Setup`` may be given as an indirect parameter."""
    setup = getattr(request, "param", None) or Setup()
    made = Site(tmp_path, setup)
    try:
        made.turn()
        yield made
    finally:
        made.close()


@pytest.fixture(params=list(VARIANTS.values()), ids=list(VARIANTS))
def one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Give a site with one tracker, on each kind of it."""
    made = Site(tmp_path, request.param)
    try:
        made.turn()
        yield made
    finally:
        made.close()


@pytest.fixture
def desk(one: Site) -> Desk:
    """Give the desk of the one tracker."""
    return one.jira if "jira" in one.setup.names else one.github
