"""The series of outcomes: readings are added and never changed; of each instant the one noted last counts (L10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from vindaris_sync.domain.goals import Outcome
from vindaris_sync.domain.readings import STATED, Reading, Series, metric_of, newly_stated
from vindaris_sync.store.codec import to_instant, to_micros
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

SHOWN = 24
"""Readings of each outcome that a sparkline shows."""

_INSERT = "INSERT INTO reading (goal_id, metric, at, value, how, who, noted_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_COUNTING = (
    "SELECT goal_id, metric, value, at, how, who, "
    "row_number() OVER (PARTITION BY goal_id, metric, at ORDER BY id DESC) AS noted FROM reading WHERE at <= ?"
)
_NEWEST = (
    "SELECT goal_id, metric, value, at, how, who FROM (SELECT goal_id, metric, value, at, how, who, "  # noqa: S608 - fixed texts
    f"row_number() OVER (PARTITION BY goal_id, metric ORDER BY at DESC) AS age FROM ({_COUNTING}) AS counting "
    "WHERE noted = 1) AS newest WHERE age <= ? ORDER BY goal_id, metric, at"
)
_CURRENT = (
    "SELECT r.goal_id, r.metric, r.value, r.at, r.how, r.who FROM (SELECT goal_id, metric, max(at) AS at FROM reading "
    "WHERE at <= ? GROUP BY goal_id, metric) AS newest JOIN reading r ON r.goal_id = newest.goal_id "
    "AND r.metric = newest.metric AND r.at = newest.at ORDER BY r.goal_id, r.metric, r.id"
)
_OF_ONE = "SELECT goal_id, metric, value, at, how, who FROM reading WHERE goal_id = ? ORDER BY metric, at, id"
_ALL_TIME = 1 << 62


class Readings(Part):
    """What outcomes were measured at."""

    def put_readings(self, readings: Sequence[Reading], now: datetime) -> int:
        """Add readings, noted ``now``; return how many."""
        with self._db.write() as sql:
            return sql.many(_INSERT, [_row(each, to_micros(now)) for each in readings])

    def series(self, most: int = SHOWN, until: datetime | None = None) -> dict[int, Series]:
        """Return the newest ``most`` readings of every metric, by goal; ``until``: as measured by then."""
        with self._db.read() as sql:
            return series(sql, most, until)

    def series_of(self, goal: int, until: datetime | None = None) -> Series:
        """Return all readings of one goal's metrics, oldest first; ``until``: those measured by then."""
        with self._db.read() as sql:
            rows = sql.rows(_OF_ONE, (goal,))
        found: dict[str, dict[int, Reading]] = defaultdict(dict)  # of one instant the row noted last counts
        for _, metric, value, at, how, who in rows:
            if until is None or at <= to_micros(until):
                found[metric][at] = Reading(goal, metric, value, to_instant(at), how, who)
        return {metric: list(each.values()) for metric, each in found.items()}


def series(sql: Sql, most: int = 1, until: datetime | None = None) -> dict[int, Series]:
    """Return the newest ``most`` readings of every metric, by goal, oldest first."""
    found: dict[int, dict[str, list[Reading]]] = defaultdict(lambda: defaultdict(list))
    latest = _ALL_TIME if until is None else to_micros(until)
    if most == 1:
        for goal, metric, value, at, how, who in sql.rows(_CURRENT, (latest,)):
            found[goal][metric] = [Reading(goal, metric, value, to_instant(at), how, who)]
        return dict(found)
    for goal, metric, value, at, how, who in sql.rows(_NEWEST, (latest, most)):
        found[goal][metric].append(Reading(goal, metric, value, to_instant(at), how, who))
    return dict(found)


def note_stated(sql: Sql, goal: int, before: Iterable[Outcome], after: Iterable[Outcome], now: int) -> None:
    """Add a reading for each outcome whose source states another current value than before."""
    stated = newly_stated(before, after)
    if stated:
        at = to_instant(now)
        sql.many(_INSERT, [_row(Reading(goal, each.metric, each.current or 0.0, at, STATED), now) for each in stated])


def _row(reading: Reading, noted: int) -> tuple[object, ...]:
    metric, at = metric_of(reading.metric), to_micros(reading.at)
    return reading.goal, metric, at, float(reading.value), reading.how, reading.who, noted
