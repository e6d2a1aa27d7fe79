from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vindaris_sync.domain.models import (
    Address,
    Change,
    Done,
    Failed,
    Gone,
    Issue,
    IssueRef,
    Moved,
    Present,
    Raw,
    Refused,
    Seen,
    Stale,
    Surface,
    SurfaceKind,
    Write,
    Written,
)
from vindaris_sync.sdk.errors import IssueRejected, Transient, Unknown
from vindaris_sync.sdk.writing import Ready, Taken, each, guarded, same_values

GOALS = Surface(SurfaceKind.LABEL, "goal:")
FIELD = Surface(SurfaceKind.FIELD, "f1", single=True)
SURFACES = (FIELD, GOALS)
_NOW = datetime(2026, 1, 5, tzinfo=UTC)


class World:
    """Issues by id; counts batches read and issues written."""

    def __init__(self, **labels: Raw) -> None:
        self.issues = {id_: self._issue(id_, names) for id_, names in labels.items()}
        self.absent: dict[str, Seen] = {}
        self.batches: list[int] = []
        self.written: list[str] = []

    def _issue(self, id_: str, labels: Raw) -> Issue:
        ref = IssueRef("t", id_)
        return Issue(ref, id_, "P", "Task", id_, "", "Open", False, _NOW, _NOW, labels=labels)  # noqa: FBT003

    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Answer in reverse order: callers must go by the address."""
        self.batches.append(len(addresses))
        for address in reversed(addresses):
            yield self.absent.get(address.id) or Present(address, self.issues[address.id])

    def apply(self, ready: Ready) -> None:
        """Put the labels of one write on and take them off."""
        id_ = ready.write.address.id
        self.written.append(id_)
        for change in ready.write.changes:
            kept = [name for name in self.issues[id_].labels if name not in {GOALS.id + one for one in change.remove}]
            labels = (*kept, *(GOALS.id + one for one in change.add))
            self.issues[id_] = replace(self.issues[id_], labels=labels)

    def write(self, writes: Sequence[Write], batch: int = 100) -> dict[str, Written]:
        """Send ``writes`` through the guard and return the outcomes by id."""
        outcomes = list(guarded(writes, SURFACES, self.fetch, each(self.apply), batch=batch))
        assert len(outcomes) == len(writes)
        return {outcome.write.address.id: outcome for outcome in outcomes}


def want(id_: str, *, expected: Raw = (), add: Raw = (), remove: Raw = ()) -> Write:
    """Return a write of goal labels."""
    return Write(Address("t", id_, id_), (Change(GOALS, add, remove),), {GOALS.key: expected})


def test_sorts_and_reads_back() -> None:
    """Of a batch, what is right is left alone, what is stale is not written, the rest is sent and read back."""
    world = World(right=("goal:A",), stale=("goal:X",), ready=("goal:B", "bug"))
    outcomes = world.write(
        [
            want("right", add=("A",)),
            want("stale", add=("A",)),
            want("ready", expected=("B",), add=("A",), remove=("B",)),
        ]
    )
    assert {id_: type(outcome) for id_, outcome in outcomes.items()} == {"right": Done, "stale": Stale, "ready": Done}
    assert world.written == ["ready"]
    assert world.issues["ready"].labels == ("bug", "goal:A")
    assert world.batches == [3, 1]


def test_batches() -> None:
    """Of 25 writes in batches of 10 each batch is read once before and once after."""
    world = World(**{f"i{n}": () for n in range(25)})
    outcomes = world.write([want(f"i{n}", add=("A",)) for n in range(25)], batch=10)
    assert all(isinstance(outcome, Done) for outcome in outcomes.values())
    assert world.batches == [10, 10, 10, 10, 5, 5]


def test_case_does_not_make_stale() -> None:
    """Expected and shown values are compared casefolded, as multisets."""
    assert same_values(("A", "b"), ("B", "a"))
    assert not same_values(("A", "a"), ("A",))
    world = World(i=("GOAL:b",))
    assert isinstance(world.write([want("i", expected=("B",), add=("C",))])["i"], Done)


def test_absence_is_an_outcome() -> None:
    """An issue that is gone, or has become another one, fails alone and is not written."""
    world = World(ok=(), gone=(), moved=())
    other = replace(world.issues["moved"], ref=IssueRef("t", "new"))
    world.absent = {
        "gone": Gone(Address("t", "gone", "gone"), "deleted"),
        "moved": Moved(Address("t", "moved", "moved"), other),
    }
    outcomes = world.write([want(id_, add=("A",)) for id_ in ("gone", "moved", "ok")])
    assert {id_: type(one) for id_, one in outcomes.items()} == {"gone": Failed, "moved": Failed, "ok": Done}
    assert world.written == ["ok"]


def test_moved_with_the_same_id_is_written() -> None:
    """An issue that only changed its key is written."""
    world = World(i=())
    world.absent = {"i": Moved(Address("t", "i", "i"), world.issues["i"])}
    world.write([want("i", add=("A",))])
    assert world.written == ["i"]


def test_write_that_does_not_show_has_failed() -> None:
    """A request that was taken and had no effect is Failed, never Done."""
    world = World(i=())
    (outcome,) = guarded([want("i", add=("A",))], SURFACES, world.fetch, lambda _: ())
    assert isinstance(outcome, Failed)


def test_field_that_does_not_work_here_is_never_done() -> None:
    """Taking a value off a field that the issue does not have is not reported as done."""
    world = World(i=())
    write = Write(Address("t", "i", "i"), (Change(FIELD, remove=("A",)),), {FIELD.key: ()})
    (outcome,) = guarded([write], SURFACES, world.fetch, lambda _: ())
    assert isinstance(outcome, Failed)


def test_told_outcomes_are_kept() -> None:
    """What the connector knows already (a refusal) is not read back and not replaced."""
    world = World(a=(), b=())
    sent: list[Ready] = []

    def send(ready: Sequence[Ready]) -> Iterable[Written]:
        sent.extend(ready)
        world.apply(ready[1])
        return [Refused(ready[0].write, GOALS.key, "archived")]

    first, second = guarded([want("a", add=("A",)), want("b", add=("A",))], SURFACES, world.fetch, send)
    assert isinstance(first, Refused)
    assert isinstance(second, Done)
    assert world.batches == [2, 1]


@pytest.mark.parametrize("applied", [True, False])
def test_unknown_outcome_is_read_back(*, applied: bool) -> None:
    """Whether an unanswered write was applied is told by the issue."""
    world = World(i=())

    def send_one(ready: Ready) -> None:
        if applied:
            world.apply(ready)
        raise Unknown("no answer")

    (outcome,) = guarded([want("i", add=("A",))], SURFACES, world.fetch, each(send_one))
    assert isinstance(outcome, Done if applied else Failed)


def test_rejected_issue_fails_alone() -> None:
    """An issue that the tracker rejects fails with the reason, and its neighbour is written."""
    world = World(a=(), b=())

    def send_one(ready: Ready) -> None:
        if ready.issue.key == "a":
            raise IssueRejected("locked")
        world.apply(ready)

    outcomes = list(guarded([want("a", add=("A",)), want("b", add=("A",))], SURFACES, world.fetch, each(send_one)))
    assert [type(one) for one in outcomes] == [Failed, Done]


def test_transient_ends_after_finished_batches() -> None:
    """What stops the tracker ends the iteration; the batches before it were told."""
    world = World(a=(), b=())
    told: list[Written] = []

    def send_one(ready: Ready) -> None:
        if ready.issue.key == "b":
            raise Transient("limited")
        world.apply(ready)

    writes = [want("a", add=("A",)), want("b", add=("A",))]
    with pytest.raises(Transient):
        told.extend(guarded(writes, SURFACES, world.fetch, each(send_one), batch=1))
    assert [type(one) for one in told] == [Done]


@pytest.mark.parametrize(
    ("seconds", "place", "theirs"), [(1, "P", True), (0, "P", False), (1, "Q", False)], ids=["later", "lags", "moved"]
)
def test_what_undoes_a_write_that_is_known_to_be_made_is_somebodys_edit(
    *, seconds: int, place: str, theirs: bool
) -> None:
    """Undone since, by the tracker's stamps, it is Done all the same; not where the reading lags, or a move did it."""
    world = World(i=("goal:B",))
    made = _NOW + timedelta(seconds=1)

    def send(ready: Sequence[Ready]) -> Iterable[Taken]:
        world.issues["i"] = replace(world.issues["i"], updated=made + timedelta(seconds=seconds), place=place)
        return [Taken(ready[0].write, {GOALS.key: made})]

    write = want("i", expected=("B",), remove=("B",))
    (outcome,) = guarded([write], SURFACES, world.fetch, send)
    assert (outcome == Done(write, world.issues["i"], {GOALS.key: made})) is theirs
    assert isinstance(outcome, Failed) is not theirs


