"""Writing back: planned changes go out in batches; what became of each is recorded before the next batch goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import assert_never

from vindaris_sync.domain.actions import WriteBack
from vindaris_sync.domain.models import (
    Address,
    Change,
    Done,
    Failed,
    Overridden,
    Refused,
    Stale,
    Write,
    Written,
)
from vindaris_sync.engine.context import Context, Tracker

_BATCH = 1000  # Jira's bulk edit takes as many
_RECORD = 100  # outcomes recorded in one transaction


def write_back(context: Context, tracker: Tracker, planned: Sequence[WriteBack], counts: Counter[str]) -> list[Refused]:
    """Carry out ``planned`` in one tracker and record each outcome; return what was refused."""
    surfaces = tracker.connector.layout().surfaces
    addresses = context.store.addresses({one.issue for one in planned})
    refused: list[Refused] = []
    for batch in _batches(list(_combined(planned, addresses)), _BATCH):
        for outcomes in _batches_of(tracker.connector.write(batch), _RECORD):
            context.beat(tracker.name)
            context.store.record_written(tracker.name, outcomes, surfaces, context.now(), ahead=tracker.ahead)
            counts.update(_word(outcome) for outcome in outcomes)
            refused += [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    return refused


def _combined(planned: Iterable[WriteBack], addresses: Mapping[int, Address]) -> Iterator[Write]:
    """Yield one write per issue, goal surfaces before the review label."""
    for issue, group in groupby(sorted(planned, key=lambda one: one.issue), key=lambda one: one.issue):
        ones = list(group)
        if issue in addresses:
            changes = tuple(Change(one.surface, one.add, one.remove) for one in ones)
            yield Write(addresses[issue], changes, {one.surface.key: one.expected for one in ones})


def _word(outcome: Written) -> str:
    match outcome:
        case Done():
            return "written"
        case Stale():
            return "stale"
        case Refused():
            return "refused"
        case Failed():
            return "failed"
        case Overridden():
            return "overridden"
        case _:
            assert_never(outcome)


def _batches(writes: Sequence[Write], size: int) -> Iterator[Sequence[Write]]:
    for start in range(0, len(writes), size):
        yield writes[start : start + size]


def _batches_of(outcomes: Iterable[Written], size: int) -> Iterator[list[Written]]:
    batch: list[Written] = []
    for outcome in outcomes:
        batch.append(outcome)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
