"""What a tracker says (observed state) and what we hold about it (desired state), as frozen values.

All instants are aware and in UTC. Strings from trackers are kept as they came, less lone surrogates and NUL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Raw = tuple[str, ...]
"""The raw values a surface shows, in the tracker's spelling; empty where it shows none."""


@dataclass(frozen=True, slots=True, order=True)
class IssueRef:
    """An issue's identity: the configured tracker's name and the tracker's immutable id. Keys change, this never."""

    tracker: str
    id: str

    def __str__(self) -> str:
        return f"{self.tracker}:{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where to look for an issue: its immutable id where it is known, and the last key it was seen under.

    At least one of the two is not empty. A GitHub parent, for instance, is known by its key alone.
    """

    tracker: str
    id: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """What a tracker says now about one issue (the observed state)."""

    ref: IssueRef
    key: str
    """The human key, ``APP-12`` or ``acme/web#12``; it may change."""
    place: str
    """The project key or ``owner/repository`` it is in."""
    type: str
    title: str
    url: str
    status: str
    closed: bool
    created: datetime
    updated: datetime
    """The tracker's own stamp of the last change."""
    parent: Address | None = None
    labels: Raw = ()
    fields: Mapping[str, Raw] = field(default_factory=dict)
    """The managed fields' raw values by surface key (``field:ID``); a field that does not work here is absent."""
    author: str = ""
    assignee: str = ""
    pull_request: bool = False
    components: Raw = ()
    """The names of its parts of the product, where the tracker knows such."""
    milestone: str = ""
    """The title of its milestone, where the tracker knows such; empty where it has none."""
    milestone_id: str = ""
    """The immutable id of that milestone."""
    declined: bool = False
    """Whether it was closed without being done, as the tracker says."""
    estimate: float | None = None
    """How much work it is, in the tracker's configured unit; None: not estimated, or estimates are not read."""
    called: str = field(default="", compare=False)
    """What the configuration calls its place, which may be renamed (L8); empty where the connector cannot tell."""


class SurfaceKind(StrEnum):
    """What a surface is for. Goal surfaces are ``FIELD`` and ``LABEL``."""

    FIELD = "field"
    LABEL = "label"
    EXEMPT = "exempt"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Surface:
    """One thing we manage on an issue, keyed by an immutable identity.

    ``id`` is the field's id, the label prefix, or the label's whole name. A ``single`` surface holds one value. One
    that ``mirrors`` a goal's ``priority`` or ``status`` in place of its key is written, and never adopted.
    """

    kind: SurfaceKind
    id: str
    single: bool = False
    mirrors: str = ""
    key: str = field(init=False, repr=False)
    """``kind:id``; what bases, observations and writes are filed under."""
    shows_goals: bool = field(init=False, repr=False)
    """Whether goal keys stand on it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.kind}:{self.id}")
        shows_goals = self.kind in (SurfaceKind.FIELD, SurfaceKind.LABEL) and not self.mirrors
        object.__setattr__(self, "shows_goals", shows_goals)


@dataclass(frozen=True, slots=True)
class Layout:
    """The surfaces of one tracker: goal surfaces first, then the exempt and the review label.

    ``broken`` are surface keys whose definition (field, label prefix) does not exist or cannot be read at present:
    what is absent there was not taken away by anybody (R2).
    """

    surfaces: tuple[Surface, ...]
    broken: frozenset[str] = frozenset()
    several_goals: bool = False
    """Whether an issue may serve several goals; where not, one key added beside the old one replaces it (R3)."""
    steady: bool = False
    """Whether an issue keeps all it shows as long as it has its id (GitHub); else a move may empty a surface (R2)."""
    values: tuple[Surface, ...] = field(init=False, compare=False, repr=False)
    """The surfaces that show what an issue is linked to: goal surfaces and the exempt label."""
    review: Surface | None = field(init=False, compare=False, repr=False)
    """The review label."""
    mirrors: tuple[Surface, ...] = field(init=False, compare=False, repr=False)
    """The surfaces that are written and never read as a decision."""

    def __post_init__(self) -> None:
        mirrors = tuple(surface for surface in self.surfaces if surface.mirrors)
        reviews = [surface for surface in self.surfaces if surface.kind is SurfaceKind.REVIEW]
        values = tuple(surface for surface in self.surfaces if surface not in (*mirrors, *reviews))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "review", reviews[0] if reviews else None)
        object.__setattr__(self, "mirrors", mirrors)


def observe(issue: Issue, surfaces: tuple[Surface, ...]) -> dict[str, Raw]:
    """Return what each surface shows on ``issue``: raw goal keys without prefix, or the label itself, sorted.

    A field surface that does not work on this issue has no entry. Labels are matched casefolded and kept as spelled.
    """
    seen: dict[str, Raw] = {}
    for surface in surfaces:
        if surface.kind is SurfaceKind.FIELD:
            if surface.key in issue.fields:
                seen[surface.key] = issue.fields[surface.key]
        elif surface.kind is SurfaceKind.LABEL:
            size, prefix = len(surface.id), surface.id.casefold()
            seen[surface.key] = tuple(
                sorted(label[size:] for label in issue.labels if label[:size].casefold() == prefix and label[size:])
            )
        else:
            name = surface.id.casefold()
            seen[surface.key] = tuple(label for label in issue.labels if label.casefold() == name)
    return seen


@dataclass(frozen=True, slots=True)
class Traits:
    """What link rules look at beside an issue's place and type, folded as keys are."""

    labels: frozenset[str] = frozenset()
    """Without the labels that are surfaces."""
    components: frozenset[str] = frozenset()
    milestone: str = ""
    milestone_id: str = ""


NO_TRAITS = Traits()


