"""Chains that lead nowhere: parents that could not be read, that are gone, and those that go round in a circle (R6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vindaris_sync.store.sql import Sql

_OPEN = "i.tracked AND i.presence = 'present' AND NOT i.closed"
_SHOWN = "i.tracker, i.place, i.key, i.title, i.url, NULL, i.created"
_MOST_NAMED = 10

UNREAD = (
    f"SELECT {_SHOWN}, 'its parent ' || CASE i.parent_key WHEN '' THEN i.parent_ext ELSE i.parent_key END || "  # noqa: S608 - fixed texts
    "CASE WHEN i.parent_tracker = i.tracker THEN '' ELSE ' in ' || i.parent_tracker END || "
    "': ' || coalesce(u.reason, 'not read yet') FROM issue i LEFT JOIN unread u ON u.tracker = i.parent_tracker "
    "AND u.ext_id = i.parent_ext AND u.key = i.parent_key "
    f"WHERE i.parent_id IS NULL AND i.parent_tracker <> '' AND i.parent_unknown AND {_OPEN}"
)
"""Issues whose own parent nobody has read, with why."""

LEFT = (
    f"SELECT {_SHOWN}, 'its parent ' || p.key || ' is ' || p.presence FROM issue i JOIN issue p ON p.id = i.parent_id "  # noqa: S608 - fixed texts
    f"WHERE p.presence IN ('gone', 'moved') AND i.parent_unknown AND {_OPEN}"
)
"""Issues whose own parent is there no more."""


ONE = (
    "SELECT i.parent_ext, i.parent_key, i.parent_tracker <> i.tracker, i.parent_tracker, u.reason FROM issue i "
    "LEFT JOIN unread u ON u.tracker = i.parent_tracker AND u.ext_id = i.parent_ext AND u.key = i.parent_key "
    "WHERE i.id = ?"
)
"""The parent that one issue states, and why it was not read."""


def circles(sql: Sql) -> Iterator[tuple[int, str]]:
    """Yield each circle of parents once: the lowest of its issues, and its keys, ``APP-1 → acme/web#2 → APP-1``."""
    text = (
        "SELECT id, parent_id FROM issue WHERE parent_id IS NOT NULL AND presence NOT IN ('gone', 'moved') "
        "AND EXISTS (SELECT 1 FROM issue below WHERE below.parent_id = issue.id)"
    )
    for circle in sorted(_circles(dict(sql.rows(text)))):
        keys = {row[0]: row[1] for row in sql.rows_in("SELECT id, key FROM issue WHERE id IN ({})", circle)}
        named = [keys[each] for each in (*circle[:_MOST_NAMED], circle[0])]
        yield circle[0], " → ".join(named if len(circle) <= _MOST_NAMED else [*named[:-1], "…", named[-1]])


def _circles(above: Mapping[int, int]) -> Iterator[tuple[int, ...]]:
    """Yield the circles in which each issue's parent is the next, the lowest issue first."""
    walked: set[int] = set()
    for start in above:
        line: dict[int, int] = {}
        at: int | None = start
        while at is not None and at not in walked and at not in line:
            line[at] = len(line)
            at = above.get(at)
        if at in line:
            circle = list(line)[line[at] :]
            lowest = circle.index(min(circle))
            yield (*circle[lowest:], *circle[:lowest])
        walked.update(line)
