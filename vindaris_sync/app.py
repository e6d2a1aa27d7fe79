"""The composition root: the only place that builds real things from a configuration, and closes them in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vindaris_sync.config.goal_sources import OWN_SOURCE, FeedSettings, FilesSettings
from vindaris_sync.config.settings import Config
from vindaris_sync.config.teams import TeamSettings
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.lifecycle import run_until_stopped
from vindaris_sync.daemon.listening import listening
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.homes import Home
from vindaris_sync.domain.lasting import CatchAll
from vindaris_sync.domain.messages import Kind
from vindaris_sync.domain.rules import Stated
from vindaris_sync.engine.answering import Answers
from vindaris_sync.engine.backups import BackupPlace
from vindaris_sync.engine.clicks import Clicks
from vindaris_sync.engine.context import Context, GoalRules, Tracker, utc_now
from vindaris_sync.engine.courtesy import restore as restore_tracker
from vindaris_sync.engine.goal_sources import JoinedGoals, join
from vindaris_sync.engine.nightly import ReportPlace, run_nightly
from vindaris_sync.engine.outcomes import OutcomeReader
from vindaris_sync.engine.passes import PassReport
from vindaris_sync.engine.pausing import heed
from vindaris_sync.engine.progress import Progress
from vindaris_sync.engine.teams import Person, Team, Teams
from vindaris_sync.engine.tracker_goals import TrackerGoals
from vindaris_sync.notify.build import build as build_channel
from vindaris_sync.notify.governed import governed
from vindaris_sync.notify.hearing import Hearing
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.goals import GoalSource, GoalsRead, TrackerGoalSettings
from vindaris_sync.sdk.governor import Governors
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.references import completed
from vindaris_sync.sdk.registry import load_kind
from vindaris_sync.sdk.settings import TrackerSettings
from vindaris_sync.sources.build import sources_of
from vindaris_sync.sources.outcomes import HttpOutcome
from vindaris_sync.store.store import Store

if TYPE_CHECKING:
    from vindaris_sync.web.page import Page

_SPARE_THREADS = 6  # goals, settle, relay, outcomes, backup and nightly beside one pull for each tracker

Observe = Callable[[PassReport], None]


def _nobody(_: object) -> None:
    """Observe nothing."""


@dataclass(slots=True)
class App:
    """All that works together, built from one configuration; close it, or use it as a context manager."""

    config: Config
    context: Context
    channels: Mapping[str, Channel]
    _closing: ExitStack = field(repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def store(self) -> Store:
        """What is kept."""
        return self.context.store

    def close(self) -> None:
        """Close connectors and channels, then the store; idempotent."""
        self._closing.close()

    def run_nightly(self, day: date) -> None:
        """Compare everything and write the report of the local date ``day``."""
        run_nightly(self.context, self.channels, report_place(self.config), day)

    def run(
        self, *, stop: Event | None = None, observe: Observe = _nobody, opened: Callable[[str], None] = _nobody
    ) -> bool:
        """Be the store's one daemon until SIGTERM, SIGINT or ``stop``; return whether all work reached a safe point.

        Where it did not, threads are still at work and must not be waited for. ``observe`` is called with every pass,
        ``opened`` with the page's address once it is served, before anything else is done.

        Raises:
            StoreError: another process is this store's daemon.

        """
        self.store.claim()
        clicks = Clicks(self.context, Answers.of(self.context))
        with listening(self.config.notify, clicks) as hearings:
            page = self._page(hearings, clicks)
            pool = ThreadPoolExecutor(len(self.context.trackers) + _SPARE_THREADS, thread_name_prefix="work")
            clockwork = Clockwork(
                self.context,
                self.channels,
                nightly_of(self.config),
                self.run_nightly,
                pool,
                reminders_of(self.config),
                backups_of(self.config),
                OutcomeReader(outcome_sources(self.config, self.context.now)),
                observe=_both(observe, page),
            )
            with _serving(page) as address:
                if address:
                    opened(address)
                run_until_stopped(clockwork, self.context.progress, pool, self.context.now, stop=stop)
        return not self.context.progress.running()

    def _page(self, hearings: Mapping[str, Hearing], clicks: Clicks) -> Page | None:
        if not self.config.page.enabled:
            return None
        from vindaris_sync.web.page import Page

        return Page(self.context, self.channels, self.config, hearings, clicks)


def _serving(page: Page | None) -> AbstractContextManager[str]:
    if page is None:
        return nullcontext("")
    from vindaris_sync.web.server import serving

    return serving(page)


def _both(observe: Observe, page: Page | None) -> Observe:
    """Return what tells every pass to ``observe`` and counts it on the page."""

    def seen(report: PassReport) -> None:
        observe(report)
        if page is not None:
            page.metrics.passed(report)

    return seen


def open_app(
    config: Config,
    *,
    store: Store | None = None,
    writes: bool = True,
    progress: Progress | None = None,
    now: Callable[[], datetime] = utc_now,
) -> App:
    """Build everything, without a request to anybody; what was built is closed again where a part cannot be.

    ``store`` replaces the configured one and is closed with the rest. ``writes`` False: trackers are only read.
    """
    progress = progress or Progress()
    with ExitStack() as closing:
        store = store or open_store(config, create=True)
        closing.callback(store.close)
        channels: dict[str, Channel] = {}
        governors = Governors()
        for name, block in config.notify.items():
            around = Surroundings(now=now, sleep=progress.sleep, governors=governors)
            channels[name] = governed(build_channel(name, block), block, around)
            closing.callback(channels[name].close)
        trackers: dict[str, Tracker] = {}
        for name, settings in config.trackers.items():
            around = Surroundings(now=now, sleep=progress.sleep, in_flight=settings.in_flight, governors=governors)
            trackers[name] = _tracker(name, with_places(config, settings), around)
            closing.callback(trackers[name].connector.close)
            store.put_tracker(name, trackers[name].kind)
            restore_tracker(store, trackers[name], now())
        heed(store, trackers, now())
        locks: defaultdict[str, RLock] = defaultdict(RLock)
        sources = goal_sources(config, now, store, trackers, locks)
        context = Context(
            store, trackers, JoinedGoals(sources, store, config.longest_key()), teams_of(config), goal_rules(config),
            now, writes=writes, progress=progress, census=config.schedule.census, link_rules=link_rules(config),
            home=home_of(config),
            linked_sources={name: block for name, block in goals_of_trackers(config).items() if block.links_written()},
            locks=locks, people=people_of(config), page=config.page.address if config.page.enabled else "",
        )  # fmt: skip
        return App(config, context, channels, closing.pop_all())


def with_places(config: Config, settings: TrackerSettings) -> TrackerSettings:
    """Return a tracker's settings in which its parent reference says whose keys count."""
    if (reference := settings.parent_reference) is None:
        return settings
    places = config.trackers[reference.tracker].named_places()
    return settings.model_copy(update={"parent_reference": completed(reference, places)})


