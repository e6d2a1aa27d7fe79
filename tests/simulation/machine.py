"""The daemon as a process: the real engine, store and connectors, built anew on the same database after every death."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.blank import blank
from tests.simulation.company import BOT, SLACK_TOKEN, TEAMS
from tests.simulation.network import URL, ChatWire, TrackerWire
from tests.simulation.site import Site, TrackerSite
from vindaris_connectors.github.connector import GithubConnector
from vindaris_connectors.github.settings import GithubSettings
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.daemon.clockwork import Clockwork
from vindaris_sync.daemon.timetable import Nightly
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Plan
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.courtesy import restore as restore_tracker
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.nightly import ReportPlace, run_nightly
from vindaris_sync.engine.passes import PassReport, Round, run_round
from vindaris_sync.engine.progress import Progress
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.sdk.governor import Governors
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import TrackerSettings, WriteBackSettings
from vindaris_sync.store.store import Store

T = TypeVar("T")
POLL = timedelta(minutes=16)
GRACE = timedelta(minutes=15)
EXEMPT_DAYS = 1
ZONE = ZoneInfo("Europe/Berlin")
NIGHT = Nightly(time(1, 30), ZONE)
REMINDERS = Nightly(time(9, 0), ZONE)


class Immediate(Executor):
    """Runs everything at once, in the caller's thread: what is done in which order follows from the seed."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run ``fn``; its exceptions go to the future, a crash to everybody."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as every executor does
            future.set_exception(error)
        return future


@dataclass(slots=True)
class Network:
    """How the daemon reaches the world."""

    trackers: TrackerWire
    chat: ChatWire


class Machine:
    """The machine on which the daemon runs; ``observe`` is told of every pass."""

    def __init__(self, site: Site, network: Network, seed: int, observe: Callable[[PassReport], None]) -> None:
        self.site, self.network = site, network
        self._random, self._ids, self._observe = Random(seed), iter(range(1, 10**9)), observe  # noqa: S311 - chance, not secrets
        site.database.write_bytes(blank())
        self._start()

    def _start(self) -> None:
        clock = self.site.clock
        self.store = Store.open(f"sqlite:///{self.site.database}", now=clock.machine())
        self.progress = Progress(clock.monotonic)
        self.context = self._context(self.store)
        token = Secret(SLACK_TOKEN)
        self.channels = {
            name: SlackChannel(name, f"#{name}", token, f"{URL}/slack/api", transport=self.network.chat)
            for name in TEAMS.values()
        }
        self.clockwork = Clockwork(
            self.context,
            self.channels,
            NIGHT,
            self._night,
            Immediate(),
            REMINDERS,
            random=self._random,
            observe=self._observe,
        )

    def _context(self, store: Store, *, writes: bool = True) -> Context:
        governors = Governors()
        return Context(
            store,
            {name: self._tracker(tracker, store, governors) for name, tracker in self.site.trackers.items()},
            self.site.goals,
            _teams(self.site),
            now=self.site.clock.machine,
            new_id=lambda: UUID(int=next(self._ids)),
            writes=writes,
            progress=self.progress,
        )

    def _tracker(self, tracker: TrackerSite, store: Store, governors: Governors) -> Tracker:
        clock, wire = self.site.clock, self.network.trackers
        around = Surroundings(clock.machine, clock.sleep, self._random, wire, 1, governors=governors)
        store.put_tracker(tracker.name, tracker.kind)
        settings = settings_of(tracker)
        connector = (
            GithubConnector(tracker.name, settings, around)
            if isinstance(settings, GithubSettings)
            else JiraConnector(tracker.name, settings, around)
        )
        built = Tracker(tracker.name, tracker.kind, settings, connector, around.clock, around.conduct)
        restore_tracker(store, built, clock.machine())
        return built

    def _night(self, day: date) -> None:
        run_nightly(self.context, self.channels, ReportPlace(self.site.database.parent / "reports", 2, ZONE.key), day)

    def tick(self) -> None:
        """Do what is due now; raises ``Crash``."""
        self.clockwork.tick(self.site.clock.machine())

    def round(self) -> Round:
        """Look at the goals and let every tracker have its pass, now; raises ``Crash``."""
        refresh_goals(self.context)
        return run_round(self.context)

    def rehearse(self) -> Round:
        """Return what a round would do now: by a dry run on a copy of the database, as ``plan`` makes one."""
        with TemporaryDirectory(dir=self.site.database.parent) as folder:
            copy = Path(folder) / "plan.db"
            self.store.copy(copy)
            with closing(Store.open(f"sqlite:///{copy}", now=self.site.clock.machine())) as store:
                context = self._context(store, writes=False)
                try:
                    refresh_goals(context)
                    return run_round(context)
                finally:
                    for tracker in context.trackers.values():
                        tracker.connector.close()

    def stop(self) -> None:
        """End: what was not committed is gone."""
        for tracker in self.context.trackers.values():
            tracker.connector.close()
        for channel in self.channels.values():
            channel.close()
        with suppress(Exception):  # a connection that died in the middle of a commit may refuse to be closed
            self.store.close()

    def restart(self) -> None:
        """End, and begin again on what was committed."""
        self.stop()
        self._start()

    # --- another process on the same machine: the command line --------------------------------------------------------

    def record(self, tracker: str, issue: str) -> Record | None:
        """Return what the store holds on an issue; None where it does not know it."""
        number = self.store.by_id(tracker, [issue]).get(issue)
        return None if number is None else self.store.view_records([number])[number]

    def decide(self, record: Record, decision: Callable[[Record, GoalBook, decisions.By], Plan]) -> bool:
        """Let Kim decide about an issue on the command line; return whether that changed anything."""
        now = self.site.clock.machine()
        with self.store.transaction():
            plan = decision(record, self.context.book(), decisions.By("kim", "command line", "agreed", now))
            if plan.actions:
                self.store.apply(plan, "", now)
                self.store.mark_due([record.id])
        return bool(plan.actions)

    def chain(self, record: Record) -> list[Record]:
        """Return the ancestors that the store knows, nearest first."""
        found = [record]
        while (above := found[-1].parent) is not None and all(above != one.id for one in found):
            found.append(self.store.view_records([above])[above])
        return found[1:]


def settings_of(tracker: TrackerSite) -> TrackerSettings:
    """Return how a tracker is configured."""
    back = WriteBackSettings(surfaces=tracker.surfaces, exempt_days=EXEMPT_DAYS, several_goals=tracker.several)
    common: dict[str, Any] = {
        "url": f"{URL}/{tracker.name}",
        "poll": POLL,
        "poll_max": POLL,
        "grace": GRACE,
        "in_flight": 1,
    }
    common |= {"write_back": back}
    own: dict[str, Any] = {"token": Secret(tracker.token)}
    if tracker.kind == "github":
        return GithubSettings.model_validate({**common, **own, "repositories": tracker.places})
    own |= {"projects": tracker.places, "email": BOT if tracker.kind == "jira" else ""}
    return JiraSettings.model_validate({**common, **own})


def _teams(site: Site) -> Teams:
    scopes: dict[str, list[str]] = {name: [] for name in site.channels}
    for scope, team in site.teams.items():
        scopes[team].append(scope)
    return Teams.of([Team(name, tuple(places), site.channels[name], ZONE) for name, places in scopes.items()])
