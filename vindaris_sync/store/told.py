"""What chats are told of people's decisions: those on a list's issues, and which issues are answered by now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vindaris_sync.domain.retelling import Decision
from vindaris_sync.store.codec import load, to_instant
from vindaris_sync.store.lists import in_places
from vindaris_sync.store.part import Part

_DECIDED = (
    "SELECT answer.batch, answer.at, answer.who, answer.why, answer.said, answer.undone_at, answer.undone_by, "
    "issue.title, issue.url, issue.id, issue.tracker, issue.ext_id FROM answer "
    "JOIN issue ON issue.id = answer.issue_id WHERE (answer.batch > ? OR answer.undone_at > ?)"
)
_ASKED = (
    "EXISTS (SELECT 1 FROM cause WHERE cause.issue_id = answer.issue_id AND cause.reason = ? AND cause.subject = ? "
    "AND cause.surface_at IS NOT NULL AND cause.opened <= answer.at "
    "AND (cause.is_open OR cause.answered_at >= answer.at))"
)


@dataclass(frozen=True, slots=True)
class About:
    """Which list decisions were on: the places of a team, what was asked there, and about which goal (its id)."""

    places: Sequence[tuple[str, str]]
    others: Collection[tuple[str, str]]
    reason: str
    subject: str


class DecisionsTold(Part):
    """Decisions, as messages and their threads tell them."""

    def decisions(self, about: About, after: int) -> tuple[Decision, ...]:
        """Return what was decided on issues of a list, or taken back, after an instant (in microseconds), in order.

        All that was decided at once is one decision; of its issues the first is named.
        """
        where, values = in_places(about.places, about.others)
        text = f"{_DECIDED} AND {where} AND {_ASKED} ORDER BY answer.id"
        with self._db.read() as sql:
            rows = list(sql.rows(text, (after, after, *values, about.reason, about.subject)))
        batches: dict[int, list[Any]] = {}
        for row in rows:
            batches.setdefault(row[0], []).append(row)
        return tuple(_decision(same) for same in batches.values())

    def numbers(self, refs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the store's own number of each issue that is named by tracker and immutable id."""
        by_tracker: dict[str, list[str]] = {}
        for tracker, ext in refs:
            by_tracker.setdefault(tracker, []).append(ext)
        text = "SELECT id, ext_id FROM issue WHERE tracker = ? AND ext_id IN ({})"
        with self._db.read() as sql:
            return {
                (tracker, ext): number
                for tracker, exts in by_tracker.items()
                for number, ext in sql.rows_in(text, exts, tracker)
            }

    def answered_meanwhile(self, issues: Iterable[int]) -> frozenset[int]:
        """Return those of ``issues`` that a person linked or exempted and that no pass has looked at since."""
        text = (
            "SELECT answer.issue_id FROM answer JOIN issue ON issue.id = answer.issue_id "
            "WHERE answer.undone_at IS NULL AND answer.became <> '[]' AND issue.due AND answer.issue_id IN ({})"
        )
        with self._db.read() as sql:
            return frozenset(row[0] for row in sql.rows_in(text, issues))


def _decision(rows: Sequence[Any]) -> Decision:
    batch, at, who, why, said, undone_at, undone_by, title, url, issue, tracker, ext = rows[0]
    words = load(said)
    return Decision(
        batch=batch,
        count=len(rows),
        issue=issue,
        id=f"{tracker}:{ext}",
        key=words["key"],
        title=title,
        url=url,
        before=tuple(words["before"]),
        after=tuple(words["after"]),
        who=who,
        why=why,
        at=to_instant(at),
        undone_at=None if undone_at is None else to_instant(undone_at),
        undone_by=undone_by,
    )
