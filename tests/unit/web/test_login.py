"""Logging in by password: who is let in, for how long, and what wrong tries cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from httpx import Response

from tests.unit.web.site import CHEAP, Browser, Site, open_site
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.web.access import Admin, Decider, Reader, Role
from vindaris_sync.web.attempts import Attempts, whose
from vindaris_sync.web.login import own_path
from vindaris_sync.web.passwords import Passwords
from vindaris_sync.web.sessions import Sessions

PASSWORD = "correct horse battery"
ADDRESS = "https://goals.acme.example"
PAGE = f"""
address = "{ADDRESS}"
behind_proxy = ["10.0.0.0/8"]
passwords = "passwords"
idle = "1h"
lasts = "8h"
"""
PROXY = ("10.1.2.3", 40000)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a page behind a proxy, for ada who decides and bob who reads."""
    file = Passwords(tmp_path / "passwords", CHEAP)
    file.put("ada", Role.DECIDE, PASSWORD)
    file.put("bob", Role.READ, PASSWORD)
    with open_site(tmp_path, PAGE, address=ADDRESS) as made:
        made.browser.peer = PROXY
        yield made


def log_in(browser: Browser, name: str = "ada", password: str = PASSWORD, **form: str) -> Response:
    return browser.post("/login", {"name": name, "password": password, **form}, on="/login")


def inside(browser: Browser) -> bool:
    """Whether the browser is let in."""
    return browser.get("/").headers["location"] == "/inbox"


def test_strangers_are_led_to_the_login_and_back_to_where_they_wanted(site: Site) -> None:
    """The path with its query comes along, and is where the login ends."""
    shown = site.get("/?team=a%26b")
    assert (shown.status_code, shown.headers["location"]) == (303, "/login?next=%2F%3Fteam%3Da%2526b")
    form = site.get(shown.headers["location"])
    assert 'name="next" value="/?team=a%26b"' in form.text
    entered = log_in(site.browser, next="/?team=a%26b")
    assert (entered.status_code, entered.headers["location"]) == (303, "/?team=a%26b")
    assert inside(site.browser)


def test_the_cookie_is_for_this_host_and_for_https_alone(site: Site) -> None:
    """No script, no other host, no other site and no plain http sees it; it is random and ends with the browser."""
    cookie = next(each for each in log_in(site.browser).headers.get_list("set-cookie") if "-login=" in each)
    assert cookie.startswith("__Host-vindaris-login=")
    assert len(cookie.partition("=")[2].partition(";")[0]) == 43
    for flag in ("; Secure", "; HttpOnly", "; SameSite=lax", "; Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie


def test_a_session_from_before_the_login_is_worth_nothing(site: Site) -> None:
    """Whoever plants a number before the login (session fixation) has nothing after it; every login has a new one."""
    planted = "a" * 43
    site.browser.cookies.set("__Host-vindaris-login", planted, domain="goals.acme.example")
    log_in(site.browser)
    numbers = {site.browser.cookies["__Host-vindaris-login"]}
    thief = site.another(peer=PROXY)
    thief.cookies.set("__Host-vindaris-login", planted, domain="goals.acme.example")
    assert not inside(thief)
    log_in(site.browser)
    assert site.browser.cookies["__Host-vindaris-login"] not in {planted, *numbers}
    assert inside(site.browser)


def test_logging_out_ends_the_session_on_the_server(site: Site) -> None:
    """A copy of the cookie is worth nothing afterwards."""
    log_in(site.browser)
    copy = site.another(peer=PROXY)
    copy.cookies.update(site.browser.cookies)
    assert inside(copy)
    assert site.post("/logout").status_code == 303
    assert not inside(copy)
    assert not inside(site.browser)


def test_a_login_ends_when_it_is_not_used_and_at_the_latest_in_the_evening(site: Site) -> None:
    """An hour without a request ends it; eight hours do in any case."""
    log_in(site.browser)
    site.clock.on(minutes=59)
    assert inside(site.browser)
    site.clock.on(minutes=61)
    assert not inside(site.browser)
    log_in(site.browser)
    for _ in range(9):
        assert inside(site.browser)
        site.clock.on(minutes=53.4)
    assert not inside(site.browser)


def test_whoever_is_taken_out_or_changed_is_logged_out_at_once(site: Site, tmp_path: Path) -> None:
    """Another role or password, or none, ends the logins that were made before."""
    file = Passwords(tmp_path / "passwords", CHEAP)
    changes: list[Callable[[], None]] = [lambda: file.put("ada", Role.READ, PASSWORD), lambda: file.remove("ada")]
    for change in changes:
        assert log_in(site.browser).status_code == 303
        assert inside(site.browser)
        change()
        assert not inside(site.browser)
    assert log_in(site.browser).status_code == 401


def test_a_wrong_name_and_a_wrong_password_look_the_same(site: Site) -> None:
    """The page says no more than that one of both is wrong, and hashes in both cases."""
    wrong, unknown = log_in(site.browser, password="x" * 12), log_in(site.browser, name="eve")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    sentence = "Name or password is wrong."
    assert sentence in wrong.text
    assert sentence in unknown.text
    assert PASSWORD not in unknown.text


@pytest.mark.parametrize(
    "password", ["", "x" * 5000, "\x00" * 12, "päßwörd" * 3], ids=["empty", "long", "nul", "umlauts"]
)
def test_odd_passwords_are_refused_like_wrong_ones(site: Site, password: str) -> None:
    """Neither a defect nor a long wait."""
    assert log_in(site.browser, password=password).status_code in {401, 422}


def test_too_many_wrong_tries_cost_time_and_the_right_password_too(site: Site) -> None:
    """Guessing is bounded by name and by address; the answer says when to come back; others are not kept out."""
    token = site.browser.token("/login")

    def guess(name: str, address: str, password: str = "") -> Response:
        site.browser.peer = (address, 1)
        return site.browser.ask("POST", "/login", data={"csrf": token, "name": name, "password": password})

    for number in range(20):
        assert guess("ada", f"10.0.{number}.1").status_code == 401
    refused = guess("ada", "10.0.99.1", PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
    for number in range(20):
        assert guess(f"name{number}", "10.0.50.1").status_code == 401
    assert guess("bob", "10.0.50.1").status_code == 429
    site.clock.on(minutes=16)
    assert guess("ada", "10.0.50.1", PASSWORD).status_code == 303


def test_memory_for_tries_and_sessions_is_bounded(site: Site) -> None:
    """A million names, and a million logins, take no more room than some thousands."""
    attempts = Attempts(site.clock, 3, site.page.config.page.idle, kept=100)
    for number in range(1000):
        attempts.wait(f"name{number}")
    assert len(attempts) == 100
    sessions = Sessions(site.clock, site.page.config.page.idle, site.page.config.page.lasts, most=50)
    numbers = [sessions.begin("ada", Role.READ) for _ in range(200)]
    assert len(sessions) == 50
    assert sessions.find(numbers[-1]) is not None
    assert sessions.find(numbers[0]) is None


def test_one_ipv6_customer_is_one_address() -> None:
    """Whoever has a /64 has no 18 quintillion tries."""
    assert whose("2001:db8::1") == whose("2001:db8::ffff")
    assert whose("2001:db8:0:1::1") != whose("2001:db8::1")
    assert whose("::ffff:192.0.2.1") != whose("::ffff:192.0.2.2")
    assert whose("not an address") == "unknown"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "http:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\x00//evil.example",
        " //evil.example", "/ /evil.example", "/%0d%0aSet-Cookie: a=b\r\n", "//evil.example/%2f..", "evil.example", "",
        "?next=//evil", "/login?next=//evil", "/logout", "/" + "a" * 3000, "/\u2028", "/\uff0fevil.example",
        "data:text/html,x", "//[::1]/", "/\\/evil", "https:/\\evil.example",
    ],
)  # fmt: skip
def test_no_login_leads_to_another_site(wanted: str) -> None:
    """What browsers would take for another host is replaced by the front."""
    assert own_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/inbox", "/goals/GROW-1?at=2026-01-01&x=%2F%2Fa", "/trace/a%20b#c", "/a//b"])
