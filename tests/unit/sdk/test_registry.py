from __future__ import annotations

import pytest

from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.registry import kinds, load_kind
from vindaris_sync.sdk.settings import TrackerSettings


def test_installed_kinds() -> None:
    """The product's own connectors are found through their entry points, each with its settings."""
    assert {"github", "jira", "memory"} <= set(kinds())
    for name in ("github", "jira", "memory"):
        assert issubclass(load_kind(name).settings_type, TrackerSettings)


def test_unknown_kind_lists_what_there_is() -> None:
    """A kind that is not installed is a config error that names the installed ones."""
    with pytest.raises(ConfigError, match=r"'linear'.*memory"):
        load_kind("linear")
