"""Causes of reviews, wherever they are asked: at an issue, at a link rule or at a goal (R8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum

from vindaris_sync.domain.actions import AnswerGoal, AnswerRule, CloseCause
from vindaris_sync.domain.records import Answer, Cause, CauseKey, Reason
from vindaris_sync.store.codec import maybe_instant, maybe_micros, to_instant, to_micros
from vindaris_sync.store.sql import Sql

_REASON = {str(reason): reason for reason in Reason}
_ANSWER = {str(answer): answer for answer in Answer}


class Subject(StrEnum):
    """Whose review it is: the column that names it."""

    ISSUE = "issue_id"
    RULE = "rule_id"
    GOAL = "goal_id"


_UNIQUE = {
    Subject.ISSUE: "(issue_id, reason, subject, fingerprint)",
    Subject.RULE: "(rule_id, reason, subject, fingerprint) WHERE rule_id IS NOT NULL",
    Subject.GOAL: "(goal_id, reason, subject, fingerprint) WHERE goal_id IS NOT NULL",
}


def causes_of(sql: Sql, subject: Subject, ids: Sequence[int]) -> dict[int, tuple[Cause, ...]]:
    """Return the causes that are open, acknowledged or confirmed and not lapsed, oldest first."""
    found: dict[int, list[Cause]] = defaultdict(list)
    query = (
        f"SELECT {subject}, reason, subject, fingerprint, opened, surface_at, labelled, answer, detail FROM cause "  # noqa: S608 - fixed names
        "WHERE (answer IS NULL OR answer = 'acknowledged' OR answer = 'confirmed' AND NOT lapsed) "
        f"AND {subject} IN ({{}}) ORDER BY id"
    )
    for one, reason, about, fingerprint, opened, surface_at, labelled, answer, detail in sql.rows_in(query, ids):
        found[one].append(
            Cause(
                CauseKey(_REASON[reason], about, fingerprint),
                to_instant(opened),
                maybe_instant(surface_at),
                bool(labelled),
                _ANSWER[answer] if answer else None,
                detail,
            )
        )
    return {one: tuple(causes) for one, causes in found.items()}


def open_causes(sql: Sql, subject: Subject, opened: Iterable[tuple[int, Cause]]) -> None:
    """Record causes that are asked; one that was asked before is the same row, opened once more."""
    sql.many(
        f"INSERT INTO cause ({subject}, reason, subject, fingerprint, opened, surface_at, labelled, detail) "  # noqa: S608 - fixed names
        f"VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT {_UNIQUE[subject]} DO UPDATE SET "
        "opened = excluded.opened, surface_at = excluded.surface_at, labelled = excluded.labelled, "
        "detail = excluded.detail, is_open = TRUE, lapsed = FALSE, answer = NULL, answered_at = NULL, "
        "who = '', how = '', "
        "times = cause.times + CASE WHEN cause.is_open THEN 0 ELSE 1 END",
        [_cause(one, cause) for one, cause in opened],
    )


Closing = CloseCause | AnswerRule | AnswerGoal


def close_causes(sql: Sql, subject: Subject, closed: Sequence[tuple[int, Closing]], now: int) -> None:
    """Record the answers; what was confirmed and stands no more keeps who confirmed it, and may be asked anew."""
    which = f"{subject} = ? AND reason = ? AND subject = ? AND fingerprint = ?"
    columns = "answer = ?, is_open = ?, answered_at = ?, who = ?, how = ?"
    answer = f"UPDATE cause SET {columns} WHERE {which}"  # noqa: S608 - fixed texts
    moot = [each for each in closed if each[1].answer is Answer.MOOT]
    sql.many(answer, [_answer(*each, now) for each in closed if each[1].answer is not Answer.MOOT])
    lapse = "UPDATE cause SET lapsed = TRUE WHERE answer = 'confirmed' AND " + which  # noqa: S608 - as above
    sql.many(lapse, [(one, *named(each.key)) for one, each in moot])
    sql.many(answer + " AND NOT lapsed", [_answer(*each, now) for each in moot])


def named(key: CauseKey) -> tuple[str, str, str]:
    """Return a key as its columns."""
    return str(key.reason), key.subject, key.fingerprint


def _cause(one: int, cause: Cause) -> tuple[object, ...]:
    key, at, surface_at = cause.key, to_micros(cause.opened), maybe_micros(cause.surface_at)
    return one, str(key.reason), key.subject, key.fingerprint, at, surface_at, cause.labelled, cause.detail


def _answer(one: int, each: Closing, now: int) -> tuple[object, ...]:
    acknowledged = each.answer is Answer.ACKNOWLEDGED
    return str(each.answer), acknowledged, now, each.who, each.how, one, *named(each.key)
