"""Larkmoor Provisions: its trackers and its chat, and how they came to hold what they hold."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib.resources import files
from itertools import cycle
from typing import Any

from vindaris_sync.sandbox.company.clock import StoryClock
from vindaris_sync.sandbox.company.desks import FIELD, PREFIX, Desk, GithubDesk, JiraDesk
from vindaris_sync.sandbox.core import Service
from vindaris_sync.sandbox.github import Account, GitHub
from vindaris_sync.sandbox.github import World as GithubWorld
from vindaris_sync.sandbox.jira import JiraCloud
from vindaris_sync.sandbox.jira import World as JiraWorld
from vindaris_sync.sandbox.slack import Slack
from vindaris_sync.sandbox.slack import World as SlackWorld

PROJECTS = {"APP": "Shop app", "OPS": "Warehouse and vans"}
REPOSITORIES = ("larkmoor/pantry-web", "larkmoor/basket-api")
CHANNELS = ("storefront", "cold-chain", "platform")
PEOPLE = ("ines", "tomas", "aiko", "bram", "leila", "oskar", "noor", "runa")
BOT, BOT_MAIL = "vindaris-bot", "vindaris@larkmoor.example"
JIRA_TOKEN, GITHUB_TOKEN, SLACK_TOKEN = "sandbox-jira-4711", "ghp_sandbox4711", "xoxb-sandbox-4711"
FOUNDED = timedelta(days=201)
"""How long before the present the first issue was opened."""

_LINE = re.compile(r"(?:@(?P<name>[\w-]+) )?(?:(?P<kind>Bug|Task): )?(?P<title>.*?)(?: => (?P<goal>\S+))?")
_HOURLY_LIMIT = 50_000  # a demo polls every other second; an installation of this size is granted as much


@dataclass(frozen=True, slots=True)
class Line:
    """One issue to be: when, and all that people say of it."""

    when: datetime
    place: str
    title: str
    name: str = ""
    kind: str = ""
    goal: str = ""
    group: int = 0
    heads: bool = False
    """Whether the group's other issues hang under it."""
    done: datetime | None = None


