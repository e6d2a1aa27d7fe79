"""What the contract suite needs to know of a tracker: the truth, people's acts on it, and faults on the way to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, Flag, auto
from typing import Protocol

import pytest

from vindaris_sync.domain.models import (
    Address,
    Change,
    Gone,
    Hidden,
    Issue,
    Page,
    Raw,
    Rejected,
    Surface,
    SurfaceKind,
    Write,
    observe,
)
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.protocol import Connector
from vindaris_sync.sdk.webhooks import Delivery


class Ability(Flag):
    """What a kind of tracker has at all; a test that needs another one is skipped and says so."""

    FIELD = auto()
    """A managed field, and the connector under test is configured with it."""
    HIERARCHY = auto()
    MOVE = auto()
    """Moving keeps the id and changes the key (Jira)."""
    TRANSFER = auto()
    """Moving makes a new id that the old address leads to (GitHub)."""
    DELETE = auto()
    TELLS_DELETION = auto()
    """A deleted issue can be told from a hidden one."""
    HIDE = auto()
    PULL_REQUESTS = auto()
    LABEL_DEFINITIONS = auto()
    """Labels are defined in settings, and deleting one there takes it off every issue."""
    INDEX_LAG = auto()
    """Lists can be made to show the past."""
    SECRET = auto()
    """Our account has a token."""
    WEBHOOKS = auto()
    """It tells of changes by itself."""


class Fault(Enum):
    """What can go wrong with one exchange."""

    LIMIT_WITH_RETRY_AFTER = "a rate limit that says how long"
    LIMIT_WITHOUT_RETRY_AFTER = "a rate limit that does not say how long"
    SERVER_ERROR = "a 5xx before anything was done"
    LOST_ANSWER = "a 5xx after the request was applied"
    TRUNCATED = "a body that ends too early, with status 200"
    RESET = "a connection reset in the body"
    UNAUTHORIZED = "credentials refused"
    PAGE = "an HTML sign-in page with status 200"


class Truth(Protocol):
    """One tracker with two places or more and no issue yet. Ids are the immutable ids the connector reports.

    All acts happen at the tracker's present instant, which only ``advance`` moves. What the connector under test
    sleeps must advance it too, so that the suite never waits.
    """

    abilities: Ability
    faults: frozenset[Fault]
    places: Sequence[str]
    secret: str

    def advance(self, span: timedelta) -> None:
        """Let ``span`` pass."""
        ...

    def create(
        self, place: str, title: str, *, labels: Iterable[str] = (), parent: str = "", pull_request: bool = False
    ) -> str:
        """Create an issue and return its id; ``parent`` is an id."""
        ...

    def edit_title(self, id_: str, title: str, /) -> None:
        """Change the title."""
        ...

    def add_label(self, id_: str, label: str, /) -> None:
        """Put a label on."""
        ...

    def remove_label(self, id_: str, label: str, /) -> None:
        """Take a label off."""
        ...

    def set_field(self, id_: str, value: str | None, /) -> None:
        """Set or empty the managed field."""
        ...

    def set_parent(self, id_: str, parent: str | None, /) -> None:
        """Hang the issue under another one, or under none."""
        ...

    def close(self, id_: str, /) -> None:
        """Close the issue."""
        ...

    def decline(self, id_: str, /) -> None:
        """Close the issue and say that it will not be done."""
        ...

    def reopen(self, id_: str, /) -> None:
        """Open the issue again."""
        ...

    def move(self, id_: str, place: str, /) -> str:
        """Move or transfer the issue, whichever the tracker has; return its id afterwards."""
        ...

    def delete(self, id_: str, /) -> None:
        """Delete the issue."""
        ...

    def hide(self, id_: str, /) -> None:
        """Hide the issue from our account."""
        ...

    def show(self, id_: str, /) -> None:
        """Show it again."""
        ...

    def lag(self, span: timedelta, /) -> None:
        """Let lists and searches show the tracker as it was ``span`` ago."""
        ...

    def fail_next(self, fault: Fault, *, times: int = 1, writes_only: bool = False) -> None:
        """Let the next ``times`` exchanges fail, or the next that could change the tracker."""
        ...

    def heal(self) -> None:
        """Forget faults that have not happened yet."""
        ...

    def exchanges(self) -> int:
        """Return how many exchanges there were."""
        ...

    def write_exchanges(self) -> int:
        """Return how many exchanges there were that could change the tracker (a search by POST is none)."""
        ...

    def delete_label(self, label: str, /) -> None:
        """Delete a label's definition in the settings of the tracker or of each place."""
        ...

    def listen(self, secret: str, /) -> None:
        """Let the tracker send its events from now on, signed with ``secret``."""
        ...

    def events(self) -> list[Delivery]:
        """Return what was sent since the last call, oldest first."""
        ...

    def signed(self, body: bytes, /) -> Delivery:
        """Return ``body`` as the tracker would send it as news of an issue."""
        ...

    def visible(self) -> set[str]:
        """Return the ids of all issues our account can see, without pull requests."""
        ...

    def title(self, id_: str, /) -> str:
        """Return the title as people typed it."""
        ...

    def key(self, id_: str, /) -> str:
        """Return the present key."""
        ...

    def labels(self, id_: str, /) -> Sequence[str]:
        """Return the labels on the issue."""
        ...

    def field_value(self, id_: str, /) -> str | None:
        """Return the managed field's value."""
        ...


