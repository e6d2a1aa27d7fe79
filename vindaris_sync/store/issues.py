"""Recording what trackers say: pages of a pull and direct reads. Only rows that differ are written (L3, L7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vindaris_sync.domain.models import Issue, Page, Presence, Rejected, Surface
from vindaris_sync.store.attention import forget_refusals
from vindaris_sync.store.bases import keep_last_sight
from vindaris_sync.store.called import call_places
from vindaris_sync.store.codec import dump, load_observed, load_undefined, maybe_micros, span_micros, to_micros
from vindaris_sync.store.goal_issues import mark_due
from vindaris_sync.store.outbox import announce_asked, announce_moves
from vindaris_sync.store.parents import Parents, adopt_orphans
from vindaris_sync.store.part import Part
from vindaris_sync.store.rows import KNOWN, Known, Observer, Payload, Reading
from vindaris_sync.store.sql import Sql

_INSERT = (
    f"INSERT INTO issue (id, tracker, ext_id, {', '.join(Payload._fields)}, parent_id, presence, presence_at, "  # noqa: S608 - fixed names
    f"first_seen_at, verified_at, backlog) VALUES ({', '.join('?' * (len(Payload._fields) + 9))})"
)
_UPDATE = (
    f"UPDATE issue SET {', '.join(f'{name} = ?' for name in Payload._fields)}, parent_id = ?, "  # noqa: S608 - fixed names
    "presence_at = CASE WHEN presence = ? THEN presence_at ELSE ? END, presence = ?, verified_at = ?, "
    "refused = CASE WHEN ? THEN '[]' ELSE refused END, due = due OR ? WHERE id = ?"
)
IN_STEP = timedelta()
"""That our clock and the tracker's agree."""
NO_NAMES: Mapping[str, str] = {}
_HISTORY = "INSERT INTO history (at, issue_id, event, how, before, after) VALUES (?, ?, ?, 'tracker', ?, ?)"


@dataclass(frozen=True, slots=True)
class PageResult:
    """What recording did, in numbers of issues; ``same`` counts those older than what is held too."""

    new: int = 0
    changed: int = 0
    same: int = 0
    moved: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class _Change:
    known: Known
    payload: Payload
    presence: str
    parent_id: int | None

    @property
    def comes_or_goes(self) -> bool:
        """Whether it is open and to be seen where it was not before, or the other way round: lists change with it."""
        return (self.known.presence, self.known.closed) != (self.presence, self.payload.closed)

    @property
    def steers_children(self) -> bool:
        """Whether what hangs below may be decided differently."""
        old, new = self.known, self.payload
        return (
            (old.closed, old.place, old.type, old.parent_id, old.presence)
            != (new.closed, new.place, new.type, self.parent_id, self.presence)
        )  # fmt: skip

    @property
    def steers(self) -> bool:
        """Whether the issue itself may be decided differently: everything but titles, names and states of work."""
        old, new = self.known, self.payload
        return self.steers_children or (
            (old.key, old.observed, old.traits, old.parent) != (new.key, new.observed, new.traits, new.parent)
        )

    def events(self, tracker: str) -> Iterable[tuple[str, str, str]]:
        """Yield what the history of an issue of ``tracker`` keeps of it: event, before, after."""
        old, new = self.known, self.payload
        if old.key != new.key:
            yield "key_changed", dump([old.key]), dump([new.key])
        if old.place != new.place:
            yield "place_changed", dump([old.place]), dump([new.place])
        if bool(old.closed) != new.closed:
            yield "closed" if new.closed else "reopened", "[]", "[]"
        if old.parent != new.parent:
            yield "parent_changed", dump(old.parent.told(tracker)), dump(new.parent.told(tracker))
        if old.presence != self.presence:
            yield "presence_changed", dump([old.presence]), dump([self.presence])


