"""Required work: which items are to be created now, which wait and why, and what is asked when one was dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vindaris_sync.domain.actions import Action, Announce, AnswerGoal, AskGoal
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import LONGEST_DEBOUNCE, Goal, Status, fold
from vindaris_sync.domain.records import Answer, Cause, CauseKey, Reason
from vindaris_sync.domain.requirements import Requirement
from vindaris_sync.domain.text import one_line

SETTLED = timedelta(minutes=10)
"""After this time every tracker's lists show what was made: twice the overlap of pulls (``sdk.protocol.OVERLAP``)."""

GOAL_PREFIX = "goal:"
"""What a goal's name begins with where its review is answered on the command line: ``goal:GROW-1``."""


class Phase(StrEnum):
    """How far an item is."""

    WAITING = "waiting"
    BEGUN = "begun"
    """Its creation was decided and maybe sent; until its end is known nothing else is done about it."""
    MADE = "made"
    REFUSED = "refused"
    """The tracker does not take it as it is stated; it is tried again when that changes, and at night."""


class Fate(StrEnum):
    """What people did with the issue that was made."""

    DECLINED = "declined"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Work:
    """An item as it is held. ``id`` is the store's number, ``draft`` the mark that its issue carries."""

    id: int
    goal: int
    item: Requirement
    draft: str
    tracker: str
    place: str
    """Where it is, or is being, created; what is stated since does not move it."""
    phase: Phase
    since: datetime
    """When what is stated was last changed."""
    stated: bool = True
    """Whether its goal still requires it."""
    who: str = ""
    """Who asked for it on the command line; empty: the goal's source states it."""
    begun: datetime | None = None
    revision: int | None = None
    """The goal's revision that it is created from."""
    issue: int | None = None
    reason: str = ""
    """Why it was refused."""
    advice: str = ""
    note: str = ""
    """What of it the tracker left out."""

    @property
    def name(self) -> str:
        """The item within its goal, for people."""
        return self.item.id


@dataclass(frozen=True, slots=True)
class Stands:
    """A goal as its required work looks at it."""

    goal: Goal
    pending: bool = False
    """Whether an edit of it has not rested yet."""
    missing: bool = False


def not_yet(work: Work, stands: Stands, now: datetime, debounce: timedelta) -> str:
    """Return why nothing is created for the goal now, empty where something is.

    What is created stays: so an item rests after its last edit as a goal does, also where the goal is new. A person
    who asks for it by hand waits for nothing but a goal that is closed.
    """
    goal, by_hand = stands.goal, bool(work.who)
    rested = abs(now - work.since) >= min(debounce, LONGEST_DEBOUNCE)  # a clock that was set back holds nothing up
    reasons = (
        (goal.status.closed, f"{goal.key} is {goal.status}"),
        (goal.status is Status.PROPOSED and not by_hand, f"{goal.key} is proposed"),
        (stands.missing and not by_hand, f"{goal.key} is no longer stated"),
        (stands.pending and not by_hand, f"the last edit of {goal.key} has not rested"),
        (not rested and not by_hand, "its last edit has not rested"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def parents_first(items: Iterable[Work]) -> list[Work]:
    """Return items in an order in which no item comes before another of the same goal that it hangs under."""
    items = tuple(items)
    named = {(work.goal, fold(work.item.id)): work for work in items}
    found: dict[int, Work] = {}

    def add(work: Work) -> None:
        above = named.get((work.goal, fold(work.item.parent)))
        if work.id in found:
            return
        if above is not None and above is not work:
            add(above)
        found[work.id] = work

    for work in items:
        add(work)
    return list(found.values())


def values_of(goal: Goal, *, public: bool) -> Mapping[str, str]:
    """Return what a template's placeholders stand for; where everybody reads, a private goal is its key alone (L9)."""
    if public and goal.private:
        return {"goal.key": goal.key, "goal.title": goal.key}
    return {
        "goal.key": goal.key,
        "goal.title": one_line(goal.title),
        "goal.description": goal.description.strip(),
        "goal.parent": goal.parent or "",
        "goal.priority": one_line(goal.priority or ""),
        "goal.period": one_line(goal.period or ""),
        "goal.owner": one_line(goal.owner or ""),
    }


def draft_id(goal: Goal, item: str) -> str:
    """Return the mark of an item's issue: its goal's oldest known key, so that a lost database finds it again."""
    return f"{fold((goal.was or (goal.key,))[0])}/{fold(item)}"


# --- what is asked when an item was dropped -------------------------------------------------------------------------

Scope = tuple[str, str]
"""A tracker and a place in it, whose team is told."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """An item whose issue people closed without doing it, or deleted."""

    goal: int
    item: str
    issue: int
    key: str
    """The issue's key."""
    title: str
    url: str
    fate: Fate

    @property
    def cause(self) -> CauseKey:
        """What the goal's review is open for."""
        return CauseKey(Reason.WORK_DROPPED, self.item, f"{self.fate}:{self.issue}")

    @property
    def happened(self) -> str:
        """What became of it, in a few words."""
        return _FATES[self.fate]

    @property
    def detail(self) -> str:
        """It in one line."""
        return f"{self.item}, {self.key}, was {self.happened}"


_FATES = {Fate.DECLINED: "closed without being done", Fate.DELETED: "deleted"}


def ask_dropped(
    dropped: Iterable[Dropped],
    asked: Mapping[int, Iterable[Cause]],
    scopes: Mapping[tuple[int, str], Scope],
    now: datetime,
) -> Iterator[Action]:
    """Yield what follows for the reviews of goals: items dropped and not asked about yet, causes that stand no more.

    ``asked`` are the causes that goals hold already; ``scopes`` says by goal and item who is told. Without anything
    to do nothing is yielded.
    """
    standing = {(each.goal, each.cause): each for each in dropped}
    held = {(goal, cause.key): cause for goal, causes in asked.items() for cause in causes}
    for (goal, key), cause in held.items():
        if (goal, key) not in standing:
            yield AnswerGoal(goal, key, Answer.MOOT, "vindaris-sync", "decision")
            if cause.open:
                yield from _announce(goal, key, scopes, now)
    for (goal, key), each in standing.items():
        if (goal, key) not in held:
            yield AskGoal(goal, Cause(key, now, now, labelled=False, detail=each.detail))
            yield from _announce(goal, key, scopes, now)


def confirm_without(
    goal: int, causes: Iterable[Cause], scopes: Mapping[tuple[int, str], Scope], by: By
) -> Iterator[Action]:
    """Yield the answer that a goal is right without what was dropped of it."""
    for cause in causes:
        if cause.answer is None:
            yield AnswerGoal(goal, cause.key, Answer.CONFIRMED, by.who, by.how)
            yield from _announce(goal, cause.key, scopes, by.at)


def _announce(goal: int, key: CauseKey, scopes: Mapping[tuple[int, str], Scope], now: datetime) -> Iterator[Announce]:
    scope = scopes.get((goal, key.subject))
    if scope is not None:
        yield Announce(*scope, key.reason, str(goal), now)
