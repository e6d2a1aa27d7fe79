"""What the daemon did: passes, runs that are done once per local date, and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from vindaris_sync.domain.decisions import By
from vindaris_sync.store.codec import dump, load, maybe_instant, to_instant, to_micros
from vindaris_sync.store.part import Part


@dataclass(frozen=True, slots=True)
class PassFacts:
    """A pass; ``ended`` None: under way, or killed."""

    pass_id: str
    tracker: str
    kind: str
    started: datetime
    ended: datetime | None
    outcome: str
    counts: Mapping[str, int]
    error: str


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report: when, for which local date, what it found, and where it lies."""

    at: datetime
    local_date: date
    findings: Any
    path: str
    figures: Mapping[str, float | None] = field(default_factory=dict)
    """What trends are drawn from, by name."""


@dataclass(frozen=True, slots=True)
class Night:
    """A report in a list: when, for which local date, and its figures by name."""

    at: datetime
    local_date: date
    figures: Mapping[str, float | None]


_REPORT = "at, local_date, findings, path, figures"


def _report(row: Any) -> ReportFacts:  # noqa: ANN401 - a row's types are its query's
    at, day, findings, path, figures = row
    return ReportFacts(to_instant(at), date.fromisoformat(day), load(findings), path, load(figures))


class Passes(Part):
    """What the daemon did."""

    def begin_pass(self, pass_id: str, tracker: str, kind: str, now: datetime) -> None:
        """Note the start of a pass."""
        with self._db.write() as sql:
            text = "INSERT INTO pass (pass_id, tracker, kind, started) VALUES (?, ?, ?, ?)"
            sql.run(text, (pass_id, tracker, kind, to_micros(now)))

    def end_pass(self, pass_id: str, outcome: str, counts: Mapping[str, int], now: datetime, error: str = "") -> None:
        """Note the end of a pass, once; it is not changed afterwards (L10)."""
        with self._db.write() as sql:
            text = "UPDATE pass SET ended = ?, outcome = ?, counts = ?, error = ? WHERE pass_id = ?"
            sql.run(text, (to_micros(now), outcome, dump(dict(counts)), error, pass_id))

    def passes(self, tracker: str | None = None, limit: int = 20) -> tuple[PassFacts, ...]:
        """Return the newest passes, newest first."""
        text = (
            "SELECT pass_id, tracker, kind, started, ended, outcome, counts, error FROM pass "  # noqa: S608 - fixed texts
            f"{'' if tracker is None else 'WHERE tracker = ? '}ORDER BY started DESC, pass_id DESC LIMIT ?"
        )
        with self._db.read() as sql:
            rows = sql.rows(text, (limit,) if tracker is None else (tracker, limit))
        return tuple(
            PassFacts(number, name, kind, to_instant(started), maybe_instant(ended), outcome, load(counts), error)
            for number, name, kind, started, ended, outcome, counts, error in rows
        )

    def begin_run(self, kind: str, local_date: date, now: datetime) -> bool:
        """Note the start of a run for a local date; False where that date's run has ended already.

        A run that was begun and did not end, because the daemon was killed, is begun again.
        """
        with self._db.write() as sql:
            return (
                sql.run(
                    "INSERT INTO run (kind, local_date, started) VALUES (?, ?, ?) ON CONFLICT (kind, local_date) "
                    "DO UPDATE SET started = excluded.started WHERE run.ended IS NULL",
                    (kind, local_date.isoformat(), to_micros(now)),
                )
                == 1
            )

    def end_run(self, kind: str, local_date: date, now: datetime) -> None:
        """Note that the date's run is done."""
        with self._db.write() as sql:
            text = "UPDATE run SET ended = ? WHERE kind = ? AND local_date = ?"
            sql.run(text, (to_micros(now), kind, local_date.isoformat()))

    def last_run(self, kind: str) -> date | None:
        """Return the newest local date whose run has ended."""
        with self._db.read() as sql:
            found = sql.value("SELECT max(local_date) FROM run WHERE kind = ? AND ended IS NOT NULL", (kind,))
        return None if found is None else date.fromisoformat(found)

    def put_report(self, report: ReportFacts) -> None:
        """Keep a report's findings (JSON values) and place."""
        with self._db.write() as sql:
            sql.run(
                "INSERT INTO report (at, local_date, figures, findings, path) VALUES (?, ?, ?, ?, ?)",
                (
                    to_micros(report.at),
                    report.local_date.isoformat(),
                    dump(dict(report.figures)),
                    dump(report.findings),
                    report.path,
                ),
            )

    def last_report(self) -> ReportFacts | None:
        """Return the newest report."""
        with self._db.read() as sql:
            row = sql.row(f"SELECT {_REPORT} FROM report ORDER BY id DESC LIMIT 1")  # noqa: S608 - fixed names
        return None if row is None else _report(row)

    def report_of(self, day: date) -> ReportFacts | None:
        """Return the newest report of a local date."""
        with self._db.read() as sql:
            text = f"SELECT {_REPORT} FROM report WHERE local_date = ? ORDER BY id DESC LIMIT 1"  # noqa: S608 - fixed names
            row = sql.row(text, (day.isoformat(),))
        return None if row is None else _report(row)

    def nights(self, most: int, before: date | None = None) -> tuple[Night, ...]:
        """Return the newest ``most`` local dates with a report, newest first, earlier than ``before``; each once."""
        text = (
            "SELECT at, local_date, figures FROM report WHERE id IN (SELECT max(id) FROM report WHERE local_date < ? "
            "GROUP BY local_date ORDER BY local_date DESC LIMIT ?) ORDER BY local_date DESC"
        )
        with self._db.read() as sql:
            rows = sql.rows(text, ((before or date.max).isoformat(), most))
        return tuple(Night(to_instant(at), date.fromisoformat(day), load(figures)) for at, day, figures in rows)

    def note_act(self, event: str, by: By) -> None:
        """Append to the history what a person did that concerns no single issue, rule or goal (L10)."""
        with self._db.write() as sql:
            text = "INSERT INTO history (at, event, who, how, why) VALUES (?, ?, ?, ?, ?)"
            sql.run(text, (to_micros(by.at), event, by.who, by.how, by.why))

    # --- notes ---------------------------------------------------------------------------------------------------

    def note(self, name: str) -> Any:  # noqa: ANN401 - JSON holds whatever was put there
        """Return the small fact kept under ``name``, or None."""
        with self._db.read() as sql:
            found = sql.value("SELECT value FROM note WHERE name = ?", (name,))
        return None if found is None else load(found)

    def put_note(self, name: str, value: object) -> bool:
        """Keep a small fact (JSON values) under ``name``; False where it was kept already."""
        text = dump(value)
        with self._db.write() as sql:
            return bool(
                sql.run(
                    "INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
                    "value = excluded.value WHERE note.value <> excluded.value",
                    (name, text),
                )
            )
