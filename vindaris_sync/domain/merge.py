"""The three-way merge of an issue's goal surfaces and exempt label (R2, R3, R4), as a pure function.

A value is a set of goal ids, or ``{NO_GOAL}``; a label that is just on or off is read the same way. Per surface, T
is what it shows as far as that is known, B what both sides last agreed on, and P what S looks like there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vindaris_sync.domain.models import Base, Exemption, Explicit, Layout, Raw, Surface, SurfaceKind
from vindaris_sync.domain.records import GoalBook, Record, value_text

NO_GOAL = 0
"""Stands for "not goal work" in a value; goal ids start at 1."""

Value = frozenset[int]
_NOTHING: Value = frozenset()
_EXEMPT: Value = frozenset({NO_GOAL})


class Result(StrEnum):
    """The rows of R3's table, and the ends of a conflict (R4)."""

    IN_SYNC = "in sync"
    WRITE_BACK = "write back"
    ADOPT = "adopt"
    AGREE = "record agreement"
    CONFLICT = "conflict"
    DECIDED = "conflict decided in the store"


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

    @property
    def moved(self) -> bool:
        """Whether a person changed it since both sides agreed."""
        return self.shown != self.base

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


@dataclass(frozen=True, slots=True)
class Merged:
    """What follows for S. ``value`` is S's value afterwards, ``primary`` the goal a single-valued field shows."""

    result: Result
    value: Value
    sides: tuple[Side, ...]
    primary: int | None = None

    @property
    def unknown(self) -> tuple[str, ...]:
        """Raw values on any surface that name no goal, sorted."""
        return tuple(sorted({raw.casefold() for side in self.sides for raw in side.unknown}))

    def wanted(self, side: Side) -> Value:
        """Return what S as it is afterwards looks like on ``side``."""
        return project(self.value, self.primary, side.surface)

    def shows(self, side: Side) -> bool:
        """Return whether ``side`` shows S as it is afterwards."""
        return side.works if self.result is Result.IN_SYNC else side.shows(self.wanted(side))


def value_of(explicit: Explicit) -> Value:
    """Return S as a value."""
    if isinstance(explicit, Exemption):
        return _EXEMPT
    return frozenset(link.goal for link in explicit) if explicit else _NOTHING


def primary_of(explicit: Explicit) -> int | None:
    """Return the primary goal of S: the marked link's, else the oldest link's."""
    if isinstance(explicit, Exemption) or not explicit:
        return None
    if len(explicit) == 1:
        return explicit[0].goal
    return min(explicit, key=lambda link: (not link.primary, link.at, link.goal)).goal


def project(value: Value, primary: int | None, surface: Surface) -> Value:
    """Return what ``value`` looks like on ``surface``: P(S)."""
    if surface.kind is SurfaceKind.EXEMPT:
        return value & _EXEMPT
    goals = value - _EXEMPT if NO_GOAL in value else value
    if surface.single and len(goals) > 1:
        return frozenset({primary if primary in goals else min(goals)})
    return goals


def _known(surface: Surface, raw: Iterable[str], goals: GoalBook) -> tuple[Value, tuple[str, ...]]:
    values = tuple(raw)
    if not values:
        return _NOTHING, ()
    if not surface.shows_goals:
        return _EXEMPT, ()
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
    if base is None or known == agreed:
        return Side(surface, raw, known, known, agreed, unknown)
    hidden = _hidden(record, surface, agreed - known, base, goals)
    known |= {value for _, value in hidden}
    if not known and _elsewhere(base, record, layout):
        return Side(surface, raw, agreed, known, agreed, unknown)
    if (
        agreed - known
        and not known - agreed
        and {u.casefold() for u in unknown} - {u.casefold() for u in agreed_unknown}
    ):
        return Side(surface, raw, agreed, known, agreed, unknown, held=True, hidden=hidden)
    unread = record.verified != record.updated and (bool(agreed - known) or record.updated <= base.updated)
    return Side(surface, raw, known, known, agreed, unknown, unread=unread, hidden=hidden)


