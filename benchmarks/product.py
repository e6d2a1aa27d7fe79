"""The product at work on one tracker, built as the daemon builds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving import EMAIL, TOKEN
from vindaris_connectors.github.connector import GithubConnector
from vindaris_connectors.github.settings import GithubSettings
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain.goals import Goal
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.engine.gather import pull
from vindaris_sync.engine.teams import Team, Teams
from vindaris_sync.sdk.goals import GoalSource, GoalsRead
from vindaris_sync.sdk.protocol import Connector, Surroundings
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import TrackerSettings
from vindaris_sync.store.store import Store


class Goals:
    """A source that states what it is told to."""

    def __init__(self, *goals: Goal) -> None:
        self.goals = goals

    def read(self) -> GoalsRead:
        """Return the goals."""
        return GoalsRead(self.goals, "benchmark", str(hash(self.goals)))


def connector_of(tracker: str, url: str, places: list[str], *, in_flight: int = 4) -> tuple[TrackerSettings, Connector]:
    """Return settings and connector for a sandbox tracker."""
    around = Surroundings(in_flight=in_flight)
    if tracker == "github":
        settings = GithubSettings(kind="github", url=url, token=Secret(TOKEN), repositories=tuple(places))
        return settings, GithubConnector("bench", settings, around)
    jira = JiraSettings(kind="jira", url=url, email=EMAIL, token=Secret(TOKEN), projects=tuple(places))
    return jira, JiraConnector("bench", jira, around)


@contextmanager
def context_on(
    database: Path, settings: TrackerSettings, connector: Connector, goals: GoalSource | None = None
) -> Iterator[Context]:
    """Return an engine's context on a store at ``database`` with one tracker; everything is closed at the end."""
    store = Store.open(f"sqlite:///{database}")
    store.put_tracker("bench", settings.kind)
    trackers = {"bench": Tracker("bench", settings.kind, settings, connector)}
    teams = Teams.of([Team("Bench", ("bench:*",), "log")])
    try:
        yield Context(store, trackers, goals or Goals(Goal("G-1", "A goal"), Goal("G-2", "Another")), teams)
    finally:
        connector.close()
        store.close()


def pull_all(context: Context) -> int:
    """Pull once and record; return how many issues came."""
    counts: Counter[str] = Counter()
    pull(context, context.trackers["bench"], counts)
    return counts["pulled"]
