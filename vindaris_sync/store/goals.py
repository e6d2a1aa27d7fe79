"""Goals in force: their keys, revisions and edits that are no revision yet (R11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from vindaris_sync.domain.goals import (
    Contents,
    Goal,
    Pending,
    Status,
    by_key,
    contents,
    differs,
    document_of,
    due,
    fold,
    goal_of,
)
from vindaris_sync.domain.materiality import EVERYTHING, Materiality
from vindaris_sync.domain.readings import measured
from vindaris_sync.store.changes import touch_goals
from vindaris_sync.store.codec import dump, load, maybe_instant, to_instant, to_micros
from vindaris_sync.store.goal_issues import follow
from vindaris_sync.store.issues import mark_due_by_goal
from vindaris_sync.store.outbox import rename_subjects
from vindaris_sync.store.readings import Readings, note_stated, series
from vindaris_sync.store.revisions import HISTORY, Revisions, declare_minor
from vindaris_sync.store.sql import Sql

_GOAL = "id, key, folded, title, status, content, revision, missing_since, pending"


@dataclass(frozen=True, slots=True)
class GoalsRead:
    """What an accepted read of the goals' source changed, as keys; ``edited`` wait for their debounce."""

    added: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    reverted: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    restated: tuple[str, ...] = ()
    """Goals whose status has changed."""
    missing: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    weighed: tuple[str, ...] = ()
    """Goals of which other fields are material now."""
    minor: tuple[str, ...] = ()
    """Goals of which a revision in force was declared minor."""

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return self == GoalsRead()


@dataclass(frozen=True, slots=True)
class StoredGoal:
    """A goal as its source last stated it, with what is held beside it."""

    id: int
    goal: Goal
    revision: int
    missing_since: datetime | None
    pending: Pending | None
    material: tuple[str, ...]
    """The fields whose change makes links suspect."""
    resolved: Contents = field(default_factory=dict)
    """Its contents with what it takes from its ancestors (R11), as stated last."""


@dataclass(frozen=True, slots=True)
class _Held:
    id: int
    key: str
    folded: str
    title: str
    status: str
    content: str
    revision: int
    missing_since: int | None
    pending: str | None


class Goals(Revisions, Readings):
    """The goals and their revisions."""

    def put_goals(
        self, goals: Sequence[Goal], now: datetime, material: Materiality = EVERYTHING, who: str = ""
    ) -> GoalsRead:
        """Keep an accepted read (no ``domain.goals.problems``) of the whole source, in one transaction.

        A new goal is in force at once, as revision 1, and so are a new key, a new status and what is not material. An
        edit of something material is pending until ``promote``; a revert drops it. A goal that the source has no more
        stays in force as missing. Whatever of this matters to issues marks them due, and so does another choice of
        material fields: what differs in them from what was confirmed is suspect, however long ago it was edited (R11).
        """
        with self._db.write() as sql:
            return _Reading(sql, goals, to_micros(now), material, who).record()

    def promote(self, now: datetime, debounce: timedelta, *, force: bool = False, who: str = "") -> tuple[int, ...]:
        """Make pending edits that have rested (``force``: all) revisions; return the goals. Their issues are due."""

        def rested(sql: Sql) -> list[int]:
            waiting = {row[0]: _pending(row[1]) for row in sql.rows(_PENDING)}
            return [goal for goal, pending in waiting.items() if force or due(pending, debounce, now)]

        with self._db.read() as sql:
            if not rested(sql):
                return ()
        with self._db.write() as sql:
            ready = rested(sql)  # asked again under the lock: somebody may just have reverted it
            for goal in ready:
                _promote(sql, goal, to_micros(now), who)
            mark_due_by_goal(sql, ready)
            touch_goals(sql)
        return tuple(ready)

    def retire_goal(self, number: int, now: datetime, who: str = "") -> bool:
        """Abandon a goal that its source no longer states; False where it does. Its issues are due."""
        with self._db.write() as sql:
            text = "SELECT content, revision, status FROM goal WHERE id = ? AND missing_since IS NOT NULL"
            row = sql.row(text, (number,))
            if row is None:
                return False
            stored, status = load(row[0]), str(Status.ABANDONED)
            stored["goal"]["status"] = status
            sql.run("UPDATE goal SET status = ?, content = ? WHERE id = ?", (status, dump(stored), number))
            event = (to_micros(now), number, "goal_retired", who, "goals", "", row[1], dump([row[2]]), dump([status]))
            sql.run(HISTORY, event)
            mark_due_by_goal(sql, [number])
            touch_goals(sql)
        return True

    def goals(self) -> tuple[StoredGoal, ...]:
        """Return every goal in its source's order, missing ones last; outcomes are as they were measured last."""
        with self._db.read() as sql:
            found = sql.rows(f"SELECT {_GOAL} FROM goal ORDER BY missing_since IS NOT NULL, position, id")  # noqa: S608 - fixed names
            read = series(sql)
            stored = (_stored(_Held(*row)) for row in found)
            return tuple(replace(each, goal=measured(each.goal, read.get(each.id, {}))) for each in stored)

    def goal_held(self, number: int) -> StoredGoal:
        """Return one goal; its outcomes are as they were measured last."""
        with self._db.read() as sql:
            row = sql.row(f"SELECT {_GOAL} FROM goal WHERE id = ?", (number,))  # noqa: S608 - fixed names
        stored = _stored(_Held(*row))
        return replace(stored, goal=measured(stored.goal, self.series_of(number)))

    def goal_stated(self, number: int) -> Goal:
        """Return one goal as its source states it, whatever was measured since."""
        with self._db.read() as sql:
            return goal_of(load(sql.value("SELECT content FROM goal WHERE id = ?", (number,)))["goal"])


