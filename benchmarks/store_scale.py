"""What the store costs by itself: recording, ten thousand reviews, an idle look at a thousand and at a million issues.

Run ``python benchmarks/store_scale.py [ISSUES]`` (default 1,000,000: about two minutes and 0.8 GB of disk).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from vindaris_sync.domain.actions import OpenCause, Plan, SetState
from vindaris_sync.domain.models import Address, Issue, IssueRef, LinkState, Page, Surface, SurfaceKind
from vindaris_sync.domain.records import Cause, CauseKey, Reason
from vindaris_sync.store.store import Store

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SURFACES = (
    Surface(SurfaceKind.FIELD, "customfield_1", single=True),
    Surface(SurfaceKind.LABEL, "goal:"),
    Surface(SurfaceKind.EXEMPT, "no-goal"),
    Surface(SurfaceKind.REVIEW, "goal-review"),
)
UNLINKED = CauseKey(Reason.UNLINKED, "", "never")
PAGE = 100
CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    value: float
    unit: str
    bound: float | None = None

    def __str__(self) -> str:
        bound = "" if self.bound is None else f"  (at most {self.bound:g})"
        return f"{self.name:<58}{self.value:>12.2f} {self.unit}{bound}"


def issue(number: int) -> Issue:
    """Return an invented issue; every fourth has a parent, every third is closed."""
    return Issue(
        ref=IssueRef("t", str(1_000_000 + number)),
        key=f"acme/web#{number}",
        place="acme/web",
        type="Bug",
        title=f"Something is broken in part number {number} of the machine",
        url=f"https://github.com/acme/web/issues/{number}",
        status="open",
        closed=number % 3 == 0,
        created=NOW - timedelta(days=400) + timedelta(seconds=number),
        updated=NOW - timedelta(days=300) + timedelta(seconds=number),
        parent=Address("t", str(1_000_000 + number - 1)) if number % 4 == 1 else None,
        labels=("A-parser", "C-bug", f"E-{number % 50}"),
        fields={"field:customfield_1": ()},
        author="someone",
        assignee="other",
    )


def pages(first: int, last: int) -> Iterator[Page]:
    """Yield pages as a tracker would."""
    for start in range(first, last, PAGE):
        yield Page("acme/web", tuple(issue(number) for number in range(start, min(start + PAGE, last))), str(start))


def recorded(store: Store, first: int, last: int) -> float:
    """Record issues and return the store's part in seconds of CPU."""
    spent = 0.0
    for page in pages(first, last):
        start = process_time()
        store.record_page("t", page, SURFACES, NOW)
        spent += process_time() - start
    return spent


def decided(store: Store, cause: CauseKey, limit: int | None = None) -> tuple[float, int]:
    """Decide all that is due in chunks; return the seconds of CPU and how many it were."""
    with store.view() as view:
        due = view.due(limit)
    spent = 0.0
    for start in range(0, len(due), CHUNK):
        ids = due[start : start + CHUNK]
        actions = [
            action
            for number in ids
            for action in (
                OpenCause(number, Cause(cause, NOW, None)),
                SetState(number, LinkState.UNLINKED, None, (), None, True, False, False, "never"),  # noqa: FBT003
            )
        ]
        begin = process_time()
        store.apply(Plan(tuple(actions), tuple(ids)), "benchmark", NOW)
        spent += process_time() - begin
    return spent, len(due)


def idle(store: Store) -> int:
    """Return the VM instructions of what a pass asks when nothing has changed."""
    with store.metered() as meter:
        store.wake(NOW)
        store.due_ready(["t"], (), CHUNK)
        store.due_with_bases("t")
        store.unread_parents("t")
        store.trackers_due(NOW)
        store.outbox(NOW)
        store.record_page("t", Page("acme/web", (), "idle"), SURFACES, NOW)
    return meter.steps


def measured(url: str, total: int) -> Iterator[Row]:
    """Yield the table's rows; asserts nothing, so that a slow machine still shows its numbers."""
    small = 1000
    with Store.open(url) as store:
        store.put_tracker("t", "github")
        recorded(store, 0, small)
        decided(store, UNLINKED)
        few = idle(store)
        yield Row("recording a new issue", recorded(store, small, 21_000) / 20_000 * 1e6, "µs CPU", 60)
        yield Row("recording it again, unchanged", recorded(store, small, 21_000) / 20_000 * 1e6, "µs CPU")
        with store.view() as view:
            ids = view.due()
            begin = process_time()
            view.records(ids)
            yield Row("reading a record to decide on", (process_time() - begin) / len(ids) * 1e6, "µs CPU", 50)
        yield Row("10,000 reviews opened in one transaction", decided(store, UNLINKED, CHUNK)[0], "s CPU", 0.3)
        recorded(store, 21_000, total)
        decided(store, UNLINKED)
        changed = CauseKey(Reason.GOAL_CHANGED, "1", "2")
        store.mark_due(range(1, CHUNK + 1))
        yield Row(f"the same among {total:,}, on reviews open already", decided(store, changed)[0], "s CPU")
        many = idle(store)
        yield Row(f"an idle look at {small:,} issues", few, "VM steps")
        yield Row(f"an idle look at {total:,} issues", many, "VM steps", few * 1.2)
        yield Row("bytes an issue with an open review takes", int(store.facts["bytes"]) / total, "bytes")


def main() -> None:
    """Print the table."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory() as folder:
        for row in measured(f"sqlite:///{Path(folder) / 'scale.db'}", total):
            print(row, flush=True)  # noqa: T201 - printing is what it is for


if __name__ == "__main__":
    main()
