"""What is remembered of each tracker: cursors, whether it is stopped, what it refuses, what is held and set aside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from vindaris_sync.domain.actions import Announce
from vindaris_sync.store.codec import dump, load_ids, maybe_instant, to_instant, to_micros
from vindaris_sync.store.outbox import announce
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql


@dataclass(frozen=True, slots=True)
class TrackerFacts:
    """How a tracker is doing. ``loaded_at``: when its first full pull ended; ``held``: removals that wait (R2)."""

    name: str
    kind: str = ""
    loaded_at: datetime | None = None
    last_ok_at: datetime | None = None
    stopped_reason: str = ""
    stopped_advice: str = ""
    stopped_at: datetime | None = None
    held: tuple[int, ...] = ()
    held_limit: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A surface that a place does not let us write, and the fix."""

    tracker: str
    place: str
    surface: str
    reason: str
    advice: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """An item that could not be mapped."""

    tracker: str
    ext_id: str
    key: str
    reason: str
    excerpt: str
    first_at: datetime
    last_at: datetime
    tries: int


class Trackers(Part):
    """What is remembered of trackers."""

    def put_tracker(self, name: str, kind: str) -> None:
        """Know a configured tracker; nothing else about it changes."""
        with self._db.read() as sql:
            if sql.row("SELECT 1 FROM tracker WHERE name = ? AND kind = ?", (name, kind)):
                return
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO tracker (name, kind) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind",
                (name, kind),
            )

    def tracker(self, name: str) -> TrackerFacts:
        """Return how the tracker is doing; a tracker never put is like a new one."""
        return self.trackers().get(name, TrackerFacts(name))

    def trackers(self) -> dict[str, TrackerFacts]:
        """Return how all trackers are doing, by name."""
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT name, kind, loaded_at, last_ok_at, stopped_reason, stopped_advice, stopped_at, held, "
                "held_limit FROM tracker ORDER BY name"
            )
        return {
            row[0]: TrackerFacts(
                row[0], row[1], maybe_instant(row[2]), maybe_instant(row[3]), row[4], row[5], maybe_instant(row[6]),
                load_ids(row[7]), row[8],
            )
            for row in rows
        }  # fmt: skip

    def mark_loaded(self, tracker: str, now: datetime) -> bool:
        """Note that the first full pull has ended, once; then everything of it is due, since more may be surfaced."""
        with self._db.read() as sql:
            if sql.row("SELECT 1 FROM tracker WHERE name = ? AND loaded_at IS NULL", (tracker,)) is None:
                return False
        with self._db.write() as sql:
            text = "UPDATE tracker SET loaded_at = ? WHERE name = ? AND loaded_at IS NULL"
            if not sql.run(text, (to_micros(now), tracker)):
                return False
            sql.run("UPDATE issue SET due = TRUE WHERE NOT due AND tracker = ?", (tracker,))
            return True

    def stop(self, tracker: str, reason: str, advice: str, now: datetime) -> bool:
        """Note, and announce once, that the tracker cannot be used; False where that was known for the same reason."""
        with self._db.write() as sql:
            stopped = sql.run(
                "UPDATE tracker SET stopped_reason = ?, stopped_advice = ?, stopped_at = ? "
                "WHERE name = ? AND stopped_reason <> ?",
                (reason, advice, to_micros(now), tracker, reason),
            )
            if stopped:
                announce(sql, [Announce(tracker, "", "tracker", "", now)], to_micros(now))
        return bool(stopped)

    def resume(self, tracker: str, now: datetime) -> bool:
        """Note that the tracker has answered, and announce it where it was stopped; False where it was not."""
        with self._db.write() as sql:
            sql.run("UPDATE tracker SET last_ok_at = ? WHERE name = ?", (to_micros(now), tracker))
            resumed = sql.run(
                "UPDATE tracker SET stopped_reason = '', stopped_advice = '', stopped_at = NULL "
                "WHERE name = ? AND stopped_reason <> ''",
                (tracker,),
            )
            if resumed:
                announce(sql, [Announce(tracker, "", "tracker", "", now)], to_micros(now))
        return bool(resumed)

    def release(self, tracker: str) -> tuple[int, ...]:
        """Hold no removals any more, since a person has looked at them: let the issues be decided, return them (R2)."""
        with self._db.write() as sql:
            held = load_ids(sql.value("SELECT held FROM tracker WHERE name = ?", (tracker,)) or "[]")
            if held:
                sql.run("UPDATE tracker SET held = '[]', held_limit = 0 WHERE name = ?", (tracker,))
                sql.run_in("UPDATE issue SET due = TRUE WHERE id IN ({})", held)
                _put_released(sql, tracker, {*_released(sql, tracker), *held})
        return held

    def released(self, tracker: str) -> frozenset[int]:
        """Return the issues whose removals a person has confirmed and that are not decided yet (R2)."""
        with self._db.read() as sql:
            return _released(sql, tracker)

    def keep_released(self, tracker: str, issues: Collection[int]) -> None:
        """Remember these confirmed removals, and no others."""
        with self._db.write() as sql:
            if _released(sql, tracker) != frozenset(issues):
                _put_released(sql, tracker, issues)

    # --- cursors -------------------------------------------------------------------------------------------------

    def cursors(self, tracker: str) -> dict[str, str]:
        """Return where each scope's pull resumes."""
        with self._db.read() as sql:
            return dict(map(tuple, sql.rows("SELECT scope, value FROM cursor WHERE tracker = ?", (tracker,))))

    def forget_cursors(self, tracker: str, kept: Mapping[str, str]) -> None:
        """Let the next pull of the tracker be a full one; ``kept`` is what its connector recalls of the cursors."""
        with self._db.write() as sql:
            scopes = [scope for (scope,) in sql.rows("SELECT scope FROM cursor WHERE tracker = ?", (tracker,))]
            lost = [scope for scope in scopes if scope not in kept]
            sql.run_in("DELETE FROM cursor WHERE tracker = ? AND scope IN ({})", lost, tracker)
            left = [(value, tracker, scope) for scope, value in kept.items()]
            sql.many("UPDATE cursor SET value = ? WHERE tracker = ? AND scope = ?", left)

    # --- what is refused and set aside -----------------------------------------------------------------------------

    def refused(self, tracker: str) -> frozenset[tuple[str, str]]:
        """Return the (place, surface key) that refuse writes, as ``Policy`` takes them."""
        with self._db.read() as sql:
            return frozenset(map(tuple, sql.rows("SELECT place, surface FROM refusal WHERE tracker = ?", (tracker,))))

    def refusals(self) -> tuple[Refusal, ...]:
        """Return all refusals of places."""
        with self._db.read() as sql:
            rows = sql.rows("SELECT tracker, place, surface, reason, advice, at FROM refusal ORDER BY 1, 2, 3")
        return tuple(
            Refusal(tracker, place, surface, reason, advice, to_instant(at))
            for tracker, place, surface, reason, advice, at in rows
        )

    def clear_refusal(self, tracker: str, place: str, surface: str) -> None:
        """Let the place be written again; its issues are due."""
        with self._db.write() as sql:
            lift(sql, tracker, {(place, surface)})

    def quarantine(self, tracker: str | None = None) -> tuple[SetAside, ...]:
        """Return what is set aside, of one tracker or all."""
        text = (
            "SELECT tracker, ext_id, key, reason, excerpt, first_at, last_at, tries FROM quarantine "
            "WHERE tracker = coalesce(?, tracker) ORDER BY tracker, first_at, ext_id"
        )
        with self._db.read() as sql:
            rows = sql.rows(text, (tracker,))
        return tuple(
            SetAside(name, ext_id, key, reason, excerpt, to_instant(first), to_instant(last), tries)
            for name, ext_id, key, reason, excerpt, first, last, tries in rows
        )


def lift(sql: Sql, tracker: str, surfaces: Collection[tuple[str, str]]) -> bool:
    """Forget that these (place, surface key) refuse writes; what is in such a place is due. Return whether any did."""
    if sql.row("SELECT 1 FROM refusal WHERE tracker = ? LIMIT 1", (tracker,)) is None:
        return False
    text = "DELETE FROM refusal WHERE tracker = ? AND place = ? AND surface = ?"
    places = {place for place, surface in sorted(surfaces) if sql.run(text, (tracker, place, surface))}
    sql.run_in("UPDATE issue SET due = TRUE WHERE NOT due AND tracker = ? AND place IN ({})", places, tracker)
    return bool(places)


def _released(sql: Sql, tracker: str) -> frozenset[int]:
    found = sql.value("SELECT value FROM note WHERE name = ?", (f"released {tracker}",))
    return frozenset(load_ids(found or "[]"))


def _put_released(sql: Sql, tracker: str, issues: Collection[int]) -> None:
    sql.run(
        "INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (f"released {tracker}", dump(sorted(issues))),
    )
