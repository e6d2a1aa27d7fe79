"""What all pages have in common: the frame, the headers, errors, and who is let in where no login is configured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import APIRouter
from structlog.testing import capture_logs

from tests.unit.web.site import Site, open_site
from vindaris_sync.store.errors import StoreError, Trouble
from vindaris_sync.web.access import Decider, Reader
from vindaris_sync.web.app import build


def test_the_front_leads_to_what_waits_for_an_answer(site: Site) -> None:
    """``/`` is the inbox."""
    answer = site.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")


def test_every_answer_forbids_what_pages_do_not_need(site: Site) -> None:
    """No inline script or style, no frame, no guessing of types, nothing kept by caches, no address told to others."""
    for path in ("/", "/nowhere", "/healthz"):
        headers = site.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers  # plain http on loopback must stay reachable
        assert "server" not in headers


def test_a_missing_page_says_so_with_an_id_that_the_log_has(site: Site) -> None:
    """A sentence, a way back, and an id; nothing of what was asked for is repeated."""
    with capture_logs() as logs:
        answer = site.get("/nowhere/<script>alert(1)</script>")
    assert answer.status_code == 404
    number = re.search(r"id <code>([0-9a-f]{12})</code>", answer.text)
    assert number
    assert [each["status"] for each in logs if each.get("id") == number[1]] == [404]
    assert "alert(1)" not in answer.text
    assert 'href="/"' in answer.text


def test_programs_get_problem_documents(site: Site) -> None:
    """Below /api/, and where JSON is asked for, errors are JSON (RFC 9457)."""
    answer = site.get("/api/v1/nowhere")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404
    assert site.get("/nowhere", headers={"accept": "application/json"}).json()["title"] == "There is nothing here"


def test_a_defect_is_an_id_and_nothing_from_inside(site: Site) -> None:
    """What broke stands in the log with its traceback, never on the page."""
    broken = APIRouter()

    @broken.get("/broken")
    def defect() -> None:
        raise RuntimeError("the password is hunter2")

    @broken.get("/busy")
    def busy() -> None:
        raise StoreError("database is locked: /var/lib/secret.db", Trouble.LOCKED)

    application = build(site.page)
    application.include_router(broken)
    site.browser.application = application
    with capture_logs() as logs:
        answer, busy_answer = site.get("/broken"), site.get("/busy")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert [each["event"] for each in logs] == ["page failed", "refused", "page failed", "refused"]
    assert busy_answer.status_code == 503
    assert "secret.db" not in busy_answer.text


def test_the_frame_can_be_walked_by_keyboard_and_read_aloud(site: Site) -> None:
    """A language, a skip link to the main part, a named navigation, and no inline script or style."""
    text = site.get("/nowhere").text
    assert '<html lang="en">' in text
    assert '<a class="skip" href="#main">' in text
    assert '<main id="main"' in text
    assert '<nav aria-label="Pages">' in text
    for name in ("Inbox", "Goals", "Trace", "Reports", "Operations"):
        assert f">{name}</a>" in text
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|<style", text)


def test_static_files_have_addresses_that_change_with_their_content(site: Site) -> None:
    """They may be kept for ever; another address than the current one, or a path, finds nothing."""
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', site.get("/nowhere").text)
    assert len(found) == 3
    for path in found:
        answer = site.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    digest = found[0].split("/")[2]
    for path in (f"/static/{'0' * 16}/page.css", f"/static/{digest}/..%2f..%2fapp.py", f"/static/{digest}/app.py"):
        assert site.get(path).status_code == 404


@pytest.mark.parametrize(("role", "code"), [("read", 403), ("decide", 200)])
def test_a_visitor_without_login_may_do_what_is_configured(tmp_path: Path, role: str, code: int) -> None:
    """``without_login`` bounds what whoever works at this machine may do."""
    with open_site(tmp_path, f'without_login = "{role}"') as site:
        router = APIRouter()

        @router.get("/read")
        def read(visitor: Reader) -> str:
            return visitor.who

        @router.get("/decide")
        def decide(visitor: Decider) -> str:
            return visitor.who

        site.browser.application = build(site.page)
        site.browser.application.include_router(router)
        assert site.get("/read").json() == "somebody at this machine"
        assert site.get("/decide").status_code == code