class Issues(Part):
    """Recording of pages and the marks of what has to be decided."""

    def record_page(  # noqa: PLR0913 - what was read, and how
        self,
        tracker: str,
        page: Page,
        surfaces: tuple[Surface, ...],
        now: datetime,
        *,
        watched: datetime | None = None,
        ahead: timedelta = IN_STEP,
    ) -> PageResult:
        """Record a page and, last, its scope's cursor, in one transaction. Recording it again does nothing.

        What is new or changed is due and unverified; what hangs on it is due where it may matter. An observation
        older than what is held is ignored where it may be late; ``ahead``: by how much ``now`` is ahead of the
        tracker's clock. Issues not known before that are older than their place's first sight are
        backlog; ``watched`` is since when all of the page's scope is known (None: it is being read for the first
        time), which is then the first sight of its new places. What could not be mapped goes to quarantine, and leaves
        it once it can.
        """
        with self._db.write() as sql:
            at = to_micros(now)
            result = record(
                sql,
                tracker,
                page.issues,
                self._observer(surfaces),
                Reading(at, span_micros(ahead), in_scope=True, watched=maybe_micros(watched)),
            )
            _set_aside(sql, tracker, page.rejected, at)
            _readmit(sql, tracker, [issue.ref.id for issue in page.issues])
            sql.run(
                "INSERT INTO cursor (tracker, scope, value, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT "
                "(tracker, scope) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at "
                "WHERE cursor.value <> excluded.value",
                (tracker, page.scope, page.cursor, at),
            )
        return PageResult(result.new, result.changed, result.same, result.moved, len(page.rejected))

    def record_context(  # noqa: PLR0913 - what was read, and how
        self,
        tracker: str,
        issues: Sequence[Issue],
        surfaces: tuple[Surface, ...],
        now: datetime,
        *,
        named: Mapping[str, str] = NO_NAMES,
        ahead: timedelta = IN_STEP,
    ) -> PageResult:
        """Record ancestors out of scope, read directly: they carry links, but have no state, review or writes (R6).

        ``named``: ids of those among them that were asked for under another key than they have; what names them so is
        theirs.
        """
        reading = Reading(to_micros(now), span_micros(ahead), direct=True, new=Presence.CONTEXT)
        with self._db.write() as sql:
            result = record(sql, tracker, issues, self._observer(surfaces), reading)
            if named:
                known = lookup(sql, tracker, named.values())
                rows = {key: known[ext].id for key, ext in named.items()}
                keep_aliases(sql, tracker, rows.items(), reading.now)
                adopt_orphans(sql, tracker, {}, rows)
        return result

    def _observer(self, surfaces: tuple[Surface, ...]) -> Observer:
        if self._last_observer is None or self._last_observer.surfaces != surfaces:
            self._last_observer = Observer(surfaces)
        return self._last_observer

    _last_observer: Observer | None = None

    # --- marks ---------------------------------------------------------------------------------------------------

    def mark_due(self, ids: Iterable[int]) -> int:
        """Let these issues be decided anew; return how many were not due yet."""
        with self._db.write() as sql:
            return sql.run_in("UPDATE issue SET due = TRUE WHERE NOT due AND id IN ({})", ids)

    def mark_due_by_goal(self, goals: Iterable[int]) -> int:
        """Let every issue that holds a link to these goals be decided anew; it passes on what concerns those below."""
        with self._db.write() as sql:
            return mark_due_by_goal(sql, goals)

    def mark_due_all(self, tracker: str) -> int:
        """Let every issue of the tracker be decided anew: its layout or its policy has changed, or it is night."""
        with self._db.write() as sql:
            return sql.run("UPDATE issue SET due = TRUE WHERE NOT due AND tracker = ?", (tracker,))

    def wake(self, now: datetime) -> int:
        """Let the issues be decided anew that were to be looked at by ``now``; return how many."""
        at = to_micros(now)
        with self._db.read() as sql:
            if sql.row("SELECT 1 FROM issue WHERE wake_at IS NOT NULL AND wake_at <= ? LIMIT 1", (at,)) is None:
                return 0
        with self._db.write() as sql:
            return sql.run(
                "UPDATE issue SET due = TRUE, wake_at = NULL WHERE wake_at IS NOT NULL AND wake_at <= ?", (at,)
            )

    def set_undefined(self, undefined: Mapping[int, Iterable[tuple[str, str]]]) -> None:
        """Note per issue more (surface key, value) pairs whose definition is gone; what changes is due (R2)."""
        query = "SELECT id, undefined FROM issue WHERE id IN ({})"
        with self._db.write() as sql:
            known = {row[0]: load_undefined(row[1]) for row in sql.rows_in(query, undefined)}
            texts = {issue: dump(sorted(pairs.union(undefined[issue]))) for issue, pairs in known.items()}
            values = [(text, issue, text) for issue, text in texts.items()]
            sql.many("UPDATE issue SET undefined = ?, due = TRUE WHERE id = ? AND undefined <> ?", values)

    def clear_issue_refusals(self, tracker: str) -> int:
        """Forget what single issues refused, so that the nightly probe tries again, also where a definition is lost."""
        with self._db.write() as sql:
            forget_refusals(sql, tracker)
            return sql.run(
                "UPDATE issue SET refused = '[]', due = TRUE "
                "WHERE tracker = ? AND (refused <> '[]' OR undefined <> '[]')",
                (tracker,),
            )


# --- recording ------------------------------------------------------------------------------------------------------


