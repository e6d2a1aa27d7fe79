"""Exchanges in a process of their own: ``measured CLIENT URL…`` prints, for each, what came of it and what it cost.

Memory is the kernel's high-water mark (VmHWM of ``/proc/self/status``, in KiB), reset before each exchange.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic

from tests.security.clients import CLIENTS
from vindaris_sync.sdk.errors import VindarisError


def peak() -> int:
    """Return the most memory that this process has had resident since ``forget``, in KiB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))


def forget() -> None:
    """Begin measuring anew (proc(5), clear_refs: 5)."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def main() -> None:
    """Measure."""
    name, *urls = sys.argv[1:]
    for url in urls:
        with CLIENTS[name](url) as call:
            forget()
            before, began = peak(), monotonic()
            try:
                outcome = type(call()).__name__
            except VindarisError as error:
                outcome = type(error).__name__
            print(json.dumps([outcome, (peak() - before) / 1024, monotonic() - began]))  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
