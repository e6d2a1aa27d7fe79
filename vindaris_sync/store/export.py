"""Writing the portable form: one state of the store, row by row, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from vindaris_sync.store.backup import Beat
from vindaris_sync.store.codec import dump, load_ids
from vindaris_sync.store.migrations import HEAD
from vindaris_sync.store.part import Part
from vindaris_sync.store.portable import Kind, footer, header, kinds, passing, select
from vindaris_sync.store.sql import Sql

_ROWS = 500

Write = Callable[[bytes], object]
Owns = Callable[[str, str], bool]
"""Whether a team is asked about issues in (tracker, place)."""

_OF_TEAM = frozenset(
    (
        "tracker", "place", "goal", "goal_alias", "goal_issue", "goal_revision", "reading", "rule",
        "issue", "alias", "link", "exemption", "cause", "work", "history",
        "mute", "work_item", "attachment", "home", "choice",
    )
)  # fmt: skip
"""What an export of one team holds: what is, and what people decided, be it that something is to be left alone (L5).

The rest is the daemon's memory of its own work, and reports speak of all teams.
"""

_ABOVE = (
    "SELECT parent_id, carrier_id, moved_to FROM issue WHERE id IN ({})",
    "SELECT above_id FROM attachment WHERE issue_id IN ({})",
)
"""What issues hang on."""


@dataclass(slots=True)
class _Share:
    """What belongs to one team: its issues and those they hang on, and its places."""

    team: str
    owns: Owns
    issues: set[int] = field(default_factory=set)
    trackers: set[str] = field(default_factory=set)

    def holds(self, kind: str, row: Mapping[str, Any]) -> bool:
        """Return whether a row belongs to it. Goals and rules are everybody's, and so is what is about them alone."""
        if kind == "issue":
            return row["id"] in self.issues
        if row.get("issue_id") is not None:
            return row["issue_id"] in self.issues
        if kind in ("place", "work"):
            return self.owns(row["tracker"], row["place"])
        if kind == "mute":
            return row["team"] in (None, self.team)
        return kind != "tracker" or row["name"] in self.trackers

    def cut(self, kind: str, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row without what it says of other teams' issues."""
        if kind == "tracker":
            row["held"] = dump([each for each in load_ids(row["held"]) if each in self.issues])
        return row


class Exports(Part):
    """Exports of the store."""

    def export(
        self, write: Write, *, team: str | None = None, owns: Owns = lambda *_: True, beat: Beat = lambda: None
    ) -> int:
        """Write one state of the store as lines of JSON; return how many. The same content gives the same bytes.

        ``team``: only what the team ``owns``, with the issues that its own hang on, and all goals. Memory is bounded
        by a batch of rows, and for a team by the numbers of its issues.
        """
        lines, digest = 0, sha256()
        with self._db.read() as sql:
            share = None if team is None else _share(sql, team, owns, beat)
            for line in _lines(sql, share, beat):
                digest.update(line)
                lines += 1
                write(line)
        write(footer(lines, digest.hexdigest()))
        return lines + 1


def _lines(sql: Sql, share: _Share | None, beat: Beat) -> Iterator[bytes]:
    yield header(HEAD, share.team if share else None)
    for name, kind in kinds().items():
        if share and name not in _OF_TEAM:
            continue
        for row in _rows(sql, kind, beat):
            if passing(name, row):
                continue
            if share is None:
                yield kind.line(row)
            elif share.holds(name, row):
                yield kind.line(share.cut(name, row))


def _rows(sql: Sql, kind: Kind, beat: Beat) -> Iterator[dict[str, Any]]:
    """Yield all rows of a table in the order of its key, a batch at a time."""
    names = [column.name for column in kind.columns]
    where = [names.index(column) for column in kind.key]
    found = sql.rows(select(kind, after=False), (_ROWS,))
    while found:
        beat()
        for row in found:
            yield dict(zip(names, row, strict=True))
        last = tuple(found[-1][position] for position in where)
        found = ()  # two batches need not be held at once
        found = sql.rows(select(kind, after=True), (*last, _ROWS))


def _share(sql: Sql, team: str, owns: Owns, beat: Beat) -> _Share:
    """Find what belongs to the team."""
    share = _Share(team, owns)
    place = Kind(
        "issue", tuple(each for each in kinds()["issue"].columns if each.name in ("id", "tracker", "place")), ("id",)
    )
    for row in _rows(sql, place, beat):
        if owns(row["tracker"], row["place"]):
            share.issues.add(row["id"])
    new: Iterable[int] = share.issues
    while new:
        new = {each for query in _ABOVE for row in sql.rows_in(query, new) for each in row if each is not None}
        new -= share.issues
        share.issues |= new
    share.trackers |= {
        row[0] for row in sql.rows_in("SELECT DISTINCT tracker FROM issue WHERE id IN ({})", share.issues)
    }
    return share
