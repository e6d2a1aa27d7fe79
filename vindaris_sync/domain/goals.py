"""Goals: what issues serve, how they hang together, and which of their contents make a link suspect (R11)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from math import isfinite
from typing import Any, Literal

from vindaris_sync.domain.models import IssueRef
from vindaris_sync.domain.requirements import Requirement, requirement_of
from vindaris_sync.domain.serving import Serving, serving_of

Material = Literal["title", "description", "parent", "priority", "period", "outcomes"]

MATERIAL: tuple[Material, ...] = ("title", "description", "parent", "priority", "period", "outcomes")
"""Every field that may count as material; configuration chooses among them."""

LONGEST_DEBOUNCE = timedelta(hours=1)
"""After this time an edit becomes a revision even if editing goes on (R11)."""

LABEL_LENGTH = 50
"""Characters in a GitHub label, the narrowest place a goal's key has to fit into (GitHub REST, labels)."""

Contents = Mapping[str, Any]
"""A resolved goal's contents as JSON has them, normalised: the fields of ``MATERIAL``, ``status``, ``inherited``."""


class Status(StrEnum):
    """Where a goal is in its life; the last two close it."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ACHIEVED = "achieved"
    ABANDONED = "abandoned"

    @property
    def closed(self) -> bool:
        """Whether open work on the goal is asked about (``goal_closed``, R7)."""
        return self in (Status.ACHIEVED, Status.ABANDONED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measurable result. Values are in ``unit``; ``None`` is unknown."""

    metric: str
    unit: str = ""
    baseline: float | None = None
    target: float | None = None
    current: float | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as its source states it: own fields only, nothing inherited."""

    key: str
    title: str
    description: str = ""
    parent: str | None = None
    """The parent's key, in any case; one of its former keys does too."""
    priority: str | None = None
    status: Status = Status.ACTIVE
    period: str | None = None
    owner: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    was: tuple[str, ...] = ()
    """Former keys, oldest first; they stay aliases."""
    visibility: Literal["public", "private"] = "private"
    """A private goal's title is shown where only the organisation reads; elsewhere its key stands alone (L9)."""
    minor_revision: int | None = None
    """The revision, made already or the next one, that is declared too small to ask anybody about."""
    source: str = ""
    """The name of the source that states it; each goal is one source's."""
    successor: str | None = None
    """The key of the goal that open work goes to once this one is closed."""
    issue: IssueRef | None = None
    """The issue that is this goal, where a tracker states it as one: that issue carries it (R6)."""
    serving: Serving | None = None
    """The work that serves it because its tracker says so at the goal: a milestone's issues, a list of issues."""
    requires: tuple[Requirement, ...] = ()
    """The work that is to be created from it, each item once."""
    material: tuple[Material, ...] | None = None
    """The fields whose change makes links suspect, where the goal itself says so (``Materiality``)."""

    @property
    def private(self) -> bool:
        """Whether strangers may not read its title."""
        return self.visibility != "public"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a set of goals cannot be used: which goal (also by its position in the set), which of its fields, why."""

    goal_key: str
    reason: str
    index: int = 0
    field: str = "key"


@dataclass(frozen=True, slots=True)
class Pending:
    """Edited contents that are no revision yet: when they first differed, and when they were last edited."""

    contents: Contents
    first_seen: datetime
    last_seen: datetime


# --- the tree -----------------------------------------------------------------------------------------------------


def fold(key: str) -> str:
    """Return what two keys share iff they are the same key: canonical caseless matching, surrounding space aside."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", key.strip()).casefold())


def by_key(goals: Iterable[Goal]) -> dict[str, Goal]:
    """Return the goals under their folded keys and former keys; where both claim a name, the current key has it."""
    goals = tuple(goals)
    former = {fold(alias): goal for goal in goals for alias in goal.was}
    return former | {fold(goal.key): goal for goal in goals}


def parent_of(goal: Goal, goals_by_key: Mapping[str, Goal]) -> Goal | None:
    """Return the goal that ``goal`` names as its parent; ``None`` without one or where it is unknown."""
    return goals_by_key.get(fold(goal.parent)) if goal.parent else None


def ancestors(goal: Goal, goals_by_key: Mapping[str, Goal]) -> tuple[Goal, ...]:
    """Return parent, grandparent and so on, nearest first; a cycle is walked once and never back to ``goal``."""
    found: list[Goal] = []
    walked = {fold(goal.key)}
    above = parent_of(goal, goals_by_key)
    while above and fold(above.key) not in walked:
        walked.add(fold(above.key))
        found.append(above)
        above = parent_of(above, goals_by_key)
    return tuple(found)


