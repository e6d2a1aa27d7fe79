"""From what is observed and what we hold to what follows: ``decide`` returns a plan, and touches nothing.

One issue after another, parents first, so that a plan is closed over its own consequences (L12).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vindaris_sync.domain.actions import Action, NeedsRead, Plan, Skip
from vindaris_sync.domain.case import Case
from vindaris_sync.domain.models import Presence, Surface, SurfaceKind
from vindaris_sync.domain.records import Record, Situation, View
from vindaris_sync.domain.sides import Side, read_side

_DEEPEST = 50  # trackers allow fewer levels; a longer chain is a cycle


def decide(ids: Iterable[int], view: View, situation: Situation) -> Plan:
    """Return what follows for the issues ``ids``; pure, and the same for the same arguments.

    An issue that must be read directly first yields ``NeedsRead`` and is not among the decided.
    """
    family = _Family(view, ids)
    actions: list[Action] = []
    decided: list[int] = []
    descend: list[int] = []
    for record in family.parents_first():
        case = decide_issue(record, family.chain(record), situation)
        actions.extend(case.actions)
        if case.actions and isinstance(case.actions[0], NeedsRead):  # then there is no other
            continue
        decided.append(record.id)
        family.learn(case.after)
        if case.descends:
            descend.append(record.id)
    return Plan(tuple(actions), tuple(decided), tuple(descend))


def decide_issue(record: Record, chain: Sequence[Record], situation: Situation) -> Case:
    """Return what follows for one issue, given its ancestors (nearest first) as they are decided."""
    case = Case(record, tuple(chain), situation)
    if record.presence is Presence.HIDDEN:
        case.actions.append(Skip(record.id, "hidden: frozen until it is seen again"))
        return case
    if record.presence in (Presence.GONE, Presence.MOVED, Presence.OUT_OF_SCOPE):
        case.leave()
        return case
    case.expire()
    if not case.read():
        return case
    case.merge()
    case.answer_label()
    case.settle()
    case.review()
    case.write_back()
    case.finish()
    return case


def must_read(record: Record, situation: Situation) -> bool:
    """Return whether an edit that ``record`` shows counts only once the issue was read directly (R2)."""
    return any(side.unread for side in _sides(record, situation))


def removed(record: Record, situation: Situation) -> bool:
    """Return whether a value or the review label was taken off ``record`` and nothing put in its place (R2)."""
    restored = situation.policies[record.ref.tracker].restored  # then nobody knows who took the review label off
    return any(
        side.lost and not side.replaced and not side.unread
        for side in _sides(record, situation)
        if not (restored and side.surface.kind is SurfaceKind.REVIEW)
    )


def _sides(record: Record, situation: Situation) -> list[Side]:
    layout = situation.policies[record.ref.tracker].layout
    if record.presence is Presence.HIDDEN:
        return []
    return [read_side(record, each, layout, situation.goals) for each in layout.surfaces if not each.mirrors]


def missing_values(record: Record, situation: Situation) -> list[tuple[Surface, str]]:
    """Return what was agreed on and shows no more, as (surface, raw value): its definition may have been deleted.

    Where a key that names no goal shows in its place, it may have been renamed.
    """
    gone: list[tuple[Surface, str]] = []
    for side in _sides(record, situation):
        base = record.bases.get(side.surface.key)
        former = base.value if (side.lost or side.held) and base is not None else ()
        if record.conflict is not None and side.works:
            former += record.conflict.observed.get(side.surface.key, ())
        shown = {raw.casefold() for raw in side.raw}
        gone += [(side.surface, raw) for raw in dict.fromkeys(former) if raw.casefold() not in shown]
    return gone


class _Family:
    """The issues to decide and all their ancestors, kept up to date while the plan grows."""

    def __init__(self, view: View, ids: Iterable[int]) -> None:
        self._wanted = tuple(ids)
        self._records: dict[int, Record] = dict(view.records(self._wanted))
        missing = self._unknown_parents(self._records.values())
        while missing:
            found = view.records(missing)
            self._records.update(found)
            missing = self._unknown_parents(found.values())

    def _unknown_parents(self, records: Iterable[Record]) -> set[int]:
        return {r.parent for r in records if r.parent is not None and r.parent not in self._records}

    def chain(self, record: Record) -> list[Record]:
        """Return the ancestors of ``record`` that the store knows, nearest first; a cycle ends where it closes."""
        chain: list[Record] = []
        seen = {record.id}
        at = record
        while at.parent is not None and at.parent not in seen and len(chain) < _DEEPEST:
            parent = self._records.get(at.parent)
            if parent is None:
                break
            chain.append(parent)
            seen.add(parent.id)
            at = parent
        return chain

    def parents_first(self) -> list[Record]:
        wanted = [self._records[i] for i in self._wanted if i in self._records]
        order = sorted(wanted, key=lambda r: (len(self.chain(r)), r.id))
        return [self._records[r.id] for r in order]

    def learn(self, record: Record) -> None:
        self._records[record.id] = record
