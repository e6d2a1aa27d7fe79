"""What the configuration file may hold: every key with its unit, default and bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializeAsAny,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from vindaris_sync.config.chats import NotifySettings
from vindaris_sync.config.goal_home import HomeSettings
from vindaris_sync.config.lists import some
from vindaris_sync.config.outcome_sources import OutcomeSourceSettings
from vindaris_sync.config.page import PageSettings
from vindaris_sync.config.paths import FilePath
from vindaris_sync.config.teams import PersonSettings, TeamSettings
from vindaris_sync.config.times import ClockTime, Zone
from vindaris_sync.domain.goals import LABEL_LENGTH, LONGEST_DEBOUNCE, MATERIAL
from vindaris_sync.domain.materiality import Materiality
from vindaris_sync.domain.rules import CONFIGURABLE, Condition, Stated
from vindaris_sync.sdk.durations import format_duration
from vindaris_sync.sdk.goals import GoalSourceSettings
from vindaris_sync.sdk.material import MaterialFields
from vindaris_sync.sdk.secret import MASK, PASSWORDS, Secret
from vindaris_sync.sdk.settings import Duration, Settings, TrackerSettings

DEFAULT_PATH = Path("/etc/vindaris-sync/vindaris.toml")
"""Where the configuration lies unless another file is named."""

SHORTEST_CENSUS = timedelta(minutes=10)
"""A census more often than this would be all that the daemon does."""

STATE_DIRECTORY = Path("/var/lib/vindaris-sync")


def with_password(url: object) -> bool:
    """Whether a URL carries a password, ``scheme://user:password@host``, or in its query, as libpq takes one."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.password) or any(name.casefold() in PASSWORDS for name, _ in parse_qsl(parts.query))
    except ValueError:  # it is no URL, and may hold one all the same
        return "@" in url


def _as_database(value: object, info: ValidationInfo) -> str | Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or "://" not in value:
        raise ValueError("write a database URL, sqlite:////var/lib/vindaris-sync/vindaris.db for instance")
    if with_password(value):
        Secret(urlsplit(value).password or "")  # a driver's error may name the password alone
        return Secret(value)
    relative = re.fullmatch(r"(sqlite[^:]*:///)([^/:?][^?]*)(.*)", value)
    if relative and info.context:
        return f"{relative[1]}{info.context['directory'] / relative[2]}{relative[3]}"
    return value


def _shown(url: str | Secret) -> str:
    return url if isinstance(url, str) else MASK


class StoreSettings(Settings):
    """Where links, reviews and history are kept."""

    url: Annotated[str | Secret, BeforeValidator(_as_database), PlainSerializer(_shown, return_type=str)]
    """Database URL; default ``vindaris.db`` in the state directory. With a password: from elsewhere, like a secret."""

    backup_dir: FilePath = Path("backups")
    """Where the daemon's backups go; default ``backups`` in the state directory, another disk is better."""
    backup_every: Duration = timedelta(hours=24)
    """How old the newest backup may become; ``0s``: the daemon makes none."""
    backup_keep: int = Field(7, ge=1)
    """How many of the newest backups stay."""
    backup_weeks: int = Field(4, ge=0)
    """Of how many of the latest calendar weeks the newest backup stays, too."""

    @property
    def address(self) -> str:
        """The URL with its password, for the database engine alone."""
        return self.url if isinstance(self.url, str) else self.url.reveal()


class GoalsSettings(Settings):
    """Where goals are stated and which of their edits count."""

    file: FilePath | None = None
    """A file, or a folder whose ``*.toml`` files are taken together; default ``goals.toml`` without other sources."""
    material: MaterialFields = MATERIAL
    """The fields whose change makes links suspect, where neither the source nor the goal says otherwise (R11)."""
    debounce: Duration = timedelta(minutes=10)
    """How long a goal must stay unedited before an edit counts, at most 1 h."""
    born_within: Duration = timedelta(hours=24)
    """Work that serves a goal within this time of its creation was linked at birth."""
    catch_all_share: float = Field(0.3, gt=0, le=1)
    """A goal with more than this share of all open work is a catch-all, which is reported."""
    catch_all_least: int = Field(50, ge=1)
    """Open issues below which no goal is one."""
    home: HomeSettings | None = None
    """Where goals of files and documents become issues; absent: nowhere."""

    @field_validator("debounce")
    @classmethod
    def _bounded(cls, value: timedelta) -> timedelta:
        if value > LONGEST_DEBOUNCE:
            raise ValueError(f"at most {format_duration(LONGEST_DEBOUNCE)}")
        return value


def _as_values(value: object) -> object:
    return (value,) if isinstance(value, str) else value


_Condition = Annotated[
    tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], ...],
    BeforeValidator(_as_values),
    AfterValidator(some),
    PlainSerializer(lambda values: values[0] if len(values) == 1 else list(values)),
]
"""One text, or a list of which any will do; compared without regard to case."""


