"""The example files are complete, true and loadable."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from vindaris_sync.app import teams_of
from vindaris_sync.config.chats import NOTIFY_KINDS
from vindaris_sync.config.goal_sources import SOURCE_KINDS
from vindaris_sync.config.load import load
from vindaris_sync.config.problems import model_in
from vindaris_sync.config.settings import Config
from vindaris_sync.config.show import show
from vindaris_sync.sdk.registry import kinds, load_kind
from vindaris_sync.sdk.secret import MASK
from vindaris_sync.sources.files import FileGoals, GoalsFile

ROOT = Path(__file__).parents[3]
CONFIG = (ROOT / "config.example.toml").read_text("utf-8")
GOALS = (ROOT / "goals.example.toml").read_text("utf-8")


@pytest.fixture
def loaded(tmp_path: Path) -> Config:
    """Return the example configuration with secrets that are none."""
    for credential in ("jira-token", "github-token", "slack-token"):
        (tmp_path / credential).write_text("token of the example\n", "utf-8")
    environ = {"PLATFORM_WEBHOOK": "https://hooks.example/platform", "INTRANET_WEBHOOK": "https://hooks.example/in"}
    return load(ROOT / "config.example.toml", environ, tmp_path)


def test_the_example_configuration_loads(loaded: Config) -> None:
    """Everybody starts with a copy of it."""
    team = teams_of(loaded).of_place("github-acme", "acme/api")
    assert team is not None
    assert team.name == loaded.teams[1].name


def _stated(data: Any, shown: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, dict) and isinstance(shown, dict):
        for key, value in data.items():
            yield from _stated(value, shown[key])
    elif isinstance(data, list) and data and isinstance(data[0], dict):
        for one, other in zip(data, shown, strict=True):
            yield from _stated(one, other)
    else:
        yield data, shown


def test_what_the_example_states_is_what_is_in_force_and_shown(loaded: Config) -> None:
    """``config show`` has the file's shape; secrets are masked, paths absolute, time spans in their largest units."""
    for stated, shown in _stated(tomllib.loads(CONFIG), show(loaded)):
        expected = {"goals.toml": str(ROOT / "goals.toml"), "24h": "1d"}.get(str(stated), stated)
        assert shown == (MASK if isinstance(stated, dict) else expected)


def keys_of(model: type[BaseModel]) -> Iterator[str]:
    """Yield every key of a settings model and of the tables in it."""
    for name, field in model.model_fields.items():
        yield name
        if inner := model_in(field.annotation):
            yield from keys_of(inner)


def documented(key: str, text: str) -> bool:
    """Whether the text states the key, possibly commented out, or has a table of that name."""
    return re.search(rf"^(# *)?{key} *=|^(# *)?\[+({key}|[^]]*\.{key})(\.[^]]+)?\]", text, re.MULTILINE) is not None


def test_the_example_documents_every_key_of_every_installed_kind() -> None:
    """A new setting without a line in the example fails here."""
    trackers = [load_kind(kind).settings_type for kind in kinds()]
    models: list[type[BaseModel]] = [Config, *NOTIFY_KINDS.values(), *SOURCE_KINDS.values(), *trackers]
    missing = {key for model in models for key in keys_of(model) if not documented(key, CONFIG)}
    assert missing == set()


def test_the_example_goals_load_and_document_every_key() -> None:
    """A new key of a goal without a line in the example fails here."""
    assert len(FileGoals(ROOT / "goals.example.toml").read().goals) == 2
    assert {key for key in keys_of(GoalsFile) if not documented(key, GOALS)} == set()