def _tracker(name: str, settings: TrackerSettings, around: Surroundings) -> Tracker:
    connector = load_kind(settings.kind).build(name, settings, around)
    return Tracker(name, settings.kind, settings, connector, around.clock, around.conduct)


@contextmanager
def rehearsal(config: Config, *, progress: Progress | None = None) -> Iterator[App]:
    """Give everything as it is, on a copy of the store: nothing is written to a tracker, the chat or the real store."""
    with TemporaryDirectory(prefix="vindaris-plan-") as folder:
        copy = Path(folder) / "plan.db"
        if store_exists(config):
            with open_store(config) as store:
                store.copy(copy)
        with open_app(config, store=Store.open(f"sqlite:///{copy}"), writes=False, progress=progress) as app:
            yield app


def store_path(config: Config) -> Path | None:
    """Return the database's file; None where the address names none."""
    address, scheme = config.store.address, "sqlite:///"
    return Path(address.removeprefix(scheme).partition("?")[0]) if address.startswith(scheme) else None


def store_exists(config: Config) -> bool:
    """Return whether there is a database already; one that is no file is taken to be there."""
    path = store_path(config)
    return path is None or path.exists()


def open_store(config: Config, *, create: bool = False) -> Store:
    """Open the configured store; ``ConfigError`` where there is none yet and it is not to be made."""
    if not create and not store_exists(config):
        raise ConfigError(
            f"there is no database at {store_path(config)} yet",
            advice="it is made by the daemon's first start, `vindaris-sync run`, or by `vindaris-sync db migrate`",
        )
    return Store.open(config.store.address)


def goal_sources(
    config: Config,
    now: Callable[[], datetime],
    store: Store,
    trackers: Mapping[str, Tracker],
    locks: defaultdict[str, RLock],
) -> dict[str, GoalSource]:
    """Return where goals are stated, by name, the file that ``[goals]`` names first."""
    longest = config.longest_key()

    def by_tracker(name: str, block: TrackerGoalSettings) -> GoalSource:
        tracker = trackers[block.tracker]
        return TrackerGoals(name, block, tracker, store, lock=locks[tracker.name], now=now, longest=longest)

    return sources_of(config.goals.file, config.goal_sources, longest, now, by_tracker)


