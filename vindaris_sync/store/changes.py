"""Whether anything has changed since it was looked at last: numbers that differ where it has, read in a few steps.

A look that goes through all goals or all work notes them as they were before it; where they are the same, nothing
that it depends on has changed, however much there is.
"""

from __future__ import annotations

from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_GOALS = "SELECT value FROM counter WHERE name = 'goals'"
_WORK = "SELECT value FROM counter WHERE name = 'work'"
_READINGS = "SELECT coalesce(max(id), 0) FROM reading"
_HISTORY = "SELECT coalesce(max(id), 0) FROM history"
_ISSUES = "SELECT coalesce(max(id), 0) FROM issue"
_DUE = "SELECT count(*) FROM issue WHERE due"


class Changes(Part):
    """What tells that something has changed."""

    def goals_stamp(self) -> list[int]:
        """Return numbers that differ where a goal, its home or what it was measured at has changed in between."""
        with self._db.read() as sql:
            return [sql.value(_GOALS), sql.value(_READINGS)]

    def links_stamp(self) -> list[int]:
        """Return numbers that differ where a link has changed in between, or an issue was seen first, or decided."""
        with self._db.read() as sql:
            return [sql.value(_HISTORY), sql.value(_ISSUES), sql.value(_DUE)]

    def work_stamp(self) -> list[int]:
        """Return numbers that differ where required work or a goal has changed in between, or a new issue was seen."""
        with self._db.read() as sql:
            return [sql.value(_GOALS), sql.value(_WORK), sql.value(_ISSUES)]


def touch_goals(sql: Sql) -> None:
    """Note that a goal, or its home, has changed in this transaction."""
    _touch(sql, "goals")


def touch_work(sql: Sql) -> None:
    """Note that an item of required work has changed in this transaction."""
    _touch(sql, "work")


def _touch(sql: Sql, name: str) -> None:
    """Let a counter be the generation of this transaction, which is one above the last commit's."""
    text = "UPDATE counter SET value = (SELECT value FROM counter WHERE name = 'generation') + 1 WHERE name = ?"
    sql.run(text, (name,))
