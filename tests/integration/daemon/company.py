"""The same company on the real clock, with a configuration file, for daemons that are processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.integration.engine.desks import GITHUB_TOKEN, JIRA_TOKEN, GithubDesk, JiraDesk
from tests.integration.engine.world import BOT, GOALS, SLACK_TOKEN, Setup, github_world, jira_world, slack_world
from vindaris_sync.sandbox import github, jira, slack
from vindaris_sync.sandbox.core import Service, system_clock
from vindaris_sync.sandbox.server import Server

CONFIG = """
state_dir = "state"
[store]
url = "sqlite:///state/vindaris.db"
[goals]
file = "goals.toml"
debounce = "0s"
[trackers.jira]
kind = "jira"
url = "{url}/jira"
email = "{bot}"
token = {{ file = "jira.token" }}
projects = ["APP", "OPS"]
poll = "1s"
poll_max = "1s"
grace = "0s"
[trackers.jira.write_back]
surfaces = ["field:Goal", "label"]
[trackers.github]
kind = "github"
url = "{url}/github"
token = {{ file = "github.token" }}
repositories = ["acme/web", "acme/api"]
poll = "1s"
poll_max = "1s"
grace = "0s"
[notify.growth]
kind = "slack"
channel = "#growth"
token = {{ file = "slack.token" }}
api_url = "{url}/slack/api"
[[teams]]
name = "Growth"
scopes = ["jira:*", "github:*"]
notify = "growth"
[page]
listen = "127.0.0.1:0"
[schedule]
nightly = "{nightly}"
"""


class Company:
    """Trackers and chat on sockets, and a folder with what a daemon needs."""

    def __init__(self, folder: Path, *, nightly: str = "23:59") -> None:
        self.folder, self.nightly = folder, nightly
        self.jira = JiraDesk(jira_world(system_clock, Setup()))
        self.github = GithubDesk(github_world(system_clock, Setup()))
        self.slack = slack_world(system_clock)
        self.jira_service = jira.JiraCloud(self.jira.world)
        self.slack_service = slack.Slack(self.slack)
        self.server = Server(self.services()).start()
        self.config = folder / "config.toml"
        self._write_files()

    def services(self) -> dict[str, Service]:
        """Return what is served, by the first segment of its path."""
        return {"/jira": self.jira_service, "/github": github.GitHub(self.github.world), "/slack": self.slack_service}

    def configuration(self) -> str:
        """Return the configuration file's text."""
        return CONFIG.format(url=self.server.url, bot=BOT, nightly=self.nightly)

    def _write_files(self) -> None:
        (self.folder / "state").mkdir()
        self.config.write_text(self.configuration())
        goals = [f'[[goal]]\nkey = "{goal.key}"\ntitle = "{goal.title}"\nstatus = "active"\n' for goal in GOALS]
        (self.folder / "goals.toml").write_text("\n".join(goals))
        for name, token in (("jira", JIRA_TOKEN), ("github", GITHUB_TOKEN), ("slack", SLACK_TOKEN)):
            path = self.folder / f"{name}.token"
            path.write_text(token)
            path.chmod(0o600)

    @property
    def log(self) -> Path:
        """The file that the daemon of the moment logs to."""
        return self.folder / "daemon.log"

    @property
    def database(self) -> Path:
        """The store's file."""
        return self.folder / "state" / "vindaris.db"

    def command(self, *verb: str) -> list[str]:
        """Return the command line of a verb."""
        return [sys.executable, "-m", "vindaris_sync.cli", *verb, "--config", str(self.config)]

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the daemon; it is killed at the end where it has not ended by itself."""
        environment = {**os.environ, "PYTHONWARNINGS": ""}
        with (
            self.log.open("w", encoding="utf-8") as log,  # a pipe that nobody reads would stop the daemon when full
            subprocess.Popen(self.command("run"), stdout=log, stderr=log, env=environment) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def said(self, process: subprocess.Popen[bytes]) -> str:
        """Wait for a daemon's end and return all that it logged."""
        process.wait(timeout=20)
        return self.log.read_text("utf-8")

    def run(self, *verb: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        return subprocess.run(self.command(*verb), check=False, capture_output=True, text=True, timeout=120)

    def told(self) -> list[str]:
        """Return the first lines of what people see in the channel, less messages that go on in a later one."""
        lines = [message.text.splitlines()[0] for message in self.slack.channels["growth"].messages]
        return [line for line in lines if not line.startswith("↓")]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give everything up."""
        self.server.stop()
