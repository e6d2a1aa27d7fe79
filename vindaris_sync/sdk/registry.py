"""Connectors are found through entry points, so the product never names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Protocol

from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.goals import TrackerGoalSettings
from vindaris_sync.sdk.protocol import Connector, Surroundings
from vindaris_sync.sdk.settings import TrackerSettings

GROUP = "vindaris_sync.connectors"


class ConnectorClass(Protocol):
    """What an entry point of the group ``vindaris_sync.connectors`` names."""

    settings_type: type[TrackerSettings]

    def __call__(self, name: str, settings: TrackerSettings, surroundings: Surroundings) -> Connector:
        """Build the connector without any request."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of tracker that is installed: its name, its settings, and how to build a connector."""

    name: str
    settings_type: type[TrackerSettings]
    build: Callable[[str, TrackerSettings, Surroundings], Connector]
    goal_settings: Mapping[str, type[TrackerGoalSettings]] = field(default_factory=dict)
    """The kinds of goal sources that its trackers state, with the settings of each (``sdk.goals.StatesGoals``)."""


def kinds() -> tuple[str, ...]:
    """Return the installed kinds of tracker, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def load_kind(name: str) -> Kind:
    """Return the installed kind ``name``; raises ``ConfigError`` that lists the installed ones."""
    for point in entry_points(group=GROUP, name=name):
        cls: ConnectorClass = point.load()
        return Kind(name, cls.settings_type, cls, getattr(cls, "goal_settings", {}))
    message = f"there is no kind of tracker {name!r}; installed are {', '.join(kinds()) or 'none'}"
    raise ConfigError(message)
