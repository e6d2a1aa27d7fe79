"""One company over real sockets: Jira, GitHub and Slack look-alikes, a real store, and the engine on its own clock.

A test says what people do (``desk``), lets the engine run (``site.turn``), and looks at what people then see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from tests.blank import blank
from tests.integration.engine.desks import GITHUB_TOKEN, JIRA_TOKEN, GithubDesk, JiraDesk
from vindaris_connectors.github.connector import GithubConnector
from vindaris_connectors.github.settings import GithubSettings
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Plan
from vindaris_sync.domain.goals import Goal, Outcome
from vindaris_sync.domain.models import Exemption, Provenance
from vindaris_sync.domain.records import Cause, GoalBook, Record
from vindaris_sync.domain.rules import Stated
from vindaris_sync.engine.compare import Comparison, compare
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.courtesy import restore
from vindaris_sync.engine.goals import refresh_goals
from vindaris_sync.engine.passes import PassReport, Round, run_round
from vindaris_sync.engine.progress import Progress
from vindaris_sync.engine.relay import relay
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.notify.protocol import Channel
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.sandbox import github, jira, slack
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sandbox.slack import Message
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused
from vindaris_sync.sdk.governor import Governors
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import TrackerSettings, WriteBackSettings
from vindaris_sync.store.store import Store

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOT = "bot@acme.example"
SLACK_TOKEN = "xoxb-slack-token"
GOALS = (
    Goal("GROW", "Grow"),
    Goal("GROW-1", "Faster checkout", parent="GROW", outcomes=(Outcome("conversion", "%", 2.0, 3.0, 2.1),)),
    Goal("GROW-2", "More languages", parent="GROW"),
    Goal("COST-1", "Halve the hosting bill", priority="high"),
    Goal("SAFE-1", "No open door"),
)
BOTH = ("field:Goal", "label")


class Clock:
    """The one clock of trackers, chat and engine. It moves only when it is told to, and by whoever sleeps."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self._now

    def pass_(self, seconds: float = 0, **units: float) -> None:
        """Go on."""
        with self._lock:
            self._now += timedelta(seconds=seconds, **units)

    def set(self, now: datetime) -> None:
        """Go on to an instant."""
        with self._lock:
            self._now = now


@dataclass(slots=True)
class GoalList:
    """A source of goals that states what it is told to, or refuses with ``problems``."""

    goals: tuple[Goal, ...] = GOALS
    problems: tuple[str, ...] = ()

    def read(self) -> GoalsRead:
        """Return the goals."""
        if self.problems:
            raise GoalsRefused(self.problems)
        return GoalsRead(self.goals, "a list", repr(self.goals))


@dataclass(frozen=True, slots=True)
class Setup:
    """How a site differs from the usual one."""

    cloud: bool = True
    github_field: bool = False
    names: tuple[str, ...] = ("jira", "github")
    grace: timedelta = timedelta(minutes=15)
    label_limit: int = 200
    bulk_change: bool = True
    hub: Callable[[github.World], github.GitHub] = github.GitHub
    """What serves GitHub; a test may let somebody act the moment a request was answered."""


VARIANTS = {
    "cloud": Setup(names=("jira",)),
    "data-center": Setup(names=("jira",), cloud=False),
    "github": Setup(names=("github",)),
    "github-field": Setup(names=("github",), github_field=True),
}
"""The kinds of tracker on which the main path is walked, each alone."""


