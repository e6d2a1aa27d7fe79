"""A small company: two memory trackers, goals in a list, and the engine on a real store that may die at any moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from tests.blank import blank
from tests.properties.lightning import Lightning
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.faults import Call
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import Clock, MemoryTracker
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Plan
from vindaris_sync.domain.goals import Goal, fold, problems
from vindaris_sync.domain.models import Address, Exemption, Explicit, Issue, IssueRef, Presence
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.domain.rules import Stated
from vindaris_sync.engine.compare import compare
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import Round, run_round
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.goals import GoalsRead
from vindaris_sync.sdk.settings import ParentReference, WriteBackSettings
from vindaris_sync.store.lookup import Event
from vindaris_sync.store.store import Store

T = TypeVar("T")
NO_GOAL, REVIEW, PREFIX, MIRROR = "no-goal", "goal-review", "goal:", "prio:"
EXEMPT_DAYS = 1
SURFACES = {"east": ("field:Goal", "label"), "west": ("label",)}
"""``east`` shows one goal in a field and a label, ``west`` several in labels."""
IGNORED_TYPE = "Meeting"
MUST_TYPE = "Epic"
"""The type that must carry a link itself."""
NAMING = ParentReference(tracker="east", places=("APP", "OPS"))
"""In ``west`` a title may begin with the key of a parent in ``east``."""
EVERYWHERE = tuple(str(presence) for presence in Presence)


@dataclass(slots=True)
class GoalList:
    """A source of goals that states what it is told to."""

    goals: tuple[Goal, ...]

    def read(self) -> GoalsRead:
        """Return the goals; a list that the product would refuse is a mistake of the test."""
        assert not problems(self.goals)
        return GoalsRead(self.goals, "a list", repr(self.goals))


@dataclass(slots=True)
class Before:
    """What stood before the engine ran: what it may not touch, and what it may only add to."""

    foreign: dict[IssueRef, tuple[Any, ...]]
    history: tuple[Event, ...] = ()
    explicit: dict[IssueRef, frozenset[int]] = field(default_factory=dict)


class World:
    """The trackers, the goals, the store and the engine's context; ``clock`` moves only when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.lightning = Lightning()
        self.source = GoalList((Goal("A", "Grow"), Goal("B", "Be liked"), Goal("C", "Convert", parent="A")))
        self.names = {fold(goal.key): goal.key for goal in self.source.goals}
        """Every name a goal ever had, folded, to the key it was made with."""
        self.trackers = {
            name: MemoryTracker(name, clock=self.clock, field_name="Goal" if "field:Goal" in shown else "")
            for name, shown in SURFACES.items()
        }
        self.races: deque[Callable[[], None]] = deque()
        """What people do while the engine reads, one act per exchange."""
        self.path = folder / "store.db"
        self.path.write_bytes(blank())
        self._ids = iter(range(1, 10**9))
        self.rules: tuple[Stated, ...] = ()
        """The link rules as they are configured; they count from the next start on."""
        for tracker in self.trackers.values():
            tracker.faults.on_call.append(self._on_call)
        self.context = self._open(self.path)
        self._before = Before(self.foreign())

    # --- the engine ---------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The store as it is open now."""
        return self.context.store

    def _open(self, path: Path, *, writes: bool = True) -> Context:
        with self.lightning.watching():
            store = Store.open(f"sqlite:///{path}")
        connected = {}
        for name, tracker in self.trackers.items():
            back = WriteBackSettings(
                surfaces=SURFACES[name], exempt_days=EXEMPT_DAYS, several_goals=name == "west", label_limit=50,
                show_priority=f"label:{MIRROR}",
            )  # fmt: skip
            settings = MemorySettings(
                write_back=back, page_size=3, ignore_types=(IGNORED_TYPE,), must_link=(MUST_TYPE.upper(),),
                parent_reference=NAMING if name == "west" else None,
            )  # fmt: skip
            connected[name] = Tracker(name, "memory", settings, MemoryConnector.on(tracker, name, settings))
            store.put_tracker(name, "memory")
        teams = Teams.of([Team("All", tuple(f"{name}:*" for name in SURFACES), "log")])
        return Context(
            store,
            connected,
            self.source,
            teams,
            now=self.clock,
            new_id=lambda: UUID(int=next(self._ids)),
            writes=writes,
            link_rules=self.rules,
        )

    def _on_call(self, call: Call) -> None:
        if self.races and call.name != "set_field":  # what a field loses between reading and writing shows nowhere
            self.races.popleft()()
            self._before.foreign = self.foreign()
        self.lightning.point()

    def run(self, work: Callable[[], T]) -> T | None:
        """Let the engine do ``work``; None where it died of lightning and was started again.

        Whatever happened, foreign things stand as before (L4), and the history has only grown, by an entry for each
        change of a link (L10).
        """
        self._before.foreign = self.foreign()
        with self.lightning.over_commits():
            try:
                result = work()
            except BaseException:
                if not self.lightning.struck:
                    raise
                self.restart()
                result = None
        self.audit()
        return result

    def restart(self) -> None:
        """Start the engine again on what was committed."""
        self.lightning.clear()
        with suppress(Exception):
            self.store.close()
        self.context = self._open(self.path)

    def close(self) -> None:
        """Give everything up."""
        self.store.close()

    def round(self) -> Round | None:
        """Look at the goals and run one round."""
        return self.run(self._round)

    def _round(self) -> Round:
        refresh_goals(self.context)
        return run_round(self.context)

    def refresh(self) -> None:
        """Let the engine look at the goals; after a crash once more."""
        self.run(lambda: refresh_goals(self.context))
        self.run(lambda: refresh_goals(self.context))

    def look(self) -> None:
        """Read every known issue directly, as a census does with what it misses."""
        self.run(self._look)

    def _look(self) -> None:
        for name, tracker in self.context.trackers.items():
            wanted = [
                Address(name, record.ref.id, record.key)
                for record in self.records()
                if record.ref.tracker == name and record.presence not in (Presence.GONE, Presence.MOVED)
            ]
            with suppress(Transient):
                seen = list(tracker.connector.fetch(wanted))
                self.store.record_seen(name, seen, tracker.connector.layout().surfaces, self.clock())

    def night(self) -> None:
        """Compare everything with what the trackers say."""
        self.run(self._night)

    def _night(self) -> None:
        for name in self.trackers:
            compare(self.context, name)

    @contextmanager
    def rehearsal(self) -> Iterator[Context]:
        """Give a context for a dry run on a copy of the store."""
        copy = self.path.with_name("copy.db")
        copy.unlink(missing_ok=True)
        self.store.backup(copy)
        context = self._open(copy, writes=False)
        try:
            yield context
        finally:
            context.store.close()

    # --- what a person decides through us ---------------------------------------------------------------------------

    def decide(self, ref: IssueRef, decision: Callable[[Record, GoalBook, decisions.By], Plan]) -> None:
        """Let a person decide about an issue on the command line; after a crash once more."""
        for _ in range(2):
            if self.run(lambda: self._decide(ref, decision)):
                return

    def _decide(self, ref: IssueRef, decision: Callable[[Record, GoalBook, decisions.By], Plan]) -> bool:
        by = decisions.By("kim", "command line", "agreed in planning", self.clock())
        with self.store.transaction():
            record = self.record(ref)
            plan = decision(record, self.context.book(), by)
            self.store.apply(plan, "", self.clock())
            self.store.mark_due([record.id])
        return True

    def chain(self, record: Record) -> list[Record]:
        """Return the ancestors that the store knows, nearest first."""
        found: list[Record] = []
        while record.parent is not None and all(record.parent != one.id for one in found) and len(found) < 20:
            record = self.store.view_records([record.parent])[record.parent]
            found.append(record)
        return found

    # --- looking --------------------------------------------------------------------------------------------------

    def records(self) -> list[Record]:
        """Return everything that the store holds on every issue."""
        ids = [number for name in self.trackers for number in self.store.ids(name, EVERYWHERE).values()]
        return list(self.store.view_records(ids).values())

    def record(self, ref: IssueRef) -> Record:
        """Return what the store holds on one issue; ``KeyError`` where it holds nothing."""
        number = self.store.by_id(ref.tracker, [ref.id])[ref.id]
        return self.store.view_records([number])[number]

    def goal(self, name: str) -> int:
        """Return the number under which the store holds a goal, by any of its names."""
        return self.store.goal_book().by_key[fold(name)]

    def foreign(self) -> dict[IssueRef, tuple[Any, ...]]:
        """Return all that is not ours, on every issue."""
        return {
            record.issue.ref: self.foreign_of(record.issue)
            for tracker in self.trackers.values()
            for record in tracker.records()
        }

    def foreign_of(self, issue: Issue) -> tuple[Any, ...]:
        """Return all that is not ours on one issue: labels in their order, unknown keys under our prefix among them."""
        return (
            issue.key, issue.place, issue.type, issue.title, issue.status, issue.closed, issue.created, issue.parent,
            issue.author, tuple(label for label in issue.labels if not self._ours(label)),
        )  # fmt: skip

    def _ours(self, label: str) -> bool:
        folded = fold(label)
        return (
            folded in {NO_GOAL, REVIEW}
            or folded.startswith(MIRROR)
            or (folded.startswith(PREFIX) and folded[len(PREFIX) :] in self.names)
        )

    # --- laws that hold at every moment -------------------------------------------------------------------------------

    def audit(self) -> None:
        """Hold what the engine did to L4 and L10."""
        assert self.foreign() == self._before.foreign, "L4: something foreign was touched"
        history = tuple(reversed(self.store.history(limit=10**6)))
        past = self._before.history
        assert history[: len(past)] == past, "L10: the history was changed"
        told = {
            event.issue
            for event in history[len(past) :]
            if event.event in _LINK_EVENTS and event.who and event.how and event.why
        }
        explicit: dict[IssueRef, frozenset[int]] = {}
        for record in self.records():
            explicit[record.ref] = value(record.explicit)
            was = self._before.explicit.get(record.ref, frozenset())
            moved = any(event.issue == record.id and event.event == "moved" for event in history)
            assert value(record.explicit) == was or record.id in told or moved, "L10: a link changed without a word"
        self._before.history, self._before.explicit = history, explicit


_LINK_EVENTS = {"linked", "unlinked", "exempted", "exemption_expired", "confirmed"}
EXEMPT = frozenset({0})


def value(explicit: Explicit) -> frozenset[int]:
    """Return a link as a set of goals, an exemption as ``EXEMPT``."""
    return EXEMPT if isinstance(explicit, Exemption) else frozenset(link.goal for link in explicit)
