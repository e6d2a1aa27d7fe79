"""What all answers of the API have in common: instants in UTC, lists a page at a time, names of goals and issues."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from vindaris_sync.sdk.errors import Refusal

BASE = "/api/v1"

MOST = 200
"""Entries of one page of a list."""

USUAL = 50

HOW = "api"
"""By which means a decision came, in the history."""

LONGEST = 300
"""Characters of a name or of words that are searched for."""


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_utc)]
"""RFC 3339, in UTC."""


def _coming(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("no instant that can be told in UTC") from None


def _written(value: object) -> object:
    if not isinstance(value, str) or not _DAY.match(value):  # a number would be taken for seconds since 1970
        raise ValueError("write it as 2026-12-31, with T18:00:00Z where a time is wanted")
    return value


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt ]|\Z)", re.ASCII)

Day = Annotated[date, BeforeValidator(_written)]
"""A date that somebody sends."""

Coming = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_coming)]
"""An instant that somebody sends: RFC 3339, with its offset."""

Sentence = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]

Share = Annotated[float, Field(ge=0, le=1)]


class Shape(BaseModel):
    """A part of an answer; it is read off our own values."""

    model_config = ConfigDict(from_attributes=True, frozen=True, json_schema_serialization_defaults_required=True)


class Said(BaseModel):
    """What somebody sends; a field that is not known is refused, so that none is misspelt unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GoalName(Shape):
    """A goal where it is mentioned."""

    key: str
    title: str
    status: str = Field(description="proposed, active, paused, achieved or abandoned")
    priority: str = Field(description="Its own, or its nearest ancestor's; empty: none")
    revision: int


class Piece(Shape):
    """A run of words that stayed, went or came."""

    kind: str = Field(description="same, old or new")
    text: str


class Change(Shape):
    """One thing that differs between two revisions of a goal, word by word."""

    name: str = Field(examples=["title"])
    pieces: tuple[Piece, ...]


class Work(Shape):
    """Issues on a goal."""

    open: int
    closed: int
    inherited: int = Field(description="Of both, those that serve the goal through what stands above them")
    done: Share | None = Field(description="The share that is closed; null without issues")


Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many entries")]
Cursor = Annotated[str, Query(max_length=LONGEST, description="`next` of the page before; empty: the first page")]
Words = Annotated[str, Query(max_length=LONGEST)]
Key = Annotated[str, Path(min_length=1, max_length=LONGEST, description="A goal's key or one of its former keys")]
Name = Annotated[
    str,
    Path(
        min_length=1,
        max_length=LONGEST,
        description="An issue's key or `TRACKER:ID`, `rule:3` or `goal:KEY`; percent-encoded",
    ),
]

Next = Annotated[str | None, Field(description="What to ask for as `cursor` to go on; null: this is the last page")]


def stale_cursor() -> Refusal:
    """Return what is said of a cursor that no page gave, or whose place is gone."""
    return Refusal("this cursor leads nowhere", advice="begin with the first page")
