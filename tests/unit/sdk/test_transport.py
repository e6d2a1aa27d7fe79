from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest
import requests

from vindaris_sync.sdk.transport import BoundedAdapter, TooLarge, mount

Talk = Callable[[socket.socket], object]
Serve = Callable[[Talk], str]
JSON = b'{"a":1}'


def http(body: bytes, *headers: str, length: int | None = None) -> bytes:
    """Return a whole answer with ``body``, claiming ``length`` bytes."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says(data: bytes) -> Talk:
    """Return a talk that reads one request and answers with ``data``."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)

    return talk


@pytest.fixture
def over() -> Iterator[Event]:
    """Return what is set when the test has ended."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def serve(over: Event) -> Iterator[Serve]:
    """Return how to start a server that gives every accepted connection to a function."""
    threads: list[Thread] = []
    listeners: list[socket.socket] = []

    def begin(target: Callable[[], None]) -> None:
        threads.append(Thread(target=target, daemon=True))
        threads[-1].start()

    def start(talk: Talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    talk(connection)
                except OSError:
                    return  # the client went away, as some tests want

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                begin(partial(one, connection))

        begin(accept)
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    over.set()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Return a session that waits half a second in all and takes a megabyte."""
    with requests.Session() as session:
        yield mount(session, BoundedAdapter(deadline=0.5, largest=1_000_000))


def test_keep_alive_and_gzip(serve: Serve, session: requests.Session) -> None:
    """Several exchanges share one connection, and compressed bodies arrive decompressed."""
    connections = count()
    seen: list[int] = []

    def talk(connection: socket.socket) -> None:
        number = next(connections)
        while connection.recv(65536):
            seen.append(number)
            connection.sendall(http(gzip.compress(JSON), "Content-Encoding: gzip"))

    url = serve(talk)
    assert [session.get(url).content for _ in range(3)] == [JSON] * 3
    assert seen == [0, 0, 0]


def test_chunked(serve: Serve, session: requests.Session) -> None:
    """A chunked body arrives whole."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    assert session.get(serve(talk)).content == b"abcde"


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nX: ", http(b"", length=10_000), b"HTTP/1.1 200 OK\r\n\r\n"],
    ids=["status", "headers", "body", "endless"],
)
def test_trickle_is_stopped(serve: Serve, session: requests.Session, over: Event, start: bytes) -> None:
    """An answer that trickles, in whatever part, is given up at the deadline though bytes keep coming."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(start)
        while not over.wait(0.02):
            connection.sendall(b"0")

    began = time.monotonic()
    with pytest.raises((requests.Timeout, requests.ConnectionError)):
        session.get(serve(talk))
    assert 0.4 < time.monotonic() - began < 2


def test_silence_is_stopped(serve: Serve, session: requests.Session, over: Event) -> None:
    """A server that accepts and says nothing is given up after the read timeout."""
    with pytest.raises(requests.Timeout):
        session.get(serve(lambda _: over.wait(5)), timeout=(1, 0.1))


def test_bomb_is_refused(serve: Serve, session: requests.Session) -> None:
    """A small body that decompresses to a large one is refused at the cap, and the session stays usable."""
    bomb = gzip.compress(b"0" * 50_000_000)

    def talk(connection: socket.socket) -> None:
        request = connection.recv(65536)
        body = bomb if b"/bomb" in request else gzip.compress(JSON)
        connection.sendall(http(body, "Content-Encoding: gzip"))

    url = serve(talk)
    with pytest.raises(TooLarge):
        session.get(url + "bomb")
    assert session.get(url).content == JSON


def test_large_body_is_refused(serve: Serve, session: requests.Session) -> None:
    """A body that is larger than the cap is refused whatever its length header says."""
    with pytest.raises(TooLarge):
        session.get(serve(says(http(b"0" * 1_500_000))))


@pytest.mark.parametrize("answer", [http(b"abc", length=100), b""], ids=["truncated", "closed"])
def test_cut_answers_raise(serve: Serve, session: requests.Session, answer: bytes) -> None:
    """An answer that ends before its length, or before it began, is an error, never a short body."""
    with pytest.raises(requests.RequestException):
        session.get(serve(says(answer)))


def test_nothing_is_sent_twice(serve: Serve, session: requests.Session) -> None:
    """The transport never repeats: one request, one connection, one error."""
    received: list[bytes] = []
    with pytest.raises(requests.ConnectionError):
        session.post(serve(lambda c: received.append(c.recv(65536))), data=b"x")
    assert len(received) == 1


def test_netrc_does_not_replace_our_credentials(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Authorization header goes out as it was set, whatever ``.netrc`` holds for the host."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    requests_seen: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        requests_seen.append(connection.recv(65536))
        connection.sendall(http(JSON))

    with mount(requests.Session()) as session:
        session.get(serve(talk), headers={"Authorization": "Bearer ours"})
    assert b"Authorization: Bearer ours\r\n" in requests_seen[0]


def test_deadline_holds_through_a_proxy(serve: Serve, over: Event) -> None:
    """An answer that trickles through a proxy is given up at the deadline as well."""

    def talk(connection: socket.socket) -> None:
        assert connection.recv(65536).startswith(b"GET http://tracker.example/ ")
        while not over.wait(0.02):
            connection.sendall(b"H")

    with mount(requests.Session(), BoundedAdapter(deadline=0.3)) as session, pytest.raises(requests.RequestException):
        session.get("http://tracker.example/", proxies={"http": serve(talk)})
