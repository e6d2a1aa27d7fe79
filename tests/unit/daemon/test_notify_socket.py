from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from vindaris_sync.daemon.notify_socket import NotifySocket


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, NotifySocket]]:
    """Yield a listening service manager and the daemon's side of it, over both kinds of socket."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@vindaris-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0", 1))
        listening.settimeout(5)
        yield listening, NotifySocket({"NOTIFY_SOCKET": name})


def test_systemd_hears_every_message_as_its_protocol_writes_it(manager: tuple[socket.socket, NotifySocket]) -> None:
    """sd_notify(3): one assignment a line, one datagram a message."""
    listening, daemon = manager
    daemon.ready("watching 3 trackers")
    daemon.watchdog()
    daemon.status("pulling\nacme/web ü")
    daemon.stopping()
    assert [listening.recv(4096).decode() for _ in range(4)] == [
        "READY=1\nSTATUS=watching 3 trackers",
        "WATCHDOG=1",
        "STATUS=pulling acme/web ü",
        "STOPPING=1",
    ]


def test_a_status_cannot_smuggle_in_another_assignment(manager: tuple[socket.socket, NotifySocket]) -> None:
    """A tracker's error text may hold anything, line breaks and lone surrogates too."""
    listening, daemon = manager
    daemon.status("oh\nSTOPPING=1\u2028READY=1\ud800")
    assert listening.recv(4096).decode().splitlines() == ["STATUS=oh STOPPING=1 READY=1?"]


def test_an_empty_status_is_no_message(manager: tuple[socket.socket, NotifySocket]) -> None:
    """Nothing to say is not said."""
    listening, daemon = manager
    daemon.status("")
    daemon.watchdog()
    assert listening.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_without_a_listening_manager_nothing_happens(environ: dict[str, str]) -> None:
    """The daemon runs the same in a terminal, in a container and under another supervisor."""
    daemon = NotifySocket(environ)
    daemon.ready()
    daemon.watchdog()
    daemon.stopping("bye")
    assert daemon.watchdog_after is None


def test_a_manager_that_does_not_listen_never_holds_up_the_daemon(manager: tuple[socket.socket, NotifySocket]) -> None:
    """A full queue drops messages; what was queued is whole."""
    listening, daemon = manager
    for _ in range(5000):
        daemon.watchdog()
    assert listening.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"WATCHDOG_USEC": "30000000"}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdogs_time_is_read_where_it_is_meant_for_us(
    environ: dict[str, str], expected: timedelta | None
) -> None:
    """sd_watchdog_enabled(3): another process's watchdog is not ours."""
    assert NotifySocket(environ).watchdog_after == expected
