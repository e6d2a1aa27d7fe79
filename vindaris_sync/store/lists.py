"""Lists for people: who is asked about what, what is held, why goals were refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vindaris_sync.domain.records import Reason
from vindaris_sync.store.codec import load_ids, to_instant, to_micros
from vindaris_sync.store.part import Part


@dataclass(frozen=True, slots=True)
class Asked:
    """One issue in a list: its identity, what people call it, what is asked, and since when."""

    tracker: str
    id: str
    key: str
    title: str
    url: str
    note: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AskedList:
    """The beginning of a list, newest first, and the identities of all of it."""

    items: tuple[Asked, ...]
    members: frozenset[str]


_FROM = (
    "FROM cause JOIN issue ON issue.id = cause.issue_id WHERE cause.is_open AND cause.answer IS NULL "
    "AND cause.reason = ? AND cause.subject = ? AND NOT (cause.reason = 'unlinked' AND issue.parent_unknown) AND "
)
_BY_NOW = " AND cause.surface_at IS NOT NULL AND cause.surface_at <= ?"


class Lists(Part):
    """Lists for people."""

    def asked(  # noqa: PLR0913, PLR0917 - what a list is chosen by
        self,
        places: Sequence[tuple[str, str]],
        others: Collection[str],
        reason: Reason,
        subject: str,
        now: datetime,
        most: int,
    ) -> AskedList:
        """Return the issues of ``places`` that are asked about for ``reason`` (and ``subject``, a goal's id) by now.

        A place ``*`` is every place of the tracker that is not among ``others`` (``tracker:place``). Backlog and
        acknowledged causes are left out.
        """
        where, values = in_places(places, others)
        named = (str(reason), subject, *values, to_micros(now))
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT issue.tracker, issue.ext_id, issue.key, issue.title, issue.url, cause.detail, cause.opened "
                + _FROM
                + where
                + _BY_NOW
                + " ORDER BY cause.opened DESC, cause.id DESC LIMIT ?",
                (*named, most),
            )
            members = sql.rows("SELECT issue.tracker, issue.ext_id " + _FROM + where + _BY_NOW, named)
        return AskedList(_items(rows), frozenset(f"{tracker}:{ext}" for tracker, ext in members))

    def surfacing(
        self, places: Sequence[tuple[str, str]], others: Collection[str], reason: Reason, subject: str, now: datetime
    ) -> tuple[tuple[str, str, datetime], ...]:
        """Return when the list that ``asked`` gives will grow by itself: tracker, place, and the next instant there."""
        where, values = in_places(places, others)
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT issue.tracker, issue.place, min(cause.surface_at) "
                + _FROM
                + where
                + " AND cause.surface_at > ? GROUP BY issue.tracker, issue.place",
                (str(reason), subject, *values, to_micros(now)),
            )
        return tuple((tracker, place, to_instant(at)) for tracker, place, at in rows)

    def asked_about(self, goal: int) -> tuple[int, ...]:
        """Return the issues whose open review is about this goal: it has changed, or was closed; lowest first."""
        text = (
            "SELECT DISTINCT issue_id FROM cause WHERE is_open AND reason IN ('goal_closed', 'goal_changed') "
            "AND subject = ? AND issue_id IS NOT NULL ORDER BY 1"
        )
        with self._db.read() as sql:
            return tuple(row[0] for row in sql.rows(text, (str(goal),)))

    def held_list(self, tracker: str, most: int) -> AskedList:
        """Return the issues of ``tracker`` whose edits by absence wait for a person (R2)."""
        with self._db.read() as sql:
            held = load_ids(sql.value("SELECT held FROM tracker WHERE name = ?", (tracker,)) or "[]")
            query = "SELECT tracker, ext_id, key, title, url, '', updated FROM issue WHERE id IN ({})"
            rows = list(sql.rows_in(query, held))
        items = _items(rows)
        return AskedList(items[:most], frozenset(f"{item.tracker}:{item.id}" for item in items))


def _items(rows: Iterable[Any]) -> tuple[Asked, ...]:
    return tuple(
        Asked(tracker, ext_id, key, title, url, note, to_instant(since))
        for tracker, ext_id, key, title, url, note, since in rows
    )


def in_places(places: Sequence[tuple[str, str]], others: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return a condition on ``issue`` that holds in ``places``, and its values."""
    parts, values = [], []
    for tracker, place in places:
        if place == "*":
            named = sorted(scope.split(":", 1)[1] for scope in others if scope.startswith(f"{tracker}:"))
            parts.append(f"(issue.tracker = ? AND issue.place NOT IN ({','.join('?' * len(named))}))")
            values += [tracker, *named]
        else:
            parts.append("(issue.tracker = ? AND issue.place = ?)")
            values += [tracker, place]
    return f"({' OR '.join(parts) or '1 = 0'})", tuple(values)
