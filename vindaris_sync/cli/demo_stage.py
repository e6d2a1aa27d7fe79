"""The demo's stage: an invented company's trackers and chat on a loopback port, and the real product set up on them."""

from __future__ import annotations

import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vindaris_sync.app import App, open_app
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.config.load import load
from vindaris_sync.engine.progress import Interrupted, Progress
from vindaris_sync.sandbox.company import Company, StoryClock
from vindaris_sync.sandbox.company.company import (
    BOT_MAIL,
    CHANNELS,
    FOUNDED,
    GITHUB_TOKEN,
    JIRA_TOKEN,
    PROJECTS,
    REPOSITORIES,
    SLACK_TOKEN,
    goals_text,
)
from vindaris_sync.sandbox.server import Server

INSTALLED = timedelta(days=7)
"""How long before the present the company switched the daemon on."""

TEAMS = {
    "storefront": ("Storefront", ("jira:APP", "github:larkmoor/pantry-web")),
    "cold-chain": ("Cold chain", ("jira:OPS",)),
    "platform": ("Platform", ("github:larkmoor/basket-api",)),
}
"""Each channel's team and its scopes."""

_LEAD = timedelta(minutes=5)  # the story ends so long before the present: what it waits for is never in the future
_TOKENS = {"jira-token": JIRA_TOKEN, "github-token": GITHUB_TOKEN, "slack-token": SLACK_TOKEN}

_CONFIG = """\
# A configuration like any other; its trackers are a sandbox on this machine, and end with the demo.
state_dir = "."

[store]
url = "sqlite:///vindaris.db"

[goals]
file = "goals.toml"
debounce = "2s"

[trackers.jira]
kind = "jira"
url = "{url}/jira"
email = "{mail}"
token = {{ file = "jira-token" }}
projects = {projects}
poll = "2s"
grace = "4s"
[trackers.jira.write_back]
surfaces = ["field:Goal", "label"]

[trackers.github]
kind = "github"
url = "{url}/github"
token = {{ file = "github-token" }}
repositories = {repositories}
poll = "2s"
grace = "4s"

[report]
directory = "reports"

[page]
listen = "127.0.0.1:{port}"
"""

_CHANNEL = """
[notify.{channel}]
kind = "slack"
channel = "#{channel}"
token = {{ file = "slack-token" }}
api_url = "{url}/slack/api"

[[teams]]
name = "{team}"
scopes = {scopes}
notify = "{channel}"
"""


@dataclass(frozen=True, slots=True)
class GoalsOnDisk:
    """The company's ``goals.toml`` under its people's hands."""

    path: Path

    def read(self, goal: str, key: str) -> str:
        """Return ``key`` of a goal or of its outcome as it is written; empty where it is not stated."""
        _, _, found = self._find(goal, key)
        return found[1] if found else ""

    def edit(self, goal: str, key: str, value: str) -> str:
        """Let ``key`` of a goal or of its outcome be ``value``, written in TOML; return what it was before.

        A key that the goal did not state is put below its title. The file is never seen half written.
        """
        blocks, at, found = self._find(goal, key)
        if found:
            blocks[at] = f"{blocks[at][: found.start(1)]}{value}{blocks[at][found.end(1) :]}"
        else:
            blocks[at] = re.sub(r"(?m)^(title = .*)$", lambda line: f"{line[1]}\n{key} = {value}", blocks[at], count=1)
        self._replace("".join(blocks))
        return found[1] if found else ""

    def _find(self, goal: str, key: str) -> tuple[list[str], int, re.Match[str] | None]:
        blocks = re.split(r"(?m)^(?=\[\[goal\]\]$)", self.path.read_text("utf-8"))
        at = next(i for i, block in enumerate(blocks) if f'\nkey = "{goal}"\n' in block)
        return blocks, at, re.search(rf"(?m)^{key} = (.*)$", blocks[at])

    def _replace(self, text: str) -> None:
        beside = self.path.with_suffix(".new")
        beside.write_text(text, "utf-8")
        beside.replace(self.path)


@dataclass(slots=True)
class Stage:
    """All that plays in a demo. ``today`` is the present as the story has it; ``app`` is built on the real config."""

    directory: Path
    clock: StoryClock
    company: Company
    server: Server
    app: App
    goals: GoalsOnDisk
    today: datetime
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        """Know the configuration file."""
        self.config = config_of(self.directory)


def config_of(directory: Path) -> Path:
    """Return where the demo's configuration lies."""
    return directory / "vindaris.toml"


class _StoryProgress(Progress):
    """Progress whose sleep takes no time while the past is told; a stop ends it at once all the same."""

    def __init__(self, clock: StoryClock) -> None:
        super().__init__()
        self._story = clock

    def sleep(self, seconds: float) -> None:
        if self.stopping:
            raise Interrupted
        self._story.sleep(seconds, super().sleep)


@contextmanager
def staged(directory: Path, port: int = 0) -> Iterator[Stage]:
    """Found the company, serve its trackers, and give everything ready in ``directory``; close it all at the end.

    ``port`` is the page's, on loopback; 0: any that is free. Raises ``Refusal`` where another program has it.
    """
    port = _free(port)
    today = datetime.now(UTC) - _LEAD
    clock = StoryClock(today - INSTALLED - FOUNDED)
    company = Company(clock)
    company.found(today - INSTALLED)
    with Server(company.services, clock=clock) as server:
        _furnish(directory, server.url, port)
        with open_app(load(config_of(directory), environ={}), now=clock, progress=_StoryProgress(clock)) as app:
            yield Stage(directory, clock, company, server, app, GoalsOnDisk(directory / "goals.toml"), today)


def prepared(directory: Path | None) -> Path:
    """Return an empty directory for the demo: the one asked for, or a fresh one among the temporary files."""
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="vindaris-demo-"))
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refusal(f"{directory} is not empty", advice="name a directory that is empty or not there yet")
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()


def _free(port: int) -> int:
    try:
        with socket.create_server(("127.0.0.1", port)) as listener:
            found: int = listener.getsockname()[1]
            return found
    except OSError:
        raise Refusal(f"another program has the port {port}", advice="name another one, or none: --port 0") from None


def _furnish(directory: Path, url: str, port: int) -> None:
    """Write configuration, tokens and goals."""
    for name, token in _TOKENS.items():
        place = directory / name
        place.touch(mode=0o600)
        place.write_text(token, "utf-8")
    (directory / "goals.toml").write_text(goals_text(), "utf-8")
    projects, repositories = _list(PROJECTS), _list(REPOSITORIES)
    text = _CONFIG.format(url=url, mail=BOT_MAIL, projects=projects, repositories=repositories, port=port)
    for channel in CHANNELS:
        team, scopes = TEAMS[channel]
        text += _CHANNEL.format(channel=channel, url=url, team=team, scopes=_list(scopes))
    config_of(directory).write_text(text, "utf-8")


def _list(values: object) -> str:
    return str(list(values)).replace("'", '"')  # type: ignore[call-overload] # any iterable of plain names