Connect = Callable[..., Connector]
"""``connect(**settings)``: a connector on the tracker; ``settings`` replace single settings of its kind."""


class Suite:
    """The fixtures of the contract; a subclass replaces ``tracker`` and ``connect``."""

    @pytest.fixture
    def tracker(self) -> Truth:
        """Return a fresh tracker."""
        raise NotImplementedError

    @pytest.fixture
    def connect(self, tracker: Truth) -> Connect:
        """Return how to connect to ``tracker``: all its places, all its surfaces, ``in_flight`` 1 or more."""
        raise NotImplementedError

    @pytest.fixture
    def connector(self, connect: Connect) -> Iterator[Connector]:
        """Return a connector with its default settings, closed at the end."""
        connector = connect()
        yield connector
        connector.close()


def need(tracker: Truth, *needs: Ability | Fault) -> None:
    """Skip the test, saying why, where the tracker lacks one of ``needs``."""
    for one in needs:
        has = one in tracker.abilities if isinstance(one, Ability) else one in tracker.faults
        if not has:
            pytest.skip(f"this tracker has no {one}")


def populate(tracker: Truth, count: int, *, every: timedelta = timedelta(minutes=1)) -> list[str]:
    """Create ``count`` issues in the first place, ``every`` so often, and return their ids.

    A minute apart, most of them lie outside the overlap: a cursor that ran ahead loses some.
    """
    ids = []
    for number in range(count):
        ids.append(tracker.create(tracker.places[0], f"issue {number}"))
        tracker.advance(every)
    return ids


@dataclass(slots=True)
class Pulled:
    """What a reader of pulls knows: the last state of each issue, and the cursors as recorded page by page."""

    issues: dict[str, Issue] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    skipped: int = 0
    times: Counter[str] = field(default_factory=Counter)

    def record(self, page: Page) -> None:
        """Take ``page`` in, then its cursor (L7)."""
        for issue in page.issues:
            self.issues[issue.ref.id] = issue
            self.times[issue.ref.id] += 1
        self.rejected += page.rejected
        self.skipped += page.skipped
        self.cursors[page.scope] = page.cursor

    def titles(self, among: Iterable[str]) -> dict[str, str]:
        """Return the known titles of the issues ``among``."""
        return {id_: self.issues[id_].title for id_ in among if id_ in self.issues}


def pull(
    connector: Connector,
    known: Pulled | None = None,
    *,
    stop_after: int | None = None,
    between: Callable[[], None] | None = None,
) -> Pulled:
    """Pull from ``known``'s cursors and record each page; ``stop_after`` closes the iterator after so many pages.

    ``between`` is called after the first page.
    """
    known = known or Pulled()
    pages = connector.pull(dict(known.cursors))
    try:
        for number, page in enumerate(pages, 1):
            known.record(page)
            if number == 1 and between is not None:
                between()
            if number == stop_after:
                break
    finally:
        close = getattr(pages, "close", None)
        if close is not None:
            close()
    return known


def pull_through(connector: Connector, known: Pulled | None = None, *, passes: int = 6) -> Pulled:
    """Pull as the daemon does: after a ``Transient`` another pass starts from the recorded cursors."""
    known = known or Pulled()
    for _ in range(passes):
        try:
            return pull(connector, known)
        except Transient:
            continue
    raise AssertionError(f"no pull came through in {passes} passes")


def census(connector: Connector) -> list[Address]:
    """Return all that the census of every scope names."""
    return [each for scope in connector.scopes() for page in connector.census(scope) for each in page.addresses]


def truth_titles(tracker: Truth) -> dict[str, str]:
    """Return the true title of each visible issue."""
    return {id_: tracker.title(id_) for id_ in tracker.visible()}


def address_of(connector: Connector, tracker: Truth, id_: str) -> Address:
    """Return the present address of an issue."""
    return Address(connector.name, id_, tracker.key(id_))


def fetch_one(connector: Connector, address: Address) -> Issue:
    """Return the issue at ``address``; fails where it is not to be seen."""
    (seen,) = connector.fetch([address])
    assert not isinstance(seen, (Gone, Hidden)), seen
    return seen.issue


def surface(connector: Connector, kind: SurfaceKind) -> Surface:
    """Return the connector's surface of ``kind``."""
    return next(one for one in connector.layout().surfaces if one.kind is kind)


def shown(connector: Connector, issue: Issue) -> Mapping[str, Raw]:
    """Return what the managed surfaces show on ``issue``."""
    return observe(issue, connector.layout().surfaces)


def write_of(connector: Connector, issue: Issue, on: Surface, *, add: Raw = (), remove: Raw = ()) -> Write:
    """Return a write of one change, expecting what ``issue`` shows."""
    address = Address(connector.name, issue.ref.id, issue.key)
    return Write(address, (Change(on, add, remove),), shown(connector, issue))