class Site:
    """The company and the engine that serves it. Close it."""

    def __init__(self, folder: Path, setup: Setup, *, settled: bool = True) -> None:
        self.folder, self.setup = folder, setup
        self.clock = Clock()
        self.goals = GoalList()
        self.rules: tuple[Stated, ...] = ()
        self.jira = JiraDesk(jira_world(self.clock, setup))
        self.github = GithubDesk(github_world(self.clock, setup))
        self.slack = slack_world(self.clock)
        for desk in (self.jira, self.github) if settled else ():
            for place in (desk.place, desk.other):
                desk.close(desk.create("Set up", place=place))
        service = jira.JiraCloud if setup.cloud else jira.JiraDataCenter
        self.server = Server(
            {
                "/jira": service(self.jira.world),
                "/github": setup.hub(self.github.world),
                "/slack": slack.Slack(self.slack),
            },
            clock=self.clock,
        ).start()
        self.path = folder / "vindaris.db"
        self.path.write_bytes(blank())
        self.context = self.open()
        self.channels: dict[str, Channel] = {
            name: SlackChannel(name, f"#{name}", Secret(SLACK_TOKEN), f"{self.server.url}/slack/api")
            for name in ("growth", "platform")
        }

    # --- the engine -----------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The store as it is open now."""
        return self.context.store

    def open(self, *, busy: float = 2, progress: Progress | None = None) -> Context:
        """Build the engine on the store's file; ``busy`` seconds it waits for another program's lock."""
        store = Store.open(f"sqlite:///{self.path}", busy=busy)
        self.governors = Governors()
        trackers = {}
        for name in self.setup.names:
            trackers[name] = self.tracker(name)
            store.put_tracker(name, name)
            restore(store, trackers[name], self.clock())
        teams = Teams.of(
            [
                Team("Growth", ("jira:APP", "github:acme/web"), "growth"),
                Team("Platform", ("jira:*", "github:*"), "platform"),
            ]
        )
        return Context(
            store, trackers, self.goals, teams, now=self.clock, progress=progress or Progress(), link_rules=self.rules
        )

    def tracker(self, name: str, **changed: object) -> Tracker:
        """Build one tracker; ``changed`` settings replace the usual ones."""
        settings = self.settings(name, **changed)
        around = Surroundings(now=self.clock, sleep=self.clock.pass_, governors=self.governors)
        if isinstance(settings, JiraSettings):
            return Tracker(name, "jira", settings, JiraConnector(name, settings, around), around.clock, around.conduct)
        assert isinstance(settings, GithubSettings)
        return Tracker(name, "github", settings, GithubConnector(name, settings, around), around.clock, around.conduct)

    def settings(self, name: str, **changed: object) -> TrackerSettings:
        """Return a tracker's settings."""
        surfaces = BOTH if name == "jira" or self.setup.github_field else ("label",)
        back = WriteBackSettings(surfaces=surfaces, label_limit=self.setup.label_limit)
        common = {"kind": name, "url": f"{self.server.url}/{name}", "grace": self.setup.grace, "write_back": back}
        if name == "jira":
            own = {"token": Secret(JIRA_TOKEN), "projects": ("APP", "OPS"), "email": BOT if self.setup.cloud else ""}
            return JiraSettings.model_validate({**common, **own, **changed})
        own = {"token": Secret(GITHUB_TOKEN), "repositories": ("acme/web", "acme/api")}
        return GithubSettings.model_validate({**common, **own, **changed})

    def reconnect(self, name: str, **changed: object) -> None:
        """Let the engine go on with other settings of one tracker, as after a restart."""
        self.context.trackers[name].connector.close()
        trackers = {**self.context.trackers, name: self.tracker(name, **changed)}
        restore(self.store, trackers[name], self.clock())
        old = self.context
        self.context = Context(old.store, trackers, old.source, old.teams, now=self.clock, link_rules=self.rules)

    def restart(self) -> None:
        """Stop the engine and start it on what it has stored."""
        self.shut()
        self.context = self.open()

    def shut(self) -> None:
        """Stop the engine."""
        for tracker in self.context.trackers.values():
            tracker.connector.close()
        self.store.close()

    def close(self) -> None:
        """Give everything up."""
        self.shut()
        for channel in self.channels.values():
            channel.close()
        self.server.stop()

    def round(self, *names: str) -> Round:
        """Let the engine look at the goals and run one round; all requests end well unless the test looks at it."""
        refresh_goals(self.context)
        return run_round(self.context, names)

    def turn(self, minutes: float = 2, rounds: int = 1) -> Round:
        """Let time go on, run a round, and relay what is to be told."""
        for _ in range(rounds):
            self.clock.pass_(minutes=minutes)
            done = self.round()
            self.tell()
        return done

    def night(self, name: str = "") -> list[Comparison]:
        """Compare the trackers in full, as every night."""
        return [compare(self.context, each) for each in ([name] if name else self.context.trackers)]

    def tell(self) -> int:
        """Relay what is to be told."""
        return relay(self.context, self.channels)

    def change_goal(self, key: str, **fields: object) -> None:
        """Let somebody edit a goal; the edit counts at once."""
        goals = self.goals.goals
        self.goals.goals = tuple(replace(each, **fields) if each.key == key else each for each in goals)  # type: ignore[arg-type] # any field
        refresh_goals(self.context, promote_all=True)

    # --- deciding through us ----------------------------------------------------------------------------------------

    def decide(self, key: str, decision: Callable[[Record, GoalBook, decisions.By], Plan]) -> None:
        """Let Kim decide about an issue on the command line."""
        with self.store.transaction():
            plan = decision(self.record(key), self.context.book(), decisions.By("kim", "cli", "said so", self.clock()))
            self.store.apply(plan, "", self.clock())

    def link(self, key: str, *goals: str) -> None:
        """Let Kim link an issue."""
        ids = [self.goal(each) for each in goals]
        self.decide(key, lambda record, book, by: decisions.link(record, ids, book, by, Provenance.CHOSEN))

    # --- looking --------------------------------------------------------------------------------------------------

    def goal(self, key: str) -> int:
        """Return the number under which the store holds a goal."""
        found = self.context.book().find(key)
        assert found is not None
        return found

    def record(self, key: str) -> Record:
        """Return what the store holds on an issue, by its present or a former key."""
        (number, *_) = self.store.find(key)
        return self.store.view_records([number])[number]

    def serves(self, key: str) -> str:
        """Return an issue's state and effective goals: ``linked GROW-1``."""
        record = self.record(key)
        book = self.context.book()
        return " ".join([str(record.state), *(book.goals[goal].key for goal in record.goals)])

    def asks(self, key: str) -> list[str]:
        """Return the reasons for which an issue's review is open."""
        return sorted(str(cause.key.reason) for cause in self.causes(key))

    def causes(self, key: str) -> list[Cause]:
        """Return the open causes of an issue."""
        return [cause for cause in self.record(key).causes if cause.answer is None]

    def exempt(self, key: str) -> bool:
        """Whether the store holds an exemption of the issue."""
        return isinstance(self.record(key).explicit, Exemption)

    def messages(self, channel: str = "growth") -> list[Message]:
        """Return what people see in a channel."""
        return self.slack.channels[channel].messages

    def told(self, channel: str = "growth") -> list[str]:
        """Return the first lines of a channel's messages, without its marks."""
        return [message.text.splitlines()[0] for message in self.messages(channel)]

    def sound(self) -> None:
        """Hold the store to its own check."""
        assert list(self.store.check()) == []

    @contextmanager
    def requests(self) -> Iterator[Counted]:
        """Count what is asked of the services while the block runs."""
        self.server.requests.clear()
        counted = Counted(self.server)
        yield counted
        counted.stop()


