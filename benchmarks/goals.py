"""Goals at scale: a look at a thousand and a pass in which nothing changed, an epic that moves with all below it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.costs import decided, fill
from benchmarks.product import connector_of, context_on
from benchmarks.rows import Row
from benchmarks.serving import EMAIL, TOKEN, Load, sandbox
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.homes import Home
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_pass
from vindaris_sync.sdk.settings import WriteBackSettings
from vindaris_sync.sources.files import FileGoals

_GOAL = """[[goal]]
key = "G-{number}"
title = "Goal number {number} of the company"
description = "What it is about, in two sentences. So that people know what serves it and what does not."
priority = "P{priority}"
{parent}
[[goal.outcome]]
metric = "metric {number}"
unit = "%"
baseline = 1
target = 100
current = 50

"""


_REQUIRED = """[[goal.requires]]
id = "api"
tracker = "bench"
place = "HOME"
title = "Build it"
parent = "HOME-0"

"""


def refresh(goals: int, issues: int) -> Iterator[Row]:
    """Yield what a look at ``goals`` goals costs, with ``issues`` issues stored, while nobody edits any."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "goals.toml"
        file.write_text("".join(_stated(number) for number in range(1, goals + 1)), "utf-8")
        connector = MemoryConnector.on(MemoryTracker("bench"), "bench", settings := MemorySettings())
        database = Path(folder) / "bench.db"
        with context_on(database, settings, connector, FileGoals(file)) as context:
            refresh_goals(context, promote_all=True)
            fill(context, issues, closed=True)
            decided(database)
            refresh_goals(context)  # what was edited a moment ago is read once more
            start = time.process_time()
            refresh_goals(context)
            yield Row(f"look at {goals:,} goals, nothing edited", time.process_time() - start, "s CPU", "≤ 1")


def at_rest(sizes: tuple[int, ...]) -> Iterator[Row]:
    """Yield what an idle pass costs with goals that have homes, are offered, and require an issue that waits."""
    steps: dict[int, int] = {}
    for size in sizes:
        with TemporaryDirectory() as folder:
            file, tracker = Path(folder) / "goals.toml", MemoryTracker("bench", places=("HOME",))
            file.write_text("".join(_stated(number) + _REQUIRED for number in range(1, size + 1)), "utf-8")
            tracker.create("HOME", "The first issue of the place")
            settings = MemorySettings(write_back=WriteBackSettings(publish_goals=True))
            connector = MemoryConnector.on(tracker, "bench", settings)
            with context_on(Path(folder) / "bench.db", settings, connector, FileGoals(file)) as bare:
                context = replace(bare, home=Home("bench", "HOME", sources=frozenset({""})))
                _settle(context, tracker)
                with context.store.metered() as meter:
                    start = time.process_time()
                    run_pass(context, "bench")
                    cpu = time.process_time() - start
                steps[size] = meter.steps
                homes = sum(home.ref is not None for home in context.store.homes().values())
        yield Row(f"goals at home of {size:,}", homes, "issues", f"= {size}")
        yield Row(f"idle pass with {size:,} goals at home", steps[size], "VM steps")
        yield Row(f"CPU of it with {size:,} goals", cpu, "s CPU")
    yield Row("idle pass, most goals / fewest", steps[sizes[-1]] / steps[sizes[0]], "ratio", "≤ 1.2")


def _settle(context: Context, tracker: MemoryTracker) -> None:
    """Let passes follow one another until homes and labels are all made, and one that finds nothing to do."""
    planned = True
    while planned:
        refresh_goals(context, promote_all=True)
        tracker.advance(timedelta(hours=1))
        planned = bool(run_pass(context, "bench").planned)
    for _ in range(2):
        refresh_goals(context)
        run_pass(context, "bench")


def _stated(number: int) -> str:
    parent = f'parent = "G-{number // 10}"' if number // 10 else ""
    return _GOAL.format(number=number, priority=number % 4, parent=parent)


def reparent(count: int) -> Iterator[Row]:
    """Yield what it asks of Jira that an epic with ``count`` descendants moves below something with another goal."""
    with sandbox(Load("jira", count, family=True)) as served, TemporaryDirectory() as folder:
        settings, connector = connector_of("jira", served.url, served.load.names)
        with context_on(Path(folder) / "bench.db", settings, connector) as context:
            refresh_goals(context, promote_all=True)
            for _ in range(3):
                run_pass(context, "bench")
            with httpx.Client(timeout=60) as person:
                place = served.load.names[0]
                url, body = f"{served.url}/rest/api/3/issue/{place}-3", {"fields": {"parent": {"key": f"{place}-2"}}}
                person.put(url, json=body, auth=(EMAIL, TOKEN)).raise_for_status()
            served.requests(reset=True)
            start = time.process_time()
            run_pass(context, "bench")
            cpu = time.process_time() - start
            yield Row(
                f"epic with {count:,} descendants moves: follow it", _on(context, "g-2") - 1, "issues", f"= {count + 1}"
            )
            yield Row("requests for it", served.requests(), "requests", "≤ 2")
            yield Row("CPU for it", cpu, "s CPU")


def _on(context: Context, goal: str) -> int:
    """Return how many issues serve ``goal`` in effect."""
    number = context.book().by_key[goal]
    records = context.store.view_records(list(context.store.ids("bench").values()))
    return sum(record.goals == (number,) for record in records.values())
