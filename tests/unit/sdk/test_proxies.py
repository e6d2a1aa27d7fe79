"""Behind a proxy: what it took and left unanswered is not sent again, and what it refused to take never left."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from threading import Thread

import pytest
import requests

from vindaris_sync.sdk.errors import Transient, Unknown
from vindaris_sync.sdk.exchange import Answer, Policy
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.transport import Line, mount

_REFUSAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def _proxy(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Give the address of a proxy that hangs up after ``answer``, and the first lines of what it takes."""
    taken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, connection.makefile("rb") as lines:
                    taken.append(lines.readline().strip())
                    length = 0
                    while (line := lines.readline().strip()) != b"":
                        name, _, value = line.partition(b":")
                        length = int(value) if name.lower() == b"content-length" else length
                    lines.read(length)
                    connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", taken
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Answer]:
    """Return what sends one write to a tracker through a proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    def post(tracker: str, proxy: str) -> Answer:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        session = mount(requests.Session())
        line, way = Line(session, tracker), session.get_adapter(tracker)
        request = requests.Request("POST", f"{tracker}/issue", data=b"{}").prepare()

        def send() -> Answer:
            if tracker.startswith("https:"):
                return Answer.of(line.send("POST", f"{tracker}/issue", data=b"{}"))
            return Answer.of(way.send(request, proxies={"http": proxy}))  # a line takes none for plain http

        policy = Policy(Surroundings(sleep=lambda _: None, random=Random(7)))  # noqa: S311 - jitter
        return policy.call(send, safe=False)

    return post


def test_a_write_that_a_proxy_took_is_not_sent_again(write: Callable[[str, str], Answer]) -> None:
    """It may have been passed on before the answer was lost."""
    with _proxy(b"") as (address, taken), pytest.raises(Unknown):
        write("http://tracker.example", address)
    assert taken == [b"POST http://tracker.example/issue HTTP/1.1"]


@pytest.mark.parametrize("tracker", ["https://tracker.example", "http://tracker.example"])
def test_a_write_without_a_proxy_never_left(write: Callable[[str, str], Answer], tracker: str) -> None:
    """Nobody listens where the proxy should be."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(Transient) as raised:
        write(tracker, address)
    assert not isinstance(raised.value, Unknown)


def test_a_write_that_a_proxy_refused_to_connect_never_left(write: Callable[[str, str], Answer]) -> None:
    """The tunnel was not made, so it is tried once more, and plainly failed then."""
    with _proxy(_REFUSAL) as (address, taken), pytest.raises(Transient) as raised:
        write("https://tracker.example", address)
    assert not isinstance(raised.value, Unknown)
    assert [line.split()[0] for line in taken] == [b"CONNECT"] * 2


def test_plain_http_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is for this machine alone, and a proxy would read the token."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with _proxy(answer) as (proxy, taken), _proxy(answer) as (tracker, asked):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        Line(mount(requests.Session()), tracker).send("GET", f"{tracker}/issue")
    assert (taken, asked) == ([], [b"GET /issue HTTP/1.1"])
