"""Clients that are large, slow or many: the page bounds each of them, and goes on serving the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest

from tests.security.page import Front, front
from vindaris_sync.web import entrance, server


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """Return a page whose patience is short, so that nobody waits for minutes here."""
    monkeypatch.setattr(server, "HEAD_WITHIN", 0.6)
    monkeypatch.setattr(server, "DONE_WITHIN", 1.5)
    monkeypatch.setattr(server, "CONNECTIONS", 20)
    monkeypatch.setattr(entrance, "BODY_WITHIN", 0.6)
    with front(tmp_path) as made:
        yield made


def ends(front: Front, data: bytes, drip: bytes = b"") -> tuple[float, bytes]:
    """Return after how many seconds a connection ends on which ``data`` is said, then ``drip`` again and again."""
    began = monotonic()
    with front.raw() as connection:
        connection.settimeout(0.1)
        answer = b""
        try:
            connection.sendall(data)
            while monotonic() - began < 15:
                try:
                    if not (part := connection.recv(65536)):
                        break
                    answer += part
                except TimeoutError:
                    connection.sendall(drip)
        except (ConnectionError, BrokenPipeError):
            pass
    return monotonic() - began, answer


HEAD = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    ("data", "drip"),
    [
        (b"", b""),
        (b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X-a: b\r\n"),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /healthz HTTP/1.1\r\n", b"X-a: b\r\n"),
        (HEAD + b"Content-Length: 1000\r\n\r\n", b"a"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["says nothing", "slow head", "slow second head", "slow body", "slow chunks"],
)
def test_a_slow_client_is_cut_off(hasty: Front, data: bytes, drip: bytes) -> None:
    """However it is slow (slowloris), within a few seconds; a body that does not come is a 408."""
    seconds, answer = ends(hasty, data, drip)
    assert seconds < 10
    assert data.startswith(b"POST") == answer.startswith(b"HTTP/1.1 408")


def test_a_client_that_does_not_read_is_cut_off(hasty: Front) -> None:
    """Answers are not kept in memory for whoever never takes them."""
    with hasty.raw() as connection:
        for _ in range(200):
            try:
                connection.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50)
            except (ConnectionError, BrokenPipeError):
                break
    with hasty.client() as other:
        assert other.get("/healthz").text == "ok\n"


def test_too_many_connections_are_told_so_and_leave_room_again(hasty: Front) -> None:
    """Beyond the limit 503; a moment later the silent ones are gone, and everybody is served."""
    with ExitStack() as open_:
        for _ in range(40):
            open_.enter_context(hasty.raw())
        began = monotonic()
        codes = set()
        while monotonic() - began < 10 and 200 not in codes:
            answer = hasty.say(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            codes.add(int(answer.split()[1]) if answer else 0)
    assert 200 in codes


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 9000000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"40000\r\n" + b"a" * 0x40000 + b"\r\n") * 5 + b"0\r\n\r\n",
    ],
    ids=["announced", "chunked"],
)
def test_a_large_body_is_refused(hasty: Front, data: bytes) -> None:
    """A megabyte at most, whether it is announced or simply comes."""
    _, answer = ends(hasty, data)
    assert answer.startswith(b"HTTP/1.1 413") or not answer  # cut off while it still sends


@pytest.mark.parametrize("line", [b"X-large: " + b"a" * 20_000, b"Cookie: " + b"a=b; " * 5_000, b"X: y\r\n" * 4_000])
def test_a_large_head_is_refused(hasty: Front, line: bytes) -> None:
    """16 KiB at most; the page goes on."""
    _, answer = ends(hasty, b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n" + line + b"\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431")) or not answer
    with hasty.client() as other:
        assert other.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100,
        b"GET  / HTTP/1.1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n", HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_harms_nobody(hasty: Front, data: bytes) -> None:
    """TLS on a plain port, nonsense, and lengths that proxies and servers read differently (request smuggling)."""
    _, answer = ends(hasty, data)
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403", b"HTTP/1.1 408", b"HTTP/1.1 505"))
    assert answer.count(b"HTTP/1.1 ") <= 1
