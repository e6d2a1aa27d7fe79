"""The settings every tracker has; a connector's own settings extend ``TrackerSettings``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from vindaris_sync.sdk.durations import format_duration, parse_duration
from vindaris_sync.sdk.secret import MASK, Secret

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
]
"""A time span written ``30s``, ``10m``, ``2h`` or ``7d``."""


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused, defaults validated."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=True)


def _as_secret(value: Any) -> Secret:  # noqa: ANN401 - validators receive whatever the file holds
    if isinstance(value, Secret):
        return value
    message = 'write { env = "NAME" }, { file = "PATH" } or { credential = "NAME" }, never the secret itself'
    raise ValueError(message)


SecretValue = Annotated[Secret, BeforeValidator(_as_secret), PlainSerializer(lambda _: MASK, return_type=str)]
"""A secret; the configuration loader has read it from the environment, a file or the credentials directory before."""


class WriteBackSettings(Settings):
    """What is written onto issues, and its bounds."""

    surfaces: tuple[str, ...] = ("label",)
    """Goal surfaces: ``label`` and/or ``field:NAME``; all are kept in agreement (R1, R3)."""
    label_prefix: str = Field("goal:", min_length=1, max_length=20)
    review_label: str = Field("goal-review", min_length=1, max_length=50)
    exempt_label: str = Field("no-goal", min_length=1, max_length=50)
    exempt_days: int = Field(90, ge=1, le=3650)
    """Days after which an exemption by label expires."""
    label_limit: int = Field(200, ge=0)
    """A cause that would label more issues labels none (R9)."""
    several_goals: bool = False
    """Whether one issue may serve several goals."""
    enabled: bool = True
    """False: nothing is ever written to this tracker."""


class TrackerSettings(Settings):
    """What every tracker's block holds; ``kind`` chooses the connector."""

    kind: str
    poll: Duration = timedelta(minutes=2)
    """Time between two pulls."""
    grace: Duration = timedelta(minutes=15)
    """How long a new issue may stay unlinked before label and chat say so (R9)."""
    ignore_types: tuple[str, ...] = ()
    """Issue types that are not tracked."""
    write_back: WriteBackSettings = WriteBackSettings()
    in_flight: int = Field(4, ge=1, le=8)
    """Exchanges under way at once with one credential."""
    keep_free: int = Field(20, ge=0, le=90)
    """Percent of an hour's quota of requests that background reading leaves to people and other programs."""
    write_interval: Duration | None = Field(None, ge=timedelta(), le=timedelta(minutes=1))
    """Least time between the starts of two writes; default: what the kind of tracker advises."""

    def named_places(self) -> tuple[str, ...] | None:
        """Return the places (projects, repositories) that the block names; ``None`` where only the tracker knows."""
        return None


Audience = Literal["public", "internal"]
