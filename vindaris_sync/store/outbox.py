"""Alerts stored with what caused them, and the living messages that tell them (L8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.living import Living, message_key
from vindaris_sync.domain.messages import Kind, Subject
from vindaris_sync.store.codec import dump, load, maybe_instant, maybe_micros, to_instant, to_micros
from vindaris_sync.store.part import Part
from vindaris_sync.store.restored import CHAT, marked
from vindaris_sync.store.sql import Sql

_LONGEST_WAIT = 86_400_000_000  # microseconds: what a chat may ask for at most


@dataclass(frozen=True, slots=True)
class Waiting:
    """A subject whose list has changed since it was told. ``change`` tells whether it has changed once more since."""

    id: int
    announce: Announce
    change: int
    attempts: int
    created: datetime


class Outbox(Part):
    """What waits to be told, and where it was told."""

    def announce(self, *subjects: Announce, now: datetime) -> None:
        """Store that these subjects' lists have changed; a subject that waits already waits once."""
        with self._db.write() as sql:
            announce(sql, subjects, to_micros(now))

    def outbox(self, now: datetime, limit: int = 100) -> tuple[Waiting, ...]:
        """Return what is to be told by ``now``, oldest first; also what only a wrong clock has put off (fault 14).

        Once nothing waits and every tracker was read, what a restored database did not know of was told.
        """
        with self._db.read() as sql:
            found = sql.rows(
                "SELECT id, subject, change, attempts, created, due_at FROM outbox WHERE due_at <= ? "
                "OR created > ? OR (attempts > 0 AND due_at > ?) ORDER BY due_at, id LIMIT ?",
                (at := to_micros(now), at, at + _LONGEST_WAIT, limit),
            )
            searched = not found and bool(sql.row("SELECT 1 FROM note WHERE name = ?", (CHAT,))) and not marked(sql)
        if searched:
            with self._db.write() as sql:
                sql.run("DELETE FROM note WHERE name = ?", (CHAT,))
        return tuple(
            Waiting(number, _subject(load(subject), due), change, attempts, to_instant(created))
            for number, subject, change, attempts, created, due in found
        )

    def outbox_depth(self) -> int:
        """Return how many subjects wait, due or not."""
        with self._db.read() as sql:
            return int(sql.value("SELECT count(*) FROM outbox"))

    def delivered(self, waiting: Waiting) -> bool:
        """Note that the subject was told; False where it has changed meanwhile and waits on."""
        with self._db.write() as sql:
            text = "DELETE FROM outbox WHERE id = ? AND change = ?"
            return sql.run(text, (waiting.id, waiting.change)) == 1

    def postponed(self, waiting: Waiting, until: datetime, error: str) -> None:
        """Note that telling failed; it is tried again at ``until``."""
        with self._db.write() as sql:
            text = "UPDATE outbox SET attempts = attempts + 1, due_at = ?, last_error = ? WHERE id = ?"
            sql.run(text, (to_micros(until), error, waiting.id))

    # --- living messages -----------------------------------------------------------------------------------------

    def living(self, subject: str, channel: str) -> Living | None:
        """Return what is remembered of the subject's message in the channel.

        In a restored database the next message counts as one whose sending was begun: it may have been sent since the
        backup, and is looked for before it is sent (L8).
        """
        with self._db.read() as sql:
            found = sql.value("SELECT living FROM message WHERE subject = ? AND channel = ?", (subject, channel))
            since = sql.value("SELECT value FROM note WHERE name = ?", (CHAT,))
        living = None if found is None else _living(load(found))
        return living if since is None else _maybe_sent(living, subject, to_instant(load(since)))

    def open_livings(self) -> list[tuple[str, str, Living]]:
        """Return subject key, channel and message of every episode that is open."""
        with self._db.read() as sql:
            rows = sql.rows("SELECT subject, channel, living FROM message ORDER BY subject, channel")
        found = [(subject, channel, _living(load(living))) for subject, channel, living in rows]
        return [each for each in found if each[2].open]

    def put_living(self, subject: str, channel: str, living: Living) -> None:
        """Remember the subject's message in the channel, in place of what was remembered."""
        stored = {
            **asdict(living),
            "members": sorted(living.members),
            "posted": maybe_micros(living.posted),
            "attempted": maybe_micros(living.attempted),
        }
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO message (subject, channel, living) VALUES (?, ?, ?) ON CONFLICT (subject, channel) "
                "DO UPDATE SET living = excluded.living",
                (subject, channel, dump(stored)),
            )


