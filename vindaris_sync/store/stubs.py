"""What stands in for rows that others refer to and that are lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from vindaris_sync.domain.goals import MATERIAL, Goal, contents, document_of, fold
from vindaris_sync.store.codec import dump
from vindaris_sync.store.tables import schema

LOST = "lost"
"""The tracker of an issue whose identity is lost too."""


def referred(sql: sqlite3.Connection) -> dict[str, set[int]]:
    """Return, by table, the numbers that rows refer to and that are not there."""
    missing: dict[str, set[int]] = {}
    for table in schema.sorted_tables:
        for key in table.foreign_keys:
            target, column = key.column.table.name, key.parent.name
            query = (
                f"SELECT DISTINCT {column} FROM {table.name} WHERE {column} IS NOT NULL "  # noqa: S608 - our own names
                f"AND {column} NOT IN (SELECT id FROM {target})"
            )
            missing.setdefault(target, set()).update(row[0] for row in sql.execute(query))
    return missing


def stub(table: str, number: int, identity: tuple[str, str] | None, now: int) -> Mapping[str, Any]:
    """Return a row that stands in for ``number`` of ``table``; ``identity``: tracker and id, where they are known."""
    if table == "issue":
        return _issue(number, identity, now)
    if table == "goal":
        return _goal(number, now)
    return {"id": number, "position": number, "folded": f"{LOST}-{number}", "conditions": "{}", "goal": "",
            "active": False, "at": now}  # fmt: skip


def _issue(number: int, identity: tuple[str, str] | None, now: int) -> Mapping[str, Any]:
    """Return an issue that is frozen until its tracker shows it; one that nobody can name any more is gone."""
    tracker, ext_id = identity or (LOST, str(number))
    words = dict.fromkeys(("place", "type", "title", "url", "status"), "")
    return {
        "id": number, "tracker": tracker, "ext_id": ext_id, "key": ext_id, **words, "closed": False, "created": 0,
        "updated": 0, "digest": 0, "presence": "hidden" if identity else "gone", "presence_at": now,
        "presence_reason": "its row was lost with a damaged database", "first_seen_at": now, "backlog": True,
        "due": False, "decided": True,
    }  # fmt: skip


def _goal(number: int, now: int) -> Mapping[str, Any]:
    """Return a goal that nobody states: whoever is on it is asked once its end is said with ``goal retire``."""
    goal = Goal(f"LOST-{number}", "A goal that was lost with a damaged database")
    content = dump({"goal": document_of(goal), "resolved": contents(goal, {}), "material": MATERIAL})
    return {"id": number, "key": goal.key, "folded": fold(goal.key), "title": goal.title, "status": str(goal.status),
            "content": content, "revision": 1, "position": number, "missing_since": now}  # fmt: skip