def _is_ours(raw: Raw, base: Base) -> bool:
    """Return whether nobody but us can have changed a surface: as agreed, or as we made it and never heard of (R5)."""
    if raw == base.value and not base.unknown:
        return True
    shown = sorted(value.casefold() for value in raw) if base.sent else ()
    return any(shown == sorted(value.casefold() for value in sent) for sent in base.sent)


def _elsewhere(base: Base, record: Record, layout: Layout) -> bool:
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
        return _NOTHING, ()
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


def merge(record: Record, sides: Sequence[Side], layout: Layout, *, yields: bool = False) -> Merged:
    """Return R3's decision for ``record``; where a conflict is remembered, R4's.

    ``yields``: S comes from a restored database, so that what the tracker shows is the newer of two (fault 57).
    """
    current, primary = value_of(record.explicit), primary_of(record.explicit)
    sides = tuple(sides)
    if record.conflict is not None:
        return _reconsider(record, sides, layout)
    moved = [side for side in sides if side.moved]
    if not moved and not yields:
        in_sync = all(side.shows(project(current, primary, side.surface)) or not side.works for side in sides)
        return Merged(Result.IN_SYNC if in_sync else Result.WRITE_BACK, current, sides, primary)
    wanted = {side.surface.key: project(current, primary, side.surface) for side in sides}
    if yields:
        return _yielded(record, sides, wanted, layout)
    differing = [side for side in moved if side.shown != wanted[side.surface.key]]
    if not differing:
        return Merged(Result.AGREE, current, sides, primary)
    replaced = not layout.several_goals and _added(differing) == current  # one key beside the old one means that one
    if any(_changed(side, sides, wanted) for side in differing) and not record.by_machine and not replaced:
        return Merged(Result.CONFLICT, current, sides, primary)
    return _adopt(current, primary, moved, sides, several=layout.several_goals)


def _yielded(record: Record, sides: tuple[Side, ...], wanted: Mapping[str, Value], layout: Layout) -> Merged:
    """Return what the tracker makes of the value agreed last, as though S had never been changed since.

    What our own clock ended (an expiry) counts only where the tracker shows it too: it may have been decided anew.
    """
    current, primary = value_of(record.explicit), primary_of(record.explicit)
    newer = [side for side in sides if side.moved or (record.by_machine and side.base)]
    differing = [side for side in newer if side.works and side.shown != wanted[side.surface.key]]
    if not differing:
        return merge(record, sides, layout)
    agreed: Value = frozenset().union(*(side.base for side in sides))
    return _adopt(current, primary, differing, sides, several=layout.several_goals, start=agreed)


def _changed(moved: Side, sides: Sequence[Side], wanted: Mapping[str, Value]) -> bool:
    """Return whether S is another value than was agreed on, as far as ``moved`` can contradict it.

    Goals and exemption are one value on two kinds of surface: where S shows nothing on the moved one, the other kind
    tells, of which one surface that agrees is enough (another one may refuse writes).
    """
    if wanted[moved.surface.key] != moved.base:
        return True
    others = [side for side in sides if side.surface.shows_goals is not moved.surface.shows_goals]
    agrees = any(wanted[side.surface.key] == side.base for side in others)
    return not wanted[moved.surface.key] and bool(others) and not agrees


def _adopt(  # noqa: PLR0913 - S in its two parts, the surfaces, and from where they are followed
    current: Value,
    primary: int | None,
    moved: Sequence[Side],
    sides: tuple[Side, ...],
    *,
    several: bool,
    start: Value | None = None,
) -> Merged:
    proposed = _proposal(current if start is None else start, moved, several=several)
    if proposed is None:
        return Merged(Result.CONFLICT, current, sides, primary)
    if proposed == current and not _primary_moved(moved, primary):
        return Merged(Result.AGREE, current, sides, primary)
    return Merged(Result.ADOPT, proposed, sides, _primary(proposed, primary, moved))


