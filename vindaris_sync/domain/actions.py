"""What ``decide`` returns: actions as data. The store applies all but ``WriteBack``, which a connector carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vindaris_sync.domain.homes import KeepHome
from vindaris_sync.domain.menus import Publish
from vindaris_sync.domain.models import Base, Explicit, Link, LinkState, Raw, Surface
from vindaris_sync.domain.records import Answer, Cause, CauseKey, Conflict, ParentBasis, Stood
from vindaris_sync.domain.work_items import LinkItem


@dataclass(frozen=True, slots=True)
class SetExplicit:
    """Let S be ``explicit``; ``how`` and ``why`` go into the history, ``event`` names what happened there.

    ``before`` and ``after`` are goal keys (or ``no-goal``) for people.
    """

    issue: int
    explicit: Explicit
    event: str
    who: str
    how: str
    why: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    by_machine: bool = False


@dataclass(frozen=True, slots=True)
class SetBases:
    """Both sides agree on these surfaces: record what they agreed on."""

    issue: int
    bases: Mapping[str, Base]


@dataclass(frozen=True, slots=True)
class SetConflict:
    """Remember that both sides differ, or (None) that they differ no more."""

    issue: int
    conflict: Conflict | None


@dataclass(frozen=True, slots=True)
class SetState:
    """The issue's link state, carrier and effective goals (L1); ``tracked`` False: it has no state and no review."""

    issue: int
    state: LinkState
    carrier: int | None
    goals: tuple[int, ...]
    basis: ParentBasis | None
    tracked: bool
    parent_unknown: bool
    suspect: bool
    undecided_since: str
    timing: str | None = None
    """When the first effective link came: ``at_birth``, ``later``, ``unknown``; None while there was none."""
    rule: int | None = None
    """The rule that gives the link, where one does."""


@dataclass(frozen=True, slots=True)
class OpenCause:
    """A cause stands that was not asked before: the issue's review is open."""

    issue: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class CloseCause:
    """A cause was answered, or stands no more (``MOOT``)."""

    issue: int
    key: CauseKey
    answer: Answer
    who: str
    how: str


@dataclass(frozen=True, slots=True)
class Silence:
    """The cause would put the review label on more issues than ``label_limit``: it puts it on none (R9)."""

    issue: int
    key: CauseKey


def shown_after(before: Raw, add: Raw, remove: Raw) -> Raw:
    """Return what a surface that showed ``before`` shows after a change; spellings do not matter."""
    removed = {value.casefold() for value in remove}
    kept = tuple(value for value in before if value.casefold() not in removed)
    held = {value.casefold() for value in kept}
    return kept + tuple(value for value in add if value.casefold() not in held)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Bring a surface to what S or the review wants; valid only while it shows ``expected`` (raw values).

    ``causes`` and ``revisions`` go with putting the review label on: what it will stand for.
    """

    issue: int
    surface: Surface
    add: Raw
    remove: Raw
    expected: Raw
    causes: tuple[CauseKey, ...] = ()
    revisions: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StandFor:
    """A person put the review label on: it stands for all that is asked there now (R10)."""

    issue: int
    stood: Stood


@dataclass(frozen=True, slots=True)
class AskRule:
    """A cause stands at a link rule that was not asked before: the rule's review is open (R8)."""

    rule: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """A rule's cause was answered, or stands no more (``MOOT``)."""

    rule: int
    key: CauseKey
    answer: Answer
    who: str
    how: str


@dataclass(frozen=True, slots=True)
class ConfirmRule:
    """A person says that a rule still leads to the right goal: ``link`` is what it gives from now on."""

    rule: int
    link: Link
    who: str
    how: str
    why: str


@dataclass(frozen=True, slots=True)
class AskGoal:
    """A cause stands at a goal that was not asked before: the goal's review is open (R8)."""

    goal: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class AnswerGoal:
    """A goal's cause was answered, or stands no more (``MOOT``)."""

    goal: int
    key: CauseKey
    answer: Answer
    who: str
    how: str


@dataclass(frozen=True, slots=True)
class CreateWork:
    """Create work that a goal requires, once; ``parent`` is another item's id, or an issue's key."""

    goal: int
    item: str
    tracker: str
    place: str
    type: str
    title: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmGoal:
    """A person says that what hangs below the issue that is the goal is still right, at this revision of the goal."""

    issue: int
    goal: int
    revision: int
    who: str
    how: str
    why: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Look at the issue again at ``at`` (None: only when something changes)."""

    issue: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Announce:
    """The list behind a chat subject changes at ``due``: the place's team hears of ``kind`` (a reason), and goal id."""

    tracker: str
    place: str
    kind: str
    goal: str
    due: datetime


@dataclass(frozen=True, slots=True)
class NeedsRead:
    """The issue cannot be decided before it was read directly."""

    issue: int


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do, and why; counted in the report."""

    issue: int
    reason: str


Action = (
    SetExplicit
    | SetBases
    | SetConflict
    | SetState
    | OpenCause
    | CloseCause
    | Silence
    | WriteBack
    | StandFor
    | AskRule
    | AnswerRule
    | ConfirmRule
    | AskGoal
    | AnswerGoal
    | CreateWork
    | Publish
    | KeepHome
    | LinkItem
    | ConfirmGoal
    | Wake
    | Announce
    | NeedsRead
    | Skip
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from one state of the store, closed over its own consequences (L12).

    ``decided`` are the issues that were looked at and need no further look until something changes.
    """

    actions: tuple[Action, ...]
    decided: tuple[int, ...]
    descend: tuple[int, ...] = ()
    """Issues whose children must be looked at again."""

    @property
    def writes(self) -> tuple[WriteBack, ...]:
        """The actions that change a tracker."""
        return tuple(action for action in self.actions if isinstance(action, WriteBack))

    @property
    def empty(self) -> bool:
        """Whether nothing would change anywhere."""
        return all(isinstance(action, Skip | NeedsRead) for action in self.actions)
