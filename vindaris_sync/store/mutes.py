"""Mutes: kept for good, ended by time or by a person; what they held back is told when they end (L8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.muting import Mute, Muted
from vindaris_sync.store.codec import to_instant, to_micros
from vindaris_sync.store.outbox import announce, bring_forward
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_NEWEST = 2000
_COLUMNS = "id, team, goal_id, issue_id, at, until, who, how, why"

MUTED = "EXISTS (SELECT 1 FROM mute WHERE mute.issue_id = issue.id AND mute.ended_at IS NULL AND mute.until > ?)"
"""Whether a row of ``issue`` is muted at an instant."""


class Mutes(Part):
    """Silence that people asked for."""

    def mute(self, asked: Mute) -> int:
        """Keep a mute in place of a running one about the same, and return its number; ``asked.id`` does not count."""
        at, until = to_micros(asked.at), to_micros(asked.until)
        about = (asked.about.team, asked.about.goal, asked.about.issue)
        with self._db.write() as sql:
            _end(sql, "team IS ? AND goal_id IS ? AND issue_id IS ?", about, at, asked.who)
            sql.run(
                "INSERT INTO mute (team, goal_id, issue_id, at, until, who, how, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*about, at, until, asked.who, asked.how, asked.why),
            )
            _announce(sql, asked.about.issue, (asked.at, asked.until), at)
            return int(sql.value("SELECT max(id) FROM mute"))

    def unmute(self, number: int, who: str, now: datetime) -> bool:
        """End a mute before its time; False where it is over already. What it held back is told now."""
        at = to_micros(now)
        with self._db.write() as sql:
            issue = sql.value("SELECT issue_id FROM mute WHERE id = ?", (number,))
            ended = _end(sql, "id = ?", (number,), at, who)
            if ended:
                _announce(sql, issue, (now,), at)
                bring_forward(sql, at)
        return ended > 0

    def mutes(self, now: datetime) -> tuple[Mute, ...]:
        """Return what is muted at ``now``, the oldest first."""
        with self._db.read() as sql:
            text = f"SELECT {_COLUMNS} FROM mute WHERE ended_at IS NULL AND until > ? ORDER BY id"  # noqa: S608 - fixed
            return tuple(map(_mute, sql.rows(text, (to_micros(now),))))

    def decided_since(self, since: datetime, now: datetime) -> dict[tuple[str, str], datetime]:
        """Return where people decided through us after ``since``: tracker and place, and when last.

        Of very many changes in so short a time only the newest count.
        """
        with self._db.read() as sql:
            rows = sql.rows(
                "SELECT issue.tracker, issue.place, max(history.at) FROM history "
                "JOIN issue ON issue.id = history.issue_id WHERE history.id > (SELECT max(id) FROM history) - ? "
                "AND history.at > ? AND history.at <= ? AND history.how IN ('command line', 'chat', 'page') "
                "GROUP BY issue.tracker, issue.place",
                (_NEWEST, to_micros(since), to_micros(now)),
            )
        return {(tracker, place): to_instant(at) for tracker, place, at in rows}


def _end(sql: Sql, which: str, values: tuple[object, ...], at: int, who: str) -> int:
    text = f"UPDATE mute SET ended_at = ?, ended_by = ? WHERE {which} AND ended_at IS NULL AND until > ?"  # noqa: S608 - fixed
    return sql.run(text, (at, who, *values, at))


def _announce(sql: Sql, issue: int | None, due: Iterable[datetime], now: int) -> None:
    """Store that the lists on which an issue stands change at these instants: when it is muted, and when that ends."""
    if issue is None:
        return  # a team's or a goal's messages are held back where they would be sent
    asked = sql.rows(
        "SELECT issue.tracker, issue.place, cause.reason, cause.subject FROM cause JOIN issue "
        "ON issue.id = cause.issue_id WHERE cause.issue_id = ? AND cause.is_open AND cause.surface_at IS NOT NULL",
        (issue,),
    )
    announce(sql, [Announce(tracker, place, why, on, at) for tracker, place, why, on in asked for at in due], now)


def _mute(row: Any) -> Mute:  # noqa: ANN401 - a row's types are its query's
    number, team, goal, issue, at, until, who, how, why = row
    return Mute(number, Muted(team, goal, issue), to_instant(at), to_instant(until), who, how, why)
