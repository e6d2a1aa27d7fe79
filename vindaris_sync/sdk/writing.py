"""The guard around every write: what is right already is left alone, what is stale is not written, all is read back.

Rules R2 and R5 in code that all connectors share; only sending the requests is a connector's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from vindaris_sync.domain.models import (
    Address,
    Change,
    Done,
    Failed,
    Gone,
    Hidden,
    Issue,
    Raw,
    Seen,
    Stale,
    Surface,
    Write,
    Written,
    observe,
)
from vindaris_sync.sdk.errors import IssueRejected, Unknown
from vindaris_sync.sdk.parallel import ordered

Fetch = Callable[[Sequence[Address]], Iterable[Seen]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A write whose expectations hold: the issue as it was read just before."""

    write: Write
    issue: Issue


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A write whose answer was lost: what it did only the reading back tells, and nobody undid it where it did not."""

    write: Write


@dataclass(frozen=True, slots=True)
class Taken:
    """A write that the tracker's own history shows as made: what is otherwise later, somebody changed.

    ``at`` tells when each surface was written, by its key: one write may be several requests.
    """

    write: Write
    at: Mapping[str, datetime]


Send = Callable[[Sequence[Ready]], Iterable[Written | Unanswered | Taken]]
"""Sends the requests for a batch and returns the outcomes that need no reading back (Refused, Failed, Overridden),
which writes were not answered, and which are known to have been made."""


def guarded(
    writes: Sequence[Write], surfaces: tuple[Surface, ...], fetch: Fetch, send: Send, *, batch: int = 100
) -> Iterator[Written]:
    """Yield one outcome per write, ``batch`` writes at a time: read, sort, send, read back.

    ``Done`` only where the surfaces show what was wanted, or are known to have shown it. What ``send`` raises ends the
    iteration after the outcomes of the batches before it; the next pass finds the truth.
    """
    rest = iter(writes)
    while part := list(islice(rest, batch)):
        ready, settled = check_before(part, surfaces, fetch)
        yield from settled
        if not ready:
            continue
        told = list(send(ready))
        final = [outcome for outcome in told if not isinstance(outcome, (Unanswered, Taken))]
        lost = {id(outcome.write) for outcome in told if isinstance(outcome, Unanswered)}
        taken = {id(outcome.write): outcome.at for outcome in told if isinstance(outcome, Taken)}
        known = {id(outcome.write) for outcome in final}
        yield from final
        yield from read_back([one for one in ready if id(one.write) not in known], surfaces, fetch, lost, taken)


def check_before(
    writes: Sequence[Write], surfaces: tuple[Surface, ...], fetch: Fetch
) -> tuple[list[Ready], list[Written]]:
    """Return the writes to be sent, and the outcomes of the others: right already, stale, or out of reach."""
    ready: list[Ready] = []
    settled: list[Written] = []
    answers = _answers([write.address for write in writes], fetch)
    for write in writes:
        seen = answers[write.address]
        issue = _same_issue(write, seen)
        if issue is None:
            settled.append(_out_of_reach(write, seen))
            continue
        shown = observe(issue, surfaces)
        if shows_wanted(write, shown):
            settled.append(Done(write, issue))
        elif not shows_expected(write, shown):
            settled.append(Stale(write, issue))
        else:
            ready.append(Ready(write, issue))
    return ready, settled


def read_back(
    sent: Sequence[Ready],
    surfaces: tuple[Surface, ...],
    fetch: Fetch,
    lost: Collection[int],
    taken: Mapping[int, Mapping[str, datetime]],
) -> Iterator[Written]:
    """Yield ``Done`` for each write whose issue shows what was wanted, or has shown it; ``Failed`` for the others.

    ``lost`` are the ``id`` of writes that were not answered: what they did not do, nobody undid. ``taken`` tells by
    their ``id`` when the surfaces were written: what an issue shows instead, somebody did since.
    """
    if not sent:
        return
    answers = _answers([one.write.address for one in sent], fetch)
    for one in sent:
        seen = answers[one.write.address]
        issue = _same_issue(one.write, seen)
        if issue is None:
            yield _out_of_reach(one.write, seen)
            continue
        missing = _missing(one.write, observe(issue, surfaces))
        undone = _undone(missing, taken.get(id(one.write), {}), one.issue, issue)
        if missing == undone.keys():
            yield Done(one.write, issue, undone)
        elif id(one.write) in lost:
            yield Failed(one.write, "no answer came, and the issue does not show it")
        else:
            yield Failed(one.write, "the tracker took the write, and the issue does not show it", undone=True)


def _undone(missing: Collection[str], made: Mapping[str, datetime], before: Issue, issue: Issue) -> dict[str, datetime]:
    """Return which of the ``missing`` surfaces somebody has changed since they were written, and when that was made.

    The issue must be younger than that, and in its place: a move may empty surfaces (R2).
    """
    stayed = (issue.place, issue.type) == (before.place, before.type)
    return {key: made[key] for key in missing if stayed and key in made and made[key] < issue.updated}


def same_values(one: Raw, other: Raw) -> bool:
    """Return whether two surfaces' values are the same as multisets, casefolded."""
    return sorted(value.casefold() for value in one) == sorted(value.casefold() for value in other)


