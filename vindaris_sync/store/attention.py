"""What a person should set right in a tracker: remembered while it stands, told once, with the fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.models import Finding, Level
from vindaris_sync.store.codec import load, to_instant, to_micros
from vindaris_sync.store.engine import Sql
from vindaris_sync.store.outbox import announce
from vindaris_sync.store.part import Part

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


class Attentions(Part):
    """What is to be set right in trackers."""

    def put_findings(self, tracker: str, findings: Sequence[Finding], now: datetime) -> None:
        """Remember what a preflight finds wrong, in place of what the last one found, and announce what has changed.

        Warnings of the first one are the set-up as it was made: people were told by ``doctor``, and not again here.
        """
        wrong = {(each.subject, each.message): each for each in findings if each.level is not Level.OK}
        with self._db.write() as sql:
            text = "SELECT subject, message, shown FROM attention WHERE tracker = ? AND source = ?"
            known = {(row[0], row[1]): bool(row[2]) for row in sql.rows(text, (tracker, _CHECK))}
            first = sql.row("SELECT 1 FROM note WHERE name = ?", (_looked(tracker),)) is None
            over, new = known.keys() - wrong.keys(), wrong.keys() - known.keys()
            delete = "DELETE FROM attention WHERE tracker = ? AND source = ? AND subject = ? AND message = ?"
            sql.many(delete, [(tracker, _CHECK, *each) for each in sorted(over)])
            shown = {each: not first or wrong[each].level is Level.ERROR for each in new}
            at = to_micros(now)
            rows = [(tracker, _CHECK, *each, wrong[each].fix, at, shown[each]) for each in sorted(new)]
            sql.many(_INSERT, rows)
            if first:
                sql.run("INSERT INTO note (name, value) VALUES (?, 'true')", (_looked(tracker),))
            if any(shown.values()) or any(known[each] for each in over):
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
    announce(sql, [Announce(tracker, "", "attention", "", now)], to_micros(now))


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
