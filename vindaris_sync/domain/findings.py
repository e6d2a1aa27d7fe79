"""Findings: everything that a nightly reconciliation report says, as values that survive JSON.

Output (share of linked work done) and outcome (current between baseline and target) stand side by side in a goal's
row and are never mixed into one number. Lists carry the true ``total`` even where only the first ``lines`` are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import pairwise

from vindaris_sync.domain.bursts import Burst
from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.goals import Outcome
from vindaris_sync.domain.leading import Birth, BirthRow, Effort, Measured, PriorityRow, added_up
from vindaris_sync.domain.text import is_high, priority_rank

SCHEMA = 1
"""Version of the JSON form; readers ignore fields they do not know and default those that are missing."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Tracked open issues by link state (L1).

    ``due`` are not decided yet; ``backlog`` are among ``unlinked``, ``by_rule`` among ``linked``.
    """

    linked: int = 0
    inherited: int = 0
    exempt: int = 0
    unlinked: int = 0
    due: int = 0
    backlog: int = 0
    by_rule: int = 0

    @property
    def total(self) -> int:
        """Open tracked issues in a decided state."""
        return self.linked + self.inherited + self.exempt + self.unlinked

    @property
    def share(self) -> float | None:
        """The part of open work that serves a goal, by itself or by its parents; ``None`` without open work."""
        return (self.linked + self.inherited) / self.total if self.total else None

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Slice:
    """Coverage of one team, tracker or place (``kind``)."""

    kind: str
    name: str
    coverage: Coverage
    budget: float | None = None
    """Of a team: the share of its open work that may be exempt; ``None``: nothing was agreed."""

    @property
    def exempt_share(self) -> float | None:
        """The part of open work that is exempt; ``None`` without open work."""
        return self.coverage.exempt / self.coverage.total if self.coverage.total else None

    @property
    def over_budget(self) -> bool:
        """Whether more is exempt than was agreed."""
        return self.budget is not None and (self.exempt_share or 0) > self.budget


@dataclass(frozen=True, slots=True)
class Work:
    """Output: issues on a goal. ``inherited`` are among both ``open`` and ``closed``."""

    open: int = 0
    closed: int = 0
    inherited: int = 0

    @property
    def total(self) -> int:
        """All issues on the goal."""
        return self.open + self.closed

    @property
    def done(self) -> float | None:
        """The share that is done; ``None`` without work."""
        return self.closed / self.total if self.total else None

    def __add__(self, other: Work) -> Work:
        return Work(self.open + other.open, self.closed + other.closed, self.inherited + other.inherited)


@dataclass(frozen=True, slots=True)
class GoalRow:
    """One goal with its own work, and its outcomes. Titles are rendered for the report's audience already."""

    key: str
    title: str
    status: str = "active"
    priority: str = ""
    period: str = ""
    owner: str = ""
    parent: str = ""
    """The parent's key; empty for a root."""
    depth: int = 0
    own: Work = Work()
    below: Work = Work()
    """Own work and that of all descendants; ``rolled_up`` fills it. An issue on several goals counts on each."""
    outcomes: tuple[Outcome, ...] = ()
    suspect: int = 0
    """Open issues on it whose link is suspect."""
    missing: bool = False
    """Whether its source no longer states it."""
    efforts: tuple[Effort, ...] = ()
    """Output by estimate, own and of all descendants, one for each unit; none where nothing is estimated."""
    nearby: int = 0
    """Open issues that serve no goal, in the places where its own work is."""
    finished: int = 0
    """Issues of its own that were finished in the week before the report."""
    birth: Birth = field(default_factory=Birth)
    """How the links of its own issues came to be."""
    series: tuple[Measured, ...] = ()
    """What its outcomes were measured at, of those that were measured more than once."""
    catch_all: bool = False
    """Whether so much of all open work is on it that being on it says nothing."""
    successor: str = ""
    """The key of the open goal that its open work goes to, where it is closed; empty: none was named."""

    @property
    def closed(self) -> bool:
        """Whether it is achieved or abandoned."""
        return self.status in ("achieved", "abandoned")

    @property
    def idle(self) -> bool:
        """Whether it should have work and has none, its descendants included; proposed goals may wait."""
        return self.status == "active" and self.below.total == 0


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One issue in a list: where, which goal it is about, since when, and what there is to say."""

    key: str
    title: str
    url: str = ""
    tracker: str = ""
    place: str = ""
    goal: str = ""
    since: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of issues: how many there are, and the first of them."""

    total: int = 0
    lines: tuple[IssueLine, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalChange:
    """What changed in a goal from the revision that ``links`` links were confirmed against to the one in force."""

    goal: str
    title: str
    since: int
    revision: int
    links: int
    changes: tuple[Changed, ...] = ()


@dataclass(frozen=True, slots=True)
class Ages:
    """How long things have been waiting, in counts."""

    day: int = 0
    week: int = 0
    month: int = 0
    older: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.day + self.week + self.month + self.older


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """Open reviews of one reason; ``oldest`` is when the longest waiting one opened."""

    reason: str
    open: int
    ages: Ages = Ages()
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews since the last report, and those open now. ``answers`` says how the closed ones were closed."""

    opened: int = 0
    closed: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)
    open: tuple[ReviewRow, ...] = ()

    @property
    def waiting(self) -> int:
        """Open reviews of all reasons."""
        return sum(row.open for row in self.open)


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One kind of difference between tracker and record: found, repaired, and why the rest was not."""

    kind: str
    tracker: str
    found: int
    repaired: int = 0
    explained: str = ""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """What the night could not look at, and why; ``issues`` is how many stand unseen, where that is known."""

    what: str
    why: str
    since: datetime | None = None
    issues: int | None = None


@dataclass(frozen=True, slots=True)
class TrackerRow:
    """One tracker since the last report. ``state`` is ``ok``, ``paused``, ``stopped``, ``held`` or ``loading``."""

    name: str
    kind: str
    state: str = "ok"
    issues: int = 0
    pulled: int = 0
    written: int = 0
    refused: int = 0
    requests: int = 0
    last_pull: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One earlier report in the trend."""

    at: datetime
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """An outcome's current value then and now."""

    goal: str
    metric: str
    unit: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Delta:
    """The change since the last report: ``share`` in points of 1, ``numbers`` by the names of ``figures``."""

    since: datetime
    share: float | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    goals_new: tuple[str, ...] = ()
    goals_gone: tuple[str, ...] = ()
    statuses: tuple[tuple[str, str, str], ...] = ()
    """(goal, status before, status now)."""
    outcomes: tuple[OutcomeChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """One reconciliation report. ``since`` is the last report's ``at``; instants are shown in ``timezone``."""

    at: datetime
    since: datetime | None = None
    timezone: str = "UTC"
    coverage: Coverage = Coverage()
    slices: tuple[Slice, ...] = ()
    goals: tuple[GoalRow, ...] = ()
    """Parents first, siblings in order: the tree."""
    birth: Birth = field(default_factory=Birth)
    unlinked: Listing = Listing()
    """Open work that serves no goal, backlog left out: the newest first."""
    closed_goal_work: Listing = Listing()
    suspect: Listing = Listing()
    """The oldest first."""
    suspect_ages: Ages = Ages()
    goal_changes: tuple[GoalChange, ...] = ()
    """What changed in the goals of suspect links, for each revision that links were confirmed against."""
    reviews: Reviews = Reviews()
    conflicts: Listing = Listing()
    unknown_goals: Listing = Listing()
    drift: tuple[DriftRow, ...] = ()
    quarantined: Listing = Listing()
    parent_unknown: int = 0
    not_checked: tuple[NotChecked, ...] = ()
    trackers: tuple[TrackerRow, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    """How often nothing was done, by reason."""
    change: Delta | None = None
    trend: tuple[Point, ...] = ()
    """Earlier reports, oldest first."""
    finished: int = 0
    """Tracked issues that were finished in the week before, whatever they serve."""
    priorities: tuple[PriorityRow, ...] = ()
    """Where the priorities say that work should be, and where it was; the most urgent first, work without goal last."""
    births: tuple[BirthRow, ...] = ()
    """How links came to be, by team, then by week, oldest first."""
    bursts: tuple[Burst, ...] = ()
    """Retrofit bursts of the last quarter of a year, oldest first."""
    exemptions: Listing = Listing()
    muted: Listing = Listing()
    """Open work that was exempted by itself, what is asked again soonest first."""
    parents: Listing = Listing()
    """Open work whose parent cannot be followed: it could not be read, is gone, or leads back in a circle."""
    dropped: Listing = Listing()
    """Work that goals require, closed without being done or deleted, about which nobody has answered yet."""

    @property
    def goals_without_work(self) -> tuple[GoalRow, ...]:
        """Active goals on which nothing was ever done, the highest priority first."""
        return tuple(sorted((goal for goal in self.goals if goal.idle), key=by_priority))


# --- what follows from them ---------------------------------------------------------------------------------------


def by_priority(goal: GoalRow) -> tuple[tuple[int, str], str]:
    """Return a sort key: the most urgent goal first, goals without a priority last, then by key."""
    return priority_rank(goal.priority), goal.key


def ages(since: Iterable[datetime], now: datetime) -> Ages:
    """Return how many have waited under a day, under a week, under 30 days, and longer."""
    waited = [now - each for each in since]
    bounds = [timedelta.min, timedelta(days=1), timedelta(days=7), timedelta(days=30), timedelta.max]
    return Ages(*(sum(low <= each < high for each in waited) for low, high in pairwise(bounds)))


def rolled_up(rows: Iterable[GoalRow]) -> tuple[GoalRow, ...]:
    """Return the goals as a tree, parents first, with ``depth`` and ``below`` filled; siblings keep their order.

    A goal whose parent is not among the rows is a root; so is, of goals in a circle, the first.
    """
    rows = tuple(rows)
    known = {row.key for row in rows}
    children: dict[str, list[GoalRow]] = {}
    for row in rows:
        children.setdefault(row.parent if row.parent in known else "", []).append(row)
    found: dict[str, GoalRow] = {}
    for start in (*children.get("", ()), *rows):
        _descend(start, children, found)
    return tuple(found.values())


def _descend(root: GoalRow, children: Mapping[str, list[GoalRow]], found: dict[str, GoalRow]) -> None:
    if root.key in found:
        return
    order: list[tuple[GoalRow, int]] = []
    waiting, seen = [(root, 0)], {root.key, *found}
    while waiting:
        row, depth = waiting.pop()
        order.append((row, depth))
        below = [child for child in children.get(row.key, ()) if child.key not in seen]
        seen.update(child.key for child in below)
        waiting += [(child, depth + 1) for child in reversed(below)]
    sums, efforts = {row.key: row.own for row, _ in order}, {row.key: row.efforts for row, _ in order}
    for row, depth in reversed(order):
        if depth:
            sums[row.parent] += sums[row.key]
            efforts[row.parent] = added_up((*efforts[row.parent], *efforts[row.key]))
    found.update(
        (row.key, replace(row, depth=depth, below=sums[row.key], efforts=efforts[row.key])) for row, depth in order
    )


def urgent_idle(findings: Findings) -> tuple[GoalRow, ...]:
    """Return the goals of high priority without work."""
    return tuple(goal for goal in findings.goals_without_work if is_high(goal.priority))