def _subject(stored: list[Any], due: int) -> Announce:
    tracker, place, kind, goal = stored[:4]
    return Announce(tracker, place, kind, goal, to_instant(due))


def _living(stored: dict[str, Any]) -> Living:
    return Living(
        **{
            **stored,
            "members": frozenset(stored["members"]),
            "posted": maybe_instant(stored["posted"]),
            "attempted": maybe_instant(stored["attempted"]),
        }
    )


def _maybe_sent(living: Living | None, subject: str, since: datetime) -> Living:
    living = living or Living()
    if living.attempt:
        return living
    episode, part = (living.episode, living.part + 1) if living.open else (living.episode + 1, 1)
    return replace(living, attempt=message_key(Subject(*load(subject)), episode, part), attempted=since)


def announce(sql: Sql, subjects: Iterable[Announce], now: int) -> None:
    """Store in this transaction that the subjects' lists change at their ``due``; a subject waits once, for the first.

    A change that is due later than what waits already is told with it, and once more when it is due. What is announced
    anew was not put off by a wrong clock, whichever clock it was announced by first.
    """
    due: dict[str, int] = {}
    for each in subjects:
        at = to_micros(each.due)
        name = dump((each.tracker, each.place, each.kind, each.goal, at if at > now else 0))
        due[name] = at
    sql.many(
        "INSERT INTO outbox (dedupe_key, subject, created, due_at) VALUES (?, ?, ?, ?) ON CONFLICT (dedupe_key) "
        "DO UPDATE SET change = outbox.change + 1, "
        "created = CASE WHEN excluded.created < outbox.created THEN excluded.created ELSE outbox.created END, "
        "due_at = CASE WHEN excluded.due_at < outbox.due_at AND outbox.attempts = 0 THEN excluded.due_at "
        "ELSE outbox.due_at END",
        [(name, name, now, at) for name, at in due.items()],
    )


def bring_forward(sql: Sql, now: int) -> None:
    """Let all that waits be looked at by ``now``: what is to wait on is held back again, and nothing is told twice."""
    sql.run("UPDATE outbox SET due_at = ? WHERE due_at > ? AND attempts = 0", (now, now))


def announce_moves(sql: Sql, tracker: str, moves: Iterable[tuple[int, str, str]], now: int) -> None:
    """Store in this transaction that issues have moved: (issue, former place, new one); where it stayed, nothing.

    What is asked about an issue leaves the former place's lists and comes onto the new one's (L8).
    """
    announce_asked(sql, tracker, {issue: (former, new) for issue, former, new in moves if former != new}, now)


def announce_asked(sql: Sql, tracker: str, places: Mapping[int, Collection[str]], now: int) -> None:
    """Store in this transaction that what is asked about each issue changes its places' lists (L8)."""
    query = "SELECT issue_id, reason, subject FROM cause WHERE is_open AND surface_at IS NOT NULL AND issue_id IN ({})"
    asked = list(sql.rows_in(query, places))
    at = to_instant(now)
    announce(sql, [Announce(tracker, place, why, on, at) for issue, why, on in asked for place in places[issue]], now)


def rename_subjects(sql: Sql, goal: int, former: str, key: str, now: int) -> None:
    """Let the messages about a goal go on under its new key, and let them show it (L8)."""
    for subject, channel, stored in sql.rows("SELECT subject, channel, living FROM message"):
        team, kind, about = load(subject)
        if kind not in (Kind.SUSPECT, Kind.CLOSED_GOAL, Kind.WORK_DROPPED) or about != former:
            continue
        renamed, living = Subject(team, Kind(kind), key).key, load(stored)
        ended = sql.value("SELECT living FROM message WHERE subject = ? AND channel = ?", (renamed, channel))
        if ended is not None:  # it had this key before: its episodes are counted on, so that no message is named twice
            living["episode"] = max(living["episode"], load(ended)["episode"])
            sql.run("DELETE FROM message WHERE subject = ? AND channel = ?", (renamed, channel))
        text = "UPDATE message SET subject = ?, living = ? WHERE subject = ? AND channel = ?"
        sql.run(text, (renamed, dump(living), subject, channel))
    asked = sql.rows(
        "SELECT DISTINCT issue.tracker, issue.place, cause.reason FROM cause JOIN issue ON issue.id = cause.issue_id "
        "WHERE cause.reason IN ('goal_changed', 'goal_closed') AND cause.subject = ? AND cause.is_open "
        "AND cause.surface_at IS NOT NULL",
        (str(goal),),
    )
    at = to_instant(now)
    announce(sql, [Announce(tracker, place, reason, str(goal), at) for tracker, place, reason in asked], now)
