"""Work that goals require: what is stated of each item, how far it is, and which were dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vindaris_sync.domain.goals import Goal, fold
from vindaris_sync.domain.models import Finding
from vindaris_sync.domain.records import Cause
from vindaris_sync.domain.requirements import Requirement, document_of, requirement_of
from vindaris_sync.domain.work import Dropped, Fate, Phase, Scope, Work, draft_id
from vindaris_sync.store.attention import announce_attention
from vindaris_sync.store.causes import Subject, causes_of
from vindaris_sync.store.changes import touch_work
from vindaris_sync.store.codec import dump, load, maybe_instant, to_instant, to_micros
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_WORK = "work"
"""What notices, in the table of what is to be set right."""

_COLUMNS = (
    "id, goal_id, content, draft, tracker, place, phase, since, stated, who, begun, revision, issue_id, reason, "
    "advice, note"
)
_PHASE = {str(phase): phase for phase in Phase}
_DROPPED = (
    "SELECT w.goal_id, w.content, i.id, i.key, i.title, i.url, i.presence FROM work w "
    "JOIN issue i ON i.id = w.issue_id JOIN goal g ON g.id = w.goal_id "
    "WHERE w.stated AND w.who = '' AND (i.presence = 'gone' OR i.closed AND i.declined) "
    "AND g.status NOT IN ('achieved', 'abandoned') AND g.missing_since IS NULL ORDER BY w.goal_id, w.id"
)


@dataclass(frozen=True, slots=True)
class MadeIssue:
    """What an item became: its issue, and its state: ``created`` (and open), ``done``, ``declined`` or ``deleted``."""

    key: str
    url: str
    state: str


class Works(Part):
    """Items of required work."""

    def put_required(self, goals: Sequence[Goal], now: datetime) -> None:
        """Let what ``goals`` require be what is stated; call it in the transaction in which the goals are put.

        An item whose text has changed rests anew, and is tried again where it was refused. One that is no longer
        stated is forgotten unless its creation was begun; what was created stays as it is.
        """
        at = to_micros(now)
        with self._db.write() as sql:
            numbers = {row[0]: row[1] for row in sql.rows("SELECT folded, id FROM goal")}
            wanted = {
                (numbers[fold(goal.key)], fold(item.id)): (goal, item) for goal in goals for item in goal.requires
            }
            held = {(row[0], row[1]): row[2:] for row in sql.rows(_HELD)}
            for name, (goal, item) in wanted.items():
                if name not in held:
                    _insert(sql, name[0], (goal, item), at)
            _restate(sql, {name: (wanted[name][1], held[name]) for name in wanted.keys() & held.keys()}, at)
            _forget(sql, [row for name, row in held.items() if name not in wanted])
            touch_work(sql)

    def put_asked(self, goal: int, stated: Goal, item: Requirement, who: str, now: datetime) -> Work:
        """Keep an item that a person asks for; one that the goal has already under this id is returned as it is."""
        name = (goal, fold(item.id))
        with self._db.write() as sql:
            if sql.row("SELECT 1 FROM work WHERE goal_id = ? AND folded = ?", name) is None:
                _insert(sql, goal, (stated, item), to_micros(now), who)
                touch_work(sql)
            row = sql.row(f"SELECT {_COLUMNS} FROM work WHERE goal_id = ? AND folded = ?", name)  # noqa: S608 - fixed names
            return _work(row)

    def drop_asked(self, work: Work) -> None:
        """Forget an item that a person asked for and that cannot be created as they said."""
        with self._db.write() as sql:
            sql.run("DELETE FROM work WHERE id = ? AND who <> '' AND phase IN ('waiting', 'refused')", (work.id,))
            touch_work(sql)

    def rest_work(self) -> None:
        """Let every item that waits have rested long enough."""
        with self._db.write() as sql:
            if sql.run("UPDATE work SET since = 0 WHERE phase = 'waiting' AND since <> 0"):
                touch_work(sql)

    def works(self, tracker: str | None = None) -> tuple[Work, ...]:
        """Return all items, or those of a tracker whose issue was not made yet, in the order they were stated."""
        where = "" if tracker is None else "WHERE tracker = ? AND phase <> 'made'"
        text = f"SELECT {_COLUMNS} FROM work {where} ORDER BY goal_id, id"  # noqa: S608 - fixed texts
        with self._db.read() as sql:
            return tuple(_work(row) for row in sql.rows(text, () if tracker is None else (tracker,)))

    def begun_work(self, tracker: str) -> tuple[Work, ...]:
        """Return the items of a tracker whose creation was begun and has no end yet."""
        text = f"SELECT {_COLUMNS} FROM work WHERE tracker = ? AND phase <> 'made' AND phase = 'begun' ORDER BY id"  # noqa: S608 - fixed texts
        with self._db.read() as sql:
            return tuple(_work(row) for row in sql.rows(text, (tracker,)))

    def item(self, number: int) -> Work:
        """Return one item by its number."""
        with self._db.read() as sql:
            return _work(sql.row(f"SELECT {_COLUMNS} FROM work WHERE id = ?", (number,)))  # noqa: S608 - fixed names

    def item_named(self, goal: int, id_: str) -> Work | None:
        """Return the item of a goal that has this id, in any case; None where there is none."""
        text = f"SELECT {_COLUMNS} FROM work WHERE goal_id = ? AND folded = ?"  # noqa: S608 - fixed names
        with self._db.read() as sql:
            row = sql.row(text, (goal, fold(id_)))
        return None if row is None else _work(row)

    def look_through_work(self) -> None:
        """Let the next pass of every tracker look through all items."""
        with self._db.write() as sql:
            touch_work(sql)

    # --- how far an item is -----------------------------------------------------------------------------------------

    def begin_work(self, work: Work, revision: int, now: datetime) -> bool:
        """Keep, before anything is sent, that an item is being created; False where somebody else has begun already."""
        text = (
            "UPDATE work SET phase = 'begun', begun = ?, revision = ?, reason = '', advice = '' "
            "WHERE id = ? AND phase IN ('waiting', 'refused')"
        )
        with self._db.write() as sql:
            touch_work(sql)
            return sql.run(text, (to_micros(now), revision, work.id)) == 1

    def end_work(self, work: Work, reason: str = "", advice: str = "") -> None:
        """Keep that an item's creation surely made nothing; with a ``reason``: the tracker does not take it.

        What is stated by now counts from here on. An item that is no longer stated is forgotten.
        """
        phase = Phase.REFUSED if reason else Phase.WAITING
        text = "UPDATE work SET phase = ?, begun = NULL, reason = ?, advice = ? WHERE id = ? AND phase = 'begun'"
        with self._db.write() as sql:
            if sql.run(text, (str(phase), reason, advice, work.id)):
                sql.run("DELETE FROM work WHERE id = ? AND NOT stated", (work.id,))
                _follow_content(sql, work.id)
            touch_work(sql)

    def work_made(self, work: Work, issue: int, note: str) -> None:
        """Keep that an item is the issue with this number; ``note``: what of it the tracker left out."""
        text = (
            "UPDATE work SET phase = 'made', begun = NULL, issue_id = ?, note = ?, reason = '', advice = '' "
            "WHERE id = ?"
        )
        with self._db.write() as sql:
            sql.run(text, (issue, note, work.id))
            touch_work(sql)

    def retry_work(self, tracker: str) -> int:
        """Let what the tracker refused be tried again; return how many items."""
        with self._db.write() as sql:
            text = "UPDATE work SET phase = 'waiting', reason = '', advice = '' WHERE phase = 'refused' AND tracker = ?"
            tried = sql.run(text, (tracker,))
            if tried:
                touch_work(sql)
            return tried

    # --- what people did with it ------------------------------------------------------------------------------------

    def dropped_work(self) -> tuple[Dropped, ...]:
        """Return the items of open goals whose issues were closed without being done, or deleted."""
        with self._db.read() as sql:
            return tuple(
                Dropped(goal, load(content)["id"], issue, key, title, url, _fate(presence))
                for goal, content, issue, key, title, url, presence in sql.rows(_DROPPED)
            )

    def work_issues(self) -> dict[int, MadeIssue]:
        """Return the issues that items became, by item."""
        text = (
            "SELECT w.id, i.key, i.url, i.presence, i.closed, i.declined FROM work w JOIN issue i ON i.id = w.issue_id"
        )
        with self._db.read() as sql:
            return {row[0]: MadeIssue(row[1], row[2], _state(*row[3:])) for row in sql.rows(text)}

    def goal_causes(self) -> dict[int, tuple[Cause, ...]]:
        """Return the causes of goals' own reviews that are open or were answered, by goal."""
        with self._db.read() as sql:
            goals = [row[0] for row in sql.rows("SELECT DISTINCT goal_id FROM cause WHERE goal_id IS NOT NULL")]
            return causes_of(sql, Subject.GOAL, goals)

    def work_scopes(self) -> dict[tuple[int, str], Scope]:
        """Return where the items that became issues are now, by goal and id."""
        text = "SELECT w.goal_id, w.content, i.tracker, i.place FROM work w JOIN issue i ON i.id = w.issue_id"
        with self._db.read() as sql:
            return {(goal, load(content)["id"]): (tracker, place) for goal, content, tracker, place in sql.rows(text)}

    # --- what a person should set right -----------------------------------------------------------------------------

    def put_work_findings(self, tracker: str, findings: Iterable[Finding], now: datetime) -> None:
        """Remember why work is not created, in place of what was remembered, and announce what has changed."""
        wanted = {(each.subject, each.message): each.fix for each in findings}
        known = "SELECT subject, message, fix FROM attention WHERE tracker = ? AND source = ?"
        with self._db.read() as sql:
            held = {(row[0], row[1]): row[2] for row in sql.rows(known, (tracker, _WORK))}
        if held == wanted:
            return
        delete = "DELETE FROM attention WHERE tracker = ? AND source = ? AND subject = ? AND message = ?"
        insert = (
            "INSERT INTO attention (tracker, source, subject, message, fix, at, shown) VALUES (?, ?, ?, ?, ?, ?, TRUE)"
        )
        with self._db.write() as sql:
            sql.many(delete, [(tracker, _WORK, *name) for name, fix in held.items() if wanted.get(name) != fix])
            new = [(name, fix) for name, fix in wanted.items() if held.get(name) != fix]
            sql.many(insert, [(tracker, _WORK, *name, fix, to_micros(now)) for name, fix in new])
            announce_attention(sql, tracker, now)


