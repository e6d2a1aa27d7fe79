"""What the store holds and a decision looks at: issues with their links, bases and reviews, goals, and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from vindaris_sync.domain.goals import MATERIAL, fold
from vindaris_sync.domain.models import (
    NO_TRAITS,
    Base,
    Exemption,
    Explicit,
    IssueRef,
    Layout,
    Link,
    LinkState,
    Presence,
    Raw,
    Traits,
)
from vindaris_sync.domain.rules import NO_RULES, RuleBook

if TYPE_CHECKING:
    from vindaris_sync.domain.reviews import Standing
    from vindaris_sync.domain.sides import Side


class Reason(StrEnum):
    """Why a link review is open (R7)."""

    UNLINKED = "unlinked"
    GOAL_CHANGED = "goal_changed"
    GOAL_CLOSED = "goal_closed"
    PARENT_CHANGED = "parent_changed"
    UNKNOWN_GOAL = "unknown_goal"
    CONFLICT = "conflict"
    REQUESTED = "requested"
    WORK_DROPPED = "work_dropped"
    """Asked at a goal: work that it requires was closed without being done, or deleted."""


DECISION_ONLY = frozenset({Reason.UNLINKED, Reason.CONFLICT})
"""Causes that a confirmation never answers (R7)."""


@dataclass(frozen=True, slots=True, order=True)
class CauseKey:
    """A cause's identity: an answer names it, and holds until it changes.

    ``subject`` is a goal's id for goal causes, an item's for dropped work, else empty; ``fingerprint`` says which
    change of it.
    """

    reason: Reason
    subject: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.reason}/{self.subject}/{self.fingerprint}"


class Answer(StrEnum):
    """How a cause was closed; ``ACKNOWLEDGED`` leaves it open and counted, without label (R10)."""

    CONFIRMED = "confirmed"
    DECIDED = "decided"
    MOOT = "moot"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of a review, as stored. ``surface_at`` None: backlog, never labelled or alerted one by one (R9)."""

    key: CauseKey
    opened: datetime
    surface_at: datetime | None
    labelled: bool = True
    """False where the cause would have labelled more issues than ``label_limit``."""
    answer: Answer | None = None
    detail: str = ""

    @property
    def open(self) -> bool:
        """Whether it still asks something."""
        return self.answer in (None, Answer.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Conflict:
    """What both sides showed when they were found to differ (R4): S as a value, T as raw values by surface."""

    explicit: str
    """``value_text`` of S."""
    observed: Mapping[str, Raw]


@dataclass(frozen=True, slots=True)
class Stood:
    """What a review label stands for since it was put on: these causes, at these revisions of the goals (R10)."""

    causes: frozenset[CauseKey] = frozenset()
    revisions: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParentBasis:
    """Under which parent the effective goals were last accepted (R7 ``parent_changed``)."""

    parent: int | None
    goals: tuple[int, ...]
    inherited: tuple[int, ...] = ()
    """What the chain above gave then; an explicit link equal to it is redundant."""


@dataclass(frozen=True, slots=True)
class Record:
    """All that the store holds on one issue and a decision looks at. ``id`` is the store's own number."""

    id: int
    ref: IssueRef
    key: str
    place: str
    type: str
    title: str
    closed: bool
    created: datetime
    updated: datetime
    presence: Presence
    parent: int | None
    """The parent's number where the store knows the parent."""
    parent_stated: bool
    """Whether the tracker names a parent, known to us or not."""
    observed: Mapping[str, Raw]
    verified: datetime | None
    """The tracker's stamp as of which ``observed`` was read directly; None: only from a list or an index."""
    undefined: frozenset[tuple[str, str]]
    """(surface key, casefolded value) whose definition no longer exists at this place: not taken away by anybody."""
    bases: Mapping[str, Base]
    explicit: Explicit
    by_machine: bool
    """Whether S was last changed by machine (expiry, rename): such a change yields to T (R3)."""
    conflict: Conflict | None
    state: LinkState | None
    """None until it is first decided."""
    carrier: int | None
    goals: tuple[int, ...]
    """Effective goals, the primary first."""
    basis: ParentBasis | None
    causes: tuple[Cause, ...]
    """Open, acknowledged and confirmed causes; those decided or moot are history."""
    label_stood: Stood
    """What the review label stood for when it was last put on."""
    backlog: bool
    tracked: bool = False
    parent_unknown: bool = False
    suspect: bool = False
    wake_at: datetime | None = None
    undecided_since: str = "never"
    """Fingerprint of the ``unlinked`` cause: ``never``, or what last took the link away."""
    refused: frozenset[str] = frozenset()
    """Surface keys refused for this issue alone."""
    author: str = ""
    timing: str | None = None
    """When the first effective link came: ``at_birth``, ``later`` or ``unknown``."""
    traits: Traits = NO_TRAITS
    rule: int | None = None
    """The rule that gives its effective link, where one does."""

    @property
    def present(self) -> bool:
        """Whether it is in scope and seen."""
        return self.presence is Presence.PRESENT

    @property
    def links(self) -> tuple[Link, ...]:
        """The explicit links; none where it is exempt."""
        return () if isinstance(self.explicit, Exemption) else self.explicit


@dataclass(frozen=True, slots=True)
class GoalFacts:
    """A goal as it is in force. ``stamps`` maps each revision to its fingerprint under today's material fields.

    Revisions joined by a minor edit share a stamp (R11).
    """

    id: int
    key: str
    title: str
    status: str
    revision: int
    stamps: Mapping[int, str]
    missing: bool = False
    material: tuple[str, ...] = MATERIAL
    """The fields whose change makes links suspect."""
    priority: str = ""
    """Its own, or the nearest ancestor's that has one; empty: none."""
    revised: datetime | None = None
    """When the revision in force was taken over, by our clock."""

    @property
    def closed(self) -> bool:
        """Whether it is achieved or abandoned."""
        return self.status in ("achieved", "abandoned")

    @property
    def stamp(self) -> str:
        """The fingerprint in force."""
        return self.stamps[self.revision]


@dataclass(frozen=True, slots=True)
class GoalBook:
    """All goals: by internal id, and by casefolded key or alias."""

    goals: Mapping[int, GoalFacts]
    by_key: Mapping[str, int]
    carried: Mapping[IssueRef, Link] = field(default_factory=dict)
    """What each issue that is a goal itself carries: a link to that goal (R6)."""
    keys: frozenset[str] = field(init=False, compare=False, repr=False)
    """The goals' present keys as they are spelled."""
    unmoved: dict[tuple[str, bool, Raw], Side] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What surfaces that show what was agreed on come to; most issues show one of few things."""
    asked: dict[tuple[int, int, str], tuple[Standing, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """What is asked about a goal, by the link's goal, revision and fingerprint; many links share them."""
    _found: dict[str, int | None] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", frozenset(goal.key for goal in self.goals.values()))

    def find(self, raw: str) -> int | None:
        """Return the goal that a raw value names: the whole value, or its first word (``G-1 Faster checkout``)."""
        if raw not in self._found:
            self._found[raw] = self._search(fold(raw))
        return self._found[raw]

    def _search(self, folded: str) -> int | None:
        found = self.by_key.get(folded)
        if found is None and " " in folded:
            found = self.by_key.get(folded.split(None, 1)[0])
        return found

    def confirmed(self, link: Link) -> GoalBook:
        """Return the book in which what hangs below the issue that is ``link``'s goal is confirmed as ``link`` says."""
        carried = {ref: link if each.goal == link.goal else each for ref, each in self.carried.items()}
        return GoalBook(self.goals, self.by_key, carried)

    def revisions_of(self, links: Iterable[Link], by: datetime | None = None) -> dict[int, int]:
        """Return the present revision of each goal that is linked to; the link's own where it came after ``by``."""
        goals = [(link, self.goals[link.goal]) for link in links]
        late = {goal.id for _, goal in goals if by is not None and goal.revised is not None and goal.revised > by}
        return {goal.id: link.revision if goal.id in late else goal.revision for link, goal in goals}

    def is_itself(self, ref: IssueRef, goal: int) -> bool:
        """Return whether the issue is that goal itself (R6)."""
        link = self.carried.get(ref)
        return link is not None and link.goal == goal

    def has_ended(self, ref: IssueRef) -> bool:
        """Return whether the issue is a goal itself that is achieved or abandoned."""
        link = self.carried.get(ref) if self.carried else None
        return link is not None and self.goals[link.goal].closed

    def suspect(self, link: Link) -> bool:
        """Return whether the goal's material contents differ from those that ``link`` was confirmed against."""
        goal = self.goals[link.goal]
        return goal.stamps.get(link.revision, link.fingerprint) != goal.stamp


@dataclass(frozen=True, slots=True)
class Policy:
    """How one tracker is treated; from its settings, its layout and what it refused."""

    layout: Layout
    grace: timedelta = timedelta(minutes=15)
    exempt_days: int = 90
    label_limit: int = 200
    write: bool = True
    ignore_types: frozenset[str] = frozenset()
    must_link: frozenset[str] = frozenset()
    """Folded names of the types that must carry a link themselves."""
    born_within: timedelta = timedelta(hours=24)
    """A link that existed within this time of the issue's creation counts as made at birth."""
    loaded: bool = True
    """Whether the first full pull has ended; nothing is surfaced before (R9)."""
    refused: frozenset[tuple[str, str]] = frozenset()
    """(place, surface key) that refuse writes."""
    aside: frozenset[int] = frozenset()
    """Issues that nothing is written to, since somebody keeps changing what we write (fault 59)."""
    verified: bool = True
    """Whether edits by absence were told from deleted definitions and counted (R2); else they wait for that."""
    repair: bool = False
    """Nightly: refused places are probed, and lost definitions are made anew."""
    shows: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """What issues may show of each goal, ``priority`` and ``status``; of a goal that is not here nothing is changed."""
    restored: bool = False
    """Whether S may be older than what the tracker shows: it yields, and a review label taken off answers nothing."""

    @property
    def stamp(self) -> str:
        """A text that changes with what every issue of the tracker must be decided anew for."""
        layout = self.layout
        surfaces = [(surface.key, surface.single, surface.mirrors) for surface in layout.surfaces]
        types = sorted(self.ignore_types), sorted(self.must_link)
        return repr((surfaces, sorted(layout.broken), layout.several_goals, *types, self.write))

    def must_carry(self, type_: str) -> bool:
        """Return whether an issue of this type must carry a link itself (R6)."""
        return bool(self.must_link) and fold(type_) in self.must_link


class View(Protocol):
    """A read-only view of one state of the store."""

    def records(self, ids: Iterable[int]) -> Mapping[int, Record]:
        """Return the records of ``ids``; unknown ids are left out."""
        ...

    def children(self, ids: Iterable[int]) -> Mapping[int, Sequence[int]]:
        """Return, per id, the numbers of the issues whose parent it is, in any presence."""
        ...

    def links_of(self, tracker: str) -> int:
        """Return how many explicit links the tracker's present issues hold (for the mass guard, R2)."""
        ...

    def labelled(self, key: CauseKey) -> int:
        """Return how many issues carry an open, surfaced cause of this group (R9)."""
        ...


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides beside the records: the goals, a policy per tracker, the instant, and the link rules."""

    goals: GoalBook
    policies: Mapping[str, Policy]
    now: datetime
    rules: RuleBook = NO_RULES

    def ignores(self, record: Record) -> bool:
        """Return whether the issue's type is not tracked; it never hides what is a goal itself (R6)."""
        policy = self.policies.get(record.ref.tracker)
        return policy is not None and record.type in policy.ignore_types and record.ref not in self.goals.carried

    def must_carry(self, record: Record) -> bool:
        """Return whether the issue's type must carry a link itself: it inherits nothing (R6)."""
        policy = self.policies.get(record.ref.tracker)
        return policy is not None and policy.must_carry(record.type) and record.ref not in self.goals.carried

    def passes_by(self, record: Record) -> bool:
        """Return whether questions about links above pass this issue by: it has no part in them (R8).

        Its type is not tracked, or inherits nothing and it carries nothing itself.
        """
        return self.ignores(record) or (self.must_carry(record) and not record.explicit)


def value_text(explicit: Explicit) -> str:
    """Return S as a comparable text: ``no-goal``, or the goal ids sorted, the primary marked."""
    if isinstance(explicit, Exemption):
        return "no-goal"
    return ",".join(
        f"{link.goal}{'*' if link.primary else ''}" for link in sorted(explicit, key=lambda link: link.goal)
    )
