"""The menu of a memory tracker: its field's options, with descriptions and colours, for goals to be picked from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.menus import Alter, Fate, Make, Menu, MenuChange, Offered, Sort
from vindaris_sync.domain.models import Finding, Level, Surface, SurfaceKind
from vindaris_sync.sdk.errors import Unknown

LONGEST = 100
_COLORS = {Status.PROPOSED: "blue", Status.ACTIVE: "purple", Status.ACHIEVED: "green", Status.ABANDONED: "gray"}


def menus(tracker: MemoryTracker) -> Iterator[Menu]:
    """Yield the menu of the field, where there is one."""
    with tracker.faults.call("describe", "menu"):
        if not tracker.field_exists:
            return
        name = f"options of the field {tracker.field_name}"
        fix = "give our account the right to change them"
        yield Menu(
            "field",
            name,
            Surface(SurfaceKind.FIELD, tracker.field_id, single=True),
            tuple(tracker.menu),
            tracker.public,
            _COLORS,
            LONGEST,
            retires=True,
            ordered=True,
            shut=Finding(Level.WARNING, name, tracker.menu_refusal, fix) if tracker.menu_refusal else None,
        )


def offer(tracker: MemoryTracker, changes: Sequence[MenuChange]) -> Iterator[Offered]:
    """Carry out the changes, each an exchange of its own."""
    for change in changes:
        try:
            with tracker.faults.call("offer", "menu"):
                outcome = _carried_out(tracker, change)
        except Unknown as error:
            outcome = Offered(change, Fate.FAILED, reason=str(error))
        yield outcome


def _carried_out(tracker: MemoryTracker, change: MenuChange) -> Offered:
    if tracker.menu_refusal:
        return Offered(change, Fate.REFUSED, None, tracker.menu_refusal, "give our account the right to change them")
    match change:
        case Make():
            made = replace(change.choice, id=tracker.add_choice(change.choice))
            return Offered(change, Fate.DONE, made)
        case Alter():
            if change.before not in tracker.menu:
                return Offered(change, Fate.STALE, reason="somebody has just changed it")
            tracker.change_choice(change.after)
            return Offered(change, Fate.DONE, change.after)
        case Sort():
            place = {value: number for number, value in enumerate(change.values)}
            tracker.menu.sort(key=lambda choice: place.get(choice.value, len(place)))
            return Offered(change, Fate.DONE)
