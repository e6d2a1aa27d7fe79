"""Dependencies: whose licence is agreed to, and whose vulnerabilities are known, or not known to be none."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from supply.advisories import CLEAN, NOT_CHECKED, VULNERABLE, ask, read
from supply.licences import allowed, stated, unmet
from supply.lock import pinned

LICENCES = ("Apache-2.0", "MIT")
HASH = "--hash=sha256:" + "0" * 64
PINS = f"alpha==1.0 \\\n    {HASH}\nbeta-two==2.0 ; python_version >= '3.11' \\\n    {HASH}\n"
PACKAGES = {"alpha": "1.0", "beta-two": "2.0"}


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("(GPL-2.0-only OR MIT) AND Apache-2.0", True),
        ("GPL-3.0-only", False),
        ("Dual licence, see file", False),
        ("", False),
    ],
)
def test_a_licence_is_met_by_the_agreed_ones_alone(expression: str, *, meant: bool) -> None:
    """OR needs one of them, AND all; what is no SPDX expression is never taken for agreed."""
    assert allowed(expression, LICENCES) is meant


def test_every_locked_package_has_an_agreed_licence_and_the_list_is_needed() -> None:
    """The lock passes as it is; without MIT on the list, packages under it are named."""
    settings = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["supply"]
    packages = pinned(Path("requirements.txt"))
    assert list(unmet(packages, settings["licences"], settings["known"])) == []
    fewer = [each for each in settings["licences"] if each != "MIT"]
    assert any(line.startswith("typer: ") for line in unmet(packages, fewer, settings["known"]))
    assert stated("requests") == "Apache-2.0"


def test_a_package_that_is_not_here_is_not_passed_over() -> None:
    """Its licence must have been looked up by hand."""
    assert list(unmet({"no-such-package"}, LICENCES, {}))
    assert not list(unmet({"no-such-package"}, LICENCES, {"no-such-package": "MIT"}))


def report(*entries: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": list(entries), "fixes": []})


ALPHA = {"name": "alpha", "version": "1.0", "vulns": []}
BETA = {"name": "Beta_Two", "version": "2.0", "vulns": []}
BAD = {"name": "alpha", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"], "aliases": []}]}
SKIPPED = {"name": "beta-two", "skip_reason": "Dependency not found on PyPI and could not be audited: beta-two (2.0)"}


@pytest.mark.parametrize(
    ("text", "code", "left_out"),
    [
        (report(ALPHA, BETA), CLEAN, ()),
        (report(BAD, BETA), VULNERABLE, ()),
        (report(BAD, SKIPPED), VULNERABLE, ("beta-two",)),
        (report(ALPHA, SKIPPED), NOT_CHECKED, ("beta-two",)),
        (report(ALPHA), NOT_CHECKED, ("beta-two",)),
        ("", NOT_CHECKED, ("alpha", "beta-two")),
    ],
)
def test_a_package_that_was_not_audited_is_never_taken_for_sound(text: str, code: int, left_out: tuple[str]) -> None:
    """Skipped, unmentioned and unreadable all mean that nobody looked."""
    audit = read("service", text, PACKAGES)
    assert (audit.code, audit.left_out) == (code, left_out)


class _Osv(BaseHTTPRequestHandler):
    """The query endpoint of OSV (``POST /v1/query``), which knows one advisory about alpha."""

    answer: Callable[[str], tuple[int, object]]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, document = type(self).answer(asked["package"]["name"])
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's signature
        """Stay silent."""


ADVISORY = {
    "id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z", "summary": "bad",
    "affected": [{"package": {"name": "alpha", "ecosystem": "PyPI"},
                  "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]}],
}  # fmt: skip


@pytest.fixture
def osv() -> Iterator[Callable[[Callable[[str], tuple[int, object]]], str]]:
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str], tuple[int, object]]) -> str:
        handler = type("Osv", (_Osv,), {"answer": staticmethod(answer)})
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        Thread(target=servers[-1].serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/v1/query"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda name: (200, {"vulns": [ADVISORY]} if name == "alpha" else {}), VULNERABLE),
        (lambda _: (200, {}), CLEAN),
        (lambda _: (503, {}), NOT_CHECKED),
    ],
    ids=["an advisory", "none", "out of order"],
)
def test_an_advisory_service_is_asked_over_http(
    osv: Callable[..., str], tmp_path: Path, answer: Callable[[str], tuple[int, object]], code: int
) -> None:
    """pip-audit's own words are understood: what it says of a vulnerable, a sound and an unasked package."""
    (tmp_path / "requirements.txt").write_text(PINS, "utf-8")
    options = ("--vulnerability-service", "osv", "--osv-url", osv(answer))
    assert ask("OSV", options, tmp_path / "requirements.txt").code == code
