"""A real browser: Debian's Chromium; what needs it is skipped, with a reason, where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.seeing import Eyes, chromium, opened
from tests.security.page import Front, front

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEPT = Path(__file__).parents[2] / "build" / "browser"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the browser, one for a module: while it is open, its event loop keeps others of this thread from running."""
    if not (found := chromium()):
        pytest.skip("no Chromium at /usr/bin/chromium (apt-get install chromium), nor where CHROMIUM says")
    with opened(found) as made:
        yield made


@pytest.fixture
def eyes(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Eyes]:
    """Give what looks at pages and keeps pictures of them, below ``build/browser``."""
    with Eyes(browser, KEPT / request.node.name.partition("[")[0]) as made:
        yield made


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Front]:
    """Serve a small team's page without a login."""
    with front(tmp_path, 'listen = "127.0.0.1:0"') as made:
        yield made
