"""What the engine works with; ``app`` builds one, tests build their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from uuid import UUID, uuid4

from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.homes import Home
from vindaris_sync.domain.lasting import CatchAll
from vindaris_sync.domain.materiality import EVERYTHING, Materiality
from vindaris_sync.domain.models import Layout
from vindaris_sync.domain.records import GoalBook, Policy, Situation
from vindaris_sync.domain.rules import Stated
from vindaris_sync.engine.candidates import Candidates
from vindaris_sync.engine.nudges import Nudges
from vindaris_sync.engine.progress import Progress
from vindaris_sync.engine.teams import Person, Teams
from vindaris_sync.sdk.clock import ServerClock
from vindaris_sync.sdk.conduct import Conduct
from vindaris_sync.sdk.goals import GoalSource, TrackerGoalSettings
from vindaris_sync.sdk.protocol import Connector
from vindaris_sync.sdk.settings import TrackerSettings
from vindaris_sync.store.store import Store

_NEVER = datetime.min.replace(tzinfo=UTC)


def shown_note(tracker: str) -> str:
    """Return under which note it is kept what the tracker's issues show of each goal."""
    return f"shown {tracker}"


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Tracker:
    """One configured tracker: its name, its settings, its connector, its clock as its answers show it, our conduct."""

    name: str
    kind: str
    settings: TrackerSettings
    connector: Connector
    clock: ServerClock = field(default_factory=ServerClock)
    conduct: Conduct = field(default_factory=Conduct)

    @property
    def ahead(self) -> timedelta:
        """By how much our clock is ahead of the tracker's, where the two contradict each other."""
        return self.clock.astray or timedelta()


@dataclass(frozen=True, slots=True)
class GoalRules:
    """Which goal edits count, and from when."""

    material: Materiality = EVERYTHING
    debounce: timedelta = timedelta(minutes=10)
    born_within: timedelta = timedelta(hours=24)
    catch_all: CatchAll = field(default_factory=CatchAll)
    """From when on a goal holds too much."""


@dataclass(frozen=True, slots=True)
class Context:
    """The engine's surroundings. Clock and ids are injected, so that one seed is one history."""

    store: Store
    trackers: Mapping[str, Tracker]
    source: GoalSource
    teams: Teams
    rules: GoalRules = GoalRules()
    now: Callable[[], datetime] = utc_now
    new_id: Callable[[], UUID] = uuid4
    link_rules: tuple[Stated, ...] = ()
    """The link rules as they are configured, in the order in which they are tried (R6)."""
    census: timedelta = timedelta(hours=6)
    """Time between the end of a census of a tracker and the beginning of the next."""
    home: Home | None = None
    """Where goals that no tracker states become issues; None: nowhere."""
    linked_sources: Mapping[str, TrackerGoalSettings] = field(default_factory=dict)
    """The sources of goals at which we link what is linked to their goals, by name."""
    people: Mapping[str, Person] = field(default_factory=dict)
    """Who owns goals and can be reached, by name, casefolded."""
    page: str = ""
    """The page's address as people reach it, without a slash at its end; empty: there is none for them."""
    writes: bool = True
    """False: nothing is ever written to a tracker (a dry run)."""
    progress: Progress = field(default_factory=Progress)
    nudges: Nudges = field(default_factory=Nudges)
    """What people and trackers ask to be looked at now, and not at the next pull."""
    locks: defaultdict[str, RLock] = field(default_factory=lambda: defaultdict(RLock))
    layouts: dict[str, Layout] = field(default_factory=dict)
    """The trackers that were reached, each with its surfaces; filled by their own passes alone (L11)."""
    candidates: Candidates = field(init=False)
    """Which goals unlinked issues may serve; read when it is first asked."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", Candidates(self.store))

    def owners(self) -> Teams:
        """Return the teams, which know every place that was seen, under its present name, too (L8)."""
        return self.teams.among(self.store.called())

    def unit_of(self, tracker: str) -> str:
        """Return in which unit the tracker's issues are estimated; empty where they are not."""
        return self.trackers[tracker].settings.estimate_unit if tracker in self.trackers else ""

    def lock(self, tracker: str) -> RLock:
        """Return the lock under which ``tracker``'s connector is called: one thread at a time."""
        return self.locks[tracker]

    def meet(self, name: str) -> Layout:
        """Ask the tracker for its surfaces, under its lock; from now on other passes may decide its issues, too.

        Raises as the connector does: nobody else's pass may depend on a tracker that was never reached.
        """
        self.layouts[name] = self.trackers[name].connector.layout()
        return self.layouts[name]

    def astray(self) -> timedelta | None:
        """Return by how much our clock is ahead of a tracker's, where that is too much to act by it."""
        return next((off for tracker in self.trackers.values() if (off := tracker.clock.astray) is not None), None)

    def time(self) -> datetime:
        """Return the present instant by our clock, or by the tracker's that contradicts it."""
        return self.now() - (self.astray() or timedelta())

    def waking(self) -> datetime:
        """Return up to which instant time alone makes something due: now; nothing while our clock is contradicted."""
        return self.now() if self.astray() is None else _NEVER

    def beat(self, tracker: str) -> None:
        """Say that work on ``tracker`` goes on; raises ``Interrupted`` where the daemon is to stop."""
        self.progress.beat(f"pull {tracker}")

    def book(self) -> GoalBook:
        """Return the goals in force."""
        return self.store.goal_book()

    def _policy(self, name: str, *, loaded: bool, restored: bool, repair: bool) -> Policy:
        """Return how ``name`` is treated now: its settings, its layout, and what it refused."""
        tracker = self.trackers[name]
        back = tracker.settings.write_back
        return Policy(
            layout=self.layouts.get(name) or self.meet(name),
            grace=tracker.settings.grace,
            exempt_days=back.exempt_days,
            label_limit=back.label_limit,
            write=back.enabled,
            ignore_types=frozenset(tracker.settings.ignore_types),
            must_link=frozenset(map(fold, tracker.settings.must_link)),
            loaded=loaded,
            refused=self.store.refused(name),
            aside=self.store.aside(name),
            repair=repair,
            restored=restored,
            shows=self._shows(name) if back.mirrors else {},
            born_within=self.rules.born_within,
        )

    def _shows(self, name: str) -> dict[int, dict[str, str]]:
        note = self.store.note(shown_note(name)) or {}
        waiting = note.get("waiting", {})
        return {int(goal): values for goal, values in note.get("values", {}).items() if goal not in waiting}

    def situation(self, names: Collection[str], *, repair: bool = False) -> Situation:
        """Return what decides for the trackers ``names``, as it stands now."""
        facts, restored = self.store.trackers(), self.store.restored_trackers()
        loaded = {name for name, tracker in facts.items() if tracker.loaded_at is not None}
        policies = {
            name: self._policy(name, loaded=name in loaded, restored=name in restored, repair=repair) for name in names
        }
        return Situation(self.book(), policies, self.time(), self.store.rule_book())
