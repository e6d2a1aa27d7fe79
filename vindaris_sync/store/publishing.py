"""What was published: the choices of each menu as we wanted them last, and when all menus were last looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from vindaris_sync.domain.menus import Choice
from vindaris_sync.domain.models import Finding, Raw
from vindaris_sync.store.attention import announce_attention, remember
from vindaris_sync.store.codec import dump, load, maybe_instant, to_micros
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_SOURCE = "publish"
_NONE = "{}"


@dataclass(frozen=True, slots=True)
class PublishedMenus:
    """How a tracker's menus were left: for which goals (a digest), when, and how each was sorted, by menu."""

    digest: str = ""
    at: datetime | None = None
    orders: Mapping[str, Raw] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PublishedChoice:
    """A goal's choice in a menu as we wanted it last; ``kept``: what a person changed there, and keeps."""

    menu: str
    goal: int
    choice: Choice | None
    kept: Raw


class Publications(Part):
    """What was published in trackers."""

    def published(self, tracker: str) -> PublishedMenus:
        """Return how the tracker's menus were left; empty where they were never finished."""
        with self._db.read() as sql:
            found = sql.value("SELECT value FROM note WHERE name = ?", (_note(tracker),))
        if found is None:
            return PublishedMenus()
        stored: Mapping[str, Any] = load(found)
        orders = {menu: tuple(values) for menu, values in stored["orders"].items()}
        return PublishedMenus(stored["digest"], maybe_instant(stored["at"]), orders)

    def choices(self, tracker: str) -> tuple[PublishedChoice, ...]:
        """Return every choice of the tracker that was ours once, by menu and goal."""
        text = "SELECT menu, goal_id, base, kept FROM choice WHERE tracker = ? ORDER BY menu, goal_id"
        with self._db.read() as sql:
            rows = sql.rows(text, (tracker,))
        return tuple(
            PublishedChoice(menu, goal, Choice(**load(base)) if base != _NONE else None, tuple(load(kept)))
            for menu, goal, base, kept in rows
        )

    def put_choices(self, tracker: str, menu: str, agreed: Mapping[int, Choice]) -> None:
        """Remember choices as they were wanted and are."""
        text = (
            "INSERT INTO choice (tracker, menu, goal_id, base) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (tracker, menu, goal_id) DO UPDATE SET base = excluded.base WHERE choice.base <> excluded.base"
        )
        if agreed:
            with self._db.write() as sql:
                sql.many(text, [(tracker, menu, goal, dump(asdict(each))) for goal, each in sorted(agreed.items())])

    def put_kept(self, tracker: str, menu: str, kept: Mapping[int, Raw]) -> None:
        """Remember what people changed in the menu and keep, in place of what was known."""
        known = {each.goal: each.kept for each in self.choices(tracker) if each.menu == menu and each.kept}
        if known == kept:
            return
        text = (
            "INSERT INTO choice (tracker, menu, goal_id, kept) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (tracker, menu, goal_id) DO UPDATE SET kept = excluded.kept"
        )
        with self._db.write() as sql:
            sql.many(text, [(tracker, menu, goal, dump(kept.get(goal, ()))) for goal in sorted({*known, *kept})])

    def end_publishing(self, tracker: str, left: PublishedMenus, troubles: Sequence[Finding], now: datetime) -> None:
        """Note how all menus were left, and what a person should set right; what is right again is told, too."""
        at = None if left.at is None else to_micros(left.at)
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value "
                "WHERE note.value <> excluded.value",
                (_note(tracker), dump({"digest": left.digest, "at": at, "orders": dict(left.orders)})),
            )
            put_troubles(sql, tracker, _SOURCE, troubles, now)


def put_troubles(sql: Sql, tracker: str, source: str, troubles: Sequence[Finding], now: datetime) -> None:
    """Let ``troubles`` be all that ``source`` finds to be set right in the tracker; announce what has changed."""
    known = {
        (row[0], row[1])
        for row in sql.rows(
            "SELECT subject, message FROM attention WHERE tracker = ? AND source = ?", (tracker, source)
        )
    }
    right = known - {(each.subject, each.message) for each in troubles}
    delete = "DELETE FROM attention WHERE tracker = ? AND source = ? AND subject = ? AND message = ?"
    sql.many(delete, [(tracker, source, *each) for each in sorted(right)])
    for each in troubles:
        remember(sql, tracker, source, each, now)
    if right:
        announce_attention(sql, tracker, now)


def _note(tracker: str) -> str:
    return f"published {tracker}"
