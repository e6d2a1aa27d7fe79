"""Runs the engine again and again in processes that are killed: ``start`` and ``kill`` are read from standard input.

The parent imports everything once and forks, so that a life costs little more than what the engine does in it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from vindaris_sync.app import open_app
from vindaris_sync.cli.logs import configure
from vindaris_sync.cli.passes import go_round
from vindaris_sync.config.load import load


def live(config: Path) -> None:
    """Run rounds until killed."""
    with open_app(load(config)) as app:
        app.store.claim()
        while True:
            go_round(app, ())


def main() -> None:
    """Obey."""
    configure("warning", "json")
    config, child = Path(sys.argv[1]), 0
    open_app(load(config)).close()  # what is imported late is imported now
    for line in sys.stdin:
        if line.strip() == "start":
            child = os.fork()
            if child == 0:
                live(config)
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
