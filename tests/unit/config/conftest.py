"""A connector kind of our own, so that the configuration is tested without any real connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import pytest

from vindaris_sync.config.load import ConfigRefused, load
from vindaris_sync.config.settings import Config
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.protocol import Connector, Surroundings
from vindaris_sync.sdk.registry import Kind
from vindaris_sync.sdk.settings import SecretValue, Settings, TrackerSettings


class KeySettings(Settings):
    """A nested table with a secret in it."""

    id: int
    pem: SecretValue


class BoardSettings(TrackerSettings):
    """A tracker with named boards, or a query instead."""

    kind: Literal["board"] = "board"
    url: str
    token: SecretValue | None = None
    key: KeySettings | None = None
    boards: tuple[str, ...] = ()

    def named_places(self) -> tuple[str, ...] | None:
        """Return the boards; none named means that a query decides."""
        return self.boards or None


def no_connector(name: str, settings: TrackerSettings, surroundings: Surroundings) -> Connector:
    """Stand for a connector; reading a configuration builds none."""
    raise NotImplementedError(name, settings, surroundings)


def boards_only(kind: str) -> Kind:
    """Know one kind, ``board``; ``broken`` is installed and cannot be imported."""
    if kind == "broken":
        raise ImportError("No module named 'boards'")
    if kind != "board":
        raise ConfigError(f"there is no kind of tracker {kind!r}; installed are board")
    return Kind("board", BoardSettings, no_connector)


Load = Callable[..., Config]
Refusals = Callable[..., list[str]]


@pytest.fixture
def config_of(tmp_path: Path) -> Load:
    """Return what loads a configuration from its text and an environment."""

    def loaded(text: str, environ: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "vindaris.toml"
        path.write_text(text, "utf-8")
        return load(path, environ or {}, kind=boards_only)

    return loaded


@pytest.fixture
def refusals(config_of: Load, tmp_path: Path) -> Refusals:
    """Return what loads a configuration that is refused, as its lines without the directory."""

    def lines(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigRefused) as refused:
            config_of(text, environ)
        assert refused.value.__suppress_context__ or refused.value.__context__ is None
        assert str(refused.value).splitlines() == list(refused.value.problems)
        return [line.replace(f"{tmp_path}/", "") for line in refused.value.problems]

    return lines