def test_a_login_leads_to_paths_of_ours(wanted: str) -> None:
    """Also where their queries hold anything."""
    assert own_path(wanted) == wanted


def test_the_file_of_passwords_is_private_and_replaced_whole(tmp_path: Path) -> None:
    """Its owner alone may read it, no password stands in it, and one that others may read is refused."""
    path = tmp_path / "passwords"
    file = Passwords(path)
    file.put("ada", Role.ADMIN, PASSWORD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"ada:admin:\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$\S+\n", path.read_text("ascii"))
    assert [each.name for each in tmp_path.iterdir()] == ["passwords"]
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Passwords(path).entries()


@pytest.mark.parametrize("line", ["ada", "ada:decide", "ada:god:$argon2id$x", "ADA:read:$argon2id$x", ":read:$argon2"])
def test_a_malformed_file_of_passwords_names_its_line(tmp_path: Path, line: str) -> None:
    """Nobody is let in by what cannot be understood."""
    path = tmp_path / "passwords"
    path.touch(0o600)
    path.write_text(f"# people\n\n{line}\n", "ascii")
    with pytest.raises(ConfigError, match=r"passwords:3: no line of the form"):
        Passwords(path).entries()


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "short"), ("ada", "x" * 300), ("a:b", PASSWORD), ("", PASSWORD)]
)
def test_names_and_passwords_that_would_not_work_are_not_written(tmp_path: Path, name: str, password: str) -> None:
    """The error says what is wanted."""
    with pytest.raises(ConfigError):
        Passwords(tmp_path / "passwords").put(name, Role.READ, password)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "codes"), [("bob", [200, 403, 403]), ("ada", [200, 200, 403]), ("root", [200, 200, 200])]
)
def test_a_role_opens_what_it_says_and_no_more(site: Site, tmp_path: Path, name: str, codes: list[int]) -> None:
    """Whoever reads cannot decide, whoever decides cannot administer; the answer names the role that is needed."""
    router = APIRouter()

    @router.get("/read")
    def read(visitor: Reader) -> str:
        return visitor.who

    @router.get("/decide")
    def decide(visitor: Decider) -> str:
        return visitor.who

    @router.get("/admin")
    def admin(visitor: Admin) -> str:
        return visitor.who

    site.browser.application.include_router(router)
    Passwords(tmp_path / "passwords", CHEAP).put("root", Role.ADMIN, PASSWORD)
    assert log_in(site.browser, name=name).status_code == 303
    answers = [site.get(path) for path in ("/read", "/decide", "/admin")]
    assert [each.status_code for each in answers] == codes
    assert answers[0].json() == name
    for answer, needed in zip(answers, ("read", "decide", "admin"), strict=True):
        assert answer.status_code == 200 or f"needs the role {needed}" in answer.text
