"""Recording direct answers: an issue was read, has moved, is gone, or is hidden; absence is never guessed (L6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from vindaris_sync.domain.models import (
    Address,
    Base,
    Gone,
    Hidden,
    Moved,
    Presence,
    Present,
    Seen,
    Surface,
    SurfaceKind,
)
from vindaris_sync.store.bases import agree_elsewhere
from vindaris_sync.store.codec import dump, dump_bases, load_bases, maybe_micros, span_micros, to_micros
from vindaris_sync.store.issues import IN_STEP, Issues, keep_aliases, lookup, mark_below, record
from vindaris_sync.store.outbox import announce_asked
from vindaris_sync.store.rows import Reading
from vindaris_sync.store.sql import Sql

_FOLLOWS = (
    "by_machine", "conflict", "basis", "undecided_since", "label_stood", "backlog", "first_seen_at", "decided",
    "state", "rule_id", "goals", "suspect",
)  # fmt: skip
"""What goes along when an issue gets a new id: everything that was decided about it by its own value.

Bases go along, too, as agreed elsewhere.
"""
_LABEL = f"{SurfaceKind.REVIEW}:"
"""How the key of the review label begins."""
_DECIDED_LAST = (
    "SELECT coalesce(max(id), 0) FROM issue WHERE (id = ? OR moved_to = ?) AND EXISTS (SELECT 1 FROM history "
    "WHERE issue_id = issue.id AND before <> after "
    "AND event IN ('linked', 'unlinked', 'exempted', 'exemption_expired', 'confirmed', 'undone'))"
)
"""The last of an issue's ids under which its link was decided, or 0: rows are as old as the ids that they stand for."""


@dataclass(frozen=True, slots=True)
class SeenResult:
    """How many issues were answered for, by answer."""

    present: int = 0
    moved: int = 0
    gone: int = 0
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """That issues are on a tracker's list; ``watched``: since when all of their scope is known, None: not yet."""

    watched: datetime | None = None


class Sightings(Issues):
    """Recording of direct reads."""

    def agree_elsewhere(self, surfaces: Mapping[int, Collection[str]]) -> None:
        """Note that these surfaces lost what they showed with a move, wherever their issues are now (R2)."""
        with self._db.write() as sql:
            agree_elsewhere(sql, surfaces)

    def record_seen(  # noqa: PLR0913 - what was read, and how
        self,
        tracker: str,
        seen: Sequence[Seen],
        surfaces: tuple[Surface, ...],
        now: datetime,
        *,
        listed: Listed | None = None,
        ahead: timedelta = IN_STEP,
    ) -> SeenResult:
        """Record the answers of ``fetch``; a value read this way is verified as of the issue's own stamp.

        Under a new id the link, exemption, bases, causes and names go over to the new row, and the old one stays as
        ``moved``. Gone keeps its date and reason; hidden freezes the issue. Whoever has changed is due. ``listed``: a
        census names these issues, so that those that can be read are in scope; known new ones may be backlog (R9).
        """
        since = maybe_micros(listed.watched) if listed else None
        reading = Reading(to_micros(now), span_micros(ahead), direct=True, in_scope=listed is not None, watched=since)
        read, moved, gone, hidden = _sorted(seen)
        with self._db.write() as sql:
            issues = [each.issue for each in read] + [each.issue for each in moved]
            record(sql, tracker, issues, self._observer(surfaces), reading)
            for each in moved:
                _follow(sql, tracker, each, reading.now)
            for answers, presence in ((gone, Presence.GONE), (hidden, Presence.HIDDEN)):
                found = _addressed(sql, tracker, [(each.address, each.reason) for each in answers])
                _leave(sql, found, presence, reading.now)
        return SeenResult(len(read), len(moved), len(gone), len(hidden))

    def record_absent(self, ids: Mapping[int, str], presence: Presence, now: datetime) -> None:
        """Record that these issues (with the reason of each) are not where they were: out of scope, for instance."""
        with self._db.write() as sql:
            _leave(sql, ids, presence, to_micros(now))


def _sorted(
    seen: Sequence[Seen],
) -> tuple[list[Present], list[Moved], list[Gone], list[Hidden]]:
    read: list[Present] = []
    moved: list[Moved] = []
    gone: list[Gone] = []
    hidden: list[Hidden] = []
    for each in seen:
        match each:
            case Present():
                read.append(each)
            case Moved():
                moved.append(each)
            case Gone():
                gone.append(each)
            case Hidden():
                hidden.append(each)
            case _:
                assert_never(each)
    return read, moved, gone, hidden


def _addressed(sql: Sql, tracker: str, answers: Iterable[tuple[Address, str]]) -> dict[int, str]:
    """Return the rows that the addresses name, with the reason of each; by id, else by key."""
    answers = tuple(answers)
    by_id = {address.id: reason for address, reason in answers if address.id}
    by_key = {address.key: reason for address, reason in answers if not address.id}
    found = {known.id: by_id[ext] for ext, known in lookup(sql, tracker, by_id).items()}
    query = "SELECT id, key FROM issue WHERE tracker = ? AND key IN ({})"
    return found | {row[0]: by_key[row[1]] for row in sql.rows_in(query, by_key, tracker)}