@pytest.mark.parametrize(
    ("told", "theirs"), [((FIELD, GOALS), True), ((GOALS,), True), ((FIELD,), False)], ids=["all", "that one", "other"]
)
def test_each_surface_counts_from_when_it_was_written_itself(told: tuple[Surface, ...], *, theirs: bool) -> None:
    """Undone before a later request of the same write was made; what the history does not show was perhaps not made."""
    world = World(i=())
    later = _NOW + timedelta(seconds=2)

    def send(ready: Sequence[Ready]) -> Iterable[Taken]:
        world.issues["i"] = replace(world.issues["i"], updated=later, fields={FIELD.key: ("A",)})
        made = {GOALS.key: _NOW, FIELD.key: later}
        return [Taken(ready[0].write, {surface.key: made[surface.key] for surface in told})]

    world.issues["i"] = replace(world.issues["i"], fields={FIELD.key: ()})
    write = Write(
        Address("t", "i", "i"), (Change(GOALS, ("A",)), Change(FIELD, ("A",))), {GOALS.key: (), FIELD.key: ()}
    )
    (outcome,) = guarded([write], SURFACES, world.fetch, send)
    assert (outcome == Done(write, world.issues["i"], {GOALS.key: _NOW})) is theirs
    assert isinstance(outcome, Failed) is not theirs
