"""Judges by what people see in trackers and chat, and by the database's file; asks nothing of the daemon."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.people import EXEMPT, PREFIX, People, Work, shown

_ROWS = """
SELECT i.tracker, i.key, i.title, i.state, i.closed, i.due, i.unwritten, i.conflict, i.backlog,
  (SELECT group_concat(g.key) FROM link l JOIN goal g ON g.id = l.goal_id WHERE l.issue_id = i.id) AS goals,
  EXISTS (SELECT 1 FROM exemption e WHERE e.issue_id = i.id) AS exempt,
  EXISTS (SELECT 1 FROM cause c WHERE c.issue_id = i.id AND c.is_open AND c.reason = 'unlinked') AS asked
FROM issue i WHERE i.title NOT LIKE 'Set up%'
"""


@dataclass(slots=True)
class Verdict:
    """What is wrong, one line each."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)
    conflicts: int = 0
    """Issues on which a person is asked which of two is meant; nothing of theirs was overwritten."""

    def __bool__(self) -> bool:
        """Whether all is well."""
        return not (self.lost or self.duplicated or self.overwritten)


def rows(database: Path, query: str) -> list[sqlite3.Row]:
    """Return a query's rows, as another program sees the database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as sql:
        sql.row_factory = sqlite3.Row
        return sql.execute(query).fetchall()


def judge(people: People) -> Verdict:
    """Return what is lost, there twice, or overwritten at this moment."""
    verdict, found = Verdict(), rows(people.company.database, _ROWS)
    verdict.conflicts = sum(row["conflict"] is not None for row in found)
    stored = Counter((row["tracker"], row["key"]) for row in found)
    verdict.duplicated += [f"{key} is stored {count} times" for (_, key), count in stored.items() if count > 1]
    known = {(work.tracker, work.key) for work in people.works}
    verdict.duplicated += [f"{key} is nobody's" for tracker, key in stored if (tracker, key) not in known]
    held = {(row["tracker"], row["key"]): row for row in found}
    for work in people.works:
        row = held.get((work.tracker, work.key))
        if row is None:
            verdict.lost.append(f"{work.key} is not stored")
            continue
        verdict.lost += _lost(people, work, row)
        verdict.overwritten += _overwritten(people, work)
    _told(people, found, verdict)
    return verdict


def _lost(people: People, work: Work, row: Any) -> Iterator[str]:
    """Yield what people did that the store or the tracker does not show."""
    if row["title"] != work.title or row["closed"] != work.closed:
        yield f"{work.key} is stored as it was: {row['title']!r}"
    if row["due"] or row["unwritten"]:
        yield f"{work.key} is not done: due {row['due']}, unwritten {row['unwritten']}"
    if row["conflict"] is not None:
        return
    kept = EXEMPT if row["exempt"] else row["goals"] or ""
    if kept != work.goal:
        yield f"{work.key} is for {work.goal or 'no goal'} by {work.by}, stored is {kept or 'none'}"
    if work.closed:
        return
    if bool(row["asked"]) != (work.goal == ""):
        yield f"{work.key} ({work.goal or 'no goal'}): asked is {bool(row['asked'])}"
    desk = people.desk(work)
    labels, value = desk.labels(work.key), desk.field(work.key)
    if (labels, value) != (work.labels, shown(work)):
        yield f"{work.key} shows {sorted(labels)}, {value}; it must show {sorted(work.labels)}, {shown(work)}"


def _overwritten(people: People, work: Work) -> Iterator[str]:
    """Yield what people said that stands no more where they said it."""
    desk = people.desk(work)
    labels = desk.labels(work.key)
    ours = {label for label in labels if label.startswith(PREFIX) or label in {EXEMPT, "goal-review"}}
    if labels - ours != work.foreign:
        yield f"{work.key}: people's own labels are {sorted(labels - ours)}, not {sorted(work.foreign)}"
    if desk.title(work.key) != work.title:
        yield f"{work.key}: its title is {desk.title(work.key)!r}, not {work.title!r}"
    goals = {label.removeprefix(PREFIX) for label in labels if label.startswith(PREFIX)}
    said: object = {"label": goals, "field": desk.field(work.key), "exempt": EXEMPT in labels}[work.by]
    meant: object = {"label": {work.goal} - {""}, "field": work.goal or None, "exempt": True}[work.by]
    if said != meant:
        yield f"{work.key}: {work.by} shows {said}, a person said {meant}"


def _told(people: People, found: list[sqlite3.Row], verdict: Verdict) -> None:
    """Hold the chat to one living message per subject that says what is so."""
    messages = people.company.slack.channels["growth"].messages
    keys = Counter(message.metadata.get("event_payload", {}).get("key") for message in messages)
    verdict.duplicated += [f"message {key} was sent {count} times" for key, count in keys.items() if count > 1]
    waiting = rows(people.company.database, "SELECT subject FROM outbox")
    verdict.lost += [f"an alert waits: {row['subject']}" for row in waiting]
    living = [line for line in people.company.told() if not line.startswith("✓")]
    subjects = Counter(line.lstrip("0123456789 ") for line in living)
    verdict.duplicated += [f"{count} messages say {line!r}" for line, count in subjects.items() if count > 1]
    asked = sum(bool(row["asked"] and not row["backlog"] and not row["closed"]) for row in found)
    said = [line for line in living if "no goal" in line]
    if said != ([f"{asked} issue{'s serve' if asked > 1 else ' serves'} no goal"] if asked else []):
        verdict.lost.append(f"{asked} issues serve no goal, told was {said}")
