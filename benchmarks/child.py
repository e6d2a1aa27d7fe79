"""A measured child process: ``python -m benchmarks.child floor|pull|pass TRACKER URL PLACES DATABASE``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measured import measured


def main(what: str, tracker: str, url: str, places: str, database: str) -> None:
    """Run one measurement and print its cost."""
    names, path = places.split(","), Path(database)
    if what == "floor":
        from benchmarks import floor

        measured(lambda: floor.pull(tracker, url, names, path))
        return
    import structlog

    from benchmarks.product import connector_of, context_on, pull_all
    from vindaris_sync.engine.collector import spare_imports
    from vindaris_sync.engine.goals import refresh_goals
    from vindaris_sync.engine.passes import run_pass

    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    spare_imports()  # as the daemon does
    with context_on(path, *connector_of(tracker, url, names)) as context:
        refresh_goals(context, promote_all=True)
        if what == "pull":
            measured(lambda: pull_all(context))
        else:
            measured(lambda: run_pass(context, "bench").counts["pulled"])


if __name__ == "__main__":
    main(*sys.argv[1:])