@dataclass(slots=True)
class Counted:
    """What was asked: reads and writes by service."""

    server: Server
    writes: int = 0
    by_service: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def stop(self) -> None:
        """Take the numbers down."""
        for asked in self.server.requests.entries():
            self.by_service[asked.service] = self.by_service.get(asked.service, 0) + 1
            self.asked.append(f"{asked.service} {asked.method} {asked.path}")
            self.writes += asked.method in {"PUT", "DELETE", "PATCH"} or (
                asked.method == "POST" and not asked.path.endswith(_QUESTIONS)
            )


_QUESTIONS = ("/search/jql", "/search", "/bulkfetch", "/graphql", "/permissions/check", "/approximate-count")
"""POST requests that change nothing."""


def ok(done: Round) -> Round:
    """Return a round in which every pass went well."""
    assert [(each.tracker, each.error) for each in done.unusable] == []
    return done


def outcome(done: Round, tracker: str) -> PassReport:
    """Return the pull of a tracker in a round."""
    return next(report for report in done.reports if report.tracker == tracker)


def written(done: Round) -> int:
    """Return how many writes a round made."""
    return sum(report.counts["written"] for report in done.reports)


# --- the worlds ---------------------------------------------------------------------------------------------------


def jira_world(clock: Callable[[], datetime], setup: Setup) -> jira.World:
    """Return a Jira with two projects, a Goal field and our account."""
    world = jira.World(clock)
    world.add_project("APP", "Mobile App")
    world.add_project("OPS", "Operations")
    world.add_field("Goal", options=[goal.key for goal in GOALS])
    world.add_account(JIRA_TOKEN, BOT, bulk_change=setup.bulk_change)
    return world


def github_world(clock: Callable[[], datetime], setup: Setup) -> github.World:
    """Return a GitHub with two repositories, the organisation's field where it is wanted, and our token."""
    world = github.World(clock)
    world.create_repository("acme/web")
    world.create_repository("acme/api")
    if setup.github_field:
        world.create_field("acme", "Goal", "single_select", [goal.key for goal in GOALS])
    world.grant(GITHUB_TOKEN, github.Account("vindaris-bot"))
    return world


def slack_world(clock: Callable[[], datetime]) -> slack.World:
    """Return a Slack with two channels and our bot."""
    world = slack.World(clock)
    world.create_channel("growth")
    world.create_channel("platform")
    world.tokens[SLACK_TOKEN] = "goalbot"
    return world