class RuleSettings(Settings):
    """A link rule: the goal of issues on which, and above which, nobody has set anything. All conditions must hold."""

    goal: str = Field(min_length=1)
    """The goal's key; while no goal has it, the rule rests."""
    tracker: _Condition | None = None
    """The name of a ``[trackers.NAME]`` block."""
    place: _Condition | None = None
    """Project or owner/repository."""
    type: _Condition | None = None
    component: _Condition | None = None
    """The name of a component; Jira's."""
    label: _Condition | None = None
    milestone: _Condition | None = None
    """The title of a milestone; GitHub's."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.stated.conditions:
            raise ValueError(f"name at least one condition: {', '.join(CONFIGURABLE)}")
        asked = [name for name in CONFIGURABLE if name not in (Condition.TRACKER, Condition.PLACE)]
        if not self.stated.conditions.keys() & set(asked):
            wanted = ", ".join(asked)
            raise ValueError(f"this would link all that is there, which says nothing of it: name also one of {wanted}")
        return self

    @property
    def stated(self) -> Stated:
        """The rule as the domain knows it."""
        given = {name: getattr(self, name) for name in CONFIGURABLE}
        return Stated(self.goal, {name: values for name, values in given.items() if values is not None})


class ScheduleSettings(Settings):
    """When the daemon does what is not driven by polling."""

    timezone: Zone = ZoneInfo("UTC")
    nightly: ClockTime = time(2, 30)
    """When the full comparison and the report are due, once per local date."""
    reminders: ClockTime | None = None
    """When teams are reminded of reviews that are still open, after 1, 2, 4, 8 … working days; absent: never."""
    census: Duration = timedelta(hours=6)
    """Time between two censuses of a tracker, at least 10 minutes; each is spread over half of it."""

    @field_validator("census")
    @classmethod
    def _seldom(cls, value: timedelta) -> timedelta:
        if value < SHORTEST_CENSUS:
            raise ValueError(f"at least {format_duration(SHORTEST_CENSUS)}")
        return value


class ReportSettings(Settings):
    """Where the nightly reports go."""

    directory: FilePath = Path("reports")
    """Default ``reports`` in the state directory."""
    keep: int = Field(90, ge=1)
    """Nightly reports kept; older ones are deleted."""


class LoggingSettings(Settings):
    """What is logged to standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "pretty", "json"] = "auto"
    """``auto``: pretty on a terminal, JSON otherwise."""


def complete(data: dict[str, Any]) -> dict[str, Any]:
    """Return raw settings with the defaults that depend on another setting, the state directory."""
    state = data.setdefault("state_dir", STATE_DIRECTORY)
    for section, key, value in (
        ("store", "url", f"sqlite:///{state}/vindaris.db"),
        ("store", "backup_dir", Path(str(state)) / "backups"),
        ("report", "directory", Path(str(state)) / "reports"),
    ):
        if isinstance(data.setdefault(section, {}), dict):
            data[section] = {key: value, **data[section]}
    if not data.get("goal_sources") and isinstance(goals := data.setdefault("goals", {}), dict):
        data["goals"] = {"file": "goals.toml", **goals}
    return data


class Config(BaseSettings):
    """The whole configuration, checked; building it reads neither files nor the environment (``load`` does)."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        validate_default=True,
        env_prefix="VINDARIS_",
        env_nested_delimiter="__",
    )

    state_dir: FilePath = STATE_DIRECTORY
    """The daemon's own directory: database, its backups and generation, reports."""
    store: StoreSettings
    goals: GoalsSettings = GoalsSettings()
    goal_sources: dict[str, SerializeAsAny[GoalSourceSettings]] = {}
    outcome_sources: dict[str, SerializeAsAny[OutcomeSourceSettings]] = {}
    trackers: dict[str, SerializeAsAny[TrackerSettings]] = {}
    notify: dict[str, SerializeAsAny[NotifySettings]] = {}
    teams: tuple[TeamSettings, ...] = ()
    people: tuple[PersonSettings, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
    schedule: ScheduleSettings = ScheduleSettings()
    report: ReportSettings = ReportSettings()
    page: PageSettings = PageSettings()
    logging: LoggingSettings = LoggingSettings()

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data: Any) -> Any:  # noqa: ANN401 - validators receive whatever was given
        return complete(dict(data)) if isinstance(data, dict) else data

    @classmethod
    def settings_customise_sources(  # noqa: D102 - the base class's promise
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class's parameter
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @property
    def materiality(self) -> Materiality:
        """Which fields of which goals count (R11)."""
        chosen = {name: block.material for name, block in self.goal_sources.items() if block.material is not None}
        return Materiality(self.goals.material, chosen)

    def longest_key(self) -> int:
        """Return how many characters a goal's key may have beside the longest label prefix in use."""
        return LABEL_LENGTH - max(self._prefix_lengths(), default=0)

    def _prefix_lengths(self) -> Iterator[int]:
        for tracker in self.trackers.values():
            if "label" in tracker.write_back.surfaces:
                yield len(tracker.write_back.label_prefix)
