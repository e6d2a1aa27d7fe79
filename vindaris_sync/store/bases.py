"""What a surface was agreed on: from when that was last seen, and where it counts (R2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from vindaris_sync.store.codec import dump_bases, load_bases, load_observed, to_instant, to_micros
from vindaris_sync.store.rows import Known
from vindaris_sync.store.sql import Sql


def keep_last_sight(sql: Sql, changes: Iterable[tuple[Known, str]]) -> None:
    """Let bases tell until when their surfaces showed them, where these show something else now.

    ``changes`` are issues as they were held until now, each with what its surfaces show by now. A definition that is
    younger than a base stands in the place of one that was deleted, unless it was seen on the issue itself.
    """
    changed = {known.id: (known, shown) for known, shown in changes if known.observed != shown}
    updates = []
    for issue, stored in sql.rows_in("SELECT id, bases FROM issue WHERE id IN ({})", changed):
        known, shown = changed[issue]
        before, now, bases = load_observed(known.observed), load_observed(shown), load_bases(stored)
        left = {
            key: replace(base, updated=to_instant(known.updated))
            for key, base in bases.items()
            if base.value and before.get(key) == base.value != now.get(key) and to_micros(base.updated) < known.updated
        }
        if left:
            updates.append((dump_bases(bases | left), issue))
    sql.many("UPDATE issue SET bases = ? WHERE id = ?", updates)


def agree_elsewhere(sql: Sql, surfaces: Mapping[int, Collection[str]]) -> None:
    """Let what these surfaces of issues were agreed on count as agreed in another place; what changes is due."""
    updates = []
    for issue, stored in sql.rows_in("SELECT id, bases FROM issue WHERE id IN ({})", surfaces):
        bases = load_bases(stored)
        moved = {key: replace(base, place="") for key, base in bases.items() if key in surfaces[issue]}
        updates.append((text := dump_bases(bases | moved), issue, text))
    sql.many("UPDATE issue SET bases = ?, due = TRUE WHERE id = ? AND bases <> ?", updates)
