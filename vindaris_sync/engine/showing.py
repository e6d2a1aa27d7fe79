"""Changes of a goal's priority and status reach the work: paced, and where they are many, once a person agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vindaris_sync.engine.context import Context, shown_note
from vindaris_sync.store.store import Store

Values = dict[str, str]


@dataclass(slots=True)
class Shown:
    """What the issues of a tracker show of each goal, by number; kept as a note.

    ``after`` is how far a change has come that is under way; ``waiting`` how many issues would show one that waits for
    a person, ``released`` those that a person agreed to.
    """

    values: dict[int, Values] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    released: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, store: Store, tracker: str) -> Shown:
        """Return what is kept; nothing where nothing is."""
        note: Mapping[str, Any] = store.note(shown_note(tracker)) or {}
        return cls(
            {int(goal): dict(values) for goal, values in note.get("values", {}).items()},
            {int(goal): after for goal, after in note.get("after", {}).items()},
            {int(goal): count for goal, count in note.get("waiting", {}).items()},
            set(note.get("released", ())),
        )

    def keep(self, store: Store, tracker: str) -> None:
        """Store it; nothing is written where it is as before."""
        values = {str(goal): each for goal, each in self.values.items()}
        after, waiting = ({str(goal): n for goal, n in each.items()} for each in (self.after, self.waiting))
        note = {"values": values, "after": after, "waiting": waiting, "released": sorted(self.released)}
        store.put_note(shown_note(tracker), note)


def follow_goals(context: Context, name: str) -> None:
    """Let the tracker's issues show what their goals' priority and status are now; what is to be written is due.

    One pass lets at most ``show_limit`` issues be decided anew for it, the smallest changes first. A goal that more
    issues serve waits, and ``attention`` says so. Nothing is read or written where nothing changed.
    """
    settings = context.trackers[name].settings.write_back
    if not settings.mirrors or not settings.enabled:
        return
    store, limit = context.store, settings.show_limit
    wanted = {
        goal.id: {what: str(getattr(goal, what)) for what in settings.mirrors} for goal in context.book().goals.values()
    }
    shown = Shown.read(store, name)
    changed = [goal for goal, values in wanted.items() if shown.values.get(goal) != values or goal in shown.after]
    if not changed:
        return
    sizes = {goal: store.showing(name, goal) for goal in changed}
    shown.waiting = {
        goal: n for goal, n in sizes.items() if n > limit and goal not in shown.released | shown.after.keys()
    }
    left = limit
    for goal in sorted(sizes.keys() - shown.waiting.keys(), key=lambda goal: (sizes[goal], goal)):
        left -= _take(store, name, shown, goal, wanted[goal], left)
    store.put_waiting(
        name, {context.book().goals[goal].key: n for goal, n in shown.waiting.items()}, limit, context.now()
    )
    shown.keep(store, name)


def _take(  # noqa: PLR0913, PLR0917 - a goal, its values, and how many issues may follow
    store: Store, name: str, shown: Shown, goal: int, values: Values, most: int
) -> int:
    """Let some of the goal's issues show ``values``; return how many."""
    if most <= 0:
        return 0
    after = shown.after.pop(goal, 0) if shown.values.get(goal) == values else 0
    shown.values[goal] = values
    found = store.mark_serving(name, goal, after, most)
    if len(found) == most:
        shown.after[goal] = found[-1]
    else:
        shown.released.discard(goal)
    return len(found)


def waiting(store: Store, name: str) -> dict[str, int]:
    """Return the goals, by key, whose change waits for a person, each with how many issues would show it."""
    goals = store.goal_book().goals
    return {goals[goal].key: count for goal, count in Shown.read(store, name).waiting.items() if goal in goals}


def release(store: Store, name: str) -> int:
    """Let what waits be shown, since a person agrees; return how many goals that are."""
    with store.transaction():
        shown = Shown.read(store, name)
        released = len(shown.waiting)
        shown.released |= shown.waiting.keys()
        shown.waiting = {}
        shown.keep(store, name)
    return released
