"""Finding and listing, for people and reports: by name, by review, by goal, and what happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import Address, Presence
from vindaris_sync.store.codec import load, to_instant, to_micros
from vindaris_sync.store.goal_issues import HOLDING
from vindaris_sync.store.part import Part

_NOW = "CASE presence WHEN 'moved' THEN coalesce(moved_to, id) ELSE id END"


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the history."""

    at: datetime
    issue: int | None
    goal: int | None
    event: str
    who: str
    how: str
    why: str
    goal_revision: int | None
    before: Any
    after: Any
    pass_id: str
    rule: int | None = None


class Lookups(Part):
    """Questions about what is stored."""

    def find(self, name: str, tracker: str | None = None) -> tuple[int, ...]:
        """Return the issues that ``name`` may mean: ``KEY`` or a former key, or ``TRACKER:ID``; present ones first.

        An issue that got a new id when it moved is the one that it has become.
        """
        before, _, after = name.partition(":")
        with self._db.read() as sql:
            exact = sql.rows(f"SELECT {_NOW} FROM issue WHERE tracker = ? AND ext_id = ?", (before, after))  # noqa: S608 - our own text
            if exact:
                return (exact[0][0],)
            current = sql.rows(
                f"SELECT {_NOW} FROM issue WHERE key = ? "  # noqa: S608 - our own text
                "AND tracker = coalesce(?, tracker) ORDER BY presence <> 'present', id DESC",
                (name, tracker),
            )
            former = sql.rows(
                "SELECT issue_id FROM alias WHERE key = ? AND tracker = coalesce(?, tracker) ORDER BY until DESC",
                (name, tracker),
            )
        return tuple(dict.fromkeys(row[0] for row in (*current, *former)))

    def addressed(self, tracker: str, named: Sequence[Address]) -> list[Address]:
        """Return where each issue was seen last that ``named`` means, by id or by key; unknown ones as they are named.

        Each once, in order; of several that had a key, the one that is there.
        """
        by_id = "SELECT ext_id, ext_id, key FROM issue WHERE tracker = ? AND ext_id IN ({})"
        by_key = (
            "SELECT key, ext_id, key FROM issue WHERE tracker = ? AND key IN ({}) ORDER BY presence = 'present', id"
        )
        with self._db.read() as sql:
            ids = {row[0]: row[1:] for row in sql.rows_in(by_id, [one.id for one in named if one.id], tracker)}
            keys = {row[0]: row[1:] for row in sql.rows_in(by_key, [one.key for one in named if not one.id], tracker)}
        known = [ids.get(one.id) if one.id else keys.get(one.key) for one in named]
        return list(dict.fromkeys(Address(tracker, *at) if at else one for one, at in zip(named, known, strict=True)))

    def by_id(self, tracker: str, ext_ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers of the tracker's issues by the tracker's ids."""
        query = "SELECT ext_id, id FROM issue WHERE tracker = ? AND ext_id IN ({})"
        with self._db.read() as sql:
            return {row[0]: row[1] for row in sql.rows_in(query, ext_ids, tracker)}

    def ids(self, tracker: str, presence: Sequence[str] = ("present",)) -> dict[str, int]:
        """Return all of the tracker's issues in these presences: numbers by the tracker's ids, for the census."""
        query = "SELECT ext_id, id FROM issue WHERE tracker = ? AND presence IN ({}) ORDER BY id"
        with self._db.read() as sql:
            return {row[0]: row[1] for row in sql.rows_in(query, presence, tracker)}

    def absent_since(self, tracker: str, presence: Presence, since: datetime) -> list[int]:
        """Return the tracker's issues whose absence of this kind was found at ``since`` or later, the last first."""
        query = (
            "SELECT id FROM issue WHERE tracker = ? AND presence = ? AND presence_at >= ? "
            "ORDER BY presence_at DESC, id DESC"
        )
        with self._db.read() as sql:
            return [row[0] for row in sql.rows(query, (tracker, str(presence), to_micros(since)))]

    def stamps(self, tracker: str, types: Collection[str]) -> dict[str, datetime]:
        """Return the tracker's stamps of its present issues of ``types`` (in any case), by the tracker's ids."""
        wanted = set(map(fold, types))
        with self._db.read() as sql:
            known = sql.rows("SELECT DISTINCT type FROM issue WHERE tracker = ?", (tracker,))
            spelled = [row[0] for row in known if fold(row[0]) in wanted]
            query = (
                "SELECT ext_id, updated FROM issue WHERE tracker = ? AND presence = 'present' AND type IN ({}) "
                "ORDER BY id"
            )
            return {row[0]: to_instant(row[1]) for row in sql.rows_in(query, spelled, tracker)}

    def open_reviews(self, limit: int = 1000, after: int = 0) -> tuple[int, ...]:
        """Return issues with an open review, numbers above ``after``, lowest first."""
        text = "SELECT id FROM issue WHERE review_open AND id > ? ORDER BY id LIMIT ?"
        with self._db.read() as sql:
            return tuple(row[0] for row in sql.rows(text, (after, limit)))

    def assignees(self, ids: Iterable[int]) -> dict[int, str]:
        """Return who each issue is assigned to, as the tracker calls them; empty for nobody."""
        query = "SELECT id, assignee FROM issue WHERE id IN ({})"
        with self._db.read() as sql:
            return {row[0]: row[1] for row in sql.rows_in(query, tuple(ids))}

    def linked_to(self, goal: int) -> tuple[int, ...]:
        """Return the issues with an explicit link to the goal, then those that they carry or rules link; none gone."""
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT issue_id, 0 FROM link JOIN issue ON issue.id = issue_id "  # noqa: S608 - fixed texts
                "WHERE goal_id = ? AND presence <> 'gone' "
                "UNION SELECT id, 1 FROM issue WHERE carrier_id <> id AND presence <> 'gone' "
                f"AND carrier_id IN (SELECT h.issue_id FROM {HOLDING} h WHERE h.goal_id = ?) UNION SELECT id, 1 "
                "FROM issue WHERE presence <> 'gone' AND rule_id IN (SELECT id FROM rule WHERE goal_id = ?) "
                "ORDER BY 2, 1",
                (goal, goal, goal),
            )
        return tuple(dict.fromkeys(row[0] for row in rows))

    def history(
        self, issue: int | None = None, goal: int | None = None, until: datetime | None = None, limit: int = 1000
    ) -> tuple[Event, ...]:
        """Return what happened to the issue or the goal (neither: to all) up to ``until``, newest first."""
        clauses = {"issue_id = ?": issue, "goal_id = ?": goal, "at <= ?": None if until is None else to_micros(until)}
        asked = {text: value for text, value in clauses.items() if value is not None}
        where = " AND ".join(asked) or "1 = 1"
        text = (
            "SELECT at, issue_id, goal_id, event, who, how, why, goal_revision, before, after, pass_id, "  # noqa: S608 - fixed texts
            "rule_id FROM history "
            f"WHERE {where} ORDER BY at DESC, id DESC LIMIT ?"
        )
        with self._db.read() as sql:
            rows = sql.rows(text, (*asked.values(), limit))
        return tuple(
            Event(to_instant(at), on, to, what, who, how, why, revision, load(before), load(after), number, rule)
            for at, on, to, what, who, how, why, revision, before, after, number, rule in rows
        )
