"""What stands on an issue's buttons in a chat: their values, which only we read, and which buttons there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from vindaris_sync.domain.messages import LABEL, Act, Button, Kind, Line, Style
from vindaris_sync.domain.ranking import Candidate
from vindaris_sync.domain.records import GoalBook, GoalFacts, Record
from vindaris_sync.domain.retelling import Decision, deed, on
from vindaris_sync.domain.text import one_line
from vindaris_sync.engine.answering import UNDO_WITHIN, seen_of

MOST = 3
"""Candidate goals on an issue's buttons."""
_CONFIRM: Mapping[Kind, str] = {
    Kind.SUSPECT: "Still right",
    Kind.CLOSED_GOAL: "Keep it there",
    Kind.PARENT_CHANGED: "Right as it is",
}
CHOSEN = (Kind.UNLINKED, Kind.UNKNOWN_GOAL)
"""What is asked there is which goal: candidates are offered."""
CLICKABLE = frozenset({*_CONFIRM, *CHOSEN, Kind.CONFLICT})
"""Kinds of messages on whose lines a person can decide."""
_VALUE = re.compile(r"(\d{1,12})\.(\d{1,12})\.([0-9a-f]{8})\.([\x21-\x7e]{1,64})")
_CHOICE = re.compile(r"(\d{1,12})\.([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a button's value says: an issue and a goal (0: none) by the store's numbers, and what the person saw.

    ``mark`` tells whether the numbers still mean what they meant: in a restored database they may not.
    """

    issue: int
    goal: int
    mark: str
    seen: str


def value_of(record: Record, book: GoalBook, goal: int = 0) -> str:
    """Return the value of a button on ``record``."""
    return f"{record.id}.{goal}.{mark_of(record, book, goal)}.{seen_of(record, book)}"


def meant(value: str) -> Meant | None:
    """Return what a button's value says; None where it is none of ours."""
    found = _VALUE.fullmatch(value)
    return Meant(int(found[1]), int(found[2]), found[3], found[4]) if found else None


def mark_of(record: Record, book: GoalBook, goal: int) -> str:
    """Return the mark of an issue and a goal."""
    return _short(f"{record.ref} {book.goals[goal].key if goal in book.goals else ''}")


def choice_of(goal: GoalFacts) -> str:
    """Return the value under which a search offers a goal."""
    return f"{goal.id}.{_short(goal.key)}"


def chosen(value: str, book: GoalBook) -> str:
    """Return the key of the goal that was chosen, or what was typed where nothing was offered."""
    found = _CHOICE.fullmatch(value)
    goal = book.goals.get(int(found[1])) if found else None
    return goal.key if found and goal and _short(goal.key) == found[2] else value


def _short(text: str) -> str:
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]


def offered(
    kind: Kind, record: Record, book: GoalBook, candidates: Sequence[Candidate], told: Callable[[str], str]
) -> tuple[Button, ...]:
    """Return the buttons of one issue in a message of ``kind``; ``told`` says what its readers may see."""
    return tuple(_offered(kind, record, book, candidates if kind in CHOSEN else (), told))


def _offered(
    kind: Kind, record: Record, book: GoalBook, candidates: Sequence[Candidate], told: Callable[[str], str]
) -> Iterator[Button]:
    plain = value_of(record, book)
    if kind in _CONFIRM:
        yield Button(Act.CONFIRM, plain, _CONFIRM[kind], Style.PRIMARY)
    for each in candidates[:MOST]:
        label = named(each, told)
        yield Button(Act.LINK, value_of(record, book, each.goal), label)
    yield Button(Act.SEARCH, plain, "Other goal…" if candidates or kind in _CONFIRM else "Choose a goal…")
    yield Button(Act.EXEMPT, plain, "Not goal work…")


def named(candidate: Candidate, told: Callable[[str], str]) -> str:
    """Return a goal as it stands on a button, as the readers may see it: its key, and its title unless that is kept."""
    title = told(candidate.title)
    return one_line(candidate.key if title == candidate.key else f"{candidate.key} {title}", LABEL)


def decided(decision: Decision, told: Callable[[str], str], now: datetime) -> Line:
    """Return how a message shows what was decided; it can be taken back for ten minutes, if it was on one issue."""
    fresh = decision.count == 1 and now < decision.at + UNDO_WITHIN
    buttons = (Button(Act.UNDO, str(decision.batch), "Undo"),) if fresh else ()
    title = told(one_line(decision.title, 80)) if decision.count == 1 else ""
    return Line(on(decision), title, decision.url, deed(decision), buttons)
