"""Attacks on the page over real sockets: what strangers reach, and what a browser can be made to send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import RouteContext, iter_route_contexts

from tests.security.page import PASSWORD, Front, front, token_on
from vindaris_sync.web.access import Role, may_admin, may_decide, may_read
from vindaris_sync.web.app import build

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECTED")
OPEN = {"/healthz", "/static/{digest}/{name}", "/login"}
REFUSED = {303, 401, 403, 404, 405, 422}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Return one page for all these attacks: none of them leaves anything behind."""
    with front(tmp_path_factory.mktemp("page")) as made:
        yield made


def routes(served: Front) -> list[RouteContext]:
    """Return every route of the application, under its whole path, however deep it was included."""
    found = list(iter_route_contexts(build(served.site.page).routes))
    assert len(found) > 8
    assert {"/", "/logout", "/metrics"} <= {each.path for each in found}
    return found


def address(route: RouteContext) -> str:
    """Return an address that fits a route's pattern."""
    return re.sub(r"\{[^}]*\}", "1", route.path or "")


def test_a_stranger_reaches_nothing_but_what_is_open(served: Front) -> None:
    """Every route, with every method: only health, static files and the login answer; callbacks want a signature."""
    with served.client(headers={"x-forwarded-for": "198.51.100.7"}) as stranger:
        for route in routes(served):
            path = address(route)
            for method in METHODS:
                answer = stranger.request(method, path)
                if route.path in OPEN or path.startswith("/in/"):
                    assert answer.status_code < 500, f"{method} {path}"
                    continue
                assert answer.status_code in REFUSED, f"{method} {path}: {answer.status_code}"
                if answer.status_code == 303:
                    assert answer.headers["location"].startswith("/login"), f"{method} {path}"
                assert "Grow the business" not in answer.text


def test_no_documentation_of_the_application_is_left_open(served: Front) -> None:
    """Neither the framework's pages nor its schema."""
    with served.client() as stranger:
        for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/openapi.json", "/.git/config", "/favicon.ico"):
            assert stranger.get(path).status_code in {303, 401, 404}


def test_callbacks_take_nothing_unsigned(served: Front) -> None:
    """Whatever a stranger posts to them is refused; they are the only POSTs beside the login that are open."""
    with served.client() as stranger:
        for route in routes(served):
            if (route.path or "").startswith("/in/") and "POST" in (route.methods or ()):
                answer = stranger.post(address(route), content=b'{"action": "opened"}')
                assert 400 <= answer.status_code < 500, route.path


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1.evil.example"},
    ],
)  # fmt: skip
def test_a_form_on_another_site_does_nothing(served: Front, headers: dict[str, str]) -> None:
    """Even with the right token, where the browser says that it comes from elsewhere (login forms, too)."""
    with served.client() as browser:
        form = {"csrf": token_on(browser, "/login"), "name": "ada", "password": PASSWORD}
        assert browser.post("/login", data=form, headers=headers).status_code == 403
        assert "vindaris-login" not in browser.cookies


def test_a_form_without_its_browsers_token_does_nothing(served: Front) -> None:
    """None, an empty one, another browser's, another session's, one in the address: all refused."""
    with served.client() as other, served.logged_in("ada") as ada, served.logged_in("ada") as second:
        foreign = [None, "", "0" * 64, token_on(other, "/login"), token_on(second, "/nowhere")]
        for token in foreign:
            form = {} if token is None else {"csrf": token}
            assert ada.post("/logout", data=form).status_code == 403
        own = token_on(ada, "/nowhere")
        assert ada.post(f"/logout?csrf={own}").status_code == 403
        assert ada.post("/logout", json={"csrf": own}).status_code == 403
        assert ada.get("/logout").status_code == 405
        assert ada.post("/logout", data={"csrf": own}).headers["location"] == "/login"


def test_our_own_forms_work_with_what_browsers_send(served: Front) -> None:
    """Same origin, named or not."""
    headers = {"origin": served.url, "sec-fetch-site": "same-origin"}
    with served.logged_in("bob") as bob:
        assert bob.post("/logout", data={"csrf": token_on(bob, "/nowhere")}, headers=headers).status_code == 303


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:8330",
        "127.0.0.1@evil.example", "", "127.0.0.1:8330, evil.example", "127.0.0.1 evil",
        "[::1", "[::1]evil", "192.0.2.1", "127.0.0.1:x",
        "2130706433", "127.1",
    ],
)  # fmt: skip
def test_another_host_name_is_refused(served: Front, host: str) -> None:
    """A name that its owner lets point to this machine (DNS rebinding) shows nothing, whatever it looks like."""
    answer = served.say(f"GET /login HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"csrf" not in answer


def test_two_hosts_and_no_host_are_refused(served: Front) -> None:
    """Proxies and servers read them differently."""
    for lines in ("Host: 127.0.0.1\r\nHost: evil.example\r\n", ""):
        answer = served.say(f"GET /login HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/x/..%2f..%2fapp.py",
        "/static/x/%2e%2e%2f%2e%2e%2fapp.py",
               "/static//etc/passwd", "/static/x//etc/passwd", "/static/x/....//app.py", "/static/x/page.css%00.js",
        "/static/x/..\\..\\app.py", "/static/", "/static", "/static/x/templates",
    ],
)  # fmt: skip
def test_static_files_lead_nowhere_else(served: Front, path: str) -> None:
    """No path is made from what is asked for."""
    answer = served.say(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert re.match(rb"HTTP/1.1 40[04]", answer)
    assert b"root:" not in answer
    assert b"def build" not in answer


def needed(route: RouteContext) -> Role:
    """Return the role that a route's functions ask for; every closed one asks for reading at least."""
    asked = {may_read: Role.READ, may_decide: Role.DECIDE, may_admin: Role.ADMIN}
    return max(asked.get(each.call, Role.READ) for each in route.dependant.dependencies)


def test_what_changes_something_wants_more_than_reading(served: Front) -> None:
    """Every route that takes a form or a document is closed to whoever may read only, the way out aside."""
    with served.logged_in("bob") as bob:
        token = token_on(bob, "/nowhere")
        for route in routes(served):
            path = address(route)
            changing = (route.methods or set()) - {"GET", "HEAD"}
            if route.path in OPEN or path.startswith("/in/") or path == "/logout" or not changing:
                continue
            assert needed(route) > Role.READ, route.path
            for method in changing:
                sent: dict[str, Any] = {"data": {"csrf": token}}
                if path.startswith("/api/"):
                    sent = {"json": {}, "headers": {"x-csrf-token": token}}
                assert bob.request(method, path, **sent).status_code == 403, f"{method} {path}"


def test_an_error_shows_nothing_from_inside(served: Front) -> None:
    """Odd values in every query and path: an answer below 500, and neither a traceback nor a path of the machine."""
    odd = ("%00", "%ff%fe", "'", "<script>", "..%2f", "9" * 400, "-1", "NaN", "%E2%80%AE", "{{7*7}}")
    with served.logged_in("root") as browser:
        for route in routes(served):
            if "GET" not in (route.methods or ()):
                continue
            for value in odd:
                path = re.sub(r"\{[^}]*\}", value, route.path or "")
                answer = browser.get(f"{path}?at={value}&goal={value}&next={value}&page={value}&q={value}")
                assert answer.status_code < 500, f"{path} {value}: {answer.status_code}"
                assert "Traceback" not in answer.text
                assert "site-packages" not in answer.text
                assert "<script>" not in answer.text or "json" in answer.headers["content-type"]
                assert ">49<" not in answer.text
