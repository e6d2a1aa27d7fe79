"""What the pages cost with a large company: a hundred thousand issues, five thousand open reviews, a thousand goals.

``python -m benchmarks.pages [ISSUES]`` measures them alone.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import structlog
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from benchmarks.product import Goals, context_on
from benchmarks.rows import Row, publish
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.config.load import load
from vindaris_sync.domain.findings_json import to_json
from vindaris_sync.domain.goals import Goal, Outcome
from vindaris_sync.domain.models import Address, Issue, IssueRef
from vindaris_sync.domain.models import Page as Pull
from vindaris_sync.domain.readings import Reading
from vindaris_sync.domain.trends import night_of
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.deciding import decide_due
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.store.passes import ReportFacts
from vindaris_sync.web.app import build
from vindaris_sync.web.page import Page

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_PAGE = 5000
_UNLINKED = 13
"""Every so manieth issue serves no goal, and its review is open."""


@contextmanager
def company(database: Path, issues: int, goals: int, nights: int = 90) -> Iterator[Context]:
    """Give a company with its issues decided, readings of its outcomes, and a report of each of the last nights."""
    stated = [_goal(number) for number in range(1, goals + 1)]
    connector = MemoryConnector.on(MemoryTracker("bench"), "bench", settings := MemorySettings())
    new = not database.exists()
    with context_on(database, settings, connector, Goals(*stated)) as context:
        if new:
            refresh_goals(context, promote_all=True)
            context.store.record_page("bench", Pull("bench", (), "{}"), connector.layout().surfaces, NOW)
            _fill(context, issues, goals)
            for _ in range(2):  # links are adopted, then all is inherited
                decide_due(context, "link", "bench")
            _measure(context)
            _report(context, nights)
        yield context


def _goal(number: int) -> Goal:
    parent = f"G-{number // 10}" if number // 10 else None
    outcome = Outcome(f"metric {number}", "%", 1.0, 100.0, 50.0)
    return Goal(
        f"G-{number}", f"Goal number {number} of the company", parent=parent, priority=f"P{number % 4}",
        description="What it is about, in two sentences. So that people know what serves it.", outcomes=(outcome,),
    )  # fmt: skip


def _fill(context: Context, issues: int, goals: int) -> None:
    surfaces = context.trackers["bench"].connector.layout().surfaces
    context.store.mark_loaded("bench", NOW - timedelta(days=90))
    for start in range(0, issues, _PAGE):
        numbers = range(start, min(start + _PAGE, issues))
        page = Pull("bench", tuple(_issue(number, goals) for number in numbers), "{}")
        context.store.record_page("bench", page, surfaces, NOW - timedelta(days=90), watched=NOW - timedelta(days=900))


def _issue(number: int, goals: int) -> Issue:
    child, alone = number % 2 == 1, number % _UNLINKED == 0
    parent = Address("bench", str(number - 1), f"APP-{number - 1}") if child and number % _UNLINKED > 1 else None
    labels = (f"goal:G-{number // 2 % goals + 1}",) if not alone and parent is None else ()
    created = NOW - timedelta(days=1 + number % 400, seconds=number)
    return Issue(
        IssueRef("bench", str(number)), f"APP-{number}", f"P{number % 40}", "Task",
        f"Something is to be done about part {number} of the machine", f"https://tracker.example/APP-{number}", "Open",
        closed=number % 3 == 0, created=created, updated=created, parent=parent, labels=labels,
    )  # fmt: skip


def _measure(context: Context) -> None:
    found = context.store.goals()
    readings = [
        Reading(each.id, each.goal.outcomes[0].metric, 50.0 - day + each.id % 7, NOW - timedelta(days=day), "csv")
        for each in found
        for day in range(30, 0, -1)
    ]
    context.store.put_readings(readings, NOW)


def _report(context: Context, nights: int) -> None:
    findings = gather_findings(context, None, "UTC")
    first = date(2026, 3, 2) - timedelta(days=nights)
    for night in range(nights):
        at = NOW - timedelta(days=nights - night)
        told = to_json(replace(findings, at=at))
        kept = ReportFacts(at, first + timedelta(days=night), told, f"/reports/{night}.html", night_of(findings))
        context.store.put_report(kept)


PAGES = (
    "/goals", "/goals?q=goal", "/goals?show=without-work", "/goals/G-1", "/goals/G-1?work=all", "/trace?q=APP-7",
    "/trace?q=APP-12", "/trace?q=APP-7&at=2026-01-31", "/reports", "/reports/2026-03-01",
    "/operations", "/inbox", "/inbox?sort=priority", "/inbox?sort=newest&team=Bench", "/inbox?goal=G-1",
    "/inbox/goals?q=goal&pick=APP-13", "/metrics",
)  # fmt: skip
API = (
    "reviews", "reviews?sort=priority", "reviews?team=Bench&limit=200", "reviews/APP-13", "reviews/APP-13/candidates",
    "goals", "goals?limit=200", "goals/G-1", "goals/G-1/work", "trace?name=APP-7", "trackers",
    "search/goals?words=goal", "coverage", "reports", "trends", "answers", "mutes", "outbox", "quarantine", "running",
)  # fmt: skip
WHOLE = ("trace?name=goal:G-1", "trace?name=outcome:metric%201", "reports/2026-03-01")
"""What is told whole, of a goal with thousands of issues and of a thousand goals: for information."""
_API = "/api/v1/"
PATHS = (*PAGES, *(f"{_API}{each}" for each in (*API, *WHOLE)))
_LARGEST, _SLOWEST, _REVIEWS = 300_000, 300, 5000
_CONFIG = """
[trackers.bench]
kind = "memory"
[notify.quiet]
kind = "log"
[[teams]]
name = "Bench"
scopes = ["bench:*"]
notify = "quiet"
"""


def pages(issues: int, goals: int) -> Iterator[Row]:
    """Yield size, server time and database steps of each page once all issues were added up."""
    with TemporaryDirectory() as folder, company(Path(folder) / "bench.db", issues, goals) as context:
        (Path(folder) / "goals.toml").touch()
        file = Path(folder) / "vindaris.toml"
        file.write_text(_CONFIG, "utf-8")
        page = Page(replace(context, now=lambda: NOW), {}, load(file, {}))
        page.pictures.now()
        application = build(page)
        asked = len(context.store.open_reviews(issues))
        yield Row(f"open reviews among {issues:,} issues", asked, "reviews", f"≥ {_REVIEWS * issues // 100_000}")
        for path in PATHS:
            asyncio.run(_ask(application, path))
            with context.store.metered() as meter:
                start = process_time()
                answer = asyncio.run(_ask(application, path))
                spent = process_time() - start
            answer.raise_for_status()
            bounds = ("", "") if path.removeprefix(_API) in WHOLE else (f"≤ {_LARGEST}", f"≤ {_SLOWEST}")
            yield Row(f"{path} with {issues:,} issues: size", len(answer.content), "bytes", bounds[0])
            yield Row(f"{path}: server time", spent * 1000, "ms CPU", bounds[1])
            yield Row(f"{path}: database", meter.steps, "VM steps")


async def _ask(application: FastAPI, path: str) -> Response:
    transport = ASGITransport(application, client=("127.0.0.1", 50_000))
    async with AsyncClient(transport=transport, base_url="http://127.0.0.1:8330") as client:
        return await client.get(path)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    issues = int(sys.argv[1]) if sys.argv[1:] else 100_000
    sys.exit(0 if publish(list(pages(issues, 1000)), Path("build/pages.json")) else 1)
