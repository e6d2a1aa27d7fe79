"""Trace: an issue up to its goals' outcomes, a goal or an outcome down to all its work, now or as of any date."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field, TypeAdapter

from vindaris_sync.engine.tracing import instant, traced
from vindaris_sync.web.api.faults import ABSENT, found
from vindaris_sync.web.api.shapes import BASE, Instant, Shape, Words
from vindaris_sync.web.page import ThePage

router = APIRouter(prefix=BASE, tags=["trace"])

EVENTS = 20
WORK = 500
"""Issues that are told of a goal's work; the totals count all."""


class Measured(Shape):
    """An outcome, and when and how it was measured last. Values are in its unit; null is unknown."""

    metric: str
    unit: str
    baseline: float | None
    target: float | None
    current: float | None
    progress: float | None
    measured: Instant | None
    how: str | None


class Named(Shape):
    """An issue where it is mentioned."""

    issue: str = Field(examples=["jira-main:10042"])
    key: str
    title: str


class Placed(Named):
    """An issue, and where it is."""

    place: str
    type: str
    presence: str
    closed: bool


class Carried(Shape):
    """A link to a goal."""

    goal: str
    provenance: str
    who: str
    at: Instant
    revision: int = Field(description="The goal's revision that it was confirmed against")
    suspect: bool
    primary: bool


class Above(Shape):
    """A goal above another one."""

    key: str
    title: str
    outcomes: tuple[Measured, ...]


class Goal(Shape):
    """A goal."""

    key: str
    title: str
    status: str
    priority: str | None
    period: str | None
    revision: int
    outcomes: tuple[Measured, ...]


class Served(Goal):
    """A goal that an issue serves, with what is above it, the nearest first."""

    parents: tuple[Above, ...]


class Cause(Shape):
    """Why a review is open."""

    reason: str
    detail: str
    opened: Instant
    backlog: bool
    answer: str | None


class Event(Shape):
    """What happened, to whom it is known; ``before`` and ``after`` are as the event has them."""

    at: Instant
    event: str
    who: str
    how: str
    why: str
    before: Any
    after: Any
    goal: str | None
    revision: int | None


class Exempted(Shape):
    """A statement that an issue is no goal work."""

    reason: str
    author: str
    at: Instant
    expires: Instant | None


class Ruled(Shape):
    """The rule that gives a link, and the issue on the chain that fulfils it."""

    rule: str
    name: str
    fulfilled_by: Placed


class IssueTrace(Shape):
    """An issue up to its goals' outcomes, as it is."""

    kind: Literal["issue"]
    issue: Placed
    state: str | None = Field(description="linked, inherited, exempt or unlinked; null where it is not tracked")
    is_goal: str | None = Field(description="The goal that it is itself")
    due: bool
    parent_unknown: bool
    suspect: bool
    carrier: Placed | None = Field(description="The issue whose link counts")
    chain: tuple[Placed, ...] = Field(description="What stands above it, the nearest first")
    chain_end: str = Field(description="Why the chain is not known to its end; empty: it is")
    must_link: bool
    rule: Ruled | None
    links: tuple[Carried, ...]
    exemption: Exempted | None
    goals: tuple[Served, ...]
    causes: tuple[Cause, ...]
    history: tuple[Event, ...] = Field(description=f"The last {EVENTS}, the newest first")


class GoalThen(Shape):
    """A goal as it was in force then."""

    key: str
    revision: int
    since: Instant
    title: str
    outcomes: tuple[Measured, ...]


class PastTrace(Shape):
    """An issue up to its goals, as the history tells that it was."""

    kind: Literal["past"]
    at: Instant
    issue: Named
    closed: bool
    chain: tuple[Named, ...]
    carrier: Named | None
    rule: str | None
    links: tuple[str, ...]
    goals: tuple[GoalThen, ...]


class Counted(Shape):
    """Issues, and the share of them that is done."""

    issues: int
    done: int
    share: float | None


class Effort(Shape):
    """Output by estimate, in one unit."""

    unit: str
    done: float
    total: float
    issues: int
    share: float | None


class Output(Shape):
    """Output of a goal: its own, and with all below it."""

    own: Counted
    below: Counted
    estimates: tuple[Effort, ...]


class InTree(Goal):
    """A goal among those that are traced."""

    parent: str | None
    depth: int
    output: Output


class Root(Goal):
    """The goal that is traced, with what is above it, the nearest first."""

    parent: str | None
    parents: tuple[Goal, ...]


class Child(Shape):
    """A goal right below."""

    key: str
    title: str


class Traced(Placed):
    """An issue that serves the goal or one below it."""

    url: str
    estimate: float | None
    state: str
    goals: tuple[str, ...]
    parent: str | None
    suspect: bool
    review: tuple[str, ...]
    rule: str | None
    carrier: str | None


class _Down(Shape):
    at: Instant | None = Field(description="As of when; null: now")
    goals: tuple[InTree, ...]
    work: tuple[Traced, ...] = Field(description=f"At most {WORK:,}; totals count all")
    totals: dict[str, int]


class GoalTrace(_Down):
    """A goal down to all its work."""

    kind: Literal["goal"]
    goal: Root
    children: tuple[Child, ...]
    history: tuple[Event, ...]


class OutcomeTrace(_Down):
    """All goals that state an outcome, down to all their work."""

    kind: Literal["outcome"]
    metric: str


Trace = Annotated[IssueTrace | PastTrace | GoalTrace | OutcomeTrace, Field(discriminator="kind")]
_TRACE: TypeAdapter[Trace] = TypeAdapter(Trace)


@router.get("/trace", responses=ABSENT)
def get_trace(
    page: ThePage,
    name: Annotated[
        str, Query(min_length=1, max_length=300, description="`KEY`, `TRACKER:ID`, `goal:KEY`, `outcome:METRIC`")
    ],
    at: Annotated[
        Words, Query(description="A date (its end, in UTC) or an instant; empty: now", examples=["2026-03-31"])
    ] = "",
) -> Trace:
    """Return what is known of an issue upwards, or of a goal or an outcome downwards."""
    moment = instant(at.strip()) if at.strip() else None
    trackers = {each: known.settings for each, known in page.context.trackers.items()}
    with found():
        document = traced(page.store, trackers, name.strip(), at=moment, events=EVENTS, most=WORK)
    if document["kind"] == "past":
        document["goals"] = [{**each, "title": each["contents"]["title"]} for each in document["goals"]]
    return _TRACE.validate_python(document, from_attributes=True)
