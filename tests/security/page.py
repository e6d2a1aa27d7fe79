"""The page on a real socket, with a login, and clients that mean ill."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.unit.web.site import CHEAP, Site, open_site
from vindaris_sync.web.access import Role
from vindaris_sync.web.passwords import Passwords
from vindaris_sync.web.server import serving

PASSWORD = "correct horse battery"
TOKEN = re.compile(r'name="csrf-token" content="([0-9a-f]+)"')


@dataclass(slots=True)
class Front:
    """A page that is served, and what it is made of."""

    url: str
    site: Site
    closing: ExitStack
    """Closes the browsers that were opened."""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, **how: Any) -> httpx.Client:
        """Return a browser of its own, with nothing in it."""
        made = httpx.Client(base_url=self.url, trust_env=False, timeout=20, **how)
        self.closing.callback(made.close)
        return made

    @contextmanager
    def logged_in(self, name: str) -> Iterator[httpx.Client]:
        """Give a browser in which somebody is logged in."""
        with self.client() as client:
            form = {"csrf": token_on(client, "/login"), "name": name, "password": PASSWORD}
            assert client.post("/login", data=form).status_code == 303
            yield client

    def raw(self) -> socket.socket:
        """Return a connection on which anything can be said."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def say(self, data: bytes) -> bytes:
        """Return all that is answered to some bytes until the connection ends."""
        with self.raw() as connection:
            connection.sendall(data)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)


def token_on(client: httpx.Client, path: str) -> str:
    """Return the token of the forms on a page."""
    found = TOKEN.search(client.get(path).text)
    assert found
    return found[1]


@contextmanager
def front(folder: Path, page: str = 'listen = "127.0.0.1:0"\npasswords = "passwords"') -> Iterator[Front]:
    """Serve a page with a login for root (admin), ada (decide) and bob (read)."""
    file = Passwords(folder / "passwords", CHEAP)
    for name, role in (("root", Role.ADMIN), ("ada", Role.DECIDE), ("bob", Role.READ)):
        file.put(name, role, PASSWORD)
    with open_site(folder, page) as site, serving(site.page) as url:
        site.pull()
        with ExitStack() as closing:
            yield Front(url, site, closing)
