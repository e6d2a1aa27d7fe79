"""Recording what became of writes: what is on the issue now, what both sides agree on, what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from vindaris_sync.domain.actions import shown_after
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.models import (
    Base,
    Done,
    Failed,
    Finding,
    Issue,
    Level,
    Overridden,
    Raw,
    Refused,
    Stale,
    Surface,
    Write,
    Written,
    observe,
)
from vindaris_sync.store.attention import announce_attention, remember_refusal
from vindaris_sync.store.codec import dump, dump_bases, load_bases, load_names, load_observed, span_micros, to_micros
from vindaris_sync.store.contests import note_written
from vindaris_sync.store.issues import IN_STEP, lookup, record
from vindaris_sync.store.rows import Known, Reading, stated_parent
from vindaris_sync.store.seen import Sightings
from vindaris_sync.store.sql import Sql
from vindaris_sync.store.trackers import lift


@dataclass(slots=True)
class _Sorted:
    done: list[Done] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    read: list[Issue] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    undone: list[Failed] = field(default_factory=list)


class WriteBacks(Sightings):
    """Recording of write-back outcomes."""

    def record_written(
        self,
        tracker: str,
        outcomes: Sequence[Written],
        surfaces: tuple[Surface, ...],
        now: datetime,
        *,
        ahead: timedelta = IN_STEP,
    ) -> None:
        """Record outcomes of ``write`` in one transaction.

        Done: what was read back is observed, what was written is the base; the issue is due only where it shows
        anything else than what was written, which is somebody's edit; where its place was thought to refuse that, all
        that is there is due. Stale and overridden: observed and due. Refused: remembered for the place and surface, or
        for the issue alone, and due, so that what else was wanted is written without it. Failed: due, so that the next
        pass reads it.
        """
        found = _sort(outcomes)
        now_micros = to_micros(now)
        issues = [done.issue for done in found.done] + found.read
        with self._db.write() as sql:
            before = lookup(sql, tracker, {issue.ref.id for issue in issues} | set(found.uncertain))
            ours = _as_written(found.done, before, surfaces)
            reading = Reading(now_micros, span_micros(ahead), direct=True, ours=ours)
            record(sql, tracker, issues, self._observer(surfaces), reading)
            _agree(sql, tracker, found.done, surfaces)
            note_written(sql, tracker, found.done, found.undone, now)
            if lift(sql, tracker, _written(found.done)):
                announce_attention(sql, tracker, now)
            for refused in found.refused:
                _refuse(sql, tracker, refused, now)
            undone = {done.issue.ref.id for done in found.done if done.undone}
            again = {issue.ref.id for issue in found.read}.union(found.uncertain, undone)
            made = {each.write.address.id for each in outcomes if not isinstance(each, Failed)}
            sql.run_in("UPDATE issue SET unwritten = FALSE WHERE tracker = ? AND ext_id IN ({})", made, tracker)
            sql.run_in("UPDATE issue SET due = TRUE WHERE tracker = ? AND ext_id IN ({})", again, tracker)


def _sort(outcomes: Iterable[Written]) -> _Sorted:
    found = _Sorted()
    for outcome in outcomes:
        match outcome:
            case Done():
                found.done.append(outcome)
            case Stale() | Overridden():
                found.read.append(outcome.issue)
            case Refused():
                found.refused.append(outcome)
                found.uncertain.append(outcome.write.address.id)
                if outcome.issue is not None:
                    found.read.append(outcome.issue)
            case Failed():
                found.uncertain.append(outcome.write.address.id)
                found.undone += [outcome] if outcome.undone else []
            case _:
                assert_never(outcome)
    return found


def _as_written(done: Iterable[Done], known: Mapping[str, Known], surfaces: tuple[Surface, ...]) -> frozenset[int]:
    """Return the rows of issues that were read back as they were known, plus what was written."""
    held = ((known.get(each.issue.ref.id), each) for each in done)
    return frozenset(row.id for row, each in held if row is not None and _shows_only(row, each, surfaces))


def _shows_only(known: Known, done: Done, surfaces: tuple[Surface, ...]) -> bool:
    """Whether the issue read back is the one known before plus what was written."""
    issue = done.issue
    shown = observe(issue, surfaces)
    wanted = {**load_observed(known.observed), **_wanted(done.write)}
    return (
        {key: _folded(value) for key, value in shown.items()} == {key: _folded(value) for key, value in wanted.items()}
        and (known.key, known.place, known.type, bool(known.closed))
        == (issue.key, issue.place, issue.type, issue.closed)
        and known.parent == stated_parent(issue.parent)
    )


def _folded(values: Raw) -> list[str]:
    return sorted(value.casefold() for value in values)


def _wanted(write: Write) -> dict[str, Raw]:
    wanted: dict[str, Raw] = {}
    for change in write.changes:
        key = change.surface.key
        wanted[key] = shown_after(write.expected.get(key, ()), change.add, change.remove)
    return wanted


def _written(done: Iterable[Done]) -> set[tuple[str, str]]:
    """Return the (place, surface key) that were written, and so refuse that no longer."""
    return {(each.issue.place, change.surface.key) for each in done for change in each.write.changes}


def _agree(sql: Sql, tracker: str, done: Sequence[Done], surfaces: tuple[Surface, ...]) -> None:
    """Make what was written the base of its surfaces."""
    query = "SELECT ext_id, id, bases FROM issue WHERE tracker = ? AND ext_id IN ({})"
    held = {row[0]: row[1:] for row in sql.rows_in(query, {each.issue.ref.id for each in done}, tracker)}
    values = []
    for each in done:
        number, bases = held[each.issue.ref.id]
        former = load_bases(bases)
        agreed = _with_links(sql, number, _bases(each, surfaces, former))
        merged = dump_bases({**former, **agreed})
        held[each.issue.ref.id] = (number, merged)
        values.append((merged, number))
    sql.many("UPDATE issue SET bases = ? WHERE id = ?", values)


def _bases(done: Done, surfaces: tuple[Surface, ...], former: Mapping[str, Base]) -> dict[str, Base]:
    """Return what is agreed on: what was written, in the spelling read back; what shows beside it, a person added."""
    written = {change.surface.key: set(_folded(change.add)) for change in done.write.changes}
    shown, issue = observe(done.issue, surfaces), done.issue
    bases: dict[str, Base] = {}
    for key, wanted in _wanted(done.write).items():
        seen = shown.get(key, ())
        agreed = seen if _folded(seen) == _folded(wanted) else wanted
        known = written[key] | set(_agreed_goals(former.get(key)))
        unknown = tuple(value for value in agreed if value.casefold() not in known)
        bases[key] = Base(agreed, issue.place, issue.type, done.undone.get(key, issue.updated), unknown)
    return bases


def _with_links(sql: Sql, issue: int, bases: dict[str, Base]) -> dict[str, Base]:
    """Return the bases in which a key of the issue's own link counts as known, though it stood there before."""
    if not any(base.unknown for base in bases.values()):
        return bases
    query = (
        "SELECT folded FROM goal JOIN link ON link.goal_id = goal.id WHERE link.issue_id = ? UNION "
        "SELECT folded FROM goal_alias JOIN link ON link.goal_id = goal_alias.goal_id WHERE link.issue_id = ?"
    )
    linked = {row[0] for row in sql.rows(query, (issue, issue))}
    return {
        key: replace(base, unknown=tuple(raw for raw in base.unknown if not _names(raw) & linked))
        for key, base in bases.items()
    }


def _names(raw: str) -> set[str]:
    folded = fold(raw)
    return {folded, *folded.split(None, 1)[:1]}


def _agreed_goals(base: Base | None) -> list[str]:
    return [] if base is None else _folded(tuple(value for value in base.value if value not in base.unknown))


def _refuse(sql: Sql, tracker: str, refused: Refused, now: datetime) -> None:
    row = sql.row(
        "SELECT id, place, refused FROM issue WHERE tracker = ? AND ext_id = ?", (tracker, refused.write.address.id)
    )
    if row is None:
        return
    if refused.place_wide:
        sql.run(
            "INSERT INTO refusal (tracker, place, surface, reason, advice, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT "
            "(tracker, place, surface) DO UPDATE SET reason = excluded.reason, advice = excluded.advice",
            (tracker, row[1], refused.surface, refused.reason, refused.advice, to_micros(now)),
        )
        announce_attention(sql, tracker, now)
    else:
        names = sorted(load_names(row[2]) | {refused.surface})
        sql.run("UPDATE issue SET refused = ? WHERE id = ?", (dump(names), row[0]))
        found = Finding(Level.WARNING, row[1], refused.reason, refused.advice)
        remember_refusal(sql, tracker, found, now)
