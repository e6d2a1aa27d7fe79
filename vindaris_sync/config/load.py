"""From a TOML file, the environment and the places of secrets to a checked ``Config``, or all that is wrong at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vindaris_sync.config.draft import Draft
from vindaris_sync.config.environment import merge, overrides, states, variable
from vindaris_sync.config.problems import Problem, lines_in
from vindaris_sync.config.secrets import SecretPlaces
from vindaris_sync.config.settings import Config, complete, with_password
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.registry import Kind, load_kind

_DEPTH = 64
"""Levels in a file, far more than any key has; dotted keys nest without end, and whoever walks them needs an end."""
_TOO_DEEP = f"tables and arrays are nested more than {_DEPTH} deep"


class ConfigRefused(ConfigError):
    """The configuration cannot be used: ``problems`` are one line each, the text is all of them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems), advice="correct the file; `vindaris-sync config check` looks again")


def load(
    path: Path,
    environ: Mapping[str, str] = os.environ,
    credentials_directory: Path | None = None,
    kind: Callable[[str], Kind] = load_kind,
) -> Config:
    """Return the checked configuration, secrets read, relative paths made absolute from the file's directory.

    The credentials directory is ``$CREDENTIALS_DIRECTORY`` unless given. Raises ``ConfigRefused`` with every problem
    found, one line each: ``vindaris.toml:12: [trackers.jira-main] token: environment variable JIRA_TOKEN is not set``.
    """
    text = read_text(path)
    try:
        stated = read_toml(text)
    except ValueError as error:
        raise ConfigRefused([f"{path}: no valid TOML: {error}"]) from None
    try:
        given = overrides(environ)
    except ValueError as error:
        raise ConfigRefused([str(error)]) from None
    if credentials_directory is None and environ.get("CREDENTIALS_DIRECTORY"):
        credentials_directory = Path(environ["CREDENTIALS_DIRECTORY"])
    places = SecretPlaces(environ, path.absolute().parent, credentials_directory)
    draft = Draft(complete(merge(stated, given)), places, kind)
    if problems := [*_plain_passwords(stated), *draft.problems]:
        stray = [problem for problem in problems if states(given, problem.path) and not states(stated, problem.path)]
        rest = (problem for problem in problems if problem not in stray)
        raise ConfigRefused(
            [f"environment variable {variable(problem.path)}: {problem.message}" for problem in stray]
            + lines_in(str(path), text, rest)
        )
    return Config(**draft.parts)


def read_toml(text: str) -> dict[str, Any]:
    """Return what TOML states; ``ValueError`` says why it is none, also where it is too deep or a number too long."""
    try:
        stated = tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level: list[Any] = [stated]
    for _ in range(_DEPTH):
        level = [inner for node in level for inner in (node.values() if isinstance(node, dict) else node)]
        level = [node for node in level if isinstance(node, dict | list)]
    if level:
        raise ValueError(_TOO_DEEP)
    return stated


def read_text(path: Path) -> str:
    """Return a file's text; ``ConfigError`` says why there is none."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: no valid UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def _plain_passwords(stated: Mapping[str, Any]) -> Iterator[Problem]:
    store = stated.get("store")
    if isinstance(store, Mapping) and with_password(store.get("url")):
        yield Problem(("store", "url"), 'a URL with a password is a secret: write { env = "NAME" }, file or credential')
