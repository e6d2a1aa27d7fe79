"""Goals as they are in force, by revision, and which of their revisions are too small to ask anybody about (R11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import Contents, fingerprint
from vindaris_sync.domain.records import GoalBook, GoalFacts
from vindaris_sync.store.changes import touch_goals
from vindaris_sync.store.codec import dump, load, to_instant, to_micros
from vindaris_sync.store.goal_issues import carried
from vindaris_sync.store.issues import mark_due_by_goal
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

HISTORY = (
    "INSERT INTO history (at, goal_id, event, who, how, why, goal_revision, before, after) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
"""What became of a goal."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A goal's contents from ``at`` on; ``minor``: not worth asking anybody about."""

    revision: int
    contents: Contents
    minor: bool
    at: datetime


class Revisions(Part):
    """The goals in force and their revisions."""

    _book: tuple[int, GoalBook] | None = None

    def goal_book(self) -> GoalBook:
        """Return the goals in force; stamps are fingerprints of material fields, minor edits joined. Shared: frozen."""
        with self._db.read() as sql:
            at = dict(sql.rows("SELECT name, value FROM counter"))
            if self._book is not None and self._book[0] == at["goals"]:
                return self._book[1]
            book = _book(sql)
        if at["goals"] <= at["generation"]:  # above it, what was read may still be rolled back
            self._book = (at["goals"], book)
        return book

    def revisions(self, goal: int) -> tuple[Revision, ...]:
        """Return all revisions of a goal, oldest first."""
        with self._db.read() as sql:
            text = "SELECT revision, contents, minor, at FROM goal_revision WHERE goal_id = ? ORDER BY revision"
            return tuple(
                Revision(number, load(stored), bool(minor), to_instant(at))
                for number, stored, minor, at in sql.rows(text, (goal,))
            )

    def weigh(self, goal: int, revision: int, by: By, *, minor: bool) -> bool:
        """Note that a person calls an edit minor, or not; False where it was called that already.

        ``revision`` is one that was made, the first aside, or the number that the edit which waits will have: that one
        is minor only as long as nobody edits on. Issues on the goal are due.

        Raises:
            LookupError: there is no such revision, and no edit that waits to be it.

        """
        with self._db.write() as sql:
            row = sql.row("SELECT revision, pending FROM goal WHERE id = ?", (goal,))
            if revision == row[0] + 1 and row[1] is not None:
                changed = _weigh_pending(sql, goal, load(row[1]), minor=minor)
            elif 1 < revision <= row[0]:
                changed = declare_minor(sql, goal, revision, minor=minor)
            else:
                raise LookupError(revision)
            if changed:
                told = (by.who, by.how, by.why, revision, dump([not minor]), dump([minor]))
                sql.run(HISTORY, (to_micros(by.at), goal, "goal_minor", *told))
                mark_due_by_goal(sql, [goal])
                touch_goals(sql)
        return changed


def _weigh_pending(sql: Sql, goal: int, waiting: dict[str, object], *, minor: bool) -> bool:
    if ("minor" in waiting) == minor:
        return False
    kept = {name: value for name, value in waiting.items() if name != "minor"} | ({"minor": True} if minor else {})
    sql.run("UPDATE goal SET pending = ? WHERE id = ?", (dump(kept), goal))
    return True


def declare_minor(sql: Sql, goal: int, revision: int | None, *, minor: bool = True) -> bool:
    """Let a revision that was made count as minor, or not; False where there is none, or it does already.

    The first is how the goal was stated: nothing went before it.
    """
    text = "UPDATE goal_revision SET minor = ? WHERE goal_id = ? AND revision = ? AND revision > 1 AND minor <> ?"
    return bool(sql.run(text, (minor, goal, revision, minor)))


# --- what is in force -------------------------------------------------------------------------------------------------


def _book(sql: Sql) -> GoalBook:
    stored: dict[int, list[tuple[int, Contents, bool]]] = {}
    revised: dict[int, datetime] = {}
    for goal, revision, contents, minor, at in sql.rows(
        "SELECT goal_id, revision, contents, minor, at FROM goal_revision ORDER BY goal_id, revision"
    ):
        stored.setdefault(goal, []).append((revision, load(contents), bool(minor)))
        revised[goal] = to_instant(at)
    columns = "id, key, title, status, revision, missing_since, content, pending IS NOT NULL"
    rows = sql.rows(f"SELECT {columns} FROM goal ORDER BY position, id")  # noqa: S608 - fixed names
    facts = (_facts(*row[:7], waits=bool(row[7]), stored=stored[row[0]]) for row in rows)
    goals = {each.id: replace(each, revised=revised[each.id]) for each in facts}
    return GoalBook(goals, _names(sql), carried(sql, goals))


def _facts(  # noqa: PLR0913, PLR0917 - a row's columns
    number: int,
    key: str,
    title: str,
    status: str,
    revision: int,
    missing: int | None,
    content: str,
    *,
    waits: bool,
    stored: Sequence[tuple[int, Contents, bool]],
) -> GoalFacts:
    """Return a goal as it is in force: as it is stated, but for what is material of an edit that ``waits``."""
    told = load(content)
    material = tuple(told["material"])
    stamps = _stamps((number, fingerprint(each, material), minor) for number, each, minor in stored)
    in_force = stored[-1][1] if waits and "priority" in material else told["resolved"]
    return GoalFacts(
        number, key, title, status, revision, stamps, missing is not None, material, str(in_force["priority"])
    )


def _names(sql: Sql) -> dict[str, int]:
    """Return goals by every name, under both ways of folding: a goal's own key goes before another's former one."""
    former = {row[0]: row[1] for row in sql.rows("SELECT folded, goal_id FROM goal_alias")}
    rows = sql.rows("SELECT folded, key, id FROM goal")
    return former | {row[1].strip().casefold(): row[2] for row in rows} | {row[0]: row[2] for row in rows}


def _stamps(revisions: Iterable[tuple[int, str, bool]]) -> dict[int, str]:
    """Return each revision's stamp: its fingerprint, or that which minor edits have joined it to."""
    joined: dict[str, str] = {}

    def root(stamp: str) -> str:
        while stamp in joined:
            stamp = joined[stamp]
        return stamp

    revisions = tuple(revisions)
    for (_, before, _), (_, after, minor) in pairwise(revisions):
        if minor and root(before) != root(after):
            joined[root(after)] = root(before)
    return {revision: root(stamp) for revision, stamp, _ in revisions}