def record(sql: Sql, tracker: str, issues: Sequence[Issue], observer: Observer, reading: Reading) -> PageResult:
    """Bring the rows of ``issues`` to what was read; write those only that differ."""
    called = {issue.place: issue.called for issue in issues if issue.called}
    call_places(sql, tracker, called, reading.now, reading.sight)
    payloads = _latest(issues, observer)
    known = lookup(sql, tracker, payloads)
    new = {ext: payload for ext, payload in payloads.items() if ext not in known}
    ids = _number(sql, new)
    changed, verified = _compare(known, payloads, reading)
    parents = Parents(sql, tracker, {**new, **{known.ext_id: payload for known, payload, _ in changed}}, known, ids)
    changes = [_Change(old, payload, presence, parents.still(old, payload)) for old, payload, presence in changed]
    _insert(
        sql, tracker, [(ids[ext], ext, payload, parents.of(ids[ext], payload)) for ext, payload in new.items()], reading
    )
    _update(sql, tracker, changes, reading)
    sql.many("UPDATE issue SET verified_at = ? WHERE id = ?", verified)
    adopt_orphans(sql, tracker, {ext: ids[ext] for ext in new}, _keys(new, ids, changes))
    moved = sum(change.known.place != change.payload.place for change in changes)
    return PageResult(len(new), len(changes), len(payloads) - len(new) - len(changes), moved)


def lookup(sql: Sql, tracker: str, ext_ids: Iterable[str]) -> dict[str, Known]:
    """Return what is known of the tracker's issues by their ids."""
    query = f"SELECT {KNOWN} FROM issue WHERE tracker = ? AND ext_id IN ({{}})"  # noqa: S608 - fixed names
    return {row[0]: Known._make(row) for row in sql.rows_in(query, ext_ids, tracker)}


def mark_due_by_goal(sql: Sql, goals: Iterable[int]) -> int:
    """Mark every issue due that holds a link to ``goals``, is one, or is asked about the end of one (R8).

    What inherits a link is suspect through its carrier.
    """
    goals = tuple(goals)
    text = (
        "UPDATE issue SET due = TRUE WHERE NOT due AND id IN (SELECT issue_id FROM link WHERE goal_id = ? "
        "UNION ALL SELECT issue_id FROM cause WHERE reason = 'goal_closed' AND subject = ? AND is_open)"
    )
    return sum(sql.run(text, (goal, str(goal))) for goal in goals) + mark_due(sql, goals)


def _latest(issues: Sequence[Issue], observer: Observer) -> dict[str, Payload]:
    found: dict[str, Payload] = {}
    for issue in issues:
        payload = observer.payload(issue)
        other = found.get(issue.ref.id)
        if other is None or payload.updated >= other.updated:
            found[issue.ref.id] = payload
    return found


def _number(sql: Sql, new: Iterable[str]) -> dict[str, int]:
    """Return numbers for new rows, ahead: parents and children of one page know each other. The lock makes it safe."""
    first = (sql.value("SELECT max(id) FROM issue") or 0) + 1
    return {ext: number for number, ext in enumerate(new, first)}


def _compare(
    known: Mapping[str, Known], payloads: Mapping[str, Payload], reading: Reading
) -> tuple[list[tuple[Known, Payload, str]], list[tuple[int, int]]]:
    """Return what differs from the rows held, and rows that only become verified (updated, id)."""
    changed, verified = [], []
    for ext, old in known.items():
        payload = payloads[ext]
        if reading.is_late(old, payload):
            continue
        presence = reading.presence(old, payload)
        if presence in (Presence.GONE, Presence.MOVED):
            continue
        if payload.digest != old.digest or presence != old.presence:
            changed.append((old, payload, presence))
        elif reading.direct and old.verified_at != payload.updated:
            verified.append((payload.updated, old.id))
    return changed, verified


_SECOND = 1_000_000  # µs


