"""``python -m benchmarks``: measure, print the table, write ``build/bench.json``; exit 1 where a bound fails."""

from __future__ import annotations

import sys
from pathlib import Path

import structlog

from benchmarks.budgets import budgets
from benchmarks.candidates import cost
from benchmarks.costs import goal_change, idle
from benchmarks.events import events
from benchmarks.goals import at_rest, refresh, reparent
from benchmarks.ground_truth import quality, real_data
from benchmarks.pages import pages
from benchmarks.pulls import full_pulls, latency
from benchmarks.rows import Row, publish
from vindaris_sync.engine.collector import spare_imports

_COUNT, _MANY, _STORED = 20_000, 100_000, 1_000_000
_GOALS, _BELOW = 1000, 5000


def main() -> int:
    """Measure everything; with ``quick`` among the arguments at a tenth of the size."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    spare_imports()  # as the daemon does
    scale = 10 if "quick" in sys.argv[1:] else 1
    rows: list[Row] = []
    for rows_of in (
        budgets(),
        goal_change(10_000),
        refresh(_GOALS, _MANY // scale),
        at_rest((10, _GOALS // scale)),
        reparent(_BELOW // scale),
        quality(real_data()),
        cost(_MANY // scale, _GOALS // scale),
        pages(_MANY // scale, _GOALS // scale),
        events(10_000 // scale),
        idle((1000, _STORED // scale)),
        full_pulls(_COUNT // scale, _MANY // scale),
        latency(_COUNT // scale),
    ):
        for row in rows_of:
            print(f"{row.name}: {row.value:,.2f} {row.unit}", file=sys.stderr)  # noqa: T201 - progress
            rows.append(row)
    return 0 if publish(rows, Path("build/bench.json")) else 1


if __name__ == "__main__":
    sys.exit(main())
