"""What each managed surface of an issue says, as far as that is known (R2): T, and B of the merge.

A value is a set of goal ids, or ``{NO_GOAL}``; a label that is just on or off is read the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vindaris_sync.domain.models import Base, Exemption, Explicit, Layout, Raw, Surface
from vindaris_sync.domain.records import GoalBook, Record

NO_GOAL = 0
"""Stands for "not goal work" in a value; goal ids start at 1."""

Value = frozenset[int]
NOTHING: Value = frozenset()
NOT_GOAL_WORK: Value = frozenset({NO_GOAL})


@dataclass(frozen=True, slots=True)
class Side:
    """One surface as the merge sees it."""

    surface: Surface
    raw: Raw
    shown: Value
    """T: what it shows as far as that is known, else B."""
    actual: Value
    """What it really shows; differs from ``shown`` where an emptiness is unknown."""
    base: Value
    unknown: tuple[str, ...] = ()
    """Raw values that name no goal; they stay where they are."""
    works: bool = True
    held: bool = False
    """Nothing is written to it: its goal was replaced by a key that names no goal."""
    unread: bool = False
    """An edit that counts only once the issue was read directly."""
    hidden: tuple[tuple[str, int], ...] = ()
    """(raw value, what it stands for) that counts as shown: nobody took it off, its definition was deleted (R2)."""
    again: Value = NOTHING
    """Of what was agreed on and S is no more: what somebody has said again, by another of its names (L5)."""

    @property
    def moved(self) -> bool:
        """Whether a person changed it since both sides agreed."""
        return self.shown != self.base or bool(self.again)

    @property
    def added(self) -> Value:
        """What a person said here since both sides agreed."""
        return (self.shown - self.base) | self.again

    @property
    def replaced(self) -> bool:
        """Whether something else shows in the place of what was agreed on: somebody said so, nothing vanished."""
        return bool(self.shown - self.base)

    @property
    def lost(self) -> bool:
        """Whether something that was agreed on shows no more: an edit by absence (R2)."""
        return bool(self.base - self.shown)

    def shows(self, wanted: Value) -> bool:
        """Return whether it shows ``wanted``, less what is hidden and stays agreed on no longer."""
        return self.actual - {value for _, value in self.hidden if not self._keeps(value, wanted)} == wanted

    def kept(self, wanted: Value) -> Raw:
        """Return what of the hidden stays agreed on where ``wanted`` is to show."""
        return tuple(raw for raw, value in self.hidden if self._keeps(value, wanted))

    def _keeps(self, value: int, wanted: Value) -> bool:
        return value in wanted or bool(self.unknown)  # a definition may have been renamed to that


def value_of(explicit: Explicit) -> Value:
    """Return S as a value."""
    if isinstance(explicit, Exemption):
        return NOT_GOAL_WORK
    return frozenset(link.goal for link in explicit) if explicit else NOTHING


def _known(surface: Surface, raw: Iterable[str], goals: GoalBook) -> tuple[Value, tuple[str, ...]]:
    values = tuple(raw)
    if not values:
        return NOTHING, ()
    if not surface.shows_goals:
        return NOT_GOAL_WORK, ()
    if len(values) == 1 and (only := goals.find(values[0])) is not None:
        return frozenset((only,)), ()
    found = [(value, goals.find(value)) for value in values]
    return (
        frozenset(goal for _, goal in found if goal is not None),
        tuple(value for value, goal in found if goal is None),
    )


def read_side(record: Record, surface: Surface, layout: Layout, goals: GoalBook) -> Side:
    """Return how ``surface`` of ``record`` counts under R2."""
    raw, base = record.observed.get(surface.key), record.bases.get(surface.key)
    works = raw is not None and surface.key not in layout.broken
    if raw is not None and works and base is not None and _is_ours(raw, base):
        return _unmoved(surface, raw, goals)  # the usual case, told early
    agreed, agreed_unknown = _agreed(surface, base, goals)
    if raw is None or not works:
        return Side(surface, base.value if base else (), agreed, agreed, agreed, works=False)
    known, unknown = _known(surface, raw, goals)
    again = _again(record, raw, base, goals) if base and known else NOTHING
    if base is None or (known == agreed and not again):
        return Side(surface, raw, known, known, agreed, unknown)
    hidden = _hidden(record, surface, agreed - known, base, goals)
    known |= {value for _, value in hidden}
    if not known and elsewhere(base, record, layout):
        return Side(surface, raw, agreed, known, agreed, unknown)
    if (
        agreed - known
        and not known - agreed
        and {u.casefold() for u in unknown} - {u.casefold() for u in agreed_unknown}
    ):
        return Side(surface, raw, agreed, known, agreed, unknown, held=True, hidden=hidden)
    unread = record.verified != record.updated and (bool(agreed - known) or record.updated <= base.updated)
    return Side(surface, raw, known, known, agreed, unknown, unread=unread, hidden=hidden, again=again)


def _again(record: Record, raw: Raw, base: Base, goals: GoalBook) -> Value:
    """Return the goals that S has no more, and that somebody named anew beside the name that was agreed on.

    In the place of that, another name is no statement: a label or an option may have been renamed.
    """
    agreed, shown = ({value.casefold() for value in values} for values in (base.value, raw))
    ours = {value.casefold() for sent in base.sent for value in sent}
    stays, fresh = ({goals.find(value) for value in values} for values in (shown & agreed, shown - agreed - ours))
    return frozenset(goal for goal in stays & fresh if goal is not None) - value_of(record.explicit)


def _is_ours(raw: Raw, base: Base) -> bool:
    """Return whether nobody but us can have changed a surface: as agreed, or as we made it and never heard of (R5)."""
    if raw == base.value and not base.unknown:
        return True
    shown = sorted(value.casefold() for value in raw) if base.sent else ()
    return any(shown == sorted(value.casefold() for value in sent) for sent in base.sent)


def elsewhere(base: Base, record: Record, layout: Layout) -> bool:
    """Return whether an emptiness may have come with the issue's move since ``base`` was agreed on (R2).

    Where an issue keeps all as long as it has its id, another place is the same one under a new name.
    """
    return not base.place or (not layout.steady and (base.place, base.type) != (record.place, record.type))


def _unmoved(surface: Surface, raw: Raw, goals: GoalBook) -> Side:
    """Return the side of a surface that shows what was agreed on; one object serves all issues that show it."""
    which = (surface.key, surface.single, raw)
    side = goals.unmoved.get(which)
    if side is None:
        known, unknown = _known(surface, raw, goals)
        side = goals.unmoved[which] = Side(surface, raw, known, known, known, unknown)
    return side


def _agreed(surface: Surface, base: Base | None, goals: GoalBook) -> tuple[Value, tuple[str, ...]]:
    """Return what was agreed on; a key that was unknown then was no part of it, though it may be known now."""
    if base is None:
        return NOTHING, ()
    known, others = _known(surface, (value for value in base.value if value not in base.unknown), goals)
    return known, others + base.unknown


def _hidden(
    record: Record, surface: Surface, missing: Value, base: Base, goals: GoalBook
) -> tuple[tuple[str, int], ...]:
    """Return those of ``missing`` whose option or label, as ``base`` names it, was deleted: nobody took them off."""
    if not record.undefined or not missing:
        return ()
    named = ((raw, goals.find(raw) if surface.shows_goals else NO_GOAL) for raw in base.value)
    return tuple(
        (raw, value)
        for raw, value in named
        if value is not None and value in missing and (surface.key, raw.casefold()) in record.undefined
    )


def read_sides(record: Record, layout: Layout, goals: GoalBook) -> tuple[Side, ...]:
    """Return every value surface of ``record`` (goal surfaces and the exempt label) under R2."""
    return tuple([read_side(record, surface, layout, goals) for surface in layout.values])


def agreed_base(record: Record, side: Side, wanted: Value) -> Base:
    """Return the base that records as agreed what ``side`` shows, and of ``wanted`` what a deleted definition hides.

    What else that hides is agreed on no more: whoever puts it on again says something new. It stays where a key that
    names no goal shows, to which it may have been renamed. Where the base that stands records the same, it is that one.
    """
    former = record.bases.get(side.surface.key)
    value = side.raw + side.kept(wanted)
    now = (value, side.unknown, record.place, record.type)
    if former is not None and not former.sent and (former.value, former.unknown, former.place, former.type) == now:
        return former
    return Base(value, record.place, record.type, record.updated, side.unknown)
