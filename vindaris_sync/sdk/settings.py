"""The settings every tracker has; a connector's own settings extend ``TrackerSettings``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from vindaris_sync.sdk.durations import format_duration, parse_duration
from vindaris_sync.sdk.secret import MASK, Secret

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
]
"""A time span written ``30s``, ``10m``, ``2h`` or ``7d``."""


_POLL = timedelta(minutes=2)
_LEAST_POLL = timedelta(seconds=15)
_LONGEST_POLL = timedelta(days=1)


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
TokenValue = Annotated[SecretValue, AfterValidator(Secret.sendable)]
"""A secret that goes into a header, or a log-in, as it is: printable ASCII."""


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
    create_limit: int = Field(20, ge=1)
    """Issues that one pass creates for goals; where more are required at once, a person is asked before any is."""
    loop_limit: int = Field(6, ge=1)
    """How often within an hour a write to one issue may be undone, before nothing more is written to it for a day."""
    several_goals: bool = False
    """Whether one issue may serve several goals."""
    show_priority: str = ""
    """Where issues show the priority of the goal they serve: ``label:PREFIX`` or ``field:NAME``; empty: nowhere."""
    show_status: str = ""
    """Where they show its status, likewise."""
    show_limit: int = Field(200, ge=1)
    """Issues on which one pass changes these; a goal with more of them waits until a person agrees."""
    publish_goals: bool = False
    """Whether the goals are kept where people pick them: labels with colour and description, options of a field."""
    enabled: bool = True
    """False: nothing is ever written to this tracker."""

    @property
    def mirrors(self) -> dict[str, tuple[str, str]]:
        """What of a goal is shown, as (``label`` or ``field``, prefix or name): by ``priority`` and ``status``."""
        stated = {"priority": self.show_priority, "status": self.show_status}
        parts = {what: where.partition(":") for what, where in stated.items() if where}
        return {what: (form, name.strip() if form == "field" else name) for what, (form, _, name) in parts.items()}

    @property
    def mirror_fields(self) -> tuple[str, ...]:
        """The names of the fields among them, in order."""
        return tuple(name for form, name in self.mirrors.values() if form == "field")


def _somewhere(where: tuple[str, ...]) -> tuple[str, ...]:
    if not where:
        raise ValueError("name one at least, title or body; to look nowhere, leave parent_reference out")
    return where


class ParentReference(Settings):
    """Where an issue's text names its parent in another tracker; a parent of the tracker's own goes before it (R6)."""

    tracker: str = Field(min_length=1)
    """The name of the other ``[trackers.NAME]``, or its own."""
    places: tuple[str, ...] = ()
    """Projects or repositories whose keys count; default: those that the other tracker's block names."""
    where: Annotated[tuple[Literal["title", "body"], ...], AfterValidator(_somewhere)] = ("title", "body")
    """``title``: it begins with the key. ``body``: a line says ``Parent: KEY``."""


_SHORTEST_SECRET = 16


def _as_signing(secret: Secret) -> Secret:
    if 0 < len(secret.reveal()) < _SHORTEST_SECRET:  # empty: it could not be read, which is said already
        raise ValueError(f"at least {_SHORTEST_SECRET} characters: who guesses it can send events")
    return secret


class HookSettings(Settings):
    """How the tracker's own events are known to be its own."""

    secret: Annotated[SecretValue, AfterValidator(_as_signing)]
    """What the tracker signs its events with, made up by you: at least 16 characters, better 40 random ones."""


class TrackerSettings(Settings):
    """What every tracker's block holds; ``kind`` chooses the connector."""

    kind: str
    poll: Duration = _POLL
    """Time between two pulls, as long as nothing speaks for more or fewer."""
    poll_min: Duration = Field(_POLL / 4, ge=timedelta(seconds=1))
    """Time between two pulls of a busy tracker; default: a quarter of ``poll``, not below 15 s."""
    poll_max: Duration = Field(_POLL * 4, le=_LONGEST_POLL)
    """Time between two pulls of a quiet tracker; default: four times ``poll``."""
    grace: Duration = timedelta(minutes=15)
    """How long a new issue may stay unlinked before label and chat say so (R9)."""
    ignore_types: tuple[str, ...] = ()
    """Issue types that are not tracked."""
    must_link: tuple[str, ...] = ()
    """Issue types that must carry a link or an exemption themselves: what stands above them does not do (R6)."""
    parent_reference: ParentReference | None = None
    """How issues name parents in their text; absent: only the tracker's own parents count."""
    write_back: WriteBackSettings = WriteBackSettings()
    webhook: HookSettings | None = None
    """Where the tracker tells of changes itself; absent: its events are not taken, and polling finds everything."""
    missing_share: float = Field(0.05, gt=0, le=1)
    """Share of the issues, but never fewer than 20, that may be missing at once; beyond it nothing is decided."""
    in_flight: int = Field(4, ge=1, le=8)
    """Exchanges under way at once with one credential."""
    keep_free: int = Field(20, ge=0, le=90)
    """Percent of an hour's quota of requests that background reading leaves to people and other programs."""
    write_interval: Duration = Field(timedelta(), le=timedelta(minutes=1))
    """Least time between the starts of two writes; a kind's own default is what the tracker advises."""

    @model_validator(mode="before")
    @classmethod
    def _bound_polls(cls, data: Any) -> Any:  # noqa: ANN401 - validators receive whatever the file holds
        try:
            poll = parse_duration(data.get("poll", _POLL))
        except (AttributeError, ValueError):  # told by the field's own check
            return data
        bounds = {
            "poll_min": min(poll, max(poll / 4, _LEAST_POLL)),
            "poll_max": max(poll, min(poll * 4, _LONGEST_POLL)),
        }
        return {**bounds, **data}

    @model_validator(mode="after")
    def _check_polls(self) -> Self:
        if not self.poll_min <= self.poll <= self.poll_max:
            message = "poll: not below poll_min, and not above poll_max"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_types(self) -> Self:
        ignored = {name.casefold() for name in self.ignore_types}
        if both := [name for name in self.must_link if name.casefold() in ignored]:
            raise ValueError(f"must_link: {both[0]!r} is also among ignore_types")
        return self

    @property
    def estimate_unit(self) -> str:
        """The unit of issues' estimates, ``points`` for instance; empty: estimates are not read."""
        return ""

    def named_places(self) -> tuple[str, ...] | None:
        """Return the places (projects, repositories) that the block names; ``None`` where only the tracker knows."""
        return None


Visibility = Literal["public", "private"]
