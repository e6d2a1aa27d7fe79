"""Alerts stored with what caused them, and the living messages that tell them (L8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vindaris_sync.domain.actions import Announce
from vindaris_sync.store.codec import dump, load, maybe_instant, maybe_micros, to_instant, to_micros
from vindaris_sync.store.engine import Sql
from vindaris_sync.store.part import Part


@dataclass(frozen=True, slots=True)
class Waiting:
    """A subject whose list has changed since it was told. ``change`` tells whether it has changed once more since."""

    id: int
    announce: Announce
    change: int
    attempts: int
    created: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A living message: where it is, what it shows (``digest``), and since when; ``reference`` is the channel's."""

    subject: str
    channel: str
    episode: int
    reference: Any
    digest: str
    opened_at: datetime
    day: str
    resolved_at: datetime | None = None


class Outbox(Part):
    """What waits to be told, and where it was told."""

    def announce(self, *subjects: Announce, now: datetime) -> None:
        """Store that these subjects' lists have changed; a subject that waits already waits once."""
        with self._db.write() as sql:
            announce(sql, subjects, to_micros(now))

    def outbox(self, now: datetime, limit: int = 100) -> tuple[Waiting, ...]:
        """Return what is to be told by ``now``, oldest first."""
        with self._db.read() as sql:
            found = sql.rows(
                "SELECT id, subject, change, attempts, created FROM outbox WHERE delivered_at IS NULL AND due_at <= ? "
                "ORDER BY due_at, id LIMIT ?",
                (to_micros(now), limit),
            )
        return tuple(
            Waiting(number, Announce(*load(subject)), change, attempts, to_instant(created))
            for number, subject, change, attempts, created in found
        )

    def outbox_depth(self) -> int:
        """Return how many subjects wait, due or not."""
        with self._db.read() as sql:
            return int(sql.value("SELECT count(*) FROM outbox WHERE delivered_at IS NULL"))

    def delivered(self, waiting: Waiting, now: datetime) -> bool:
        """Note that the subject was told; False where it has changed meanwhile and waits on."""
        with self._db.write() as sql:
            text = "UPDATE outbox SET delivered_at = ?, attempts = 0, last_error = '' WHERE id = ? AND change = ?"
            return sql.run(text, (to_micros(now), waiting.id, waiting.change)) == 1

    def postponed(self, waiting: Waiting, until: datetime, error: str) -> None:
        """Note that telling failed; it is tried again at ``until``."""
        with self._db.write() as sql:
            text = "UPDATE outbox SET attempts = attempts + 1, due_at = ?, last_error = ? WHERE id = ?"
            sql.run(text, (to_micros(until), error, waiting.id))

    # --- living messages -----------------------------------------------------------------------------------------

    def message(self, subject: str, channel: str) -> Message | None:
        """Return the subject's newest episode in the channel, open or resolved."""
        with self._db.read() as sql:
            row = sql.row(
                "SELECT subject, channel, episode, reference, digest, opened_at, day, resolved_at FROM message "
                "WHERE subject = ? AND channel = ? ORDER BY episode DESC LIMIT 1",
                (subject, channel),
            )
        return None if row is None else _message(row)

    def open_messages(self) -> tuple[Message, ...]:
        """Return the episodes that are not resolved."""
        with self._db.read() as sql:
            found = sql.rows(
                "SELECT subject, channel, episode, reference, digest, opened_at, day, resolved_at FROM message "
                "WHERE resolved_at IS NULL ORDER BY subject, channel, episode"
            )
        return tuple(map(_message, found))

    def put_message(self, message: Message) -> None:
        """Keep the message under its subject, channel and episode, in place of what was kept there."""
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO message (subject, channel, episode, reference, digest, opened_at, day, resolved_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (subject, channel, episode) DO UPDATE SET "
                "reference = excluded.reference, digest = excluded.digest, opened_at = excluded.opened_at, "
                "day = excluded.day, resolved_at = excluded.resolved_at",
                (
                    message.subject, message.channel, message.episode, dump(message.reference), message.digest,
                    to_micros(message.opened_at), message.day, maybe_micros(message.resolved_at),
                ),
            )  # fmt: skip


def _message(row: Sequence[Any]) -> Message:
    subject, channel, episode, reference, digest, opened, day, resolved = row
    return Message(subject, channel, episode, load(reference), digest, to_instant(opened), day, maybe_instant(resolved))


def announce(sql: Sql, subjects: Iterable[Announce], now: int) -> None:
    """Store in this transaction that the subjects' lists have changed."""
    keys = dict.fromkeys((each.tracker, each.place, each.kind, each.goal) for each in subjects)
    sql.many(
        "INSERT INTO outbox (dedupe_key, subject, created, due_at) VALUES (?, ?, ?, ?) ON CONFLICT (dedupe_key) "
        "DO UPDATE SET change = outbox.change + 1, "
        "created = CASE WHEN outbox.delivered_at IS NULL THEN outbox.created ELSE excluded.created END, "
        "due_at = CASE WHEN outbox.delivered_at IS NULL THEN outbox.due_at ELSE excluded.due_at END, "
        "delivered_at = NULL",
        [(text, text, now, now) for key in keys for text in [dump(key)]],
    )