_PENDING = "SELECT id, pending FROM goal WHERE pending IS NOT NULL ORDER BY position, id"


_WAITING = ("added", "edited", "reverted")  # no issue is decided otherwise because of these


# --- reading the source -----------------------------------------------------------------------------------------------


class _Reading:
    """One accepted read of the source, compared with what is held."""

    def __init__(self, sql: Sql, goals: Sequence[Goal], now: int, material: Materiality, who: str) -> None:
        self._sql, self._goals, self._now, self._who = sql, goals, now, who
        self._material = {fold(goal.key): material.of(goal) for goal in goals}
        self._known = by_key(goals)
        rows = sql.rows(f"SELECT {_GOAL} FROM goal")  # noqa: S608 - fixed names
        self._held = {row[0]: _Held(*row) for row in rows}
        self._by_name = {row[0]: row[1] for row in sql.rows("SELECT folded, goal_id FROM goal_alias")}
        self._by_name |= {held.folded: held.id for held in self._held.values()}
        self._found: dict[str, list[str]] = {}
        self._touched: set[int] = set()

    def record(self) -> GoalsRead:
        """Write what differs and return it."""
        seen: dict[int, Goal] = {}
        for position, goal in enumerate(self._goals):
            held = self._match(goal, seen)
            seen[self._add(goal, position) if held is None else self._keep(goal, position, held)] = goal
        for held in self._held.values():
            if held.id not in seen and held.missing_since is None:
                self._lose(held)
        follow(self._sql, seen, self._now)
        if self._found:
            touch_goals(self._sql)
            mark_due_by_goal(self._sql, self._touched)
        if "added" in self._found or "renamed" in self._found:
            _mark_unknown(self._sql)
        return GoalsRead(**{kind: tuple(keys) for kind, keys in self._found.items()})

    def _match(self, goal: Goal, seen: Collection[int]) -> _Held | None:
        for name in (goal.key, *reversed(goal.was)):
            number = self._by_name.get(fold(name))
            if number is not None and number not in seen:
                return self._held[number]
        return None

    def _note(  # noqa: PLR0913 - each is a column of the history
        self, kind: str, goal: int, key: str, change: tuple[Any, Any] = ((), ()), revision: int = 1, *, why: str = ""
    ) -> None:
        self._found.setdefault(kind, []).append(key)
        if kind not in _WAITING:
            self._touched.add(goal)
        before, after = change
        values = (self._now, goal, f"goal_{kind}", self._who, "goals", why, revision, dump(before), dump(after))
        self._sql.run(HISTORY, values)

    def _add(self, goal: Goal, position: int) -> int:
        text = self._content(goal, contents(goal, self._known))
        number = int(
            self._sql.row(
                "INSERT INTO goal (key, folded, title, status, content, revision, position) "
                "VALUES (?, ?, ?, ?, ?, 1, ?) RETURNING id",
                (goal.key, fold(goal.key), goal.title, str(goal.status), text, position),
            )[0]
        )
        self._sql.run(
            "INSERT INTO goal_revision (goal_id, revision, contents, at) VALUES (?, 1, ?, ?)",
            (number, dump(contents(goal, self._known)), self._now),
        )
        self._alias(number, goal.was)
        note_stated(self._sql, number, (), goal.outcomes, self._now)
        self._note("added", number, goal.key)
        return number

    def _alias(self, number: int, names: Iterable[str]) -> None:
        self._sql.many(
            "INSERT INTO goal_alias (folded, goal_id) VALUES (?, ?) ON CONFLICT (folded) DO UPDATE SET "
            "goal_id = excluded.goal_id WHERE goal_alias.goal_id <> excluded.goal_id",
            [(fold(name), number) for name in names],
        )

    def _keep(self, goal: Goal, position: int, held: _Held) -> int:
        stated, material = contents(goal, self._known), self._material[fold(goal.key)]
        pending = self._pending(goal, stated, held)
        text = self._content(goal, stated)
        title = goal.title if pending is None or "title" not in material else held.title
        self._changes(goal, held)
        changed = self._sql.run(
            "UPDATE goal SET key = ?, folded = ?, title = ?, status = ?, content = ?, position = ?, "
            "missing_since = NULL, pending = ? WHERE id = ? AND (key <> ? OR title <> ? OR status <> ? OR content <> ? "
            "OR position <> ? OR missing_since IS NOT NULL OR coalesce(pending, '') <> ?)",
            (
                goal.key, fold(goal.key), title, str(goal.status), text, position, pending, held.id,
                goal.key, title, str(goal.status), text, position, pending or "",
            ),
        )  # fmt: skip
        if held.content != text or held.title != title:
            note_stated(self._sql, held.id, goal_of(load(held.content)["goal"]).outcomes, goal.outcomes, self._now)
        if changed:
            touch_goals(self._sql)
        return held.id

    def _changes(self, goal: Goal, held: _Held) -> None:
        former = [held.key] if held.folded != fold(goal.key) else []
        self._alias(held.id, [*goal.was, *former])
        if held.key != goal.key:
            self._note("renamed", held.id, goal.key, ([held.key], [goal.key]), held.revision)
            rename_subjects(self._sql, held.id, held.key, goal.key, self._now)
        if held.status != goal.status:
            self._note("restated", held.id, goal.key, ([held.status], [str(goal.status)]), held.revision)
        counted, counts = load(held.content)["material"], list(self._material[fold(goal.key)])
        if counted != counts:
            self._note("weighed", held.id, goal.key, (counted, counts), held.revision)
        if declare_minor(self._sql, held.id, goal.minor_revision):
            why = f"minor_revision = {goal.minor_revision}"
            self._note("minor", held.id, goal.key, ([False], [True]), goal.minor_revision or 0, why=why)
        if held.missing_since is not None:
            self._note("returned", held.id, goal.key, revision=held.revision)

    def _pending(self, goal: Goal, stated: Contents, held: _Held) -> str | None:
        """Return the edit that waits after this read, as it is stored."""
        stored = self._sql.value(
            "SELECT contents FROM goal_revision WHERE goal_id = ? AND revision = ?", (held.id, held.revision)
        )
        material = self._material[fold(goal.key)]
        if not differs(load(stored), stated, material):
            if held.pending is not None:
                self._note("reverted", held.id, goal.key, revision=held.revision)
            return None
        waiting = None if held.pending is None else load(held.pending)
        if waiting is not None and not differs(waiting["contents"], stated, material):
            return dump({**waiting, "contents": stated})
        self._note("edited", held.id, goal.key, (load(stored), stated), held.revision)
        first = self._now if waiting is None else waiting["first_seen"]
        return dump({"contents": stated, "first_seen": first, "last_seen": self._now})

    def _lose(self, held: _Held) -> None:
        self._sql.run("UPDATE goal SET missing_since = ? WHERE id = ?", (self._now, held.id))
        self._note("missing", held.id, held.key, revision=held.revision)

    def _content(self, goal: Goal, resolved: Contents) -> str:
        return dump({"goal": document_of(goal), "resolved": resolved, "material": self._material[fold(goal.key)]})


