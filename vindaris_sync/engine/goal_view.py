"""What is to be told of one goal beside its work: what it is, how it was measured, how it changed, who is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from vindaris_sync.domain.changes import Changed, changes
from vindaris_sync.domain.goals import Goal, Outcome
from vindaris_sync.domain.readings import Reading, metric_of
from vindaris_sync.domain.records import GoalBook
from vindaris_sync.domain.wording import shortened, visible
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.lookup import Event
from vindaris_sync.store.pages import AskedIssue
from vindaris_sync.store.revisions import Revision
from vindaris_sync.store.store import Store

REVISIONS = 20
EVENTS = 20
ASKED = 10
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Step:
    """A revision and what it changed from the one before; nothing for the first."""

    revision: int
    at: datetime
    minor: bool
    changes: tuple[Changed, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class GoalView:
    """One goal: as stated, its measured outcomes, its newest revisions and events, and what is asked about it."""

    stored: StoredGoal
    outcomes: tuple[tuple[Outcome, Sequence[Reading]], ...]
    """Each with all its readings, oldest first."""
    steps: tuple[Step, ...]
    """Newest first."""
    older: int
    """Revisions that are not among them."""
    waiting: tuple[Changed, ...]
    """What an edit that rests would change."""
    asked: tuple[AskedIssue, ...]
    asked_total: int
    events: tuple[Event, ...]
    successor: str
    """The open goal that its work goes to, by key; empty where none is named."""

    @property
    def goal(self) -> Goal:
        """The goal as stated, outcomes as measured last."""
        return self.stored.goal


def goal_view(store: Store, book: GoalBook, number: int) -> GoalView:
    """Return what is told of a goal; costs what it shows, and not what hangs on it."""
    stored, series = store.goal_held(number), store.series_of(number)

    def spelled(key: str) -> str:
        found = book.find(key)
        return book.goals[found].key if found is not None else key

    revisions = store.revisions(number)
    total, asked = store.asked_on(number, ASKED)
    named = book.find(stored.goal.successor) if stored.goal.successor else None
    return GoalView(
        stored,
        tuple((each, series.get(metric_of(each.metric), ())) for each in stored.goal.outcomes),
        tuple(_steps(revisions, stored.material, spelled))[::-1][:REVISIONS],
        max(len(revisions) - REVISIONS, 0),
        _shown(changes(revisions[-1].contents, stored.pending.contents, stored.material, spelled))
        if stored.pending and revisions
        else (),
        asked,
        total,
        store.history(goal=number, limit=EVENTS),
        book.goals[named].key if named is not None else "",
    )


def _steps(revisions: Sequence[Revision], material: Sequence[str], spelled: Callable[[str], str]) -> Iterator[Step]:
    for former, each in pairwise((None, *revisions[-REVISIONS - 1 :])):
        if each is not None:
            found = () if former is None else changes(former.contents, each.contents, material, spelled)
            yield Step(each.revision, each.at, each.minor, _shown(found), first=each.revision == 1)


def _shown(found: Sequence[Changed]) -> tuple[Changed, ...]:
    return tuple(replace(each, pieces=visible(shortened(each.pieces, _LONGEST))) for each in found)
