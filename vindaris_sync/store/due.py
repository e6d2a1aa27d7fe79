"""What has to be decided next, read or written: the questions of a pass, all answered from partial indexes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from vindaris_sync.domain.actions import Announce, WriteBack, shown_after
from vindaris_sync.domain.models import Address, Base
from vindaris_sync.domain.records import Record, Stood
from vindaris_sync.store.codec import dump, dump_bases, dump_stood, load_bases, load_ids, to_instant, to_micros
from vindaris_sync.store.outbox import announce
from vindaris_sync.store.part import Part
from vindaris_sync.store.restored import marked
from vindaris_sync.store.sql import Sql
from vindaris_sync.store.view import StoreView

_MOST_UNREAD = 5000
_NEVER_ASKED = (
    "NOT EXISTS (SELECT 1 FROM unread WHERE unread.tracker = issue.parent_tracker "
    "AND unread.ext_id = issue.parent_ext AND unread.key = issue.parent_key)"
)
_NEEDS_PARENT = (
    "(presence IN ('present', 'context') OR (presence = 'out_of_scope' "
    "AND EXISTS (SELECT 1 FROM issue below WHERE below.parent_id = issue.id)))"
)
_ORPHANS = (
    "SELECT parent_ext, parent_key FROM issue WHERE parent_tracker = ? "  # noqa: S608 - fixed texts
    "AND (due OR tracker <> parent_tracker OR presence = 'out_of_scope') "
    f"AND parent_id IS NULL AND {_NEEDS_PARENT} AND {_NEVER_ASKED}"
)
"""What each half of a union adds its half of the condition to, so that each is answered from its partial index."""


class Due(Part):
    """What a pass asks the store for."""

    def due_ready(self, trackers: Collection[str], waiting: Collection[int], limit: int) -> list[int]:
        """Return due issues of ``trackers`` whose parents are decided, less those that are ``waiting``; lowest first.

        Where only a circle of parents is left, its members are returned all the same.
        """
        with self._db.read() as sql:
            ready = _due(
                sql,
                trackers,
                waiting,
                limit,
                "AND NOT EXISTS (SELECT 1 FROM issue p WHERE p.id = issue.parent_id AND p.due AND p.id <> issue.id)",
            )
            return ready or _due(sql, trackers, waiting, limit, "")

    def due_count(self, tracker: str) -> int:
        """Return how many issues of ``tracker`` have to be decided."""
        with self._db.read() as sql:
            return int(sql.value("SELECT count(*) FROM issue WHERE due AND tracker = ?", (tracker,)))

    def trackers_due(self, now: datetime) -> list[str]:
        """Return the trackers with something to decide or to write, or to be woken by ``now``; what is held waits.

        Those, too, in which a parent is to be read that an issue of another tracker names.

        So does a tracker that was not read yet since the database was restored: it is pulled first. So does one too
        many of whose issues are missing.
        """
        with self._db.read() as sql:
            held = {row[0]: len(load_ids(row[1])) for row in sql.rows("SELECT name, held FROM tracker")}
            due = sql.rows("SELECT tracker, count(*) FROM issue WHERE due GROUP BY tracker")
            rest = sql.rows(
                "SELECT tracker FROM issue WHERE unwritten UNION "  # noqa: S608 - fixed texts
                "SELECT tracker FROM issue WHERE wake_at IS NOT NULL AND wake_at <= ? UNION "
                "SELECT parent_tracker FROM issue WHERE parent_id IS NULL AND parent_key <> '' AND parent_ext = '' "
                f"AND tracker <> parent_tracker AND {_NEEDS_PARENT} AND {_NEVER_ASKED}",
                (to_micros(now),),
            )
            missing = {row[0] for row in sql.rows("SELECT tracker FROM census WHERE missing > 0")}
            unread = marked(sql) | missing
        ready = {name for name, count in due if count > held.get(name, 0)} | {row[0] for row in rest}
        return sorted(ready - unread)

    def due_with_bases(self, tracker: str) -> list[Record]:
        """Return the due issues of ``tracker`` on which something was agreed before: those that can show an edit."""
        with self._db.read() as sql:
            text = "SELECT id FROM issue WHERE due AND tracker = ? AND bases <> '{}' ORDER BY id"
            ids = [row[0] for row in sql.rows(text, (tracker,))]
        return list(self.view_records(ids).values()) if ids else []

    def view_records(self, ids: Iterable[int]) -> dict[int, Record]:
        """Return the records of ``ids`` as they are now."""
        with StoreView(self._db.snapshot()) as view:
            return view.records(ids)

    def trackers_of(self, ids: Iterable[int]) -> dict[int, str]:
        """Return the tracker of each issue."""
        with self._db.read() as sql:
            return {row[0]: row[1] for row in sql.rows_in("SELECT id, tracker FROM issue WHERE id IN ({})", set(ids))}

    def addresses(self, ids: Iterable[int]) -> dict[int, Address]:
        """Return where each issue is found."""
        query = "SELECT id, tracker, ext_id, key FROM issue WHERE id IN ({})"
        with self._db.read() as sql:
            return {row[0]: Address(*row[1:]) for row in sql.rows_in(query, set(ids))}

    def links_of(self, tracker: str) -> int:
        """Return how many explicit links the tracker's present issues hold (R2)."""
        with StoreView(self._db.snapshot()) as view:
            return view.links_of(tracker)

    def left_behind(self, trackers: Collection[str]) -> dict[int, Address]:
        """Return where the due issues of ``trackers`` are found whose parent, in the same tracker, is gone.

        A tracker may have hung them elsewhere, or below nothing, without giving them a new stamp.
        """
        query = (
            "SELECT issue.id, issue.tracker, issue.ext_id, issue.key FROM issue JOIN issue p ON p.id = issue.parent_id "
            "WHERE issue.due AND issue.presence = 'present' AND p.presence = 'gone' AND p.tracker = issue.tracker "
            "AND issue.tracker IN ({})"
        )
        with self._db.read() as sql:
            return {row[0]: Address(*row[1:]) for row in sql.rows_in(query, tuple(trackers))}

    # --- writes that were decided and not yet recorded as made -------------------------------------------------------

    def mark_unwritten(self, writes: Collection[WriteBack]) -> None:
        """Note that these writes were decided, and what a review label among them stands for.

        ``record_written`` takes the note off; what arrives before a crash is thus known for ours, and a label for what
        it stood for.
        """
        labels = [each for each in writes if each.causes]
        stood = [(dump_stood(Stood(frozenset(each.causes), each.revisions)), each.issue) for each in labels]
        with self._db.write() as sql:
            sql.run_in("UPDATE issue SET unwritten = TRUE WHERE id IN ({})", {each.issue for each in writes})
            sql.many("UPDATE issue SET label_stood = ? WHERE id = ?", stood)
            _note_sent(sql, writes)

    def unwritten(self, tracker: str) -> list[Address]:
        """Return where the issues are found whose writes were decided and never recorded as made."""
        with self._db.read() as sql:
            rows = sql.rows("SELECT ext_id, key FROM issue WHERE unwritten AND tracker = ? ORDER BY id", (tracker,))
        return [Address(tracker, ext, key) for ext, key in rows]

    def retry_unwritten(self, trackers: Collection[str]) -> None:
        """Let issues be decided anew whose writes were decided and never recorded, after a crash or a failure."""
        with self._db.read() as sql:
            if sql.row("SELECT 1 FROM issue WHERE unwritten LIMIT 1") is None:
                return
        with self._db.write() as sql:
            text = "UPDATE issue SET due = TRUE, unwritten = FALSE WHERE unwritten AND tracker IN ({})"
            sql.run_in(text, tuple(trackers))

    # --- held removals (R2) --------------------------------------------------------------------------------------

    def held(self, trackers: Collection[str]) -> set[int]:
        """Return the issues whose edits by absence wait for a person."""
        with self._db.read() as sql:
            rows = sql.rows_in("SELECT held FROM tracker WHERE held <> '[]' AND name IN ({})", tuple(trackers))
            return {issue for row in rows for issue in load_ids(row[0])}

    def hold(self, tracker: str, issues: Collection[int], limit: int, now: datetime) -> None:
        """Hold these edits by absence, and nothing else of the tracker; who is told of it is announced."""
        text = dump(sorted(issues))
        with self._db.write() as sql:
            changed = sql.run(
                "UPDATE tracker SET held = ?, held_limit = ? WHERE name = ? AND held <> ?", (text, limit, tracker, text)
            )
            if changed:
                announce(sql, [Announce(tracker, "", "held", "", now)], to_micros(now))

    # --- parents that were never read (R6) -----------------------------------------------------------------------

    def unread_parents(self, tracker: str) -> list[Address]:
        """Return parents in ``tracker`` that issues name, that are not known, and that were not asked for yet.

        An issue of the tracker itself names one while it is due; one of another is decided before this one is asked.
        One that is out of scope names one while anything hangs below it.
        """
        with self._db.read() as sql:
            rows = sql.rows(
                f"{_ORPHANS} AND parent_ext <> '' UNION {_ORPHANS} AND parent_key <> '' LIMIT ?",
                (tracker, tracker, _MOST_UNREAD),
            )
        return [Address(tracker, ext, key) for ext, key in rows]

    def put_unread(self, tracker: str, reasons: Mapping[Address, str], now: datetime) -> None:
        """Remember parents that cannot be read, so that no pass asks again before the nightly one."""
        with self._db.write() as sql:
            sql.many(
                "INSERT INTO unread (tracker, ext_id, key, reason, at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (tracker, ext_id, key) DO UPDATE SET reason = excluded.reason, at = excluded.at",
                [(tracker, a.id, a.key, reason, to_micros(now)) for a, reason in reasons.items()],
            )

    def forget_unread(self, tracker: str) -> None:
        """Let the next pass ask again for parents that could not be read."""
        orphans = "UPDATE issue SET due = TRUE WHERE NOT due AND parent_tracker = ? AND parent_id IS NULL AND "
        with self._db.write() as sql:
            if sql.run("DELETE FROM unread WHERE tracker = ?", (tracker,)):
                sql.run(orphans + "parent_ext <> ''", (tracker,))
                sql.run(orphans + "parent_key <> ''", (tracker,))