def _reconsider(record: Record, sides: tuple[Side, ...], layout: Layout) -> Merged:
    """Return what the next change of a person means for a remembered conflict; one on each side is a new one (R4)."""
    conflict = record.conflict
    current, primary = value_of(record.explicit), primary_of(record.explicit)
    decided = conflict is None or value_text(record.explicit) != conflict.explicit
    seen = conflict.observed if conflict else {}
    working = [(side, seen.get(side.surface.key, side.raw)) for side in sides if side.works]
    changed = [side for side, before in working if _edited(record, side, before, layout)]
    if decided and record.by_machine:
        changed = changed or [side for side in sides if side.works and side.moved]
    elif decided:
        shown = adopt_shown(record, changed, sides, several=layout.several_goals).value if changed else current
        return Merged(Result.DECIDED if shown == current else Result.CONFLICT, current, sides, primary)
    if not changed:
        return Merged(Result.CONFLICT, current, sides, primary)
    return adopt_shown(record, tuple(changed), sides, several=layout.several_goals)


def _edited(record: Record, side: Side, before: Raw, layout: Layout) -> bool:
    """Return whether a person changed what ``side`` showed ``before``.

    A deleted definition is no edit, nor is what may have been lost on the way to another place (R2).
    """
    base = record.bases.get(side.surface.key)
    if not side.raw and base is not None and _elsewhere(base, record, layout):
        return False
    was, now = ({raw.casefold() for raw in values} for values in (before, side.raw))
    return bool(now - was or {raw for raw in was - now if (side.surface.key, raw) not in record.undefined})


def adopt_shown(record: Record, changed: Sequence[Side], sides: Sequence[Side], *, several: bool) -> Merged:
    """Return the adoption of what the ``changed`` sides show now, whatever S and B say; a conflict if they differ."""
    current, primary = value_of(record.explicit), primary_of(record.explicit)
    if not _alike([side for side in changed if side.surface.shows_goals]):
        return Merged(Result.CONFLICT, current, tuple(sides), primary)
    shown: Value = frozenset().union(*(side.shown for side in changed))
    if NO_GOAL in shown and len(shown) > 1:
        shown -= _EXEMPT
    if not several and len(shown) > 1:
        return Merged(Result.CONFLICT, current, tuple(sides), primary)
    return Merged(Result.ADOPT, shown, tuple(sides), _primary(shown, primary, changed))


def _proposal(current: Value, moved: Sequence[Side], *, several: bool) -> Value | None:
    """Return the value that the moved sides ask for together, or None where they differ."""
    added = _added(moved)
    wide = [side for side in moved if side.surface.shows_goals and not side.surface.single]
    tell = [side for side in moved if not (wide and side.surface.single)]  # a field shows but one of several goals
    removed: Value = frozenset().union(*(side.base - side.shown for side in tell))
    if not _alike([side for side in moved if side.surface.shows_goals]):
        return None
    goals = added - _EXEMPT
    if NO_GOAL in added:
        return None if goals else _EXEMPT
    if not goals:
        return current - removed
    if several:
        return (current - removed - _EXEMPT) | goals
    return goals if len(goals) == 1 else None


def _added(moved: Iterable[Side]) -> Value:
    return frozenset().union(*(side.shown - side.base for side in moved))


def _alike(sides: Sequence[Side]) -> bool:
    """Return whether goal surfaces that moved show the same, a single-valued one being allowed to show less."""
    for one in sides:
        for other in sides:
            narrow, wide = (one, other) if one.surface.single else (other, one)
            if bool(narrow.shown) != bool(wide.shown) or not narrow.shown <= wide.shown:
                return False
            if not narrow.surface.single and narrow.shown != wide.shown:
                return False
    return True


def _primary(value: Value, former: int | None, moved: Sequence[Side]) -> int | None:
    for side in moved:
        if side.surface.single and len(side.shown) == 1 and side.shown <= value - _EXEMPT:
            return next(iter(side.shown))
    goals = value - _EXEMPT
    return former if former in goals else min(goals, default=None)


def _primary_moved(moved: Sequence[Side], primary: int | None) -> bool:
    return any(side.surface.single and side.shown and primary not in side.shown for side in moved)


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