def children(goals: Iterable[Goal]) -> dict[str, tuple[Goal, ...]]:
    """Return each parent's children, in the order given, under its folded key; roots (no known parent) under ``""``."""
    goals = tuple(goals)
    known = by_key(goals)
    found: dict[str, list[Goal]] = {}
    for goal in goals:
        above = parent_of(goal, known)
        found.setdefault(fold(above.key) if above else "", []).append(goal)
    return {key: tuple(below) for key, below in found.items()}


def tree(goals: Iterable[Goal]) -> Iterator[tuple[int, Goal]]:
    """Yield every goal that hangs under a root with its depth (roots: 0), parents first, siblings in order given."""
    below = children(goals)
    waiting = [(0, goal) for goal in reversed(below.get("", ()))]
    while waiting:
        depth, goal = waiting.pop()
        yield depth, goal
        waiting += [(depth + 1, child) for child in reversed(below.get(fold(goal.key), ()))]


def outcome_progress(outcome: Outcome) -> float | None:
    """Return how far ``current`` is from baseline (0) to target (1), upwards or downwards.

    Not clamped: below 0 is worse than the baseline, above 1 better than the target. ``None`` where a value is
    unknown or baseline and target are equal, since then no distance tells anything.
    """
    if outcome.baseline is None or outcome.target is None or outcome.current is None:
        return None
    distance = outcome.target - outcome.baseline
    progress = (outcome.current - outcome.baseline) / distance if distance else float("nan")
    return progress if isfinite(progress) else None


# --- contents and revisions ---------------------------------------------------------------------------------------