def _note_sent(sql: Sql, writes: Collection[WriteBack]) -> None:
    """Note with the bases what surfaces may show from now on without anybody but us having changed them (R5).

    A surface that was empty whenever it was read has no base yet; it gets one, since our answer may be lost as well.
    """
    query = "SELECT id, bases, place, type, updated FROM issue WHERE id IN ({})"
    held = {row[0]: (load_bases(row[1]), row[2:]) for row in sql.rows_in(query, {each.issue for each in writes})}
    for each in writes:
        bases, (place, kind, updated) = held[each.issue]
        base = bases.get(each.surface.key)
        if base is None and not each.expected:
            base = Base((), place, kind, to_instant(updated))
        if base is not None:
            wanted = shown_after(each.expected, each.add, each.remove)
            bases[each.surface.key] = replace(base, sent=tuple(dict.fromkeys((*base.sent, wanted))))
    sql.many(
        "UPDATE issue SET bases = ? WHERE id = ?", [(dump_bases(bases), issue) for issue, (bases, _) in held.items()]
    )


def _due(sql: Sql, trackers: Collection[str], waiting: Collection[int], limit: int, where: str) -> list[int]:
    names = sorted(trackers)
    text = (
        f"SELECT id FROM issue WHERE due AND tracker IN ({','.join('?' * len(names))}) {where} "  # noqa: S608 - fixed texts
        "ORDER BY id LIMIT ?"
    )
    found = [row[0] for row in sql.rows(text, (*names, limit + len(waiting)))]
    return [issue for issue in found if issue not in waiting][:limit]
