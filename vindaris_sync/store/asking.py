"""Open questions for a page of an inbox, in the order in which they are shown, at the cost of that page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from vindaris_sync.domain.records import Reason
from vindaris_sync.store.lists import in_places
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

LOOK = 2_000
"""How many questions are looked at for one page where most of them are not wanted; the page says so and goes on."""

_ASKED = "c.is_open AND c.answer IS NULL AND c.issue_id IS NOT NULL AND c.surface_at IS {surfaced}"
"""As the indexes on them say it."""


@dataclass(frozen=True, slots=True)
class Position:
    """After which question a page begins: the number of the goal it is about, or empty; when it was opened; its own."""

    subject: str
    opened: int
    id: int

    def __str__(self) -> str:
        return f"{self.subject}.{self.opened}.{self.id}"

    @classmethod
    def read(cls, text: str) -> Position | None:
        """Return what ``str`` made; None for anything else: the first page."""
        subject, _, rest = text.partition(".")
        opened, _, number = rest.partition(".")
        known = text.isascii() and all(
            part.isdecimal() and len(part) < len(str(1 << 62)) for part in (opened, number, subject or "0")
        )
        return cls(subject, int(opened), int(number)) if known else None


@dataclass(frozen=True, slots=True)
class Questions:
    """Which questions are wanted; nothing said: all that are not backlog, the oldest first."""

    reason: Reason | None = None
    goals: tuple[str, ...] | None = None
    """About these goals (numbers as text; empty: about none), in this order; None: about any, by age alone."""
    places: Sequence[tuple[str, str]] | None = None
    others: frozenset[tuple[str, str]] = frozenset()
    """As ``Lists.asked`` takes them."""
    newest: bool = False
    backlog: bool = False
    """What was there before its scope was tracked, and nothing else."""
    silent: tuple[int, ...] = ()
    """Issues that are left out."""
    silent_goals: tuple[str, ...] = ()
    """Goals about which nothing is wanted."""


@dataclass(slots=True)
class QuestionPage:
    """The issues asked about, each at its first question, and where the next page begins (None: this was the last)."""

    issues: list[int] = field(default_factory=list)
    last: Position | None = None
    after: Position | None = None
    cut: bool = False
    """Whether there may be more, although the page is not full: so many were looked at that were not wanted."""


class Asking(Part):
    """Open questions at issues."""

    def questions(self, wanted: Questions, after: Position | None, most: int) -> QuestionPage:
        """Return at most ``most`` issues that are asked about, from ``after`` on.

        It costs what is looked at: ``most`` where everything is wanted, and never more than ``LOOK`` questions.
        """
        page = QuestionPage()
        with self._db.read() as sql:
            if wanted.goals is None:
                _more(sql, wanted, None, after, most, page)
                return page
            begin = wanted.goals.index(after.subject) if after and after.subject in wanted.goals else 0
            for subject in wanted.goals[begin:]:
                _more(sql, wanted, subject, after if after and after.subject == subject else None, most, page)
                if page.after is not None:
                    break
        return page

    def asked_goals(self, *, backlog: bool = False) -> tuple[str, ...]:
        """Return which goals (numbers as text) open questions are about; empty text: some are about none."""
        asked = _asked(backlog)
        text = (
            f"WITH RECURSIVE found (subject) AS (SELECT min(c.subject) FROM cause c WHERE {asked} UNION ALL "  # noqa: S608 - fixed texts
            f"SELECT (SELECT min(c.subject) FROM cause c WHERE {asked} AND c.subject > found.subject) "
            "FROM found WHERE found.subject IS NOT NULL) SELECT subject FROM found WHERE subject IS NOT NULL"
        )
        with self._db.read() as sql:
            return tuple(row[0] for row in sql.rows(text))

    def asked_counts(self, most: int, *, backlog: bool = False) -> dict[Reason, int]:
        """Return how many questions are open for each reason, counted up to ``most``."""
        text = f"SELECT count(*) FROM (SELECT 1 FROM cause c WHERE {_asked(backlog)} AND c.reason = ? LIMIT ?)"  # noqa: S608 - fixed texts
        with self._db.read() as sql:
            found = {reason: int(sql.value(text, (str(reason), most))) for reason in Reason}
        return {reason: count for reason, count in found.items() if count}

    def addresses_of(self, issues: Iterable[int]) -> dict[int, str]:
        """Return where people see issues."""
        with self._db.read() as sql:
            return dict(sql.rows_in("SELECT id, url FROM issue WHERE id IN ({})", set(issues)))


def _asked(backlog: bool) -> str:  # noqa: FBT001 - one of two texts
    return _ASKED.format(surfaced="NULL" if backlog else "NOT NULL")


def _more(  # noqa: PLR0913, PLR0917 - what is wanted, from where on, and what is found
    sql: Sql, wanted: Questions, subject: str | None, after: Position | None, most: int, page: QuestionPage
) -> None:
    """Add to ``page`` what is asked about a goal (None: about any), until it is full."""
    inner, values = _looked_at(wanted, subject, after)
    kept, chosen = _kept(wanted)
    text = f"SELECT issue_id, opened, id FROM ({inner} LIMIT {LOOK}) AS asked WHERE NOT again AND {kept} LIMIT ?"  # noqa: S608 - fixed texts
    found = sql.rows(text, (*values, *chosen, most + 1 - len(page.issues)))
    for issue, opened, number in found:
        if len(page.issues) == most:
            page.after = page.last
            return
        if issue not in page.issues:
            page.issues.append(issue)
        page.last = Position(subject or "", opened, number)
    beyond = sql.row(f"SELECT opened, id FROM ({inner} LIMIT 1 OFFSET {LOOK - 1}) AS asked", values)  # noqa: S608 - fixed texts
    if beyond is not None:
        page.after, page.cut = Position(subject or "", *beyond), True


def _looked_at(wanted: Questions, subject: str | None, after: Position | None) -> tuple[str, tuple[Any, ...]]:
    """Return a query of the questions in order, without an end, and its values."""
    same, values = [_asked(wanted.backlog)], list[Any]()
    if wanted.reason is not None:
        same.append("c.reason = ?")
        values.append(str(wanted.reason))
    if subject is not None:
        same.append("c.subject = ?")
        values.append(subject)
    which, before, order = " AND ".join(same), "<" if not wanted.newest else ">", "DESC" if wanted.newest else "ASC"
    again = (
        f"EXISTS (SELECT 1 FROM cause o WHERE o.issue_id = c.issue_id AND {which.replace('c.', 'o.')} "  # noqa: S608 - fixed texts
        f"AND o.subject NOT IN ({','.join('?' * len(wanted.silent_goals))}) "
        f"AND (o.opened, o.id) {before} (c.opened, c.id)) AS again"
    )
    whole, rest = f"SELECT c.issue_id, c.opened, c.id, c.subject, {again} FROM cause c WHERE {which}", list[Any]()  # noqa: S608 - fixed texts
    if after is not None:
        whole += f" AND (c.opened, c.id) {'<' if wanted.newest else '>'} (?, ?)"
        rest = [after.opened, after.id]
    return f"{whole} ORDER BY c.opened {order}, c.id {order}", (*values, *wanted.silent_goals, *values, *rest)


def _kept(wanted: Questions) -> tuple[str, tuple[Any, ...]]:
    """Return what an issue must fulfil beside being asked about, and its values."""
    parts, values = ["1 = 1"], list[Any]()
    if wanted.silent:
        parts.append(f"issue_id NOT IN ({','.join('?' * len(wanted.silent))})")
        values += wanted.silent
    if wanted.silent_goals:
        parts.append(f"subject NOT IN ({','.join('?' * len(wanted.silent_goals))})")
        values += wanted.silent_goals
    if wanted.places is not None:
        where, named = in_places(wanted.places, wanted.others)
        parts.append(f"EXISTS (SELECT 1 FROM issue WHERE issue.id = asked.issue_id AND {where})")  # noqa: S608 - fixed texts
        values += named
    return " AND ".join(parts), tuple(values)
