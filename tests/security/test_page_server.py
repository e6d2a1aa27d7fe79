"""The page's server beside the daemon: its port, its certificate, its end, and what a configuration may not open."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter

import httpx
import pytest

from tests.security.page import front
from tests.security.servers import self_signed
from tests.unit.web.site import CHEAP, open_site
from vindaris_sync.config.load import ConfigRefused
from vindaris_sync.config.page import PageSettings
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.web.access import Role
from vindaris_sync.web.passwords import Passwords
from vindaris_sync.web.server import serving


def test_a_port_in_use_is_one_line_with_the_way_out(tmp_path: Path) -> None:
    """The error names the setting and another port; nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with open_site(tmp_path, f'listen = "{listen}"') as site, pytest.raises(ConfigError) as caught:
            serving(site.page).__enter__()
    assert str(caught.value) == f"[page] listen: {listen}: address already in use"
    assert "8331" in caught.value.advice


def test_the_server_ends_within_its_drain_whoever_is_connected(tmp_path: Path) -> None:
    """Idle connections, and one in the middle of a head, keep nobody waiting; the port is free again."""
    with front(tmp_path) as page, page.raw() as idle, page.raw() as slow:
        slow.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.")
        assert page.client().get("/healthz").text == "ok\n"
        began = monotonic()
    assert monotonic() - began < 5
    assert idle.fileno() == -1
    assert [each.name for each in threading.enumerate() if each.name == "page"] == []
    with socket.create_server(("127.0.0.1", page.port)):
        pass


def test_no_answer_waits_for_the_acknowledgement_of_its_own_head(tmp_path: Path) -> None:
    """An answer with a body takes about as long as one without, which leaves in one piece, and not 40 ms more."""
    with front(tmp_path) as page, page.client() as client:
        took = {method: median(_seconds(client, method) for _ in range(40)) for method in ("HEAD", "GET")}
        assert client.get("/healthz").content
        assert took["GET"] < took["HEAD"] + 0.03


def _seconds(client: httpx.Client, method: str) -> float:
    began = perf_counter()
    client.request(method, "/healthz")
    return perf_counter() - began


def test_under_tls_cookies_are_bound_and_browsers_are_told_to_stay_with_it(tmp_path: Path) -> None:
    """TLS 1.2 at least, HSTS, ``__Host-`` cookies; what speaks plain http gets nothing."""
    own = self_signed(tmp_path)
    Passwords(tmp_path / "passwords", CHEAP).put("ada", Role.READ, "x" * 12)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = (
        f'listen = "127.0.0.1:{port}"', f'address = "https://127.0.0.1:{port}"', 'passwords = "passwords"',
        f'certificate = "{own.certificate}"', f'key = "{own.key}"',
    )  # fmt: skip
    page = "\n".join(lines)
    trusting = ssl.create_default_context(cafile=str(own.certificate))
    with open_site(tmp_path, page) as site, serving(site.page) as url:
        assert url == f"https://127.0.0.1:{port}"
        answer = httpx.get(f"{url}/login", verify=trusting, trust_env=False)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["set-cookie"].startswith("__Host-vindaris-form=")
        assert "; Secure" in answer.headers["set-cookie"]
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b"HTTP" not in plain.recv(1000)
        old = ssl.create_default_context(cafile=str(own.certificate))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert httpx.get(f"{url}/healthz", verify=old, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ('listen = "192.0.2.1:8330"', "state certificate and key, or behind_proxy"),
        ('listen = "192.0.2.1:8330"\ncertificate = "c"\nkey = "k"', "needs a login"),
        ('behind_proxy = ["10.0.0.0/8"]\naddress = "https://a.example"', "needs a login"),
        ('behind_proxy = ["10.0.0.0/8"]\npasswords = "p"', "state how browsers reach the page"),
        ('behind_proxy = ["everybody"]\npasswords = "p"\naddress = "https://a.example"', "write networks like"),
        ('behind_proxy = "10.0.0.0/8"\npasswords = "p"', "write a list of networks"),
        ('address = "http://goals.acme.example"', "plain http"),
        ('address = "https://goals.acme.example/below"', "no path"),
        ('address = "https://ada:secret@goals.acme.example"', "scheme and host alone"),
        ('certificate = "c"', "go together"),
        ('listen = "somewhere:8330"', "no address"),
        ('listen = "127.0.0.1"', "an address of this machine and a port"),
        ('listen = "127.0.0.1:99999"', "an address of this machine and a port"),
        ('without_login = "god"', "'read', 'decide' or 'admin'"),
    ],
)
def test_a_configuration_that_would_open_the_page_is_refused(tmp_path: Path, page: str, why: str) -> None:
    """The daemon does not start, and the line says what is missing."""
    with pytest.raises(ConfigRefused) as caught, open_site(tmp_path, page):
        pass
    assert why in str(caught.value)
    assert "[page]" in str(caught.value)


def test_without_a_word_the_page_is_for_this_machine_alone() -> None:
    """The default listens on loopback and needs nothing."""
    page = PageSettings()
    assert (page.public, page.on_loopback, page.has_login, page.secure) == ("http://127.0.0.1:8330", True, False, False)
