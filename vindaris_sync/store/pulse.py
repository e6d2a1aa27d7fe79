"""How everything is doing in a few numbers, for whoever looks every fifteen seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vindaris_sync.store.codec import to_instant
from vindaris_sync.store.part import Part


@dataclass(frozen=True, slots=True)
class Pulse:
    """Counts of what waits, and since when."""

    reviews: Mapping[str, tuple[int, datetime]]
    """By reason: how many causes are open, and since when the oldest is."""
    cursors: Mapping[str, datetime]
    """By tracker: when the cursor that has not moved for longest moved last."""
    quarantine: Mapping[str, int]
    """By tracker: items set aside."""
    outbox: int
    """Subjects whose lists changed since they were told."""


class Pulses(Part):
    """Numbers that cost little: each is answered from an index, or from a small table."""

    def answers(self) -> bool:
        """Return whether the database answers; raises ``StoreError`` where it does not."""
        with self._db.read() as sql:
            return sql.value("SELECT value FROM counter WHERE name = 'generation'") is not None  # what reads the file

    def pulse(self) -> Pulse:
        """Return what waits now."""
        reviews = "SELECT reason, count(*), min(opened) FROM cause WHERE is_open GROUP BY reason ORDER BY reason"
        with self._db.read() as sql:
            return Pulse(
                {reason: (count, to_instant(since)) for reason, count, since in sql.rows(reviews)},
                {
                    tracker: to_instant(at)
                    for tracker, at in sql.rows("SELECT tracker, min(updated_at) FROM cursor GROUP BY tracker")
                },
                dict(map(tuple, sql.rows("SELECT tracker, count(*) FROM quarantine GROUP BY tracker"))),
                int(sql.value("SELECT count(*) FROM outbox")),
            )
