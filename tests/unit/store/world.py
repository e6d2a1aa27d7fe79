"""What store tests are made of: issues, pages and plans in one invented tracker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.blank import blank_at
from vindaris_sync.domain.actions import Action, CloseCause, OpenCause, Plan, SetExplicit, SetState
from vindaris_sync.domain.models import (
    Address,
    Explicit,
    Issue,
    IssueRef,
    Link,
    LinkState,
    Page,
    Provenance,
    Raw,
    Surface,
    SurfaceKind,
)
from vindaris_sync.domain.records import Answer, Cause, CauseKey, Reason, Record
from vindaris_sync.store.store import Store

T = "web"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIELD = Surface(SurfaceKind.FIELD, "f1", single=True)
LABEL = Surface(SurfaceKind.LABEL, "goal:")
EXEMPT = Surface(SurfaceKind.EXEMPT, "no-goal")
REVIEW = Surface(SurfaceKind.REVIEW, "goal-review")
SURFACES = (FIELD, LABEL, EXEMPT, REVIEW)
UNLINKED = CauseKey(Reason.UNLINKED, "", "never")


def url(folder: Path) -> str:
    """Return the address of a store in ``folder``."""
    return f"sqlite:///{folder / 'store.db'}"


def fresh(folder: Path) -> Store:
    """Open an empty store in ``folder``."""
    return Store.open(blank_at(folder / "store.db"))


def issue(  # noqa: PLR0913 - every test names the few it is about
    number: int,
    *,
    at: int = 0,
    key: str | None = None,
    place: str = "acme/web",
    title: str = "A title",
    closed: bool = False,
    parent: Address | None = None,
    labels: Raw = (),
    fields: Mapping[str, Raw] | None = None,
    ext_id: str | None = None,
) -> Issue:
    """Return issue ``number`` as of ``at`` minutes after ``NOW``; created a day before ``NOW``."""
    return Issue(
        ref=IssueRef(T, ext_id or f"id{number}"),
        key=key or f"{place}#{number}",
        place=place,
        type="Bug",
        title=title,
        url=f"https://tracker.example/{number}",
        status="open",
        closed=closed,
        created=NOW - timedelta(days=1),
        updated=NOW + timedelta(minutes=at),
        parent=parent,
        labels=labels,
        fields=fields or {},
    )


def page(*issues: Issue, cursor: str = "c1", scope: str = "acme/web") -> Page:
    """Return a page."""
    return Page(scope, issues, cursor)


def put(store: Store, *issues: Issue, cursor: str = "c1") -> list[int]:
    """Record ``issues`` as a page and return their numbers, in order."""
    store.record_page(T, page(*issues, cursor=cursor), SURFACES, NOW)
    numbers = store.by_id(T, [each.ref.id for each in issues])
    return [numbers[each.ref.id] for each in issues]


def record_of(store: Store, number: int) -> Record:
    """Return one record."""
    with store.view() as view:
        return view.records([number])[number]


def due(store: Store) -> list[int]:
    """Return what is due."""
    with store.view() as view:
        return view.due()


def state(number: int, to: LinkState, *, goals: tuple[int, ...] = (), carrier: int | None = None) -> SetState:
    """Return the action that gives issue ``number`` a state."""
    return SetState(number, to, carrier, goals, None, True, False, False, "never")  # noqa: FBT003


def opened(number: int, key: CauseKey = UNLINKED, surface_at: datetime | None = None) -> OpenCause:
    """Return the action that opens a cause."""
    return OpenCause(number, Cause(key, NOW, surface_at))


def closed(number: int, key: CauseKey = UNLINKED, answer: Answer = Answer.MOOT) -> CloseCause:
    """Return the action that answers a cause."""
    return CloseCause(number, key, answer, "ann", "web")


def link(goal: int, *, primary: bool = True) -> Link:
    """Return a link made by hand."""
    return Link(goal, Provenance.CHOSEN, "ann", NOW, 1, "stamp", primary)


def explicit(number: int, value: Explicit, event: str = "linked") -> SetExplicit:
    """Return the action that sets S."""
    return SetExplicit(number, value, event, "ann", "cli", "because", (), ("G-1",))


def plan(*actions: Action, decided: Iterable[int] = ()) -> Plan:
    """Return a plan."""
    return Plan(actions, tuple(decided))


def decide_unlinked(store: Store, *numbers: int) -> None:
    """Decide that these issues have no goal, as a pass would."""
    actions = [action for each in numbers for action in (opened(each), state(each, LinkState.UNLINKED))]
    store.apply(plan(*actions, decided=numbers), "p0", NOW)