def _stored(held: _Held) -> StoredGoal:
    content = load(held.content)
    pending = None if held.pending is None else _pending(held.pending)
    missing = maybe_instant(held.missing_since)
    goal, material = goal_of(content["goal"]), tuple(content["material"])
    return StoredGoal(held.id, goal, held.revision, missing, pending, material, content["resolved"])


def _pending(text: str) -> Pending:
    waiting: Mapping[str, Any] = load(text)
    return Pending(waiting["contents"], to_instant(waiting["first_seen"]), to_instant(waiting["last_seen"]))


def _promote(sql: Sql, goal: int, now: int, who: str) -> None:
    row = sql.row("SELECT revision, pending, content FROM goal WHERE id = ?", (goal,))
    revision, waiting, stated = row[0] + 1, load(row[1]), load(row[2])["goal"]
    before = sql.value("SELECT contents FROM goal_revision WHERE goal_id = ? AND revision = ?", (goal, row[0]))
    after, minor = dump(waiting["contents"]), "minor" in waiting or stated["minor_revision"] == revision
    sql.run(
        "INSERT INTO goal_revision (goal_id, revision, contents, minor, at) VALUES (?, ?, ?, ?, ?)",
        (goal, revision, after, minor, now),
    )
    sql.run("UPDATE goal SET revision = ?, title = ?, pending = NULL WHERE id = ?", (revision, stated["title"], goal))
    sql.run(HISTORY, (now, goal, "goal_changed", who, "goals", "", revision, before, after))
    if stated["minor_revision"] == revision:
        told = ("", "goals", f"minor_revision = {revision}", revision, dump([False]), dump([True]))
        sql.run(HISTORY, (now, goal, "goal_minor", *told))


def _mark_unknown(sql: Sql) -> None:
    """Mark due what showed a key that nobody knew: it may be known now (R3)."""
    sql.run(
        "UPDATE issue SET due = TRUE WHERE NOT due AND id IN "
        "(SELECT issue_id FROM cause WHERE reason = 'unknown_goal' AND (answer IS NULL OR answer <> 'moot'))"
    )