def shows_expected(write: Write, shown: Mapping[str, Raw]) -> bool:
    """Return whether each touched surface shows what the write expects; one that does not work here shows nothing."""
    touched = {change.surface.key for change in write.changes}
    return all(same_values(shown.get(key, ()), write.expected.get(key, ())) for key in touched)


def shows_wanted(write: Write, shown: Mapping[str, Raw]) -> bool:
    """Return whether every change of the write is on the issue."""
    return not _missing(write, shown)


def _missing(write: Write, shown: Mapping[str, Raw]) -> set[str]:
    """Return the keys of the surfaces on which a change of the write is not to be seen."""
    return {one.surface.key for one in write.changes if not _shows_change(one, shown.get(one.surface.key))}


def _shows_change(change: Change, values: Raw | None) -> bool:
    if values is None:
        return False
    folded = {value.casefold() for value in values}
    added = {value.casefold() for value in change.add}
    removed = {value for value in change.remove if value.casefold() not in added}
    return added <= folded and not removed & set(values)


def _answers(addresses: Sequence[Address], fetch: Fetch) -> dict[Address, Seen]:
    return {seen.address: seen for seen in fetch(list(dict.fromkeys(addresses)))}


def _same_issue(write: Write, seen: Seen) -> Issue | None:
    """Return the issue the write is meant for; after a transfer it is another one, with an id of its own."""
    if isinstance(seen, (Gone, Hidden)) or (write.address.id and seen.issue.ref.id != write.address.id):
        return None
    return seen.issue


def _out_of_reach(write: Write, seen: Seen) -> Written:
    if isinstance(seen, (Gone, Hidden)):
        return Failed(write, seen.reason)
    return Failed(write, f"the issue is another one now: {seen.issue.key}")


def each(send_one: Callable[[Ready], Written | None], *, in_flight: int = 1) -> Send:
    """Return a ``Send`` that sends the writes of a batch singly, ``in_flight`` at a time.

    ``None`` leaves the outcome to the reading back, as does ``Unknown``: what an unanswered request did, only the
    issue tells. ``IssueRejected`` becomes ``Failed``.
    """

    def tried(one: Ready) -> Written | Unanswered | None:
        try:
            return send_one(one)
        except Unknown:
            return Unanswered(one.write)
        except IssueRejected as error:
            return Failed(one.write, str(error))

    def send(batch: Sequence[Ready]) -> Iterator[Written | Unanswered]:
        for outcome in ordered((partial(tried, one) for one in batch), in_flight):
            if outcome is not None:
                yield outcome

    return send