# --- what a connector reports -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Present:
    """The issue is where the address says."""

    address: Address
    issue: Issue


@dataclass(frozen=True, slots=True)
class Moved:
    """The issue is reached under another key (Jira move, GitHub transfer or rename); its id may be a new one."""

    address: Address
    issue: Issue


@dataclass(frozen=True, slots=True)
class Gone:
    """The tracker says that the issue exists no more."""

    address: Address
    reason: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """The issue cannot be seen: permission, archive, or the tracker does not tell these from deletion."""

    address: Address
    reason: str


Seen = Present | Moved | Gone | Hidden


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item of a page that could not be mapped; it is set aside (quarantine) and the page's others are kept."""

    id: str
    """The item's immutable id, or what stands for it, never empty."""
    key: str
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A batch of a pull. Storing ``cursor`` for ``scope`` once the page is recorded loses nothing (L7)."""

    scope: str
    issues: tuple[Issue, ...]
    cursor: str
    """Opaque to all but the connector that made it."""
    rejected: tuple[Rejected, ...] = ()
    skipped: int = 0
    """Items left out on purpose, pull requests that are not tracked for instance."""
    complete: bool = False
    """Whether this is the last page of its scope in this pull."""
    remarks: tuple[Finding, ...] = ()
    """What a person should know of the scope, and is told once: that its name means another one now."""


@dataclass(frozen=True, slots=True)
class CensusPage:
    """A batch of a census: issues that ``scope`` shows, by id and present key."""

    scope: str
    addresses: tuple[Address, ...]
    position: str = ""
    """Where the census of the scope goes on, opaque to all but the connector; empty: this was its last page."""
    called: Mapping[str, str] = field(default_factory=dict)
    """What the configuration calls the scope's places, as an ``Issue`` says it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to add to and take off one surface, in raw values without prefix; removal uses the spelling observed."""

    surface: Surface
    add: Raw = ()
    remove: Raw = ()


@dataclass(frozen=True, slots=True)
class Write:
    """Changes to one issue's surfaces, valid only while each touched surface still shows what was ``expected``."""

    address: Address
    changes: tuple[Change, ...]
    expected: Mapping[str, Raw]


@dataclass(frozen=True, slots=True)
class Done:
    """The changes are on the issue, as read back; or they were, and somebody has changed that since."""

    write: Write
    issue: Issue
    undone: Mapping[str, datetime] = field(default_factory=dict)
    """Surfaces, by key, that do not show their changes any more, and when the tracker had made those."""


@dataclass(frozen=True, slots=True)
class Stale:
    """Nothing was written: a touched surface no longer shows what was expected. ``issue`` is what it shows now."""

    write: Write
    issue: Issue


@dataclass(frozen=True, slots=True)
class Refused:
    """The tracker will not take this until something is changed there: permission, screen, option, limit, archive.

    ``surface`` is the key of the surface at fault, ``advice`` one line that tells the fix.
    """

    write: Write
    surface: str
    reason: str
    advice: str = ""
    place_wide: bool = True
    """Whether every issue of the place is refused alike, so that others need not be tried."""
    issue: Issue | None = None
    """The issue as read back, where earlier changes of the same write may have been applied."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It is not known whether it was written, or it was not for a passing reason; the next pass finds out."""

    write: Write
    reason: str
    undone: bool = False
    """The tracker took it, and the issue did not show it when it was read back: somebody was faster than that."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """A person's edit came between our read and our write; theirs was put back and both sides now differ (R5)."""

    write: Write
    issue: Issue


Written = Done | Stale | Refused | Failed | Overridden


class Level(StrEnum):
    """How much a finding of a preflight matters."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a preflight: what was looked at, what was found, and the fix in one line."""

    level: Level
    subject: str
    message: str
    fix: str = ""


# --- what we hold -------------------------------------------------------------------------------------------------


class LinkState(StrEnum):
    """The one state every tracked open issue is in (L1)."""

    LINKED = "linked"
    INHERITED = "inherited"
    EXEMPT = "exempt"
    UNLINKED = "unlinked"


class Provenance(StrEnum):
    """How a link came to be."""

    BORN = "born"
    ADOPTED = "adopted"
    CHOSEN = "chosen"
    ACCEPTED = "accepted"
    RULE = "rule"
    GOAL = "goal"
    """The issue is the goal itself (R6)."""


class Presence(StrEnum):
    """Whether the issue is there; the kinds of absence are different things (L6).

    ``CONTEXT`` issues are out of scope and known only because a tracked issue hangs on them.
    """

    PRESENT = "present"
    CONTEXT = "context"
    OUT_OF_SCOPE = "out_of_scope"
    HIDDEN = "hidden"
    GONE = "gone"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Link:
    """An issue's explicit link to a goal (by the goal's internal id) and how it was last confirmed.

    ``fingerprint`` and ``revision`` are of the goal's contents that the link was confirmed against (R11).
    """

    goal: int
    provenance: Provenance
    who: str
    at: datetime
    revision: int
    fingerprint: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Exemption:
    """A statement that this is not goal work: why, who said so, since when and until when (``None``: without end)."""

    reason: str
    author: str
    at: datetime
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Base:
    """What a surface last agreed on, where, and the tracker's stamp of that moment (R1)."""

    value: Raw
    place: str
    type: str
    updated: datetime
    unknown: Raw = ()
    """Those of ``value`` that named no goal then: should they name one later, that is news (R3)."""
    sent: tuple[Raw, ...] = ()
    """What we have since tried to make it show, as far as nobody knows what became of that: it is ours, if it shows."""


Explicit = tuple[Link, ...] | Exemption
"""The desired state S: links (none: the empty tuple) or an exemption, never both."""