# --- rows -------------------------------------------------------------------------------------------------------------

_HELD = "SELECT goal_id, folded, id, content, phase, stated, who FROM work"
_INSERT = (
    "INSERT INTO work (goal_id, folded, draft, tracker, place, content, since, who) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def _insert(sql: Sql, number: int, stated: tuple[Goal, Requirement], now: int, who: str = "") -> None:
    goal, item = stated
    draft = draft_id(goal, item.id)
    if sql.row("SELECT 1 FROM work WHERE draft = ?", (draft,)):  # a former goal of this key has made that one
        draft = f"{draft}~{number}"
    row = (number, fold(item.id), draft, item.tracker, item.place, dump(document_of(item)), now, who)
    sql.run(_INSERT, row)


def _restate(sql: Sql, both: Mapping[tuple[int, str], tuple[Requirement, Sequence[Any]]], now: int) -> None:
    """Bring items to what is stated of them now."""
    for item, (number, content, phase, stated, who) in both.values():
        text = dump(document_of(item))
        if text != content:
            sql.run("UPDATE work SET content = ?, since = ? WHERE id = ?", (text, now, number))
            if phase == Phase.REFUSED:
                sql.run("UPDATE work SET phase = 'waiting', reason = '', advice = '' WHERE id = ?", (number,))
            if phase in (Phase.REFUSED, Phase.WAITING):
                _follow_content(sql, number)
        if not stated or who:
            sql.run("UPDATE work SET stated = TRUE, who = '' WHERE id = ?", (number,))


def _forget(sql: Sql, rows: Iterable[Sequence[Any]]) -> None:
    """Forget items that nobody states or asks for any more; what was or may have been created is kept."""
    for number, _, phase, stated, who in rows:
        if who or not stated:
            continue
        if phase in (Phase.WAITING, Phase.REFUSED):
            sql.run("DELETE FROM work WHERE id = ?", (number,))
        else:
            sql.run("UPDATE work SET stated = FALSE WHERE id = ?", (number,))


def _follow_content(sql: Sql, number: int) -> None:
    """Let an item that is not being created be created where it is stated to."""
    row = sql.row("SELECT content FROM work WHERE id = ?", (number,))
    if row is not None:
        item = requirement_of(load(row[0]))
        sql.run("UPDATE work SET tracker = ?, place = ? WHERE id = ?", (item.tracker, item.place, number))


def _work(row: Sequence[Any]) -> Work:
    (
        number, goal, content, draft, tracker, place, phase, since, stated, who, begun, revision, issue, reason, advice,
        note,
    ) = row  # fmt: skip
    return Work(
        id=number,
        goal=goal,
        item=requirement_of(load(content)),
        draft=draft,
        tracker=tracker,
        place=place,
        phase=_PHASE[phase],
        since=to_instant(since),
        stated=bool(stated),
        who=who,
        begun=maybe_instant(begun),
        revision=revision,
        issue=issue,
        reason=reason,
        advice=advice,
        note=note,
    )


def _state(presence: str, closed: bool, declined: bool) -> str:  # noqa: FBT001 - columns
    if presence == "gone":
        return str(Fate.DELETED)
    return (str(Fate.DECLINED) if declined else "done") if closed else "created"


def _fate(presence: str) -> Fate:
    return Fate.DELETED if presence == "gone" else Fate.DECLINED
