"""Requests: what an idle cycle, a few changes and a write-back ask of a tracker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.product import connector_of, context_on
from benchmarks.rows import Row
from benchmarks.serving import EMAIL, TOKEN, Load, Sandbox, sandbox
from vindaris_sync.domain.decisions import By, link
from vindaris_sync.domain.models import Provenance
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import run_pass

_CHANGED = 250
_LINKED = 1000


def budgets() -> Iterator[Row]:
    """Yield the requests of each situation beside the bound."""
    for tracker, places in (("github", 2), ("jira", 2)):
        with sandbox(Load(tracker, 1000, places)) as served, TemporaryDirectory() as folder:
            settings, connector = connector_of(tracker, served.url, served.load.names)
            with context_on(Path(folder) / "bench.db", settings, connector) as context:
                refresh_goals(context, promote_all=True)
                for _ in range(3):
                    run_pass(context, "bench")
                yield from _of(tracker, places, context, served)


def _of(tracker: str, places: int, context: Context, served: Sandbox) -> Iterator[Row]:
    idle = places if tracker == "github" else 1
    yield Row(
        f"{tracker}: requests of an idle cycle, {places} places", _asked(context, served), "requests", f"= {idle}"
    )
    _change(tracker, served, _CHANGED)
    bound = ceil(_CHANGED / 100) + (places - 1 if tracker == "github" else 0)
    name = f"{tracker}: requests for {_CHANGED} changed in one place"
    yield Row(name, _asked(context, served), "requests", f"≤ {bound}")
    for _ in range(2):
        run_pass(context, "bench")
    if tracker == "jira":
        _link(context, _LINKED)
        reads = 2 * ceil(_LINKED / 100)
        rest = ceil(_LINKED / 1000) * 2 + 3  # an edit and its polls for each of two values, a changelog read
        spent = _asked(context, served)
        yield Row(
            f"jira: requests to write {_LINKED:,} links of 2 values", spent, "requests", f"≤ {reads + 2 * rest + 1}"
        )


def _asked(context: Context, served: Sandbox) -> int:
    served.requests(reset=True)
    report = run_pass(context, "bench")
    if report.outcome != "ok":
        raise RuntimeError(report.error)
    return served.requests()


def _change(tracker: str, served: Sandbox, count: int) -> None:
    """Let a person edit ``count`` issues of the first place."""
    place = served.load.names[0]
    with httpx.Client(timeout=60) as person:
        for number in range(1, count + 1):
            if tracker == "github":
                url, auth = f"{served.url}/repos/{place}/issues/{number}", {"Authorization": f"Bearer {TOKEN}"}
                answer = person.patch(url, json={"title": f"edited {number}"}, headers=auth)
            else:
                url = f"{served.url}/rest/api/3/issue/{place}-{number}"
                answer = person.put(url, json={"fields": {"summary": f"edited {number}"}}, auth=(EMAIL, TOKEN))
            answer.raise_for_status()


def _link(context: Context, count: int) -> None:
    """Link ``count`` open issues, half to each of two goals, as an import does."""
    store, book, now = context.store, context.book(), datetime.now(UTC)
    by = By("bench", "import", "benchmark", now)
    numbers = sorted(store.ids("bench").values())
    with store.transaction():
        records = [one for one in store.view_records(numbers).values() if not one.closed][:count]
        for number, record in enumerate(records):
            goal = book.by_key["g-1" if number % 2 else "g-2"]
            store.apply(link(record, [goal], book, by, Provenance.CHOSEN), "", now)
