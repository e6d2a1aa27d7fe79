"""What a person should set right in a tracker: remembered while it stands, told once, with the fix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.store.codec import load, to_instant, to_micros
from vindaris_sync.store.outbox import announce
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

_CHECK, _PULL, _WRITE = "check", "pull", "write"
_MOST = 50  # reasons for which single issues refuse writes; each may name its issue
_INSERT = (
    "INSERT INTO attention (tracker, source, subject, message, fix, at, shown) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (tracker, source, subject, message) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to be set right: what it is about, what is wrong, the fix, and since when it is known."""

    subject: str
    message: str
    fix: str
    since: datetime | None = None

    @property
    def id(self) -> str:
        """What stays the same while figures in the message change."""
        return "\n".join(_identity(self.subject, self.message))


class Attentions(Part):
    """What is to be set right in trackers."""

    def put_findings(self, tracker: str, findings: Sequence[Finding], now: datetime) -> None:
        """Remember what a preflight finds wrong, in place of what the last one found, and announce what has changed.

        Warnings of the first one are the set-up as it was made: people were told by ``doctor``, and not again here.
        """
        wrong = {_identity(each.subject, each.message): each for each in findings if each.level is not Level.OK}
        with self._db.write() as sql:
            known = _known(sql, tracker)
            first = sql.run(
                "INSERT INTO note (name, value) VALUES (?, 'true') ON CONFLICT DO NOTHING", (_looked(tracker),)
            )
            kept = {one for one in wrong.keys() & known.keys() if known[one].message == wrong[one].message}
            delete = "DELETE FROM attention WHERE tracker = ? AND source = ? AND subject = ? AND message = ?"
            sql.many(delete, [(tracker, _CHECK, one[0], known[one].message) for one in sorted(known.keys() - kept)])
            told = []
            for one in sorted(wrong.keys() - kept):
                each, before = wrong[one], known.get(one)
                shown = before.shown if before else not first or each.level is Level.ERROR
                at = before.at if before else to_micros(now)
                sql.run(_INSERT, (tracker, _CHECK, each.subject, each.message, each.fix, at, shown))
                told.append(shown)
            if any(told) or any(known[one].shown for one in known.keys() - wrong.keys()):
                announce_attention(sql, tracker, now)

    def put_remarks(self, tracker: str, remarks: Sequence[Finding], now: datetime) -> None:
        """Remember, and announce, what a pull has noticed."""
        if not remarks:
            return
        with self._db.write() as sql:
            for each in remarks:
                remember(sql, tracker, _PULL, each, now)

    def forget_remarks(self, tracker: str, now: datetime, kept: timedelta) -> None:
        """Forget what pulls noticed longer ago than ``kept``: it was told."""
        text = "DELETE FROM attention WHERE tracker = ? AND source = ? AND at < ?"
        with self._db.write() as sql:
            if sql.run(text, (tracker, _PULL, to_micros(now - kept))):
                announce_attention(sql, tracker, now)

    def attention(self, tracker: str) -> tuple[Attention, ...]:
        """Return what is to be set right now, oldest first; definitions that were lost last."""
        found = "SELECT subject, message, fix, at FROM attention WHERE tracker = ? AND shown"
        refused = "SELECT place, reason, advice, min(at) FROM refusal WHERE tracker = ? GROUP BY 1, 2, 3"
        with self._db.read() as sql:
            rows = sorted(
                [*sql.rows(found, (tracker,)), *sql.rows(refused, (tracker,))], key=lambda row: (row[3], *row)
            )
            lost = _lost(sql, tracker)
        return (*(Attention(row[0], row[1], row[2], to_instant(row[3])) for row in rows), *lost)


def remember(sql: Sql, tracker: str, source: str, found: Finding, now: datetime) -> None:
    """Remember one thing in this transaction, and announce it if it is new."""
    row = (tracker, source, found.subject, found.message, found.fix, to_micros(now), True)
    if sql.run(_INSERT, row):
        announce_attention(sql, tracker, now)


def remember_refusal(sql: Sql, tracker: str, found: Finding, now: datetime) -> None:
    """Remember why single issues refuse a write, until it is tried again at night; no more than fifty reasons."""
    many = sql.value("SELECT count(*) FROM attention WHERE tracker = ? AND source = ?", (tracker, _WRITE))
    if many < _MOST:
        remember(sql, tracker, _WRITE, found, now)


def forget_refusals(sql: Sql, tracker: str) -> None:
    """Forget why single issues refused writes, since it is tried again."""
    sql.run("DELETE FROM attention WHERE tracker = ? AND source = ?", (tracker, _WRITE))


def announce_attention(sql: Sql, tracker: str, now: datetime) -> None:
    """Announce, in this transaction, that what is to be set right in the tracker has changed."""
    announce(sql, [Announce(tracker, "", Kind.ATTENTION, "", now)], to_micros(now))


class _Known(NamedTuple):
    message: str
    shown: bool
    at: int


def _known(sql: Sql, tracker: str) -> dict[tuple[str, str], _Known]:
    """Return what the last preflight found, by what stays the same of it."""
    text = "SELECT subject, message, shown, at FROM attention WHERE tracker = ? AND source = ?"
    rows = sql.rows(text, (tracker, _CHECK))
    return {_identity(row[0], row[1]): _Known(row[1], bool(row[2]), row[3]) for row in rows}


def _identity(subject: str, message: str) -> tuple[str, str]:
    return subject, re.sub(r"\d+", "#", message)


def _looked(tracker: str) -> str:
    return f"looked {tracker}"


def _lost(sql: Sql, tracker: str) -> list[Attention]:
    """Return the labels and options that issues had and that are defined no more, by place (R2)."""
    counts: Counter[tuple[str, str, str]] = Counter()
    rows = sql.rows(
        "SELECT place, undefined FROM issue WHERE undefined <> '[]' AND presence = 'present' AND tracker = ?",
        (tracker,),
    )
    for place, undefined in rows:
        counts.update((place, surface, raw) for surface, raw in load(undefined))
    return [
        Attention(
            place,
            f"{_named(surface, raw)} was deleted or renamed there: {number:,} issues had it and keep their goal",
            "rename it back or make it again; what can be made is made anew at night",
        )
        for (place, surface, raw), number in sorted(counts.items())
    ]


def _named(surface: str, raw: str) -> str:
    kind, _, identity = surface.partition(":")
    if kind == "field":
        return f"the option {raw} of the goal field"
    return f"the label {identity}{raw}" if kind == "label" else f"the label {identity}"
