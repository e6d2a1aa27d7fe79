"""The simulated company as an auditor sees it: the trackers' and the chat's truth, the database's file, the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.clock import Clock
from tests.simulation.journal import Journal
from vindaris_sync.domain.goals import Goal
from vindaris_sync.sandbox import github, jira, slack
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused

PREFIX, EXEMPT, REVIEW, FIELD = "goal:", "no-goal", "goal-review", "Goal"
"""Our label prefix, exempt label, review label, and the name of the goal field."""


@dataclass(slots=True)
class GoalSource:
    """The goals as their source states them now; with ``problems`` it is half-saved, and refused."""

    goals: tuple[Goal, ...]
    problems: tuple[str, ...] = ()

    def read(self) -> GoalsRead:
        """Return the goals."""
        if self.problems:
            raise GoalsRefused(self.problems)
        return GoalsRead(self.goals, "the simulation", repr(self.goals))


@dataclass(frozen=True, slots=True)
class TrackerSite:
    """One tracker of the company: its truth, and what the daemon is configured to do there."""

    name: str
    kind: str
    """``jira`` (Cloud), ``jira-dc`` or ``github``."""
    world: jira.World | github.World
    token: str
    """The daemon's; ``world.accounts`` (Jira) or ``world.tokens`` (GitHub) say what it may see."""
    places: tuple[str, ...]
    """The places in scope as configured: project keys, or repository names as they were at the start."""
    outside: tuple[str, ...] = ()
    """Places that exist and are out of scope."""
    surfaces: tuple[str, ...] = ("label",)
    """The goal surfaces that are configured: ``label`` and perhaps ``field:Goal``."""
    several: bool = False
    """Whether an issue may serve several goals."""


@dataclass(slots=True)
class Sent:
    """One request that the daemon sent, as the service got it, and the status it got back (0: no whole answer)."""

    at: float
    service: str
    method: str
    path: str
    body: bytes
    status: int = 0


@dataclass(slots=True)
class Site:
    """Everything there is to look at. The engine is not here: what it thinks is in the database."""

    clock: Clock
    journal: Journal
    database: Path
    goals: GoalSource
    trackers: Mapping[str, TrackerSite]
    slack: slack.World
    channels: Mapping[str, str]
    """The channel that is told about each team, by the team's name."""
    teams: Mapping[str, str]
    """The team of each ``tracker:place``, places as configured."""
    requests: list[Sent] = field(default_factory=list)
    """What the daemon asked since the last audit."""
    memory: dict[str, object] = field(default_factory=dict)
    """Room for the auditor to remember what it saw at earlier audits of this site (L10), under names of its own."""
