"""One state of the store to decide on: records with everything joined, read in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from vindaris_sync.domain.models import Exemption, Explicit, IssueRef, Link, LinkState, Presence, Provenance
from vindaris_sync.domain.records import Cause, CauseKey, Record
from vindaris_sync.store.causes import Subject, causes_of
from vindaris_sync.store.codec import (
    load_bases,
    load_basis,
    load_conflict,
    load_ids,
    load_names,
    load_observed,
    load_stood,
    load_traits,
    load_undefined,
    maybe_instant,
    to_instant,
)
from vindaris_sync.store.engine import Snapshot
from vindaris_sync.store.sql import Sql

_COLUMNS = (
    "id, tracker, ext_id, key, place, type, title, closed, created, updated, presence, parent_id, parent_ext, "
    "parent_key, observed, verified_at, undefined, bases, by_machine, conflict, decided, state, carrier_id, goals, "
    "basis, label_stood, backlog, undecided_since, refused, author, tracked, parent_unknown, "
    "CASE WHEN carrier_id <> id THEN (SELECT c.suspect FROM issue c WHERE c.id = issue.carrier_id) "
    "WHEN rule_id IS NOT NULL THEN (SELECT r.suspect FROM rule r WHERE r.id = issue.rule_id) ELSE suspect END, "
    "wake_at, timing, traits, rule_id, EXISTS (SELECT 1 FROM attachment a WHERE a.issue_id = issue.id "
    "AND a.above_id = issue.parent_id AND a.state IN ('intended', 'attached'))"
)
_PRESENCE = {str(presence): presence for presence in Presence}
_STATE = {str(state): state for state in LinkState}
_PROVENANCE = {str(provenance): provenance for provenance in Provenance}


class StoreView:
    """A ``View`` on the store as it was when this was made; close it, or use it as a context manager.

    Made inside a transaction it sees what the transaction has written, and needs no closing.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._sql = snapshot.sql

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let the state go; idempotent."""
        self._snapshot.close()

    def due(self, limit: int | None = None) -> list[int]:
        """Return the ids that have to be decided, by tracker and first seen first; all, or the first ``limit``."""
        text = "SELECT id FROM issue WHERE due ORDER BY tracker, id"
        found = self._sql.rows(text) if limit is None else self._sql.rows(text + " LIMIT ?", (limit,))
        return [row[0] for row in found]

    def records(self, ids: Iterable[int]) -> dict[int, Record]:
        """Return the records of ``ids``; unknown ids are left out."""
        ids = tuple(dict.fromkeys(ids))
        explicit, causes = _explicit(self._sql, ids), causes_of(self._sql, Subject.ISSUE, ids)
        query = f"SELECT {_COLUMNS} FROM issue WHERE id IN ({{}})"  # noqa: S608 - fixed names
        return {
            row[0]: _record(row, explicit.get(row[0], ()), causes.get(row[0], ()))
            for row in self._sql.rows_in(query, ids)
        }

    def children(self, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """Return, per id, the numbers of the issues whose parent it is, in any presence, lowest first."""
        ids = tuple(dict.fromkeys(ids))
        found: dict[int, list[int]] = {issue: [] for issue in ids}
        query = "SELECT parent_id, id FROM issue WHERE parent_id IN ({}) ORDER BY id"
        for parent, child in self._sql.rows_in(query, ids):
            found[parent].append(child)
        return {parent: tuple(below) for parent, below in found.items()}

    def links_of(self, tracker: str) -> int:
        """Return how many explicit links the tracker's present issues hold (R2)."""
        text = (
            "SELECT count(*) FROM link JOIN issue ON issue.id = link.issue_id "
            "WHERE issue.tracker = ? AND issue.presence = 'present'"
        )
        return int(self._sql.value(text, (tracker,)))

    def labelled(self, key: CauseKey) -> int:
        """Return how many issues carry an open, surfaced cause of this group (R9)."""
        text = (
            "SELECT count(*) FROM cause WHERE reason = ? AND subject = ? AND fingerprint = ? AND is_open "
            "AND surface_at IS NOT NULL AND labelled"
        )
        return int(self._sql.value(text, (str(key.reason), key.subject, key.fingerprint)))


def _explicit(sql: Sql, ids: Sequence[int]) -> dict[int, Explicit]:
    links: dict[int, list[Link]] = defaultdict(list)
    query = (
        "SELECT issue_id, goal_id, provenance, who, at, revision, fingerprint, is_primary FROM link "
        "WHERE issue_id IN ({}) ORDER BY is_primary DESC, at, goal_id"
    )
    for issue, goal, how, who, at, revision, fingerprint, primary in sql.rows_in(query, ids):
        links[issue].append(Link(goal, _PROVENANCE[how], who, to_instant(at), revision, fingerprint, bool(primary)))
    found: dict[int, Explicit] = {issue: tuple(held) for issue, held in links.items()}
    query = "SELECT issue_id, reason, author, at, expires FROM exemption WHERE issue_id IN ({})"
    for issue, reason, author, at, expires in sql.rows_in(query, ids):
        found[issue] = Exemption(reason, author, to_instant(at), maybe_instant(expires))
    return found


def _record(row: Sequence[Any], explicit: Explicit, causes: tuple[Cause, ...]) -> Record:
    (
        number, tracker, ext_id, key, place, kind, title, closed, created, updated, presence, parent, parent_ext,
        parent_key, observed, verified, undefined, bases, by_machine, conflict, decided, state, carrier, goals, basis,
        label_stood, backlog, undecided_since, refused, author, tracked, parent_unknown, suspect, wake_at, timing,
        traits, rule, ours,
    ) = row  # fmt: skip
    return Record(
        id=number,
        ref=IssueRef(tracker, ext_id),
        key=key,
        place=place,
        type=kind,
        title=title,
        closed=bool(closed),
        created=to_instant(created),
        updated=to_instant(updated),
        presence=_PRESENCE[presence],
        parent=None if ours else parent,  # a parent that we have set for people to see decides nothing (R6)
        parent_stated=bool(parent_ext or parent_key) and not ours,
        observed=load_observed(observed),
        verified=maybe_instant(verified),
        undefined=load_undefined(undefined),
        bases=load_bases(bases),
        explicit=explicit,
        by_machine=bool(by_machine),
        conflict=load_conflict(conflict),
        state=_STATE[state] if decided else None,
        carrier=carrier,
        goals=load_ids(goals),
        basis=load_basis(basis),
        causes=causes,
        label_stood=load_stood(label_stood),
        backlog=bool(backlog),
        undecided_since=undecided_since,
        refused=load_names(refused),
        author=author,
        tracked=bool(tracked),
        parent_unknown=bool(parent_unknown),
        suspect=bool(suspect),
        wake_at=maybe_instant(wake_at),
        timing=timing,
        traits=load_traits(traits),
        rule=rule,
    )
