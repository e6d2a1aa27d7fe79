"""A goal's priority and status on the issues that serve it: written for people to sort by, never read as a decision.

What anybody else put there stays (L4, L5): only an empty surface is filled, and only what we wrote is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from vindaris_sync.domain.actions import WriteBack
from vindaris_sync.domain.links import Effective
from vindaris_sync.domain.models import Base, LinkState, Raw, Surface, SurfaceKind
from vindaris_sync.domain.records import Policy, Record
from vindaris_sync.domain.writes import may_write

LONGEST = 50
"""Characters of a label, the prefix included, in the narrowest tracker (GitHub REST, labels)."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What is to be written, and what a surface shows already that is ours from now on."""

    writes: tuple[WriteBack, ...] = ()
    agreed: Mapping[str, Base] = field(default_factory=dict)


def mirrored(record: Record, effect: Effective, policy: Policy) -> Mirrored:
    """Return what lets an open issue show its primary goal's priority and status, inherited or not.

    A goal whose change waits (``policy.shows`` has none of it) leaves what is there, and so does a parent that is
    unknown.
    """
    writes: list[WriteBack] = []
    agreed: dict[str, Base] = {}
    for surface, wanted in _wanted(effect, policy):
        raw = record.observed.get(surface.key)
        if raw is None or not may_write(record, policy, surface):
            continue
        ours, shown = _ours(record, surface), _folded(raw)
        foreign = tuple(value for value in raw if value.casefold() not in ours | _folded(wanted))
        add = () if foreign else tuple(value for value in wanted if value.casefold() not in shown)
        remove = tuple(value for value in raw if value.casefold() in ours - _folded(wanted))
        if add or remove:
            writes.append(WriteBack(record.id, surface, add, remove, raw))
        elif shown - _folded(foreign) != ours:
            agreed[surface.key] = Base(raw, record.place, record.type, record.updated, foreign)
    return Mirrored(tuple(writes), agreed)


def _wanted(effect: Effective, policy: Policy) -> Iterator[tuple[Surface, Raw]]:
    mirrors = policy.layout.mirrors
    if not mirrors or effect.parent_unknown:
        return
    serves = effect.goals[0] if effect.goals and effect.state is not LinkState.EXEMPT else None
    values = policy.shows.get(serves) if serves is not None else {}
    if values is not None:
        for surface in mirrors:
            value = shown_as(surface, values.get(surface.mirrors, ""))
            yield surface, (value,) if value else ()


def shown_as(surface: Surface, value: str) -> str:
    """Return a value as the surface can hold it: a label has no spaces and no commas, and 50 characters."""
    if surface.kind is not SurfaceKind.LABEL:
        return value
    return "-".join(value.replace(",", " ").split())[: LONGEST - len(surface.id)].rstrip("-")


def _ours(record: Record, surface: Surface) -> set[str]:
    base = record.bases.get(surface.key)
    return _folded(value for value in base.value if value not in base.unknown) if base is not None else set()


def _folded(values: Iterable[str]) -> set[str]:
    return {value.casefold() for value in values}
