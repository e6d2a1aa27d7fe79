"""The JSON API tried as its own document describes it: ``python -m tests.security.api SECONDS`` (``make check-api``).

Requests that fit the document and requests that do not, made up by schemathesis, to a page over a store with content.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from structlog.testing import capture_logs

from tests.security.page import Front, front
from tests.unit.web.test_inbox import HOSTILE, change
from tests.unit.web.test_reports import keep_reports
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.muting import Muted
from vindaris_sync.engine.answering import Answers
from vindaris_sync.engine.muting import mute
from vindaris_sync.store.tokens import Token
from vindaris_sync.web.access import digest

TOKEN = "vindaris_of_a_test"
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip
"""All of schemathesis' that do not take a name which is not known, a refusal of ours, for a defect."""


@contextmanager
def full(folder: Path, scope: str = "admin") -> Iterator[Front]:
    """Serve a page with something in every list, and a token of this scope."""
    with front(folder) as made:
        site = made.site
        site.app.store.add_token(Token("release-bot", scope, site.clock(), None, None), digest(TOKEN))
        linked = site.tracker.create("APP", "Serves the checkout", labels=["goal:CHECKOUT"])
        site.tracker.create("APP", "Below", parent=linked)
        for title in ("Checkout by invoice", "Rent", HOSTILE, *(f"Part {number}" for number in range(6))):
            site.tracker.create("APP", title)
        site.clock.on(minutes=1)
        site.pull()
        change(site, "Faster checkout", "Safer checkout")
        by = By("ada", "page", "rent", site.clock())
        answers = Answers(site.page.store, {}, site.page.context.teams, site.clock)
        answers.exempt("APP-4", by)
        mute(site.page.store, Muted(issue=site.page.store.find("APP-5")[0]), by.at + timedelta(days=9), by)
        keep_reports(site)
        yield made


def tried(served: Front, *how: str) -> subprocess.CompletedProcess[str]:
    """Let schemathesis try a page; its text says what was found, and how to repeat it."""
    served.site.clock.step = timedelta(seconds=0.3)  # nobody waits until more may be asked
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{served.url}/api/v1/openapi.json",
        "-H", f"Authorization: Bearer {TOKEN}", "--checks", ",".join(CHECKS), "--warnings", "off", *how,
    ]  # fmt: skip
    folder = served.site.app.config.state_dir
    with capture_logs():  # a traceback drawn with all that was in it takes longer than a client waits
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def main(seconds: str) -> int:
    """Try for so many seconds; return 1 where something was found."""
    with TemporaryDirectory() as folder, full(Path(folder)) as served:
        done = tried(served, "--max-time", seconds)
    sys.stdout.write(done.stdout + done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or ["120"]))