def _plain(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def _number(value: float | None) -> float | None:
    if value is None or not isfinite(value):
        return None  # JSON has no infinity
    return float(value) + 0.0  # 2 and 2.0, -0.0 and 0.0 are the same value


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def contents(goal: Goal, goals_by_key: Mapping[str, Goal]) -> dict[str, Any]:
    """Return the resolved goal's contents (R11): its own fields, plus priority and period from the nearest ancestor.

    Normalised, so that equal means the same to people: Unicode NFC, white space collapsed, outcomes sorted, an absent
    text is empty. A parent stands under its oldest known key (``was``), so that renaming it changes no child. Status
    is beside the material fields; an outcome's ``current``, owner, visibility and the goal's own key are left out.
    """
    line = (goal, *ancestors(goal, goals_by_key))
    parent = parent_of(goal, goals_by_key)
    outcomes = [
        {
            "metric": _plain(outcome.metric),
            "unit": _plain(outcome.unit),
            "baseline": _number(outcome.baseline),
            "target": _number(outcome.target),
        }
        for outcome in goal.outcomes
    ]
    return {
        "title": _plain(goal.title),
        "description": _plain(goal.description),
        "parent": _oldest(parent) if parent else fold(goal.parent or ""),
        "priority": _taken_over(line, "priority")[0],
        "period": _taken_over(line, "period")[0],
        "outcomes": sorted(outcomes, key=_canonical),
        "status": str(goal.status),
        "inherited": {name: key for name in ("priority", "period") if (key := _taken_over(line, name)[1])},
    }


def _taken_over(line: Sequence[Goal], name: str) -> tuple[str, str]:
    """Return the value of the nearest goal of ``line`` that has one; an ancestor's with its oldest known key."""
    for each in line:
        if value := _plain(getattr(each, name)):
            return value, "" if each is line[0] else _oldest(each)
    return "", ""


def _oldest(goal: Goal) -> str:
    return fold((goal.was or (goal.key,))[0])


def fingerprint(stored: Contents, material: Collection[str] = MATERIAL) -> str:
    """Return 32 hexadecimal digits that are equal iff the material fields are, whatever the order of ``material``."""
    chosen = {name: stored.get(name) for name in MATERIAL if name in material}
    return sha256(_canonical(chosen).encode()).hexdigest()[:32]


def differs(a: Contents, b: Contents, material: Collection[str] = MATERIAL) -> tuple[str, ...]:
    """Return the material fields in which two contents differ; a link is suspect iff there is one (R11)."""
    return tuple(name for name in MATERIAL if name in material and a.get(name) != b.get(name))


def due(pending: Pending, debounce: timedelta, now: datetime) -> bool:
    """Whether a pending edit becomes the revision: ``debounce`` (at most 1 h) without edits, or 1 h since the first.

    An edit of the future was seen by a clock that has been set back since: nobody waits for that future (fault 14).
    """
    quiet = min(debounce, LONGEST_DEBOUNCE)
    return abs(now - pending.last_seen) >= quiet or abs(now - pending.first_seen) >= LONGEST_DEBOUNCE


# --- what is wrong with a set of goals ----------------------------------------------------------------------------

_SHOWN = 80


def _key_fault(key: str, longest: int) -> str | None:
    if not key:
        return "the key is empty"
    if any(char.isspace() or char == "," or unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in key):
        return f"no tracker can carry the key {key!r}: spaces, commas and control characters do not fit into a label"
    if len(key) > longest:
        shown = f"'{key[:_SHOWN]}{'…' if len(key) > _SHOWN else ''}'"
        return f"no tracker can carry the key {shown}: {len(key)} characters, {longest} fit beside the prefix"
    return None


def _unfit(goals: Sequence[Goal], longest: int) -> Iterator[Problem]:
    for index, goal in enumerate(goals):
        if fault := _key_fault(goal.key, longest):
            yield Problem(goal.key, fault, index)
        if not _plain(goal.title):
            yield Problem(goal.key, "the title is empty", index, "title")


def _taken(goals: Sequence[Goal]) -> Iterator[Problem]:
    owners: dict[str, int] = {}
    for index, goal in enumerate(goals):
        if (first := owners.setdefault(fold(goal.key), index)) != index:
            yield Problem(goal.key, f"the key {goal.key} is taken by goal {first + 1}, {goals[first].key}", index)
    for index, goal in enumerate(goals):
        for alias in goal.was:
            if (first := owners.setdefault(fold(alias), index)) != index:
                reason = f"the former key {alias} belongs to goal {goals[first].key}"
                if fold(goal.key) != fold(goals[first].key):
                    yield Problem(goal.key, reason, index, "was")


def _astray(goals: Sequence[Goal]) -> Iterator[Problem]:
    known = by_key(goals)
    in_cycle: set[str] = set()
    for index, goal in enumerate(goals):
        above = parent_of(goal, known)
        if goal.parent and not above:
            yield Problem(goal.key, f"the parent {goal.parent} is unknown", index, "parent")
        if goal.successor is not None and known.get(fold(goal.successor)) in (None, goal):
            unknown = f"the successor {goal.successor} is unknown"
            known_one = fold(goal.successor) in known
            yield Problem(goal.key, "its successor is itself" if known_one else unknown, index, "successor")
        line = (goal, *ancestors(goal, known))
        if parent_of(line[-1], known) is known[fold(goal.key)] and fold(goal.key) not in in_cycle:
            in_cycle |= {fold(each.key) for each in line}
            path = " → ".join(each.key for each in (*line, goal))
            yield Problem(goal.key, f"parents form a cycle: {path}", index, "parent")


def problems(goals: Sequence[Goal], longest: int = LABEL_LENGTH, *, whole: bool = True) -> list[Problem]:
    """Return everything for which a set of goals is refused; empty: it can be used.

    Keys that no tracker could carry (``longest`` is what fits beside the longest label prefix), empty titles, names
    taken twice (former keys included, matched casefolded), unknown parents and successors, and each cycle once, named
    in full. Not ``whole``: goals of other sources join these, and a parent may be among them.
    """
    astray = _astray(goals) if whole else ()
    return [*_unfit(goals, longest), *_taken(goals), *astray]


def document_of(goal: Goal) -> dict[str, Any]:
    """Return a goal as JSON has it, all of its fields."""
    return {**asdict(goal), "status": str(goal.status)}


def goal_of(told: Mapping[str, Any]) -> Goal:
    """Return the goal that ``document_of`` was given."""
    outcomes = tuple(Outcome(**outcome) for outcome in told["outcomes"])
    material = None if told["material"] is None else tuple(told["material"])
    kept = {"status": Status(told["status"]), "was": tuple(told["was"]), "outcomes": outcomes, "material": material}
    kept["requires"] = tuple(map(requirement_of, told["requires"]))
    issue = told.get("issue")
    serving = told.get("serving")
    stated = {"issue": IssueRef(**issue) if issue else None, "serving": serving_of(serving) if serving else None}
    return Goal(**{**told, **kept, **stated})
