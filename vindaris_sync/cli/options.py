"""Options that many verbs have, their completion, and examples in their help."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_CONFIG = Path("/etc/vindaris-sync/vindaris.toml")
LOCAL_CONFIG = Path("vindaris.toml")
VARIABLE = "VINDARIS_CONFIG"

ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar=VARIABLE,
        metavar="PATH",
        help=f"The configuration file. Default: ./{LOCAL_CONFIG} if it exists, else {DEFAULT_CONFIG}.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else, on standard output.")]
Who = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Who decides; default: your login name.", show_default=False)
]


def examples(*lines: str) -> str:
    """Return the epilogue of a verb's help: commands to copy, one a line."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])  # \b: typer does not wrap what follows


def config_path(given: Path | None) -> Path:
    """Return the configuration file to use."""
    return given or (LOCAL_CONFIG if LOCAL_CONFIG.exists() else DEFAULT_CONFIG)


def _goals_stated() -> list[dict[str, Any]]:
    """Return the goals of the goals file, read without loading anything heavy; none where that fails."""
    path = config_path(Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None)
    try:
        config = tomllib.loads(path.read_text("utf-8"))
        stated = tomllib.loads((path.parent / config.get("goals", {}).get("file", "goals.toml")).read_text("utf-8"))
        return [goal for goal in stated.get("goal", []) if isinstance(goal, dict)]
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def complete_goal(incomplete: str) -> list[tuple[str, str]]:
    """Return goal keys that begin with ``incomplete``, in any case, each with its title."""
    begun = incomplete.casefold()
    found = ((str(goal.get("key", "")), str(goal.get("title", ""))) for goal in _goals_stated())
    return [(key, title) for key, title in found if key and key.casefold().startswith(begun)]


def complete_tracker(incomplete: str) -> list[str]:
    """Return names of configured trackers that begin with ``incomplete``."""
    path = config_path(Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None)
    try:
        names = tomllib.loads(path.read_text("utf-8")).get("trackers", {})
    except (OSError, ValueError):
        return []
    return [name for name in names if name.startswith(incomplete)]
