"""The configuration checked, and as TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vindaris_sync.app import stated_goals
from vindaris_sync.cli.exits import DONE, USAGE
from vindaris_sync.cli.opening import load_config
from vindaris_sync.cli.options import config_path
from vindaris_sync.cli.output import emit, note, say
from vindaris_sync.config.settings import Config
from vindaris_sync.config.show import show as shown
from vindaris_sync.domain.goals import Goal, fold
from vindaris_sync.domain.text import counted
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.goals import GoalsRefused


def check(path: Path | None, *, as_json: bool) -> int:
    """Print what is wrong with configuration and goals, or that nothing is; return the exit code."""
    found: dict[str, Any] = {"path": str(config_path(path)), "valid": False, "problems": [], "trackers": 0, "teams": 0,
                             "goals": 0}  # fmt: skip
    try:
        config = load_config(path)
        found |= {"trackers": len(config.trackers), "teams": len(config.teams)}
        goals = stated_goals(config).goals
        found["goals"] = len(goals)
        if lost := list(_misplaced(config, goals)):
            raise GoalsRefused(lost)
        found["valid"] = True
    except ConfigError as error:
        if not as_json:
            raise
        found["problems"] = list(getattr(error, "problems", None) or [str(error)])
    if as_json:
        emit(found)
    else:
        parts = [counted(found[name], name.removesuffix("s")) for name in ("trackers", "teams", "goals")]
        say(f"{found['path']} is right: {', '.join(parts)}")
        note("`vindaris-sync doctor` asks trackers and chats whether they agree")
    return DONE if found["valid"] else USAGE


def _misplaced(config: Config, goals: Iterable[Goal]) -> Iterator[str]:
    """Yield the required work that could be created nowhere."""
    for goal in goals:
        for item in goal.requires:
            settings, name = config.trackers.get(item.tracker), f"{goal.key} requires {item.id}"
            places = settings.named_places() if settings else None
            if settings is None:
                yield f"{name}: there is no tracker {item.tracker!r}; there are {', '.join(config.trackers)}"
            elif places is not None and fold(item.place) not in map(fold, places):
                yield f"{name}: {item.place} is not tracked by {item.tracker}; there are {', '.join(places)}"


def show(path: Path | None, *, as_json: bool) -> None:
    """Print the settings in force."""
    document = shown(load_config(path))
    if as_json:
        emit(document)
        return
    for line in toml(document):
        say(line)


def toml(table: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """Yield ``table`` as TOML: its own keys first, tables below; what has no value is left out."""
    plain = {key: value for key, value in table.items() if not _holds_tables(value) and value is not None}
    if name and plain:
        yield f"[{name}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    if plain:
        yield ""
    for key, value in table.items():
        inner = f"{name}.{_key(key)}" if name else _key(key)
        if isinstance(value, Mapping):
            yield from toml(value, inner)
        elif _holds_tables(value):
            for each in value:
                yield f"[[{inner}]]"
                yield from toml(each)


def _holds_tables(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)
