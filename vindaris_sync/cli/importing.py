"""Links from a spreadsheet: every row is either kept or listed with its line and the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from vindaris_sync.app import open_store
from vindaris_sync.cli.deciding import NEXT, by
from vindaris_sync.cli.exits import DONE, DRIFT, Refusal
from vindaris_sync.cli.output import emit, note, say, table
from vindaris_sync.cli.sheets import lines
from vindaris_sync.config.settings import Config
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Action, Plan
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.engine.answering import several_allowed
from vindaris_sync.engine.naming import candidates, listed, near_goals
from vindaris_sync.store.store import Store

_ISSUE_NAMES = frozenset({"issue", "issue key", "key", "ref", "ticket"})
_GOAL_NAMES = frozenset({"goal", "goal key", "goals", "objective"})
_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file."""

    line: int
    issue: str
    goal: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken, and why."""

    line: int
    issue: str
    goal: str
    reason: str


@dataclass(slots=True)
class Imported:
    """What became of the rows; ``linked`` and ``unchanged`` count issues."""

    rows: int = 0
    linked: int = 0
    unchanged: int = 0
    dry_run: bool = False
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass(slots=True)
class _Chosen:
    record: Record
    goals: list[int]
    line: int


def by_import(who: str, why: str) -> By:
    """Return who imports."""
    return by(who, "import", why)


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV file (``-``: standard input), without header and empty lines; refuse what is none."""
    if not (rows := list(_rows(path))):
        raise Refusal(f"{path}: there are no rows", advice="one line for each link: issue,goal")
    return rows


def _rows(path: Path) -> Iterator[Row]:
    issue, goal, first = 0, 1, True
    for line, values in lines(path):
        if not any(values):
            continue
        if first:
            first = False
            if (found := _header(values)) is not None:
                issue, goal = found
                continue
        if len(values) < _COLUMNS:
            raise Refusal(f"{path}:{line}: two columns are needed, issue and goal")
        padded = [*values, *[""] * (max(issue, goal) + 1 - len(values))]
        yield Row(line, padded[issue], padded[goal])


def _header(values: Sequence[str]) -> tuple[int, int] | None:
    """Return the positions of the two columns where the line names them."""
    folded = [value.casefold() for value in values]
    issue = next((at for at, name in enumerate(folded) if name in _ISSUE_NAMES), None)
    goal = next((at for at, name in enumerate(folded) if name in _GOAL_NAMES), None)
    return None if issue is None or goal is None else (issue, goal)


@dataclass(frozen=True, slots=True)
class Import:
    """One import: which tracker's keys are meant (None: any), who does it, and whether it is for show."""

    config: Config
    tracker: str | None
    who: By
    dry_run: bool = False

    def carry_out(self, rows: Sequence[Row]) -> Imported:
        """Link what can be linked, in one transaction, and return what became of the rows."""
        done = Imported(len(rows), dry_run=self.dry_run)
        with open_store(self.config) as store, store.transaction():
            book = store.goal_book()
            chosen: dict[int, _Chosen] = {}
            for row in rows:
                if reason := self._take(store, book, row, chosen):
                    done.refused.append(RefusedRow(row.line, row.issue, row.goal, reason))
            actions = [action for one in chosen.values() for action in self._link(one, book, done)]
            if actions and not self.dry_run:
                store.apply(Plan(tuple(actions), ()), "", datetime.now(UTC))
        return done

    def _take(self, store: Store, book: GoalBook, row: Row, chosen: dict[int, _Chosen]) -> str:  # noqa: PLR0911 - one for each reason
        """Add the row to what is chosen; return why it cannot be, empty where it can."""
        if not row.issue or not row.goal:
            return "the issue or the goal is empty"
        goal = book.find(row.goal)
        if goal is None:
            return f"no goal is called {row.goal!r}; {near_goals(book, row.goal)}"
        found = candidates(store, row.issue, self.tracker)
        if not found:
            return "no such issue has been pulled"
        if len(found) > 1:
            return f"may mean {listed(found)}"
        record = found[0]
        before = chosen.setdefault(record.id, _Chosen(record, [], row.line))
        if goal in before.goals:
            return ""
        if before.goals and not several_allowed(self.config.trackers, record.ref.tracker):
            return f"line {before.line} links it to {book.goals[before.goals[0]].key}, and it may serve one goal only"
        before.goals.append(goal)
        return ""

    def _link(self, one: _Chosen, book: GoalBook, done: Imported) -> tuple[Action, ...]:
        if [link.goal for link in one.record.links] == one.goals:
            done.unchanged += 1
            return ()
        done.linked += 1
        return decisions.link(one.record, one.goals, book, self.who, Provenance.CHOSEN).actions


def tell(done: Imported, *, as_json: bool) -> int:
    """Print what became of the rows; return the exit code, 1 where a row was refused."""
    if as_json:
        emit(done)
    else:
        would = "would be linked" if done.dry_run else "linked"
        say(f"{done.rows:,} rows: {done.linked:,} issues {would}, {done.unchanged:,} were so already, "
            f"{len(done.refused):,} rows refused")  # fmt: skip
        table(("line", "issue", "goal", "why not"), ((r.line, r.issue, r.goal, r.reason) for r in done.refused))
        if done.linked and not done.dry_run:
            note(f"kept; {NEXT}")
    return DRIFT if done.refused else DONE
