"""What an operator has, worked on through the command line alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.cli.main import app

CONFIG = """
state_dir = "state"
[trackers.mem]
kind = "memory"
grace = "0s"
[notify.quiet]
kind = "log"
[[teams]]
name = "Growth"
scopes = ["mem:*"]
notify = "quiet"
"""

GOALS = """
[[goal]]
key = "GROW"
title = "Grow the business"
priority = "P1"
[[goal.outcome]]
metric = "revenue"
unit = "M"
baseline = 1
target = 3
current = 2
[[goal]]
key = "CHECKOUT"
title = "Faster checkout"
parent = "GROW"
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """What an operator has: a directory with configuration and goals, and the tracker of the team."""

    directory: Path
    tracker: MemoryTracker

    @property
    def config(self) -> Path:
        return self.directory / "vindaris.toml"

    @property
    def goals(self) -> Path:
        return self.directory / "goals.toml"

    def call(self, *words: str, code: int = 0, answer: str | None = None) -> Result:
        """Call the command and check its exit code."""
        result = CliRunner().invoke(app, [*words, "--config", str(self.config)], input=answer)
        assert result.exit_code == code, f"{result.exit_code}\n{result.stdout}\n{result.stderr}"
        return result

    def said(self, *words: str, code: int = 0) -> str:
        """Return what the command printed for people."""
        return self.call(*words, code=code).stdout

    def told(self, *words: str, code: int = 0) -> Any:
        """Return what the command printed as JSON; nothing else may stand beside it."""
        return json.loads(self.call(*words, "--json", code=code).stdout)

    def labels(self, issue: str) -> tuple[str, ...]:
        return self.tracker.issue(issue).labels
