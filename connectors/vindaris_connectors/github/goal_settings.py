"""What a ``[goal_sources.NAME]`` block of kind ``github`` holds: what are goals, and where their parts stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from vindaris_sync.domain.goals import Status
from vindaris_sync.sdk.goals import TrackerGoalSettings

_BOARD = re.compile(r"(?P<owner>[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/(?P<number>[1-9][0-9]{0,8})")
_KINDS = ("label", "field")
_WHOLE = ("milestone", "due")


class Part(NamedTuple):
    """Where a part of a goal stands: ``label`` (behind a prefix), ``field`` (by name), ``milestone``, ``due``."""

    kind: str
    name: str = ""


def part(text: str) -> Part | None:
    """Return the place that ``label:PREFIX``, ``field:NAME``, ``milestone`` or ``due`` names; None for the empty text.

    Raises ``ValueError`` for anything else.
    """
    if not text:
        return None
    kind, colon, name = text.partition(":")
    if (colon and kind in _KINDS and name.strip()) or (not colon and kind in _WHOLE):
        return Part(kind, name.strip() if kind == "field" else name)
    raise ValueError(f'{text!r}: write "label:PREFIX", "field:NAME", "milestone" or "due"')


def _as_part(text: str) -> str:
    part(text)
    return text


def _as_board(text: str) -> str:
    if text and not _BOARD.fullmatch(text):
        raise ValueError(f'{text!r} is no board; write "owner/7", as its address ends: /orgs/owner/projects/7')
    return text


def _as_names(value: object) -> object:
    return ((value,) if value.strip() else ()) if isinstance(value, str) else value


Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_as_names),
    PlainSerializer(lambda names: names[0] if len(names) == 1 else list(names)),
]
Place = Annotated[str, AfterValidator(_as_part)]


class GithubGoalSettings(TrackerGoalSettings):
    """Goals are either issues by label or type, or milestones, or what stands on a board of Projects (v2)."""

    kind: Literal["github"] = "github"
    labels: Names = ()
    """Issues with any of these labels, in the tracker's repositories."""
    types: Names = ()
    """Issues of any of these types; then pulls show what was edited."""
    milestones: bool = False
    """The milestones of the tracker's repositories. An issue in one serves it."""
    project: Annotated[str, AfterValidator(_as_board)] = ""
    """A board, ``owner/number``: its issues and its drafts."""
    lists: bool = False
    """Whether the issues that an issue's body names in its lists (``- [ ] #12``) serve that goal, beside sub-issues."""
    priority: Place | None = None
    """``label:PREFIX`` or ``field:NAME``; default: a board's field *Priority*, else none."""
    period: Place | None = None
    """The same, ``milestone`` (an issue's, by title) or ``due``; default: a milestone's due date, else none."""
    status_field: str = "Status"
    """The board's field whose options ``status`` may name."""
    status: Mapping[str, Status] = {}
    """What an option of that field, or ``open``, ``completed``, ``not_planned``, ``duplicate``, means."""
    outcome_table: bool = True
    """Whether a table in the body whose header names Metric and Target states outcomes."""

    @model_validator(mode="after")
    def _one_of_four(self) -> Self:
        if sum(map(bool, (self.labels, self.types, self.milestones, self.project))) != 1:
            raise ValueError('name one of labels = ["goal"], types = ["Goal"], milestones = true, project = "owner/7"')
        if self.lists and self.milestones:
            raise ValueError("lists: a milestone has no body with lists; its issues serve it as they are")
        return self

    def tracked_types(self) -> tuple[str, ...]:
        """Return the types, where they choose."""
        return self.types

    @property
    def board(self) -> tuple[str, int]:
        """The board's owner and number."""
        owner, _, number = self.project.partition("/")
        return owner, int(number)

    @property
    def priority_at(self) -> Part | None:
        """Where the priority stands."""
        if self.priority is None:
            return Part("field", "Priority") if self.project else None
        return part(self.priority)

    @property
    def period_at(self) -> Part | None:
        """Where the period stands."""
        if self.period is None:
            return Part("due") if self.milestones else None
        return part(self.period)

    @property
    def named_fields(self) -> dict[str, str]:
        """The fields that are read, each with the setting that names it; those that stand by default may be absent."""
        places = {"priority": self.priority_at, "period": self.period_at}
        found = {at.name: setting for setting, at in places.items() if at is not None and at.kind == "field"}
        return {**found, **({self.status_field: "status_field"} if self.project and self.status_field else {})}
