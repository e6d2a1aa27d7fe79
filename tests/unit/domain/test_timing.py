"""Linked at birth or later: an inherited link is as old as the link that is inherited (DESIGN, *Provenance*)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.unit.domain.building import LAYOUT, NOW, A, World, link, record
from vindaris_sync.domain.links import effective
from vindaris_sync.domain.models import LinkState, Provenance
from vindaris_sync.domain.outcome import timing
from vindaris_sync.domain.records import Policy, Record

POLICY = Policy(LAYOUT)
OLD = NOW - timedelta(days=40)


def told(child: Record, *above: Record) -> str | None:
    return timing(child, effective(child, child.explicit, above), POLICY)


def linked(provenance: Provenance = Provenance.CHOSEN, **changes: object) -> Record:
    one = replace(link(A), provenance=provenance, at=NOW)
    return record(1, explicit=(one,), state=LinkState.LINKED, created=OLD, updated=OLD, **changes)


def test_work_that_was_there_before_its_parent_was_linked_was_linked_later() -> None:
    untouched = record(2, parent=1, created=OLD, updated=OLD, backlog=True, state=LinkState.UNLINKED)
    assert told(untouched, linked()) == "later"
    assert told(linked()) == "later"


def test_work_opened_under_a_linked_parent_was_linked_at_birth() -> None:
    fresh = record(2, parent=1, created=NOW + timedelta(days=1), updated=NOW + timedelta(days=1))
    assert told(fresh, linked()) == "at_birth"


def test_what_a_person_had_set_is_proven_by_the_issue_itself() -> None:
    assert told(linked(Provenance.ADOPTED, backlog=True)) == "at_birth"
    edited = replace(linked(Provenance.ADOPTED, backlog=True), updated=NOW, state=None)
    assert told(edited) == "unknown"
    assert told(replace(edited, backlog=False)) == "later"


def test_an_issue_from_the_end_of_time_is_decided_like_any_other() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    world = World.of(record(1, created=end, updated=end), replace(linked(), id=2, created=end, updated=end))
    world.decide()
    assert world.issues[1].causes[0].surface_at == NOW + POLICY.grace
    assert world.issues[2].timing == "at_birth"
