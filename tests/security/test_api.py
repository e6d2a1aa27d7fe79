"""The JSON API over real sockets: as strangers and machines try it, and as its document says."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import blocks, text_of
from tests.security.api import TOKEN, full, tried
from tests.security.page import Front, front
from vindaris_sync.store.tokens import Token
from vindaris_sync.web.access import digest


@pytest.mark.long
def test_the_api_is_as_its_document_says(tmp_path: Path) -> None:
    """Whatever is asked: nothing breaks, answers and errors are as announced, and nobody is let in without a token."""
    with full(tmp_path) as served:
        done = tried(served, "-n", "10", "--phases", "examples,coverage,fuzzing")
    assert done.returncode == 0, done.stdout


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Front]:
    """Return a page with four open reviews, and a token that may decide."""
    with front(tmp_path) as made:
        site = made.site
        site.app.store.add_token(Token("release-bot", "decide", site.clock(), None, None), digest(TOKEN))
        for number in range(4):
            site.tracker.create("APP", f"Checkout, part {number}")
        site.clock.on(minutes=1)
        site.pull()
        yield made


def test_the_documents_examples_do_what_it_says(served: Front) -> None:
    """Whoever copies one is not refused."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    scripts = [each for each in blocks(text_of("docs/api.md"), "sh") if "curl" in each]
    told = [_run(script, served.url) for script in scripts]
    assert len(told) == 2
    assert '"candidates":[{' in told[0]
    assert '"after":["GROW"]' in told[1]
    assert '"after":["no-goal"]' in told[1]
    assert [each.who for each in served.site.app.store.mutes(served.site.clock())] == ["token release-bot"]


def _run(script: str, url: str) -> str:
    environ = {**os.environ, "VINDARIS": f"{url}/api/v1", "TOKEN": TOKEN, "no_proxy": "*"}
    done = subprocess.run(
        ["/bin/bash", "-euc", script], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
