"""What issues show of a goal beside its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.domain.building import LAYOUT, A, B, base, link, record, shows
from vindaris_sync.domain.links import UNDECIDED, Effective
from vindaris_sync.domain.mirrors import Mirrored, mirrored, shown_as
from vindaris_sync.domain.models import Base, LinkState, Raw, Surface, SurfaceKind
from vindaris_sync.domain.records import Policy

PRIO = Surface(SurfaceKind.LABEL, "prio:", mirrors="priority")
STATUS = Surface(SurfaceKind.FIELD, "10002", single=True, mirrors="status")
SHOWS = {A: {"priority": "P1", "status": "active"}, B: {"priority": "", "status": "achieved"}}
POLICY = Policy(replace(LAYOUT, surfaces=(*LAYOUT.surfaces, PRIO, STATUS)), shows=SHOWS)


def on(*goals: int) -> Effective:
    """Return that an issue serves these goals."""
    links = tuple(link(goal, primary=place == 0) for place, goal in enumerate(goals))
    return Effective(LinkState.LINKED, None, links)


def decided(
    effect: Effective, prio: Raw | None = (), status: Raw | None = None, policy: Policy = POLICY, **changes: Any
) -> Mirrored:
    """Return what follows for an issue that shows this; None: the surface does not work here."""
    observed = {PRIO.key: prio, STATUS.key: status}
    shown = {key: raw for key, raw in observed.items() if raw is not None}
    return mirrored(record(observed={**shows(), **shown}, **changes), effect, policy)


def written(found: Mirrored) -> dict[str, tuple[Raw, Raw]]:
    """Return what is added and taken off, by surface."""
    return {write.surface.key: (write.add, write.remove) for write in found.writes}


def agreed(*raw: str) -> Mapping[str, Base]:
    """Return that we wrote this on the label's surface."""
    return {PRIO.key: base(*raw)}


def test_an_empty_surface_is_filled() -> None:
    """Label and field show what the primary goal has."""
    assert written(decided(on(A), (), ())) == {PRIO.key: (("P1",), ()), STATUS.key: (("active",), ())}
    assert written(decided(on(B, A), (), ())) == {STATUS.key: (("achieved",), ())}


def test_what_we_wrote_follows_the_goal() -> None:
    """One is added before the other is taken off, and both go when nothing is served any more."""
    assert written(decided(on(A), ("P3",), bases=agreed("P3"))) == {PRIO.key: (("P1",), ("P3",))}
    assert written(decided(UNDECIDED, ("P3",), bases=agreed("P3"))) == {PRIO.key: ((), ("P3",))}
    assert written(decided(Effective(LinkState.EXEMPT, None), ("P3",), bases=agreed("P3"))) == {PRIO.key: ((), ("P3",))}


def test_what_others_put_there_is_left_alone() -> None:
    """Ours goes from beside it; theirs is never taken off, and never doubled."""
    assert decided(on(A), ("mine",)).writes == ()
    assert written(decided(on(A), ("P3", "mine"), bases=agreed("P3"))) == {PRIO.key: ((), ("P3",))}
    assert decided(UNDECIDED, ("mine",), bases=agreed("P3")).writes == ()


def test_what_shows_already_is_ours_from_now_on() -> None:
    """After a crash between writing and recording nothing is written again, in whatever spelling it stands."""
    found = decided(on(A), ("p1",))
    assert (found.writes, found.agreed[PRIO.key].value) == ((), ("p1",))
    assert decided(on(A), ("P1",), bases=agreed("P1")) == Mirrored()


def test_what_waits_or_is_not_known_stays_as_it_is() -> None:
    """A goal whose change waits for a person, a parent that was not read, a surface that does not work."""
    waiting = replace(POLICY, shows={})
    assert decided(on(A), ("P3",), policy=waiting, bases=agreed("P3")) == Mirrored()
    unknown = Effective(LinkState.UNLINKED, None, (), parent_unknown=True)
    assert decided(unknown, ("P3",), bases=agreed("P3")) == Mirrored()
    assert decided(on(A), None, bases=agreed("P3")) == Mirrored()
    assert decided(on(A), policy=replace(POLICY, write=False)) == Mirrored()
    assert decided(on(A), policy=replace(POLICY, refused=frozenset({("APP", PRIO.key)}))) == Mirrored()


@pytest.mark.parametrize(
    ("value", "shown"),
    [("P1", "P1"), ("must have", "must-have"), ("a,b", "a-b"), ("", ""), ("x" * 80, "x" * 45), ("ä ö", "ä-ö")],
)
def test_a_label_holds_the_value_without_spaces_and_within_its_length(value: str, shown: str) -> None:
    """A field shows it as it is."""
    assert shown_as(PRIO, value) == shown
    assert shown_as(STATUS, value) == value
