"""Which of a thousand goals a page shows: filters, a tree as deep as fits, and pages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from vindaris_sync.domain.findings import GoalRow
from vindaris_sync.domain.goals import fold
from vindaris_sync.engine.picture import Picture

PER_PAGE = 100
"""Goals on one page."""

FILTERS: Mapping[str, tuple[str, Callable[[GoalRow], bool]]] = {
    "all": ("All goals", lambda row: not row.closed or bool(row.below.open)),
    "without-work": ("Without work", lambda row: row.idle),
    "suspect": ("Suspect links", lambda row: row.suspect > 0),
    "catch-all": ("Catch-alls", lambda row: row.catch_all),
    "closed-with-work": ("Ended, with open work", lambda row: row.closed and row.own.open > 0),
    "missing": ("Missing from their source", lambda row: row.missing),
    "ended": ("Ended", lambda row: row.closed),
}
"""What may be asked for as ``show``: its name for people, and which goals it means."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    show: str = "all"
    words: str = ""
    below: str = ""
    page: int = 1

    def address(self, **other: object) -> str:
        """Return the page's address with some of it changed."""
        told = {"show": self.show, "q": self.words, "below": self.below, "page": self.page} | other
        usual = {"show": "all", "q": "", "below": "", "page": 1}
        query = urlencode({name: value for name, value in told.items() if value != usual[name]})
        return f"/goals?{query}" if query else "/goals"


@dataclass(frozen=True, slots=True)
class Line:
    """One goal in the list; ``indent`` counts levels below the list's top, ``folded`` goals below are not shown."""

    row: GoalRow
    indent: int
    folded: int = 0


@dataclass(frozen=True, slots=True)
class GoalList:
    """A page of goals: its lines, how many goals there are in all that are asked for, and how many pages."""

    lines: tuple[Line, ...]
    total: int
    pages: int
    is_tree: bool
    counts: Mapping[str, int]
    """How many goals each filter means."""


def listed(picture: Picture, wanted: Wanted) -> GoalList:
    """Return the page that is wanted; a page beyond the last is the last."""
    rows = picture.below(wanted.below) if wanted.below else picture.goals
    counts = {name: sum(map(fits, rows)) for name, (_, fits) in FILTERS.items()}
    is_tree = wanted.show == "all" and not wanted.words.strip()
    found = fitting(rows, wanted)
    lines = _tree(found, rows) if is_tree else [Line(row, 0) for row in found]
    pages = max(-(-len(lines) // PER_PAGE), 1)
    start = (min(max(wanted.page, 1), pages) - 1) * PER_PAGE
    return GoalList(tuple(lines[start : start + PER_PAGE]), len(found), pages, is_tree, counts)


def fitting(rows: Iterable[GoalRow], wanted: Wanted) -> list[GoalRow]:
    """Return those of the goals that are asked for, in their order."""
    fits = FILTERS[wanted.show][1] if wanted.show in FILTERS else FILTERS["all"][1]
    asked = set(fold(wanted.words).split())
    return [row for row in rows if fits(row) and all(word in fold(f"{row.key} {row.title}") for word in asked)]


def _tree(found: Sequence[GoalRow], rows: Sequence[GoalRow]) -> list[Line]:
    """Return goals as deep as they fit on a page, each with how many are folded away below it; parents stay."""
    if not found:
        return []
    needed = _with_parents(found, rows)
    top = min(row.depth for row in needed)
    depth = max(row.depth for row in needed)
    while depth > top and sum(row.depth <= depth for row in needed) > PER_PAGE:
        depth -= 1
    lines: list[Line] = []
    for row in needed:
        if row.depth <= depth:
            lines.append(Line(row, row.depth - top))
        else:
            last = lines[-1]
            lines[-1] = Line(last.row, last.indent, last.folded + 1)
    return lines


def _with_parents(found: Sequence[GoalRow], rows: Sequence[GoalRow]) -> list[GoalRow]:
    """Return the goals found and those above them, in the tree's order."""
    wanted = {row.key for row in found}
    kept: list[GoalRow] = []
    needed = -1
    for row in reversed(rows):  # what is below a goal comes before it
        if row.key in wanted or row.depth == needed:
            kept.append(row)
            needed = row.depth - 1
    return kept[::-1]
