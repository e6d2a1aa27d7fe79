"""How soon the daemon knows: from a new issue to its alert, and ten thousand events in a minute; as a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from benchmarks.rows import Row
from tests.integration.daemon.told import Told, resident, storm, until

_LOOKS, _ISSUES = 5, 2500
_MINUTE, _SOON, _AT_ONCE, _MEMORY = 60, 5, 100, 40


def events(count: int) -> Iterator[Row]:
    """Yield seconds to an alert, then what ``count`` events cost; the daemon asks by itself every hour only."""
    with ExitStack() as stack:
        company = stack.enter_context(Told(Path(stack.enter_context(TemporaryDirectory()))))
        company.many(_ISSUES)
        process = stack.enter_context(company.daemon())
        until(company.loaded)
        for name, create in (("GitHub", company.github.create), ("Jira", company.jira.create)):
            slowest = max(_alerted(company, create, f"{name}, issue {number}") for number in range(_LOOKS))
            yield Row(
                f"new issue in {name}, by webhook: alert in chat, slowest of {_LOOKS}", slowest, "s", f"≤ {_SOON}"
            )
        storm(company.port, 200, 200)
        before, asked = resident(process.pid), company.server.requests.count("github")
        began = monotonic()
        took = storm(company.port, count, _ISSUES)
        lasted = monotonic() - began
        yield Row(f"{count:,} events about {_ISSUES:,} issues, 4 senders", lasted, "s", f"≤ {_MINUTE}")
        yield Row("the same: answers, 99th percentile", took[len(took) * 99 // 100] * 1000, "ms", f"≤ {_AT_ONCE}")
        yield Row("the same: more memory", (resident(process.pid) - before) / 1e6, "MB", f"≤ {_MEMORY}")
        yield Row("the same: requests to GitHub meanwhile", company.server.requests.count("github") - asked, "requests")


def _alerted(company: Told, create: Callable[[str], object], title: str) -> float:
    create(title)
    return until(lambda: title in company.shown())
