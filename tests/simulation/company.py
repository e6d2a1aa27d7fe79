"""The simulated company: its trackers, its chat and its goals, as they are before the daemon is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.simulation.clock import Clock
from tests.simulation.desks import Desk, desk_of
from tests.simulation.journal import Journal
from tests.simulation.site import FIELD, PREFIX, GoalSource, Site, TrackerSite
from vindaris_sync.domain.goals import Goal, Outcome
from vindaris_sync.sandbox import github, jira, slack
from vindaris_sync.sandbox.core import Service

BOT = "bot@acme.example"
SLACK_TOKEN = "xoxb-simulation"
GOALS = (
    Goal("GROW", "Grow", priority="high"),
    Goal("GROW-1", "Faster checkout", parent="GROW", outcomes=(Outcome("conversion", "%", 2.0, 3.0, 2.1),)),
    Goal("GROW-2", "More languages", parent="GROW"),
    Goal("COST-1", "Halve the hosting bill", priority="high"),
    Goal("SAFE-1", "No open door"),
)
TEAMS = {"Growth": "growth", "Platform": "platform"}
"""The channel of each team."""
PLACES = {"jira": ("APP", "OPS"), "jira-dc": ("CORE", "LAB"), "github": ("acme/web", "acme/api")}
OUTSIDE = {"jira": ("ATTIC",), "jira-dc": ("CELLAR",), "github": ("acme/attic",)}
_TOKENS = {"jira": "jira-token-1", "jira-dc": "jira-dc-token-1", "github": "github-token-1"}


def found(names: Sequence[str], database: Path, clock: Clock) -> Site:
    """Return a company with these trackers, each with a few issues in it."""
    journal = Journal()
    trackers = {name: _tracker(name, clock) for name in names}
    teams = {f"{name}:{place}": team for name in names for place, team in zip(PLACES[name], TEAMS, strict=True)}
    site = Site(clock, journal, database, GoalSource(GOALS), trackers, _slack(clock), dict(TEAMS), teams)
    for tracker in trackers.values():
        _populate(site, desk_of(tracker))
    return site


def services(site: Site) -> Mapping[str, Service]:
    """Return what answers the daemon's requests, by the name under which it is reached."""
    kinds = {"jira": jira.JiraCloud, "jira-dc": jira.JiraDataCenter, "github": github.GitHub}
    return {name: kinds[tracker.kind](tracker.world) for name, tracker in site.trackers.items()}


def _tracker(name: str, clock: Clock) -> TrackerSite:
    world = _github(name, clock) if name == "github" else _jira(name, clock)
    surfaces = ("label",) if name == "github" else (f"field:{FIELD}", "label")
    return TrackerSite(name, name, world, _TOKENS[name], PLACES[name], OUTSIDE[name], surfaces)


def _jira(name: str, clock: Clock) -> jira.World:
    world = jira.World(clock)
    for key in (*PLACES[name], *OUTSIDE[name]):
        world.add_project(key)
    world.add_field(FIELD, options=[goal.key for goal in GOALS])
    world.add_account(_TOKENS[name], BOT)
    return world


def _github(name: str, clock: Clock) -> github.World:
    world = github.World(clock)
    for repository in (*PLACES[name], *OUTSIDE[name]):
        world.create_repository(repository)
    world.grant(_TOKENS[name], github.Account("vindaris-bot"))
    return world


def _slack(clock: Clock) -> slack.World:
    world = slack.World(clock)
    for channel in TEAMS.values():
        world.create_channel(channel)
    world.tokens[SLACK_TOKEN] = "goalbot"
    return world


def _populate(site: Site, desk: Desk) -> None:
    """Open a few issues, some of them below others, some with a goal; all of them are backlog."""
    for number, place in enumerate((*desk.site.places, *desk.site.outside)):
        desk.open_pull(place, "A change")
        above = _open(site, desk, place, "An epic", [f"{PREFIX}{GOALS[number + 1].key}"] if number < 2 else [], "")
        _open(site, desk, place, "A task of it", ["bug"], above)
        _open(site, desk, place, "On its own", [], "")


def _open(  # noqa: PLR0913, PLR0917 - an issue has so many parts
    site: Site, desk: Desk, place: str, title: str, labels: Sequence[str], parent: str
) -> str:
    issue = desk.create(place, title, labels, parent)
    site.journal.note(
        site.clock(), "alice", "create", tracker=desk.site.name, issue=issue,
        place=place, parent=parent, labels="\n".join(labels),
    )  # fmt: skip
    return issue
