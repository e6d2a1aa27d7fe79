"""Which row a stated parent is: in the issue's own tracker or in another, known before its child or after it (R6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from vindaris_sync.store.rows import Known, Payload
from vindaris_sync.store.sql import Sql


class Parents:
    """Finds the rows of stated parents: among those being written, by id, by key, by a former key or id."""

    def __init__(
        self, sql: Sql, tracker: str, written: Mapping[str, Payload], known: Mapping[str, Known], ids: Mapping[str, int]
    ) -> None:
        stated: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for payload in written.values():
            if payload.parent_tracker:
                stated[payload.parent_tracker].add((payload.parent_ext, payload.parent_key))
        own = {**{ext: old.id for ext, old in known.items()}, **ids}
        self._by_ext = {
            name: _by_ext(sql, name, {ext for ext, _ in named if ext}, own if name == tracker else {})
            for name, named in stated.items()
        }
        self._moved = _moved(sql, {row for found in self._by_ext.values() for row in found.values()})
        self._by_key = {
            name: _by_key(sql, name, {key for ext, key in named if not ext}) for name, named in stated.items()
        }
        if self._by_key.get(tracker) is not None:
            self._by_key[tracker] |= {payload.key: own[ext] for ext, payload in written.items()}

    def of(self, number: int, payload: Payload) -> int | None:
        """Return the row of the parent that ``payload`` of row ``number`` names, where it is known and another row."""
        tracker, ext, key = payload.parent
        if not tracker:
            return None
        found = self._by_ext[tracker].get(ext) if ext else self._by_key[tracker].get(key)
        found = found if found is None else self._moved.get(found, found)
        return None if found == number else found

    def still(self, old: Known, payload: Payload) -> int | None:
        """Return the same for a row that exists; a parent named as before stays, whoever took over its key."""
        same = payload.parent == old.parent and old.parent_id is not None
        return old.parent_id if same else self.of(old.id, payload)


def named_then(told: str, tracker: str) -> tuple[str, str]:
    """Return the tracker and the name (id or key) of a parent as the history of an issue of ``tracker`` tells it."""
    before, colon, name = told.partition(":")  # a parent in another tracker is told with that one's name
    return (before, name) if colon else (tracker, told)


def _by_ext(sql: Sql, tracker: str, stated: Iterable[str], written: Mapping[str, int]) -> dict[str, int]:
    query = "SELECT ext_id, id FROM issue WHERE tracker = ? AND ext_id IN ({})"
    found = {ext: written[ext] for ext in stated if ext in written}
    return found | {row[0]: row[1] for row in sql.rows_in(query, set(stated) - found.keys(), tracker)}


def _moved(sql: Sql, rows: Iterable[int]) -> dict[int, int]:
    """Return what those of the rows have become that got a new id."""
    query = "SELECT id, moved_to FROM issue WHERE presence = 'moved' AND moved_to IS NOT NULL AND id IN ({})"
    return {row[0]: row[1] for row in sql.rows_in(query, rows)}


def _by_key(sql: Sql, tracker: str, keys: Iterable[str]) -> dict[str, int]:
    """Return the rows under these keys: a key used again is the present issue's, then the one seen last."""
    former = "SELECT key, issue_id FROM alias WHERE tracker = ? AND key IN ({})"
    found = {row[0]: row[1] for row in sql.rows_in(former, keys, tracker)}
    query = (
        "SELECT key, id FROM issue WHERE tracker = ? AND presence <> 'moved' AND key IN ({}) "
        "ORDER BY presence = 'present', id"
    )
    return found | {row[0]: row[1] for row in sql.rows_in(query, keys, tracker)}


def adopt_orphans(sql: Sql, tracker: str, by_ext: Mapping[str, int], by_key: Mapping[str, int]) -> None:
    """Give the issues their parent, in whichever tracker they are, that have waited for one of ``tracker``'s rows."""
    waiting = "SELECT id, {column} FROM issue WHERE parent_tracker = ? AND parent_id IS NULL AND {column} <> ''"
    by_id = waiting.format(column="parent_ext") + " AND parent_ext IN ({})"
    found = [(by_ext[row[1]], row[0]) for row in sql.rows_in(by_id, by_ext, tracker)]
    by_name = waiting.format(column="parent_key") + " AND parent_ext = '' AND parent_key IN ({})"
    found += [(by_key[row[1]], row[0]) for row in sql.rows_in(by_name, by_key, tracker)]
    sql.many(
        "UPDATE issue SET parent_id = ?, due = TRUE WHERE id = ?",
        [(parent, child) for parent, child in found if parent != child],
    )
