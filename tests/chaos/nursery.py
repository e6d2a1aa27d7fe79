"""Starts daemons quickly: imports everything once, then forks; each child is the installed command from there on.

Orders are read from standard input, one JSON object a line, and answered the same way: ``start`` (the command's words)
gives the process, whose log goes to the file ``log``; ``cold`` starts a new interpreter as a service manager would.
``ended`` (a process) gives its exit code, negative for a signal's number, or null while it lives.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vindaris_sync.app import open_app
from vindaris_sync.cli.main import app
from vindaris_sync.config.load import load


def born(order: Mapping[str, Any]) -> None:
    """Become the command; never returns normally."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.closerange(3, 256)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what is aborted here need not be kept
    os.environ.update(order["environ"])
    if order["cold"]:
        os.execv(sys.executable, [sys.executable, "-m", "vindaris_sync.cli", *order["start"]])  # noqa: S606 - our own command
    app(order["start"], prog_name="vindaris-sync")


def ended(process: int) -> int | None:
    """Return a child's exit code once it has ended, and bury it."""
    gone, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if gone else None


def main() -> None:
    """Obey until there are no more orders."""
    open_app(load(Path(sys.argv[1]))).close()  # what is imported late is imported now
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            answer: int | None = os.fork()
            if answer == 0:
                return born(order)
        else:
            answer = ended(order["ended"])
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer
    return None


if __name__ == "__main__":
    main()
