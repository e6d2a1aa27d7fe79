"""What people decided through us lately: the same answer for the same key, and what takes a decision back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Exemption, Explicit, Link, Provenance
from vindaris_sync.domain.records import Answer, Cause, CauseKey, Reason
from vindaris_sync.domain.undoing import Before
from vindaris_sync.store.causes import Subject
from vindaris_sync.store.codec import (
    dump,
    dump_conflict,
    load,
    load_conflict,
    maybe_instant,
    maybe_micros,
    to_instant,
    to_micros,
)
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

KEPT = timedelta(days=1)
"""How long an answer is remembered: longer than any chat repeats a click. The history remembers for ever."""

_COLUMNS = "id, batch, issue_id, rule_id, goal_id, at, who, how, why, said, was, became, undone_at, undone_by"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to one review: whose it was, what the person was told, what stood before, and what was made of it."""

    subject: Subject
    number: int
    said: Mapping[str, Any]
    was: Before
    became: Explicit = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it is kept; ``batch`` names all that were given at once."""

    id: int
    batch: int
    given: Given
    by: By
    undone_at: datetime | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class Together:
    """What was decided at once: the first of it, and of how many."""

    first: Kept
    count: int


class Answered(Part):
    """Answers that were given."""

    def put_answers(self, given: Sequence[Given], key: str, by: By, batch: int | None = None) -> int:
        """Keep what was answered at once, under ``key`` (empty: none), and return its number; forget what is old.

        ``batch``: it belongs to what was kept under that number. A number is never given twice, not even after what it
        stood for was forgotten: it grows with the clock.
        """
        rows, at = [_row(each, key, by) for each in given], to_micros(by.at)
        with self._db.write() as sql:
            sql.run("DELETE FROM answer WHERE at < ?", (at - KEPT // timedelta(microseconds=1),))
            if batch is None:
                batch = max(int(sql.value("SELECT coalesce(max(batch), 0) + 1 FROM answer")), at)
            sql.many(
                "INSERT INTO answer (batch, key, issue_id, rule_id, goal_id, at, who, how, why, said, was, became) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(batch, *row) for row in rows],
            )
        return batch

    def answers_under(self, key: str) -> tuple[Kept, ...]:
        """Return what was answered under ``key``, in order; nothing if nothing was."""
        with self._db.read() as sql:
            return _kept(sql, "key = ? AND key <> '' ORDER BY id", (key,))

    def answers_of(self, batch: int) -> tuple[Kept, ...]:
        """Return what was answered at once under the number ``batch``, in order."""
        with self._db.read() as sql:
            return _kept(sql, "batch = ? ORDER BY id", (batch,))

    def last_answers(self, subject: Subject, numbers: Collection[int]) -> dict[int, Kept]:
        """Return the last answer to each one's review that nobody took back, as far as it is remembered."""
        query = f"SELECT {_COLUMNS} FROM answer WHERE {subject} IN ({{}}) AND undone_at IS NULL ORDER BY id"  # noqa: S608 - fixed names
        with self._db.read() as sql:
            return {kept.given.number: kept for kept in map(_load, sql.rows_in(query, numbers))}

    def batches_since(self, who: str, since: datetime, most: int) -> tuple[Together, ...]:
        """Return what ``who`` decided at ``since`` or later and did not take back, the last first, at most ``most``."""
        text = (
            "SELECT batch, min(id), count(*) FROM answer WHERE at >= ? AND who = ? AND undone_at IS NULL "
            "GROUP BY batch ORDER BY batch DESC LIMIT ?"
        )
        with self._db.read() as sql:
            rows = sql.rows(text, (to_micros(since), who, most))
            return tuple(Together(_kept(sql, "id = ?", (first,))[0], count) for _, first, count in rows)

    def put_undone(self, answers: Iterable[int], by: By) -> None:
        """Note that answers (by their ids) were taken back."""
        with self._db.write() as sql:
            sql.many(
                "UPDATE answer SET undone_at = ?, undone_by = ? WHERE id = ?",
                [(to_micros(by.at), by.who, number) for number in answers],
            )


def _kept(sql: Sql, which: str, values: Collection[object]) -> tuple[Kept, ...]:
    rows = sql.rows(f"SELECT {_COLUMNS} FROM answer WHERE {which}", tuple(values))  # noqa: S608 - fixed texts
    return tuple(_load(row) for row in rows)


def _row(given: Given, key: str, by: By) -> tuple[object, ...]:
    ids = [given.number if given.subject is subject else None for subject in Subject]
    texts = dump(given.said), dump(_before(given.was)), dump(_explicit(given.became))
    return key, *ids, to_micros(by.at), by.who, by.how, by.why, *texts


def _load(row: Sequence[Any]) -> Kept:
    number, batch, *ids, at, who, how, why, said, was, became, undone_at, undone_by = row
    [(subject, one)] = [(subject, one) for subject, one in zip(Subject, ids, strict=True) if one is not None]
    given = Given(subject, one, load(said), _load_before(load(was)), _load_explicit(load(became)))
    return Kept(number, batch, given, By(who, how, why, to_instant(at)), maybe_instant(undone_at), undone_by)


# --- values -----------------------------------------------------------------------------------------------------------


def _explicit(explicit: Explicit) -> object:
    if isinstance(explicit, Exemption):
        return {"no-goal": [explicit.reason, explicit.author, to_micros(explicit.at), maybe_micros(explicit.expires)]}
    return [
        [link.goal, str(link.provenance), link.who, to_micros(link.at), link.revision, link.fingerprint, link.primary]
        for link in explicit
    ]


def _load_explicit(stored: Any) -> Explicit:  # noqa: ANN401 - JSON
    if isinstance(stored, dict):
        reason, author, at, expires = stored["no-goal"]
        return Exemption(reason, author, to_instant(at), maybe_instant(expires))
    return tuple(
        Link(goal, Provenance(how), who, to_instant(at), revision, fingerprint, primary)
        for goal, how, who, at, revision, fingerprint, primary in stored
    )


def _before(was: Before) -> dict[str, object]:
    return {
        "explicit": _explicit(was.explicit),
        "by_machine": was.by_machine,
        "conflict": dump_conflict(was.conflict),
        "causes": list(map(_cause, was.causes)),
        "confirmed": was.confirmed,
    }


def _load_before(stored: Mapping[str, Any]) -> Before:
    if not stored:
        return Before()
    causes = tuple(map(_load_cause, stored["causes"]))
    explicit, conflict = _load_explicit(stored["explicit"]), load_conflict(stored["conflict"])
    return Before(explicit, stored["by_machine"], conflict, causes, stored["confirmed"])


def _cause(cause: Cause) -> list[object]:
    key, answer = cause.key, str(cause.answer) if cause.answer else None
    when = to_micros(cause.opened), maybe_micros(cause.surface_at)
    return [str(key.reason), key.subject, key.fingerprint, *when, cause.labelled, answer, cause.detail]


def _load_cause(stored: Sequence[Any]) -> Cause:
    reason, subject, fingerprint, opened, surface_at, labelled, answer, detail = stored
    key = CauseKey(Reason(reason), subject, fingerprint)
    told = to_instant(opened), maybe_instant(surface_at), labelled
    return Cause(key, *told, Answer(answer) if answer else None, detail)
