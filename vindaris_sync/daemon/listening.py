"""Listening to chats while the daemon runs: what hears over HTTP, and a thread for each connection that we open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

import structlog

from vindaris_sync.config.chats import NotifySettings
from vindaris_sync.engine.clicks import Clicks
from vindaris_sync.notify.hearing import Connection, Hearing

log = structlog.get_logger("vindaris_sync.daemon")

_DRAIN = 4.0
"""Seconds in which a connection ends: one answer that is under way, and the goodbye."""


@contextmanager
def listening(blocks: Mapping[str, NotifySettings], clicks: Clicks) -> Iterator[Mapping[str, Hearing]]:
    """Listen while the block runs; give what hears over HTTP, by the name of its channel. No request is made for it.

    At the end every connection is closed within four seconds.
    """
    from vindaris_sync.notify.listeners import connections, hearings  # their libraries are the daemon's alone

    found, stop = hearings(blocks), Event()
    threads = [_started(hearing, connection, clicks, stop) for hearing, connection in connections(blocks, found)]
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join(_DRAIN)
        for hearing in found.values():
            hearing.close()


def _started(hearing: Hearing, connection: Connection, clicks: Clicks, stop: Event) -> Thread:
    def run() -> None:
        try:
            connection.run(partial(clicks.take, hearing), stop)
        except Exception:  # a defect: the chat's buttons are dead until the next start, and all else goes on
            log.exception("defect", work=f"connection {connection.name}")

    thread = Thread(target=run, name=f"chat {connection.name}", daemon=True)
    thread.start()
    return thread
