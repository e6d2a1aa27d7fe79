"""An answer costs bounded memory, whatever a server sends: measured in processes of their own."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, repeat
from pathlib import Path

import pytest

from tests.security.servers import serving, streams

GIB = 1 << 30
MIB = 1 << 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TWO_GIB = HEAD + b"Content-Length: 2147483648\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
BLOCK = b"0" * MIB
Hostile = Callable[[], Iterator[bytes]]


def gzipped(size: int) -> Iterator[bytes]:
    """Yield ``size`` bytes of zeros as gzip, a thousandth of them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    for _ in range(size // len(BLOCK)):
        if part := packer.compress(BLOCK):
            yield part
    yield packer.flush()


def twice(size: int) -> Iterator[bytes]:
    """Yield gzip of gzip: a few kilobytes that are gigabytes two layers down."""
    yield gzip.compress(b"".join(gzipped(size)))


def chunks(parts: Iterator[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
    yield b"0\r\n\r\n"


def encoded(name: str) -> bytes:
    return f"Content-Encoding: {name}\r\n".encode()


ANSWERS: dict[str, tuple[bytes, Hostile]] = {
    "2 GiB with a length": (TWO_GIB + b"\r\n", lambda: repeat(BLOCK, 2048)),
    "2 GiB in chunks": (CHUNKED + b"\r\n", lambda: chunks(repeat(BLOCK, 2048))),
    "2 GiB until it closes": (HEAD + b"\r\n", lambda: repeat(BLOCK, 2048)),
    "a bomb": (CHUNKED + encoded("gzip") + b"\r\n", lambda: chunks(gzipped(2 * GIB))),
    "a bomb of two layers": (CHUNKED + encoded("gzip, gzip") + b"\r\n", lambda: chunks(twice(2 * GIB))),
    "a bomb by another name": (CHUNKED + encoded("x-gzip") + b"\r\n", lambda: chunks(gzipped(2 * GIB))),
    "brotli": (CHUNKED + encoded("br") + b"\r\n", lambda: chunks(repeat(BLOCK, 2048))),
    "zstd": (CHUNKED + encoded("zstd") + b"\r\n", lambda: chunks(repeat(BLOCK, 2048))),
    "an endless status line": (b"HTTP/1.1 200 ", lambda: repeat(BLOCK, 2048)),
    "an endless header": (HEAD + b"X: ", lambda: repeat(BLOCK, 2048)),
    "endless headers": (HEAD, lambda: repeat(b"X: y\r\n" * 100_000, 3500)),
    "endless interim answers": (b"", lambda: repeat(b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" * 30_000, 2200)),
    "an endless chunk's size": (CHUNKED + b"\r\n", lambda: repeat(BLOCK, 2048)),
    "an endless chunk's extension": (CHUNKED + b"\r\n", lambda: chain([b"1;x="], repeat(BLOCK, 2048))),
    "endless trailers": (CHUNKED + b"\r\n", lambda: chain([b"0\r\n"], repeat(b"X: y\r\n" * 100_000, 3500))),
}
ALLOWED = 160 * MIB
"""Twice the largest answer that is taken (64 MiB), since its parts are joined, and what the allocator keeps."""


def measured(client: str, urls: Sequence[str]) -> list[tuple[str, float, float]]:
    """Return what came of an exchange with each server, the MiB it cost, and its seconds."""
    command = [sys.executable, "-m", "tests.security.measured", client, *urls]
    asked = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=300)
    return [(outcome, mib, seconds) for outcome, mib, seconds in map(json.loads, asked.stdout.splitlines())]


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured through Linux's /proc")
@pytest.mark.parametrize("client", ["github", "slack"])
def test_no_answer_costs_unbounded_memory(client: str) -> None:
    """It is refused as an error that is sorted; what it cost stays far below what was sent (FAULTS 48)."""
    with ExitStack() as open_:
        servers = [open_.enter_context(serving(streams(head, parts))) for head, parts in ANSWERS.values()]
        found = measured(client, [server.url for server in servers])
    assert len(found) == len(ANSWERS)
    for kind, (outcome, mib, seconds) in zip(ANSWERS, found, strict=True):
        print(f"{client}: {kind}: {outcome}, {mib:.0f} MiB, {seconds:.1f} s")  # noqa: T201 - shown with -s
        assert outcome in {"TrackerUnusable", "Transient", "Unknown", "ChannelUnusable"}, kind
        assert mib * MIB < ALLOWED, kind
