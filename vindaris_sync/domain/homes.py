"""Goal issues: a goal that no tracker states has a home, an issue of its own in one tracker. Pure.

What stands in a home is ours only in a marked section, and its title only while it shows what we wrote there last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vindaris_sync.domain.goals import Goal, Outcome, fold, parent_of
from vindaris_sync.domain.menus import Fate
from vindaris_sync.domain.models import Address, Issue, Raw
from vindaris_sync.domain.text import one_line
from vindaris_sync.domain.visibility import as_told

_TITLE = 200
_LINE = 500
_LINES = 40
KEPT = "This section is kept by vindaris-sync from where the goal is stated. Write outside of it."


@dataclass(frozen=True, slots=True)
class Page:
    """What a home shows of its goal: the issue's title, and the lines of our section, plain text without markup."""

    title: str
    lines: Raw


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Bring one home to ``after``, as far as it still shows ``before``; None: nothing of ours stands there yet."""

    address: Address
    before: Page | None
    after: Page


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The outcome: ``kept`` names what a person changed or took out (``title``, ``section``) and that stays so."""

    fate: Fate
    kept: Raw = ()
    reason: str = ""
    advice: str = ""
    unseen: bool = False
    """Whether there was no issue to be seen: it may be deleted, or hidden from us (L6)."""


class Means(StrEnum):
    """How work hangs below its goal's home."""

    PARENT = "parent"
    LINK = "link"
    """By a link between issues, where the tracker's hierarchy allows no parent."""


@dataclass(frozen=True, slots=True)
class Attached:
    """The outcome of hanging an issue below another or of taking it off: ``issue`` as read back."""

    fate: Fate
    means: Means = Means.PARENT
    issue: Issue | None = None
    reason: str = ""
    advice: str = ""
    full: bool = False
    """Whether the parent takes no more children."""


@dataclass(frozen=True, slots=True)
class Home:
    """Which goals have a home and where: those of ``sources``, in one place of one tracker."""

    tracker: str
    place: str
    type: str = ""
    """The name of a type of issue; empty: the tracker's usual one."""
    attach: bool = True
    """Whether linked issues without a parent are hung below their goal's home."""
    sources: frozenset[str] = frozenset()


class Errand(StrEnum):
    """What is done about a home."""

    CREATE = "create"
    REWRITE = "rewrite"
    ATTACH = "attach"
    DETACH = "detach"


@dataclass(frozen=True, slots=True)
class KeepHome:
    """One thing to be done about a goal's home: what ``plan`` shows and a run carries out (L12)."""

    tracker: str
    goal: int
    errand: Errand
    key: str
    """The issue that is created, rewritten, attached or detached; for one that is not there yet, its place."""
    text: str


def draft_id(goal: Goal, number: int = 1) -> str:
    """Return the mark of a goal's home: its oldest known key, so that a lost database finds the home again."""
    mark = f"home/{fold((goal.was or (goal.key,))[0])}"
    return mark if number == 1 else f"{mark}/{number}"


def page_of(goal: Goal, goals: Mapping[str, Goal], *, public: bool, told: Callable[[str], str] = as_told) -> Page:
    """Return what a goal's home shows; where strangers read, a private goal is its key alone (L9).

    ``told`` takes out what they may not read of other goals, where a text quotes it.
    """
    if public and goal.private:
        return Page(goal.key, (goal.key, KEPT))
    title = told(one_line(goal.title, _TITLE))
    lines = [*_lines(goal, goals, title, public=public)][: _LINES - 1]
    return Page(f"{goal.key}: {title}", (*map(told, lines), KEPT))


def _lines(goal: Goal, goals: Mapping[str, Goal], title: str, *, public: bool) -> Iterator[str]:
    yield f"{goal.key}: {title}"
    facts = (("Priority", goal.priority), ("Period", goal.period), ("Owner", "" if public else goal.owner))
    named = [f"{name}: {one_line(value, 80)}" for name, value in facts if value]
    yield " · ".join([f"Status: {goal.status}", *named])
    if (above := parent_of(goal, goals)) is not None:
        yield f"Part of: {above.key}" if public and above.private else f"Part of: {above.key} {one_line(above.title)}"
    for paragraph in goal.description.strip().split("\n"):
        if line := one_line(paragraph, _LINE):
            yield line
    for outcome in goal.outcomes:
        yield _outcome(outcome)


def _outcome(outcome: Outcome) -> str:
    def shown(value: float | None) -> str:
        return "?" if value is None else repr(value).removesuffix(".0")

    values = " → ".join(map(shown, (outcome.baseline, outcome.current, outcome.target)))
    return f"Outcome: {one_line(outcome.metric, 120)}: {values} {one_line(outcome.unit, 20)}".rstrip()


def parents_first(goals: Sequence[tuple[int, Goal]]) -> list[tuple[int, Goal]]:
    """Return goals in an order in which a goal's parent comes before it; a circle is taken where it begins."""
    by_name = {fold(goal.key): (number, goal) for number, goal in goals}
    found: dict[int, Goal] = {}

    def add(number: int, goal: Goal, below: frozenset[int]) -> None:
        above = by_name.get(fold(goal.parent)) if goal.parent else None
        if above is not None and above[0] not in found and above[0] not in below:
            add(*above, below | {number})
        found.setdefault(number, goal)

    for number, goal in goals:
        add(number, goal, frozenset({number}))
    return list(found.items())