def _is_older(created: int, seen: int) -> bool:
    """Return whether an issue was made before the first sight of its place; a whole second stands for all of it."""
    return created < (seen if created % _SECOND else seen // _SECOND * _SECOND)


def _insert(sql: Sql, tracker: str, rows: Sequence[tuple[int, str, Payload, int | None]], reading: Reading) -> None:
    if not rows:
        return
    seen = _first_sight(sql, tracker, {payload.place for _, _, payload, _ in rows}, reading)
    now, presence = reading.now, str(reading.new)
    sql.many(
        _INSERT,
        [
            (
                number, tracker, ext, *payload, parent, presence, now, now,
                payload.updated if reading.direct else None, _is_older(payload.created, seen[payload.place]),
            )
            for number, ext, payload, parent in rows
        ],
    )  # fmt: skip


def _first_sight(sql: Sql, tracker: str, places: set[str], reading: Reading) -> dict[str, int]:
    query = "SELECT place, first_seen_at FROM place WHERE tracker = ? AND place IN ({})"
    seen = {row[0]: row[1] for row in sql.rows_in(query, places, tracker)}
    fresh = [(tracker, place, reading.sight) for place in sorted(places - seen.keys())]
    sql.many("INSERT INTO place (tracker, place, first_seen_at) VALUES (?, ?, ?)", fresh)
    return seen | {place: sight for _, place, sight in fresh}


def _update(sql: Sql, tracker: str, changes: Sequence[_Change], reading: Reading) -> None:
    now = reading.now
    sql.many(
        _UPDATE,
        [
            (
                *new.payload, new.parent_id, new.presence, now, new.presence,
                new.payload.updated if reading.direct else None, new.known.place != new.payload.place,
                new.known.id not in reading.ours and (not reading.direct or new.steers), new.known.id,
            )
            for new in changes
        ],
    )  # fmt: skip
    sql.many(_HISTORY, [(now, new.known.id, *event) for new in changes for event in new.events(tracker)])
    announce_moves(sql, tracker, [(new.known.id, new.known.place, new.payload.place) for new in changes], now)
    announce_asked(sql, tracker, {new.known.id: (new.payload.place,) for new in changes if new.comes_or_goes}, now)
    _redefine(sql, [new.known.id for new in changes])
    keep_last_sight(sql, [(new.known, new.payload.observed) for new in changes])
    keep_aliases(
        sql, tracker, [(new.known.key, new.known.id) for new in changes if new.known.key != new.payload.key], now
    )
    mark_below(sql, [new.known.id for new in changes if new.steers_children])


def _redefine(sql: Sql, ids: Iterable[int]) -> None:
    """Forget that a definition was lost where its value shows again: who takes that off later has edited (R2)."""
    query = "SELECT id, undefined, observed FROM issue WHERE undefined <> '[]' AND id IN ({})"
    kept = []
    for issue, undefined, observed in sql.rows_in(query, ids):
        shown = {(key, raw.casefold()) for key, values in load_observed(observed).items() for raw in values}
        kept.append((dump(sorted(load_undefined(undefined) - shown)), issue))
    sql.many("UPDATE issue SET undefined = ? WHERE id = ?", kept)


def keep_aliases(sql: Sql, tracker: str, former: Iterable[tuple[str, int]], now: int) -> None:
    """Keep former keys as names of these issues; a name belongs to the issue that bore it last."""
    sql.many(
        "INSERT INTO alias (tracker, key, issue_id, until) VALUES (?, ?, ?, ?) ON CONFLICT (tracker, key) DO UPDATE "
        "SET issue_id = excluded.issue_id, until = excluded.until",
        [(tracker, key, issue, now) for key, issue in former],
    )


def mark_below(sql: Sql, ids: Iterable[int]) -> None:
    """Mark due what hangs on these issues: their children, and what they carry."""
    ids = tuple(ids)
    sql.run_in("UPDATE issue SET due = TRUE WHERE NOT due AND parent_id IN ({})", ids)
    sql.run_in("UPDATE issue SET due = TRUE WHERE NOT due AND carrier_id IN ({})", ids)


def _keys(new: Mapping[str, Payload], ids: Mapping[str, int], changes: Iterable[_Change]) -> dict[str, int]:
    fresh = {payload.key: ids[ext] for ext, payload in new.items()}
    return fresh | {each.payload.key: each.known.id for each in changes if each.payload.key != each.known.key}


# --- quarantine -----------------------------------------------------------------------------------------------------


def _set_aside(sql: Sql, tracker: str, rejected: Iterable[Rejected], now: int) -> None:
    sql.many(
        "INSERT INTO quarantine (tracker, ext_id, key, reason, excerpt, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (tracker, ext_id) DO UPDATE SET key = excluded.key, reason = excluded.reason, "
        "excerpt = excluded.excerpt, last_at = excluded.last_at, tries = quarantine.tries + 1 WHERE (quarantine.key, "
        "quarantine.reason, quarantine.excerpt) <> (excluded.key, excluded.reason, excluded.excerpt)",
        [(tracker, each.id, each.key, each.reason, each.excerpt, now, now) for each in rejected],
    )


def _readmit(sql: Sql, tracker: str, ext_ids: Iterable[str]) -> None:
    aside = {row[0] for row in sql.rows("SELECT ext_id FROM quarantine WHERE tracker = ?", (tracker,))}
    sql.run_in("DELETE FROM quarantine WHERE tracker = ? AND ext_id IN ({})", aside.intersection(ext_ids), tracker)