class Company:
    """The company's three services, its people's desks, and its issues by the names that stories use.

    ``named`` follows an issue that is moved through ``move``.
    """

    def __init__(self, clock: StoryClock) -> None:
        self.clock = clock
        self.jira = JiraWorld(clock)
        self.github = GithubWorld(clock)
        self.slack = SlackWorld(clock)
        self.named: dict[str, str] = {}
        self._desks: tuple[Desk, Desk] = (JiraDesk(self.jira), GithubDesk(self.github))
        self._administrate()

    def _administrate(self) -> None:
        for key, name in PROJECTS.items():
            self.jira.add_project(key, name)
        self.jira.add_field(FIELD, options=goal_keys())
        self.jira.add_account(JIRA_TOKEN, BOT_MAIL)
        for name in REPOSITORIES:
            self.github.create_repository(name, private=True)
        self.github.grant(GITHUB_TOKEN, Account(BOT, limit=_HOURLY_LIMIT))
        self.slack.tokens[SLACK_TOKEN] = BOT
        for channel in CHANNELS:
            self.slack.create_channel(channel)

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """What a sandbox server serves, by path."""
        return {"/jira": JiraCloud(self.jira), "/github": GitHub(self.github), "/slack": Slack(self.slack)}

    def desk(self, key: str) -> Desk:
        """Return the desk at which an issue, a project or a repository is worked on."""
        return self._desks["/" in key]

    def move(self, name: str, place: str, who: str) -> str:
        """Move a named issue to another place; return its new key."""
        key = self.named[name]
        self.named[name] = self.desk(key).move(key, place, who)
        return self.named[name]

    def field(self, key: str) -> str:
        """Return what an issue in Jira shows in the field of goals; empty where it shows nothing."""
        found, field = self.jira.find(key), self.jira.field(FIELD)
        option = found.state.values.get(field.id) if found and field else None
        return option.value if option else ""

    def count(self) -> int:
        """Return how many issues there are, pull requests left out."""
        jira = sum(not issue.deleted for issue in self.jira.issues.values())
        repositories = self.github.repositories.values()
        return jira + sum(not issue.pull for each in repositories for issue in each.issues.values())

    def pulls(self) -> int:
        """Return how many pull requests there are."""
        repositories = self.github.repositories.values()
        return sum(issue.pull for each in repositories for issue in each.issues.values())

    # --- its history ----------------------------------------------------------------------------------------------

    def found(self, present: datetime) -> None:
        """Let people open, hang, label and finish the work of the company, each at its time before ``present``."""
        lines = sorted(_lines(present), key=lambda line: (line.when, line.group, not line.heads))
        people = cycle(PEOPLE)
        heads: dict[int, str] = {}
        ends: list[tuple[datetime, str]] = []
        for line in lines:
            self._finish(ends, line.when)
            self.clock.at(line.when)
            key = self._open(line, heads.get(line.group, ""), next(people))
            if line.heads:
                heads[line.group] = key
            if line.done:
                ends.append((line.done, key))
        self._finish(ends, present)
        self._open_pulls(present)

    def _open(self, line: Line, above: str, who: str) -> str:
        desk = self.desk(line.place)
        kind = "Epic" if line.heads else line.kind
        key = desk.open(line.place, line.title, who, kind=kind, above=above)
        if line.name:
            self.named[line.name] = key
        if line.goal and not (line.heads and "/" not in line.place):  # epics in Jira: the mapping comes later
            desk.add_label(key, line.goal if line.goal == "no-goal" else f"{PREFIX}{line.goal}", who)
        return key

    def _finish(self, ends: list[tuple[datetime, str]], until: datetime) -> None:
        for end in sorted(each for each in ends if each[0] <= until):
            self.clock.at(end[0])
            self.desk(end[1]).close(end[1], "leila")
            ends.remove(end)

    def _open_pulls(self, present: datetime) -> None:
        desk = self._desks[1]
        assert isinstance(desk, GithubDesk)  # noqa: S101 - so it was built
        self.clock.at(present - timedelta(days=9))
        for group in _data()["pulls"]:
            for title, who in zip(group["titles"], cycle(PEOPLE), strict=False):
                desk.open_pull(group["place"], title, who)


def goals_text() -> str:
    """Return the company's goals as the file that its people keep."""
    return files(__package__).joinpath("goals.toml").read_text("utf-8")


def goal_keys() -> tuple[str, ...]:
    """Return the keys of the company's goals."""
    return tuple(goal["key"] for goal in tomllib.loads(goals_text())["goal"])


def mapping() -> dict[str, str]:
    """Return the goals of the epics in Jira by the epics' names: what the company kept in a spreadsheet before."""
    groups = [group for group in _data()["group"] if "goal" in group and "/" not in group["place"]]
    return {_parsed(group["above"])["name"]: group["goal"] for group in groups}


def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("issues.toml").read_text("utf-8"))


def _parsed(text: str) -> dict[str, str]:
    found = _LINE.fullmatch(text)
    assert found is not None  # noqa: S101 - every part but the title may be absent
    return {name: value or "" for name, value in found.groupdict().items()}


def _lines(present: datetime) -> Iterator[Line]:
    for number, group in enumerate(_data()["group"]):
        first, place = present - timedelta(days=group["days"]), group["place"]
        if "above" in group:
            head = _parsed(group["above"])
            yield Line(first, place, head["title"], head["name"], "", group["goal"], number, heads=True)
        step = timedelta(days=group["days"] - group["until"]) / len(group["work"])
        for index, text in enumerate(group["work"]):
            when = first + step * index + timedelta(hours=3 * (number % 5) + 1)
            done = when + timedelta(days=9) if index < group["done"] else None
            line = _parsed(text)
            yield Line(when, place, line["title"], line["name"], line["kind"], line["goal"], number, done=done)
