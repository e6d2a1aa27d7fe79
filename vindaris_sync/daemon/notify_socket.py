"""Telling systemd how the daemon is: the protocol of ``sd_notify(3)``, without its library."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import timedelta


class NotifySocket:
    """The service manager's ear. Without ``$NOTIFY_SOCKET`` nobody listens, and every method does nothing.

    A message that cannot be delivered is dropped: the daemon's work does not depend on being heard.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "")
        armed = mine and microseconds.isascii() and microseconds.isdigit() and int(microseconds)
        self.watchdog_after = timedelta(microseconds=int(microseconds)) if armed else None
        """How long may pass between two ``watchdog`` calls before systemd restarts us; ``None``: no watchdog."""

    def ready(self, status: str = "") -> None:
        """Say that starting up has ended."""
        self._send("READY=1", status)

    def watchdog(self) -> None:
        """Say that work goes on; to be called where it does, never from a timer."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> None:
        """Say that the daemon ends on purpose."""
        self._send("STOPPING=1", status)

    def status(self, text: str) -> None:
        """Show one line in ``systemctl status``."""
        self._send("", text)

    def _send(self, state: str, status: str = "") -> None:
        shown = f"STATUS={' '.join(status.split())}" if status else ""
        message = "\n".join(filter(None, (state, shown))).encode(errors="replace")
        if not self._address or not message:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as ear:
            ear.settimeout(0)  # a full queue must not hold up the daemon
            try:
                ear.sendto(message, self._address)
            except OSError:
                return
