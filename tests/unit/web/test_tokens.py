"""What programs show instead of a login, and what watches over the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.web.site import CHEAP, Browser, Site, open_site
from vindaris_sync.engine.passes import run_pass
from vindaris_sync.store.tokens import Token
from vindaris_sync.web.access import Role, digest
from vindaris_sync.web.health import STALE
from vindaris_sync.web.passwords import Passwords

ADDRESS = "https://goals.acme.example"
ELSEWHERE = ("10.0.0.9", 4000)
SECRET = "vindaris_0123456789"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a page behind a proxy, with a login and a token that may read for a day."""
    Passwords(tmp_path / "passwords", CHEAP).put("ada", Role.READ, "x" * 12)
    page = f'address = "{ADDRESS}"\nbehind_proxy = ["10.0.0.0/8"]\npasswords = "passwords"'
    with open_site(tmp_path, page, address=ADDRESS) as made:
        made.browser.peer = ELSEWHERE
        now = made.clock()
        made.app.store.add_token(Token("grafana", "read", now, now + timedelta(days=1), None), digest(SECRET))
        made.pull()
        yield made


def shown(site: Site, secret: str = SECRET, path: str = "/metrics") -> int:
    return site.get(path, headers={"authorization": f"Bearer {secret}"}).status_code


def test_a_token_opens_what_its_scope_allows_until_it_expires(site: Site) -> None:
    """A day, and not a moment longer; its use is noted to the hour."""
    assert shown(site) == 200
    assert site.app.store.tokens()[0].used == site.clock()
    first = site.clock()
    site.clock.on(minutes=59)
    assert shown(site) == 200
    assert site.app.store.tokens()[0].used == first
    site.clock.on(hours=23, minutes=1)
    assert shown(site) == 303


def test_a_revoked_token_is_worth_nothing_at_once(site: Site) -> None:
    """The next request is refused, and programs are told how to ask."""
    assert site.app.store.revoke_token("grafana")
    answer = site.get("/metrics", headers={"authorization": f"Bearer {SECRET}", "accept": "application/json"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert not site.app.store.revoke_token("grafana")


@pytest.mark.parametrize("secret", ["", "x", SECRET + " ", SECRET.upper(), "a" * 9000, "' OR 1=1 --"])
def test_what_is_no_token_opens_nothing(site: Site, secret: str) -> None:
    """However it looks; a trailing blank is cut as HTTP has it."""
    assert shown(site, secret) == (200 if secret.strip() == SECRET else 303)


def test_a_token_stands_in_the_store_as_a_digest_alone(site: Site) -> None:
    """Neither the database nor an export holds what a program shows."""
    data = b"".join(path.read_bytes() for path in site.app.config.state_dir.iterdir() if path.is_file())
    assert digest(SECRET).encode() in data
    assert SECRET.encode() not in data


def test_a_cookie_beside_a_token_counts_for_nothing(site: Site) -> None:
    """A wrong token is not made good by a login: the request is the program's."""
    site.browser.post("/login", {"name": "ada", "password": "x" * 12}, on="/login")
    assert site.get("/metrics").status_code == 200
    assert shown(site, "wrong") == 303


def test_the_machine_itself_may_look_at_figures_without_a_login(site: Site) -> None:
    """Probes and scrapers on the machine have no password; whatever came through a proxy is not on the machine."""
    here = site.another(address="http://127.0.0.1:8330")
    assert here.get("/metrics").status_code == 200
    assert here.get("/readyz").text == "ready\n"
    assert here.get("/metrics", headers={"x-forwarded-for": "198.51.100.1"}).status_code == 303
    assert here.get("/").status_code == 303
    assert Browser(site.browser.application, ADDRESS, ELSEWHERE).get("/readyz").status_code == 303


def test_readiness_is_one_word_and_follows_clockwork_and_database(site: Site) -> None:
    """A clockwork that stands still, or a database that is gone, is 503."""
    here = site.another(address="http://127.0.0.1:8330")
    progress = site.app.context.progress
    progress._clock = lambda: progress._ticked + STALE.total_seconds()  # noqa: SLF001 - time, which nobody waits for
    answer = here.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "clockwork\n")
    for file in site.app.config.state_dir.glob("vindaris.db*"):
        file.write_bytes(b"no database at all" * 1000)
    answer = here.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "database\n")
    assert here.get("/healthz").text == "ok\n"


def test_figures_tell_how_work_and_page_do(site: Site) -> None:
    """Issues by state, coverage, reviews by reason with their age, the outbox, cursors, passes and requests."""
    tracker = site.tracker
    tracker.create("APP", "Nobody says what for")
    linked = tracker.create("APP", "For the business")
    tracker.add_label(linked, "goal:GROW")
    report = run_pass(site.app.context, "mem")
    site.page.metrics.passed(report)
    site.get("/nowhere/at/all")
    figures = site.another(address="http://127.0.0.1:8330").get("/metrics").text
    for line in (
        'vindaris_open_issues{state="unlinked",tracker="mem"} 1.0',
        'vindaris_open_issues{state="linked",tracker="mem"} 1.0',
        'vindaris_coverage_ratio{tracker="mem"} 0.5',
        'vindaris_open_reviews{reason="unlinked"} 1.0',
        'vindaris_tracker_stopped{tracker="mem"} 0.0',
        'vindaris_passes_total{kind="pull",outcome="ok",tracker="mem"} 1.0',
        'vindaris_http_requests_total{method="GET",route="none",status="4xx"} 1.0',
    ):
        assert line in figures
    assert "vindaris_outbox " in figures
    assert "vindaris_oldest_review_timestamp_seconds" in figures
    assert "vindaris_cursor_timestamp_seconds" in figures
    assert "nowhere" not in figures
