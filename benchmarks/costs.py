"""Costs inside: a pass in which nothing changed at any size, and a goal that changes with 10,000 issues on it."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.product import Goals, context_on
from benchmarks.rows import Row
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.models import Address, Issue, IssueRef, Page
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.deciding import decide_due
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_pass
from vindaris_sync.engine.relay import relay
from vindaris_sync.notify.log import LogChannel

_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_PAGE = 5000


def idle(sizes: tuple[int, ...]) -> Iterator[Row]:
    """Yield what an idle pass costs in SQLite VM steps with each size of store, and the ratio of the extremes."""
    steps: dict[int, int] = {}
    for size in sizes:
        with TemporaryDirectory() as folder:
            tracker = MemoryTracker("bench")
            settings = MemorySettings()
            connector = MemoryConnector.on(tracker, "bench", settings)
            with context_on(Path(folder) / "bench.db", settings, connector) as context:
                refresh_goals(context, promote_all=True)
                fill(context, size, closed=True)
                decided(Path(folder) / "bench.db")
                run_pass(context, "bench")
                with context.store.metered() as meter:
                    run_pass(context, "bench")
                steps[size] = meter.steps
        yield Row(f"idle pass with {size:,} issues stored", steps[size], "VM steps")
    yield Row("idle pass, largest store / smallest", steps[sizes[-1]] / steps[sizes[0]], "ratio", "≤ 1.2")


def decided(database: Path) -> None:
    """Let all issues count as decided, which a million would take long for; closed ones ask nothing."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE issue SET due = FALSE, decided = TRUE")


def fill(context: Context, size: int, *, linked: bool = False, closed: bool = False) -> None:
    """Record ``size`` issues; where ``linked``, every other one shows a goal and the ones between hang below it."""
    surfaces = context.trackers["bench"].connector.layout().surfaces
    for start in range(0, size, _PAGE):
        numbers = range(start, min(start + _PAGE, size))
        issues = tuple(_issue(number, linked=linked, closed=closed) for number in numbers)
        context.store.record_page("bench", Page("bench", issues, "{}"), surfaces, _NOW)
    context.store.mark_loaded("bench", _NOW)


def _issue(number: int, *, linked: bool, closed: bool) -> Issue:
    ref, child = IssueRef("bench", str(number)), number % 2 == 1
    parent = Address("bench", str(number - 1), f"APP-{number - 1}") if linked and child else None
    labels = ("goal:G-1",) if linked and not child else ()
    created = _NOW - timedelta(days=1, seconds=number)
    return Issue(ref, f"APP-{number}", "APP", "Task", "A title", "", "Open", closed=closed, created=created,
                 updated=created, parent=parent, labels=labels)  # fmt: skip


_TIMES = 3  # the least of them is what the code costs; the rest is what else the machine does


def goal_change(count: int) -> Iterator[Row]:
    """Yield what it costs that a goal changes with ``count`` open issues on it, half of them inheriting."""
    changes = [_changed(count) for _ in range(_TIMES)]
    opened, labels, messages = changes[-1].opened, changes[-1].labels, changes[-1].messages
    yield Row("for comparison: ten million additions", min(_additions() for _ in range(_TIMES)), "s CPU")
    yield Row(f"goal with {count:,} issues changes: reviews opened", opened, "reviews", f"= {count // 2}")
    yield Row(f"goal with {count:,} issues changes", min(each.cpu for each in changes), "s CPU", "≤ 1")
    yield Row("labels written for it", labels, "labels", f"≤ {MemorySettings().write_back.label_limit}")
    yield Row("chat messages sent for it", messages, "messages", "= 1")


@dataclass(frozen=True, slots=True)
class _Change:
    """What followed from one change of a goal; ``cpu`` in seconds."""

    cpu: float
    opened: int
    labels: int
    messages: int


def _changed(count: int) -> _Change:
    goals, settings = Goals(Goal("G-1", "A goal")), MemorySettings()
    with TemporaryDirectory() as folder:
        connector = MemoryConnector.on(MemoryTracker("bench"), "bench", settings)
        with context_on(Path(folder) / "bench.db", settings, connector, goals) as context:
            refresh_goals(context, promote_all=True)
            fill(context, count, linked=True)
            for _ in range(2):  # links are adopted, then all is inherited
                decide_due(context, "link", "bench")
            goals.goals = (replace(goals.goals[0], title="A goal with another aim"),)
            start = time.process_time()
            refresh_goals(context, promote_all=True)
            decided = decide_due(context, "change", "bench")
            cpu = time.process_time() - start
            opened = Counter(type(action).__name__ for action in decided.actions)["OpenCause"]
            labels = sum(bool(write.causes) for write in decided.writes)
            return _Change(cpu, opened, labels, relay(context, {"log": LogChannel("log")}))


def _additions() -> float:
    """Return what a plain loop costs here: an absolute bound says little without the machine's speed beside it."""
    start, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - start
