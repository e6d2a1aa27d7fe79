"""Starting the sandbox's services, loading real issues into them, and ending cleanly."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from vindaris_sync.cli import logs
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.opening import busy
from vindaris_sync.cli.output import emit, note, say
from vindaris_sync.cli.sandboxed_chats import chats
from vindaris_sync.sandbox import github, jira, slack
from vindaris_sync.sandbox.core import Service
from vindaris_sync.sandbox.server import Server

BOT = "bot@acme.example"
JIRA_TOKEN = "sandbox-jira-token"  # noqa: S105 - of the look-alike, on loopback
GITHUB_TOKEN = "sandbox-github-token"  # noqa: S105 - as above
SLACK_TOKEN = "xoxb-sandbox-slack-token"  # noqa: S105 - as above
CHANNEL = "#goals"
_USUAL = ("jira-cloud", "github", "slack")
CHATS = ("discord", "mattermost", "teams", "google-chat")
_PREFIXES = {
    "jira-cloud": "/jira", "jira-dc": "/jira-dc", "github": "/github", "slack": "/slack",
    **{name: f"/{name}" for name in CHATS},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What to serve: services by name (none: the usual ones), files to load, and the port (0: any)."""

    names: tuple[str, ...] = ()
    jira_files: tuple[Path, ...] = ()
    github_files: tuple[str, ...] = ()
    port: int = 0


@dataclass(slots=True)
class Served:
    """The services by name, what was loaded into them, and what a configuration needs to know."""

    services: dict[str, Service] = field(default_factory=dict)
    loaded: dict[str, int] = field(default_factory=dict)
    access: dict[str, dict[str, Any]] = field(default_factory=dict)


def serve(asked: Asked, *, as_json: bool) -> None:
    """Serve until SIGINT or SIGTERM."""
    logs.configure("error")
    stop = Event()
    former = {number: signal.signal(number, _asks(stop)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        served = build(asked)
        if stop.is_set():
            return
        with Server({_PREFIXES[name]: service for name, service in served.services.items()}, port=asked.port) as server:
            _tell(server.url, served, as_json=as_json)
            while not stop.wait(0.5):
                continue
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    note("stopped")


def _asks(stop: Event) -> Any:  # noqa: ANN401 - a signal handler
    def ask(_: int, __: FrameType | None) -> None:
        stop.set()

    return ask


def build(asked: Asked) -> Served:
    """Return the services asked for, filled from the files; a file makes its service served."""
    names = dict.fromkeys(asked.names or _USUAL)
    if asked.jira_files and not {"jira-cloud", "jira-dc"} & set(names):
        names["jira-cloud"] = None
    if asked.github_files:
        names["github"] = None
    served = Served()
    if {"jira-cloud", "jira-dc"} & set(names):
        _jira(served, [name for name in names if name.startswith("jira")], asked.jira_files)
    if "github" in names:
        _github(served, asked.github_files)
    if "slack" in names:
        _slack(served)
    for name, service, access in chats(names):
        served.services[name] = service
        served.access[name] = dict(access)
    return served


def _jira(served: Served, names: list[str], files: tuple[Path, ...]) -> None:
    world = jira.World()
    world.add_account(JIRA_TOKEN, BOT, admin=True)
    for path in files:
        served.loaded[str(path)] = _load(path, lambda path=path: jira.load(world, path))
    if not files:
        world.add_project("APP")
        world.add_project("OPS")
        world.add_field("Goal", jira.TEXT)
    projects = [project.key for project in world.projects.values()]
    for name in names:
        served.services[name] = jira.JiraCloud(world) if name == "jira-cloud" else jira.JiraDataCenter(world)
        email = {"email": BOT} if name == "jira-cloud" else {}
        served.access[name] = {**email, "token": JIRA_TOKEN, "projects": projects}


def _github(served: Served, files: tuple[str, ...]) -> None:
    world = github.World()
    world.tokens[GITHUB_TOKEN] = github.Account("vindaris-bot")
    for text in files:
        name, mark, file = text.partition("=")
        if not mark or "/" not in name:
            raise Refusal(f"--load-github {text}", advice="write OWNER/REPO=FILE.jsonl[.gz]")
        served.loaded[text] = _load(Path(file), lambda name=name, file=file: world.load(name, Path(file)))
    if not files:
        world.create_repository("acme/web")
    served.services["github"] = github.GitHub(world)
    repositories = [each.full_name for each in world.repositories.values()]
    served.access["github"] = {"token": GITHUB_TOKEN, "repositories": repositories}


def _slack(served: Served) -> None:
    world = slack.World()
    world.create_channel(CHANNEL)
    world.tokens[SLACK_TOKEN] = "vindaris"
    served.services["slack"] = slack.Slack(world)
    served.access["slack"] = {"token": SLACK_TOKEN, "channel": CHANNEL}


def _whole(service: Service, access: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a service; what is a path below its URL as a whole address."""
    return {
        key: f"{service.base_url}{value}" if key in {"api_url", "webhook"} else value for key, value in access.items()
    }


def _load(path: Path, load: Any) -> int:  # noqa: ANN401 - a call without arguments
    try:
        with busy(f"loading {path.name}"):
            return int(load())
    except ValueError as error:
        raise Refusal(f"{path}: {error}", advice="one issue a line, as the tracker's API prints it") from None


def _tell(url: str, served: Served, *, as_json: bool) -> None:
    services = {
        name: {"url": f"{service.base_url}{'/api' if name == 'slack' else ''}", **_whole(service, served.access[name])}
        for name, service in served.services.items()
    }
    if as_json:
        emit({"url": url, "services": services, "loaded": served.loaded})
        return
    for file, count in served.loaded.items():
        say(f"loaded {count:,} issues from {file}")
    for name, facts in services.items():
        say(name, style="bold")
        for key, value in facts.items():
            say(f"  {key:<13} {', '.join(value) if isinstance(value, list) else value}")
    say(f"faults         POST {url}/_sandbox/faults", style="dim")
    say("Ctrl-C ends it.")