def _leave(sql: Sql, found: Mapping[int, str], presence: Presence, now: int) -> None:
    query = "SELECT id, presence, tracker, place FROM issue WHERE id IN ({})"
    rows = [row for row in sql.rows_in(query, found) if row[1] != presence]
    before = {row[0]: row[1] for row in rows}
    for tracker in {row[2] for row in rows}:
        announce_asked(sql, tracker, {row[0]: (row[3],) for row in rows if row[2] == tracker}, now)
    sql.many(
        "UPDATE issue SET presence = ?, presence_at = ?, presence_reason = ?, due = TRUE WHERE id = ?",
        [(str(presence), now, found[issue], issue) for issue in before],
    )
    sql.many(
        "INSERT INTO history (at, issue_id, event, how, why, before, after) "
        "VALUES (?, ?, 'presence_changed', 'tracker', ?, ?, ?)",
        [(now, issue, found[issue], dump([old]), dump([str(presence)])) for issue, old in before.items()],
    )
    mark_below(sql, before)


def _follow(sql: Sql, tracker: str, moved: Moved, now: int) -> None:
    """Let everything that was decided go over to the row of the issue's new id."""
    new = lookup(sql, tracker, [moved.issue.ref.id])[moved.issue.ref.id].id
    for old in _addressed(sql, tracker, [(moved.address, "")]):
        row = sql.row("SELECT key, presence, place FROM issue WHERE id = ?", (old,))
        if old == new or row is None or row[1] == Presence.MOVED:
            continue
        announce_asked(sql, tracker, {old: (row[2], moved.issue.place)}, now)
        _hand_over(sql, old, new)
        sql.run("UPDATE cause SET is_open = FALSE, answer = 'moot' WHERE issue_id = ? AND is_open", (old,))
        keep_aliases(sql, tracker, [(row[0], new)], now)
        sql.run(
            "UPDATE issue SET presence = 'moved', presence_at = ?, presence_reason = ?, moved_to = ?, due = TRUE, "
            "review_open = FALSE, wake_at = NULL WHERE id = ?",
            (now, f"moved to {moved.issue.key}", new, old),
        )
        sql.many(
            "INSERT INTO history (at, issue_id, event, how, before, after) VALUES (?, ?, 'moved', 'tracker', ?, ?)",
            [(now, issue, dump([row[0]]), dump([moved.issue.key])) for issue in (old, new)],
        )


def _hand_over(sql: Sql, old: int, new: int) -> None:
    """Let the new row have what was decided last under all ids that the issue ever had, whichever is told of first.

    A tracker says of every former id where the issue is now, not where it went from there: of two former ids, either
    may be asked first, and what was decided under the later one replaces what has come over from the earlier one.
    """
    decided_before = sql.value(_DECIDED_LAST, (old, old))
    decided_since = sql.value(_DECIDED_LAST, (new, new))
    sql.run("UPDATE issue SET due = TRUE WHERE id = ? OR parent_id = ? OR carrier_id = ?", (new, old, old))
    sql.run("UPDATE issue SET parent_id = ? WHERE parent_id = ?", (new, old))
    sql.run("UPDATE issue SET moved_to = ? WHERE moved_to = ?", (new, old))
    sql.run("UPDATE alias SET issue_id = ? WHERE issue_id = ?", (new, old))
    sql.run("UPDATE work SET issue_id = ? WHERE issue_id = ?", (new, old))
    sql.run("UPDATE mute SET issue_id = ? WHERE issue_id = ?", (new, old))
    if decided_before < decided_since:
        return
    elsewhere = {key: replace(base, place="") for key, base in _bases(sql, old).items()}
    label = {key: base for key, base in _bases(sql, new).items() if key.startswith(_LABEL) and base.value}
    follows = [name for name in _FOLLOWS if not (label and name == "label_stood")]  # it asks what was asked here (R10)
    taken = ", ".join(f"{name} = (SELECT {name} FROM issue WHERE id = ?)" for name in follows)  # noqa: S608 - fixed names
    values = (*(old for _ in follows), dump_bases(elsewhere | label), new)
    sql.run(f"UPDATE issue SET {taken}, bases = ? WHERE id = ?", values)  # noqa: S608 - fixed names
    for table in ("link", "exemption"):
        sql.run(f"DELETE FROM {table} WHERE issue_id = ?", (new,))  # noqa: S608 - fixed names
        sql.run(f"UPDATE {table} SET issue_id = ? WHERE issue_id = ?", (new, old))  # noqa: S608 - fixed names
    sql.run(
        "UPDATE cause SET issue_id = ? WHERE issue_id = ? AND NOT EXISTS (SELECT 1 FROM cause c WHERE c.issue_id = ? "
        "AND (c.reason, c.subject, c.fingerprint) = (cause.reason, cause.subject, cause.fingerprint))",
        (new, old, new),
    )
    sql.run(
        "UPDATE issue SET review_open = EXISTS (SELECT 1 FROM cause WHERE issue_id = ? AND is_open), "
        "times_opened = (SELECT times_opened FROM issue WHERE id = ?) WHERE id = ?",
        (new, old, new),
    )


def _bases(sql: Sql, issue: int) -> dict[str, Base]:
    return load_bases(sql.value("SELECT bases FROM issue WHERE id = ?", (issue,)))