def goals_of_trackers(config: Config) -> dict[str, TrackerGoalSettings]:
    """Return the blocks of sources whose goals trackers state, by name."""
    return {name: block for name, block in config.goal_sources.items() if isinstance(block, TrackerGoalSettings)}


def outcome_sources(config: Config, now: Callable[[], datetime] = utc_now) -> list[HttpOutcome]:
    """Return where outcomes are measured, in the order of their blocks."""
    return [HttpOutcome(name, block, now) for name, block in config.outcome_sources.items()]


def stated_goals(config: Config) -> GoalsRead:
    """Return all goals that are stated outside of trackers, as they are now; no tracker is asked. Raises as sources do.

    A parent that a tracker may state is not looked for.
    """
    longest, whole = config.longest_key(), not goals_of_trackers(config)
    sources = sources_of(config.goals.file, config.goal_sources, longest, utc_now)
    return join({name: source.read() for name, source in sources.items()}, longest, whole=whole)


def goal_rules(config: Config) -> GoalRules:
    """Return which goal edits count, and from when."""
    goals = config.goals
    holding = CatchAll(goals.catch_all_share, goals.catch_all_least)
    return GoalRules(config.materiality, goals.debounce, goals.born_within, holding)


def home_of(config: Config) -> Home | None:
    """Return which goals become issues where: those that files and documents state."""
    stated = config.goals.home
    if stated is None:
        return None
    texts = {name for name, block in config.goal_sources.items() if isinstance(block, FilesSettings | FeedSettings)}
    return Home(stated.tracker, stated.place, stated.type, stated.attach, frozenset({OWN_SOURCE, *texts}))


def link_rules(config: Config) -> tuple[Stated, ...]:
    """Return the link rules in the order in which they are tried."""
    return tuple(rule.stated for rule in config.rules)


@contextmanager
def goals_context(config: Config, store: Store) -> Iterator[Context]:
    """Give what is needed to take goals over: only trackers that state some are built; ``store`` stays the caller's."""
    with ExitStack() as closing:
        trackers, governors = {}, Governors()
        for name in dict.fromkeys(block.tracker for block in goals_of_trackers(config).values()):
            settings = config.trackers[name]
            trackers[name] = _tracker(name, settings, Surroundings(in_flight=settings.in_flight, governors=governors))
            closing.callback(trackers[name].connector.close)
            restore_tracker(store, trackers[name], utc_now())
        heed(store, trackers, utc_now())
        locks: defaultdict[str, RLock] = defaultdict(RLock)
        goals = JoinedGoals(goal_sources(config, utc_now, store, trackers, locks), store, config.longest_key())
        rules, links = goal_rules(config), link_rules(config)
        yield Context(store, trackers, goals, teams_of(config), rules, link_rules=links, locks=locks)


def teams_of(config: Config) -> Teams:
    """Return the configured teams, each in its own time zone or the schedule's."""
    return Teams.of([_team(config, each) for each in config.teams])


def _team(config: Config, stated: TeamSettings) -> Team:
    zone = stated.timezone or config.schedule.timezone
    return Team(
        stated.name,
        stated.scopes,
        stated.notify,
        zone,
        config.notify[stated.notify].public,
        stated.exempt_share,
        stated.hours(zone),
        frozenset(map(Kind, stated.urgent)),
        stated.escalate_after,
        stated.digest_above,
        stated.digest_within,
    )


def people_of(config: Config) -> dict[str, Person]:
    """Return who owns goals and how they are reached, by name, casefolded."""
    return {
        fold(each.name): Person(
            each.name, each.notify, each.mention or "", each.notify is not None and config.notify[each.notify].public
        )
        for each in config.people
    }


def report_place(config: Config) -> ReportPlace:
    """Return where reports go and in which time zone they speak."""
    return ReportPlace(config.report.directory, config.report.keep, config.schedule.timezone.key)


def backups_of(config: Config) -> BackupPlace:
    """Return where backups go, how often, and which stay."""
    store = config.store
    return BackupPlace(store.backup_dir, store.backup_every, store.backup_keep, store.backup_weeks)


def reminders_of(config: Config) -> Nightly | None:
    """Return when open lists are posted anew; None: never."""
    at = config.schedule.reminders
    return None if at is None else Nightly(at, config.schedule.timezone)


def nightly_of(config: Config) -> Nightly:
    """Return when the nightly run is due."""
    return Nightly(config.schedule.nightly, config.schedule.timezone)
