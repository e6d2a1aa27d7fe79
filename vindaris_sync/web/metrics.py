"""Figures for Prometheus: what passes and visitors did since the start, and how the store is now."""

from __future__ import annotations

from collections import Counter as Tallied
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from threading import Lock
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vindaris_sync import __version__
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.courtesy import remembered
from vindaris_sync.engine.passes import PassReport
from vindaris_sync.store.store import Store

_STATES = ("linked", "inherited", "exempt", "unlinked")
_METHODS = frozenset({"GET", "HEAD", "POST"})
_KEPT = 15.0
"""Seconds for which what the store says is said again: however often somebody asks, it costs the same."""


class Metrics:
    """One registry of its own. No label holds what strangers write: trackers and routes are ours, reasons few."""

    def __init__(self, context: Context, clock: Callable[[], float] = monotonic) -> None:
        self._registry = CollectorRegistry()
        self._passes = Counter(
            "vindaris_passes", "Passes that ended, by tracker, kind and outcome.", ("tracker", "kind", "outcome"),
            registry=self._registry,
        )  # fmt: skip
        self._asked = Counter(
            "vindaris_http_requests", "Requests to the page, by route, method and status.",
            ("route", "method", "status"), registry=self._registry,
        )  # fmt: skip
        self._registry.register(_Now(context, clock))

    def passed(self, report: PassReport) -> None:
        """Count a pass."""
        self._passes.labels(report.tracker, report.kind, report.outcome).inc()

    def asked(self, route: str, method: str, status: int) -> None:
        """Count a request; ``route`` is the pattern that it fitted, empty for none."""
        self._asked.labels(route or "none", method if method in _METHODS else "other", f"{status // 100}xx").inc()

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _Now(Collector):
    """Asks the store when it is asked itself, at most every ``_KEPT`` seconds."""

    def __init__(self, context: Context, clock: Callable[[], float]) -> None:
        self._context, self._clock = context, clock
        self._held: tuple[float, tuple[Metric, ...]] | None = None
        self._lock = Lock()

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: the registry would ask the store only to know names."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the gauges."""
        with self._lock:
            if self._held is None or self._clock() - self._held[0] >= _KEPT:
                self._held = self._clock(), tuple(_gauges(self._context))
            return self._held[1]


def _gauges(context: Context) -> Iterator[Metric]:
    yield _gauge("vindaris_build_info", "The version that runs; always 1.", ("version",), [((__version__,), 1)])
    yield from _issues(context.store)
    yield from _waiting(context.store)
    yield from _trackers(context)


def _issues(store: Store) -> Iterator[Metric]:
    counts: Tallied[tuple[str, str]] = Tallied()
    for tally in store.tallies():
        counts[tally.tracker, "due" if tally.due else tally.state] += tally.count
    text = "Open tracked issues, by link state; due are not decided yet."
    yield _gauge("vindaris_open_issues", text, ("tracker", "state"), counts.items())
    decided = {name: sum(counts[name, state] for state in _STATES) for name in sorted({name for name, _ in counts})}
    shares = [
        ((name,), (counts[name, "linked"] + counts[name, "inherited"]) / total)
        for name, total in decided.items()
        if total
    ]
    yield _gauge("vindaris_coverage_ratio", "Share of open work that serves a goal.", ("tracker",), shares)


def _waiting(store: Store) -> Iterator[Metric]:
    pulse = store.pulse()
    open_ = [((reason,), count) for reason, (count, _) in pulse.reviews.items()]
    since = [((reason,), at.timestamp()) for reason, (_, at) in pulse.reviews.items()]
    yield _gauge("vindaris_open_reviews", "Open causes of link reviews.", ("reason",), open_)
    yield _gauge(
        "vindaris_oldest_review_timestamp_seconds", "When the oldest open cause was opened.", ("reason",), since
    )
    yield _gauge("vindaris_outbox", "Lists that changed and were not told yet.", (), [((), pulse.outbox)])
    aside = [((tracker,), count) for tracker, count in pulse.quarantine.items()]
    yield _gauge("vindaris_quarantine", "Items that could not be read.", ("tracker",), aside)
    moved = [((tracker,), at.timestamp()) for tracker, at in pulse.cursors.items()]
    yield _gauge("vindaris_cursor_timestamp_seconds", "When the oldest cursor moved last.", ("tracker",), moved)


def _trackers(context: Context) -> Iterator[Metric]:
    store = context.store
    facts = {name: found for name, found in store.trackers().items() if name in context.trackers}
    conduct = {name: remembered(store, name) for name in context.trackers}
    stopped = [((name,), bool(found.stopped_reason)) for name, found in facts.items()]
    yield _gauge("vindaris_tracker_stopped", "1 where a person must act first.", ("tracker",), stopped)
    answered = [((name,), _stamp(found.last_ok_at)) for name, found in facts.items() if found.last_ok_at]
    yield _gauge("vindaris_tracker_answered_timestamp_seconds", "When it answered last.", ("tracker",), answered)
    asked = [((name,), known.requests) for name, known in conduct.items()]
    yield _gauge("vindaris_tracker_requests", "Requests since the daemon's start.", ("tracker",), asked)
    left = [
        ((name, quota.resource), quota.remaining)
        for name, known in conduct.items()
        if known.budget is not None
        for quota in known.budget.quotas
        if quota.reset > context.now()
    ]
    yield _gauge("vindaris_quota_remaining", "Requests left of the tracker's quota.", ("tracker", "resource"), left)


def _stamp(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _gauge(
    name: str, text: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    made = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        made.add_metric(values, float(number))
    return made
