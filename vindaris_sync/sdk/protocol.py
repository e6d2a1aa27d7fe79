"""The connector protocol: what the engine may ask of a tracker. The engine asks capabilities, never kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Flag, StrEnum, auto
from random import Random
from time import sleep
from typing import Protocol, runtime_checkable

from requests.adapters import BaseAdapter

from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import (
    Address,
    CensusPage,
    Finding,
    Issue,
    Layout,
    Page,
    Seen,
    Surface,
    Write,
    Written,
)
from vindaris_sync.sdk.clock import ServerClock
from vindaris_sync.sdk.conduct import Conduct
from vindaris_sync.sdk.governor import Governors


class Capability(Flag):
    """What a connector declares that its tracker can do."""

    INCREMENTAL = auto()
    CENSUS = auto()
    CUSTOM_FIELD = auto()
    LABELS = auto()
    BULK_WRITE = auto()
    CREATE = auto()
    WEBHOOKS = auto()
    GOALS = auto()
    HIERARCHY = auto()
    PUBLISH = auto()
    """It has menus of goals to be kept: ``publishing.Publisher``."""
    HOME = auto()
    """Goals can be issues there, kept by us: ``homes.Homing``."""
    WORK_ITEMS = auto()
    """A source of goals over it keeps links to issues, which we can make: ``work_items.LinksWorkItems``."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connector takes from outside itself, injected so that one seed is one history.

    ``now`` returns aware UTC; ``sleep`` takes seconds and may be interrupted by raising; ``adapter`` replaces the
    network (None: real sockets); ``in_flight`` is how many exchanges may be under way at once per credential;
    ``clock`` is told the ``Date`` of every answer, ``conduct`` is asked before every request (``exchange.Policy`` does
    both); ``governors`` are shared by all that send requests with the same credential.
    """

    now: Callable[[], datetime] = _now
    sleep: Callable[[float], None] = sleep
    random: Random = field(default_factory=Random)
    adapter: BaseAdapter | None = None
    in_flight: int = 4
    clock: ServerClock = field(default_factory=ServerClock)
    conduct: Conduct = field(default_factory=Conduct)
    governors: Governors = field(default_factory=Governors)


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that a surface of an issue showed when it was last agreed on, at the tracker's instant ``agreed``."""

    address: Address
    surface: Surface
    value: str
    agreed: datetime


class Loss(StrEnum):
    """How a value went that an issue shows no more."""

    TAKEN_OFF = "taken off"
    MOVED = "lost on a way to another place"
    UNDEFINED = "lost with its definition"


@runtime_checkable
class Connector(Protocol):
    """One configured tracker. Every method may raise ``Transient`` or ``TrackerUnusable``; nothing else escapes.

    Calls come from one thread at a time; a connector may use threads of its own to fetch bytes.
    """

    name: str
    capabilities: Capability

    def scopes(self) -> Sequence[str]:
        """Return the names under which cursors are kept: repositories, or a hash of the Jira scope."""
        ...

    def layout(self) -> Layout:
        """Return the managed surfaces with their immutable ids, resolved once per process and on ``check``."""
        ...

    def check(self) -> list[Finding]:
        """Look at credentials, permissions, fields, screens, label limits and the clock; change nothing."""
        ...

    def pull(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Yield created and changed issues at least once, of each scope oldest first, from its cursor less the overlap.

        A scope without a cursor is read in full. Pages of different scopes may interleave; recording a page and then
        its cursor loses nothing. An unchanged scope may yield no page. Closing the iterator stops the requests.
        """
        ...

    def recall(self, cursors: Mapping[str, str]) -> Mapping[str, str]:
        """Take up what ``cursors`` tell of the scopes themselves, and return that alone: no request, no error.

        Asked when the connector is made, and before everything is read again: a pull from what is returned reads each
        scope in full, and as what it was, also where its name means another one by now. Where names cannot change
        hands, nothing.
        """
        ...

    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Yield exactly one answer per address, read directly (not from a search index), batched; never a guess."""
        ...

    def defined(self, place: str, surface: Surface, values: Sequence[str]) -> Mapping[str, datetime | None]:
        """Return those of ``values`` (raw, without prefix) that can still be shown on ``surface`` in ``place``.

        With each, since when its label or option exists, where the tracker tells: one that was deleted and made again
        is younger than what it stood on before.

        A label or option deleted in the settings vanishes from all issues without anybody having edited one (R2).
        Where the tracker has no definitions (Jira's labels), all of them.
        """
        ...

    def losses(self, missing: Sequence[Missing]) -> Mapping[Missing, Loss]:
        """Return how each went since then, as far as the issues' histories tell.

        A definition that was deleted leaves issues empty and no trace there, also where it was made anew since; what
        was taken off was so, whatever became of the definition; and what a move took is lost in the former place, too,
        when the issue has come back (R2).
        """
        ...

    def census(self, scope: str, position: str = "") -> Iterator[CensusPage]:
        """Yield every id of ``scope``, in batches, cheaply, from ``position`` on (empty: from the beginning).

        What is there throughout is named at least once, also where another connector goes on from a page's position
        hours later; a position that the tracker takes no more begins anew. Raises ``TrackerUnusable`` where the census
        cannot be whole: half of one proves no absence (L6).
        """
        ...

    def in_scope(self, issues: Sequence[Issue]) -> frozenset[str]:
        """Return the ids of those of ``issues``, as just read directly, that the scopes show now; asked in batches.

        An issue that can be read and is not among them has left what is tracked: moved away, or archived.
        """
        ...

    def write(self, writes: Sequence[Write]) -> Iterator[Written]:
        """Yield one outcome per write. Only managed surfaces are touched.

        Reads before (expected values) and after (read back) are batched. A request that may have been applied is
        never repeated blindly. Duplicate values, order and foreign labels are left alone.
        """
        ...

    def create(self, draft: Draft) -> Issue:
        """Create the drafted issue once: a second call with the same draft id returns the first call's issue."""
        ...

    def close(self) -> None:
        """Release sessions and threads; idempotent."""
        ...


OVERLAP = timedelta(minutes=5)
"""How far before its cursor a pull starts: Jira's search index lags by seconds to minutes (Atlassian, search docs)."""

LATEST = timedelta(hours=1)
"""Beyond it no list is late: one that shows less than was read longer ago shows what is."""
