"""Full pulls: CPU against the floor, memory, and what latency costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measured import Cost, in_child
from benchmarks.rows import Row
from benchmarks.serving import Load, Sandbox, sandbox
from vindaris_sync.store.store import Store

_LATENCY = 0.2
_RUNS = 3


def full_pulls(count: int, many: int) -> Iterator[Row]:
    """Yield CPU and memory of a full pull of ``count`` issues, and memory of one of ``many``."""
    for tracker in ("github", "jira"):
        with sandbox(Load(tracker, count)) as served:
            floors = [_run("floor", served).cpu for _ in range(_RUNS)]
            pulls = [_run("pull", served) for _ in range(_RUNS)]
            whole = _run("pass", served)
        best = min(pulls, key=lambda cost: cost.cpu)
        yield Row(f"{tracker}: pull of {count:,}, floor's CPU / ours", min(floors) / best.cpu, "ratio", "≥ 0.4")
        yield Row(f"{tracker}: CPU per issue pulled", 1e6 * best.cpu / count, "µs")
        yield Row(f"{tracker}: CPU per issue, whole pass with decisions", 1e6 * whole.cpu / count, "µs")
        yield Row(f"{tracker}: peak memory, pull of {count:,}", best.memory, "MB", "≤ 160")
        yield Row(f"{tracker}: peak memory, whole pass", whole.memory, "MB")
        with sandbox(Load(tracker, many)) as served:
            large = _run("pull", served)
        yield Row(f"{tracker}: peak memory, pull of {many:,}", large.memory, "MB", "≤ 160")
        yield Row(f"{tracker}: memory at {many:,} / at {count:,}", large.memory / best.memory, "ratio", "≤ 1.1")


def latency(count: int) -> Iterator[Row]:
    """Yield how a full pull's wall clock compares with its requests one after another, at 200 ms an answer."""
    for tracker, places in (("github", 4), ("jira", 4), ("github", 1), ("jira", 1)):
        with sandbox(Load(tracker, count, places)) as served:
            served.delay(_LATENCY)
            served.requests(reset=True)
            cost = _run("pull", served)
            serial = served.requests() * _LATENCY
        name = f"{tracker}: {count:,} issues in {places} at 200 ms, wall / (requests * 200 ms)"
        yield Row(name, cost.wall / serial, "ratio", "≤ 0.333" if places > 1 else "")


def _run(what: str, served: Sandbox) -> Cost:
    with TemporaryDirectory() as folder:
        database = Path(folder) / "bench.db"
        if what == "floor":
            Store.open(f"sqlite:///{database}").close()
        return in_child(what, served.load.tracker, served.url, ",".join(served.load.names), str(database))
