"""Which issues show a goal's priority and status, and which changes of them wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.store.attention import announce_attention, remember
from vindaris_sync.store.part import Part

_SOURCE = "show"
_SHOWING = (
    "FROM issue WHERE tracker = ? AND tracked AND presence = 'present' AND NOT closed "
    "AND state IN ('linked', 'inherited') AND (goals = ? OR goals LIKE ?)"
)


class Showing(Part):
    """What issues show of goals beside their keys."""

    def showing(self, tracker: str, goal: int) -> int:
        """Return how many open issues of the tracker serve the goal first of all, by themselves or through others."""
        with self._db.read() as sql:
            return int(sql.value(f"SELECT count(*) {_SHOWING}", (tracker, f"[{goal}]", f"[{goal},%")))

    def mark_serving(self, tracker: str, goal: int, after: int, most: int) -> tuple[int, ...]:
        """Let at most ``most`` of them, numbers above ``after``, be decided anew; return those, lowest first."""
        text = f"SELECT id {_SHOWING} AND id > ? ORDER BY id LIMIT ?"
        with self._db.write() as sql:
            found = tuple(row[0] for row in sql.rows(text, (tracker, f"[{goal}]", f"[{goal},%", after, most)))
            sql.run_in("UPDATE issue SET due = TRUE WHERE id IN ({})", found)
        return found

    def put_waiting(self, tracker: str, waiting: Mapping[str, int], limit: int, now: datetime) -> None:
        """Remember, and announce, which goals' changes wait for a person, by key with how many issues; no others."""
        fix = f"if that is meant: vindaris-sync review release {tracker}"
        wanted = {
            key: f"its priority or status changed: {count:,} issues would show it, more than show_limit ({limit:,})"
            for key, count in waiting.items()
        }
        with self._db.write() as sql:
            text = "SELECT subject, message FROM attention WHERE tracker = ? AND source = ?"
            held = dict(map(tuple, sql.rows(text, (tracker, _SOURCE))))
            if held == wanted:
                return
            sql.run("DELETE FROM attention WHERE tracker = ? AND source = ?", (tracker, _SOURCE))
            for key, message in wanted.items():
                remember(sql, tracker, _SOURCE, Finding(Level.WARNING, key, message, fix), now)
            announce_attention(sql, tracker, now)
