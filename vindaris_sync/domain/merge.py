"""The three-way merge of an issue's goal surfaces and exempt label (R2, R3, R4), as a pure function.

Per surface, T is what it shows as far as that is known, B what both sides last agreed on, P what S looks like there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vindaris_sync.domain.models import Exemption, Explicit, Layout, Raw, Surface, SurfaceKind
from vindaris_sync.domain.records import Record, value_text
from vindaris_sync.domain.sides import NO_GOAL, NOT_GOAL_WORK, Side, Value, elsewhere, value_of


class Result(StrEnum):
    """The rows of R3's table, and the ends of a conflict (R4)."""

    IN_SYNC = "in sync"
    WRITE_BACK = "write back"
    ADOPT = "adopt"
    AGREE = "record agreement"
    CONFLICT = "conflict"
    DECIDED = "conflict decided in the store"


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
        return value & NOT_GOAL_WORK
    goals = value - NOT_GOAL_WORK if NO_GOAL in value else value
    if surface.single and len(goals) > 1:
        return frozenset({primary if primary in goals else min(goals)})
    return goals


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
        told = _told(record, changed, sides, layout)
        agrees = not changed or (told.result is Result.ADOPT and told.value == current)
        return Merged(Result.DECIDED if agrees else Result.CONFLICT, current, sides, primary)
    if not changed:
        return Merged(Result.CONFLICT, current, sides, primary)
    return _told(record, changed, sides, layout)


def _told(record: Record, changed: Sequence[Side], sides: tuple[Side, ...], layout: Layout) -> Merged:
    """Return what the ``changed`` sides tell: of a goal and an exemption the one that was put on since (R3, R4)."""
    seen = record.conflict.observed if record.conflict else {}
    new = [side for side in changed if _names_more(side, seen.get(side.surface.key, side.raw))]
    exempted, named = ([side for side in new if side.surface.shows_goals is goals] for goals in (False, True))
    if exempted and named:
        return Merged(Result.CONFLICT, value_of(record.explicit), sides, primary_of(record.explicit))
    return adopt_shown(record, exempted or changed, sides, several=layout.several_goals)


def _names_more(side: Side, before: Raw) -> bool:
    """Return whether ``side`` shows what it did not show ``before``, unknown keys aside."""
    former = {raw.casefold() for raw in (*before, *side.unknown)}
    return any(raw.casefold() not in former for raw in side.raw)


def _edited(record: Record, side: Side, before: Raw, layout: Layout) -> bool:
    """Return whether a person changed what ``side`` showed ``before``.

    A deleted definition is no edit, nor is what may have been lost on the way to another place (R2). A key that names
    no goal may be the deleted one's new name.
    """
    base = record.bases.get(side.surface.key)
    if not side.raw and base is not None and elsewhere(base, record, layout):
        return False
    was, now = ({raw.casefold() for raw in values} for values in (before, side.raw))
    taken_off = {raw for raw in was - now if (side.surface.key, raw) not in record.undefined}
    renamed = {raw.casefold() for raw in side.unknown} if was - now and not taken_off else set()
    return bool(taken_off or now - was - renamed)


def adopt_shown(record: Record, changed: Sequence[Side], sides: Sequence[Side], *, several: bool) -> Merged:
    """Return the adoption of what the ``changed`` sides show now, whatever S and B say; a conflict if they differ."""
    current, primary = value_of(record.explicit), primary_of(record.explicit)
    if not _alike([side for side in changed if side.surface.shows_goals]):
        return Merged(Result.CONFLICT, current, tuple(sides), primary)
    shown: Value = frozenset().union(*(side.shown for side in changed))
    if NO_GOAL in shown and len(shown) > 1:
        shown -= NOT_GOAL_WORK
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
    goals = added - NOT_GOAL_WORK
    if NO_GOAL in added:
        return None if goals else NOT_GOAL_WORK
    if not goals:
        return current - removed
    if several:
        return (current - removed - NOT_GOAL_WORK) | goals
    return goals if len(goals) == 1 else None


def _added(moved: Iterable[Side]) -> Value:
    return frozenset().union(*(side.added for side in moved))


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
        if side.surface.single and len(side.shown) == 1 and side.shown <= value - NOT_GOAL_WORK:
            return next(iter(side.shown))
    goals = value - NOT_GOAL_WORK
    return former if former in goals else min(goals, default=None)


def _primary_moved(moved: Sequence[Side], primary: int | None) -> bool:
    return any(side.surface.single and side.shown and primary not in side.shown for side in moved)
