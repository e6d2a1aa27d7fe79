"""Goals: all of them with their output and outcomes, and each with its work, its readings and its past."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from vindaris_sync.domain.findings import GoalRow
from vindaris_sync.domain.goals import Outcome as Stated
from vindaris_sync.domain.goals import fold, outcome_progress
from vindaris_sync.engine.goal_view import GoalView, goal_view
from vindaris_sync.store.pages import Place
from vindaris_sync.store.tracing import TracedIssue
from vindaris_sync.web.api.faults import ABSENT
from vindaris_sync.web.api.shapes import (
    BASE,
    USUAL,
    Change,
    Cursor,
    Instant,
    Key,
    Limit,
    Next,
    Shape,
    Work,
    stale_cursor,
)
from vindaris_sync.web.errors import Absent
from vindaris_sync.web.goal_list import Wanted, fitting
from vindaris_sync.web.page import Page, ThePage

router = APIRouter(prefix=BASE, tags=["goals"])

READINGS = 400
"""Readings of one outcome that are told, the newest."""


class Outcome(Shape):
    """A measurable result of a goal. Values are in its unit; null is unknown."""

    metric: str
    unit: str
    baseline: float | None
    target: float | None
    current: float | None
    progress: float | None = Field(description="0 at the baseline, 1 at the target; beyond both where it is")

    @classmethod
    def of(cls, each: Stated) -> Outcome:
        """Return it as the API tells it."""
        return cls(
            metric=each.metric, unit=each.unit, baseline=each.baseline, target=each.target, current=each.current,
            progress=outcome_progress(each),
        )  # fmt: skip


class Goal(Shape):
    """A goal with its output beside its outcomes."""

    key: str
    title: str
    status: str = Field(description="proposed, active, paused, achieved or abandoned")
    priority: str
    period: str
    owner: str
    parent: str = Field(description="The parent's key; empty for a root")
    depth: int
    own: Work
    below: Work = Field(description="Own work and that of all goals below")
    outcomes: tuple[Outcome, ...]
    suspect: int = Field(description="Open issues on it whose link is suspect")
    nearby: int = Field(description="Open issues that serve no goal, in the places where its own work is")
    idle: bool = Field(description="Whether it should have work and has none")
    catch_all: bool = Field(description="Whether so much of all work is on it that being on it says nothing")
    missing: bool = Field(description="Whether its source no longer states it")
    successor: str = Field(description="The goal that its open work goes to once it is closed; empty: none")

    @classmethod
    def of(cls, row: GoalRow) -> Goal:
        """Return it as the API tells it."""
        told = {name: getattr(row, name) for name in cls.model_fields if name not in ("own", "below", "outcomes")}
        own, below = Work.model_validate(row.own), Work.model_validate(row.below)
        return cls(**told, own=own, below=below, outcomes=tuple(map(Outcome.of, row.outcomes)))


class Goals(Shape):
    """A page of goals, parents before what is below them."""

    at: Instant = Field(description="As of when; at most a quarter of a minute old while things change")
    total: int = Field(description="How many are asked for, on all pages")
    goals: tuple[Goal, ...]
    next: Next


class Reading(Shape):
    """What an outcome's metric was measured at."""

    value: float
    at: Instant
    how: str = Field(description="goals (its source states it), command line, csv, or source NAME")
    who: str


class Measured(Shape):
    """An outcome with its readings, oldest first."""

    outcome: Outcome
    readings: tuple[Reading, ...] = Field(description=f"The newest {READINGS}")


class Revision(Shape):
    """A revision of a goal, and what it changed from the one before."""

    revision: int
    at: Instant
    minor: bool = Field(description="Whether it was declared too small to ask anybody about")
    changes: tuple[Change, ...]


class Waiting(Shape):
    """An issue whose link is asked about since the goal has changed or ended."""

    tracker: str
    key: str
    title: str
    url: str
    reason: str
    since: Instant


class GoalInFull(Shape):
    """One goal with everything but its work."""

    goal: Goal | None = Field(description="Null for a moment, until a goal that is new is added up")
    key: str
    title: str
    description: str
    revision: int
    visibility: str = Field(description="public or private")
    source: str = Field(description="The name of the source that states it")
    former_keys: tuple[str, ...]
    outcomes: tuple[Measured, ...]
    revisions: tuple[Revision, ...] = Field(description="The newest, newest first")
    older_revisions: int = Field(description="How many are not among them")
    resting: tuple[Change, ...] = Field(description="What an edit that rests would change")
    asked: tuple[Waiting, ...] = Field(description="Those that have waited longest")
    asked_total: int
    provenances: dict[str, int] = Field(description="How explicit links came to be")


class Issue(Shape):
    """An issue on a goal."""

    issue: str = Field(examples=["jira-main:10042"])
    key: str
    title: str
    url: str
    place: str
    type: str
    closed: bool
    state: str = Field(description="linked, inherited, exempt or unlinked")
    suspect: bool
    review: bool = Field(description="Whether its review is open")
    estimate: float | None

    @classmethod
    def of(cls, each: TracedIssue) -> Issue:
        """Return it as the API tells it."""
        return cls(
            issue=f"{each.tracker}:{each.ext_id}", key=each.key, title=each.title, url=each.url, place=each.place,
            type=each.type, closed=each.closed, state=each.state, suspect=each.suspect, review=each.reviewed,
            estimate=each.estimate,
        )  # fmt: skip


class Issues(Shape):
    """A page of a goal's own work, carriers with what inherits from them."""

    issues: tuple[Issue, ...]
    next: Next


Show = Literal["all", "without-work", "suspect", "catch-all", "closed-with-work", "missing", "ended"]


@router.get("/goals")
def list_goals(  # noqa: PLR0913 - what a list is chosen by
    *,
    page: ThePage,
    show: Show = "all",
    words: Annotated[str, Query(max_length=200, description="Words of key and title, all of them")] = "",
    below: Annotated[str, Query(max_length=300, description="The key of a goal: those below it")] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> Goals:
    """Return goals: all that are open or have open work, or by what is wrong with them."""
    picture = page.pictures.now()
    rows = picture.below(below) if below else picture.goals
    found = fitting(rows, Wanted(show, words, below))
    start = 0
    if cursor:
        start = 1 + next((n for n, row in enumerate(found) if fold(row.key) == fold(cursor)), -1)
        if not start:
            raise stale_cursor()
    shown = found[start : start + limit]
    more = shown[-1].key if len(found) > start + limit else None
    return Goals(at=picture.at, total=len(found), goals=tuple(map(Goal.of, shown)), next=more)


@router.get("/goals/{key:path}/work", responses=ABSENT)
def list_work(
    page: ThePage,
    key: Key,
    *,
    closed: Annotated[bool, Query(description="Closed issues, too")] = False,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> Issues:
    """Return the issues on a goal itself."""
    if cursor and str(Place.read(cursor)) != cursor:
        raise stale_cursor()
    found = page.store.work_on(_number(page, key), Place.read(cursor), limit, closed=closed)
    return Issues(issues=tuple(map(Issue.of, found.issues)), next=str(found.next) if found.next else None)


@router.get("/goals/{key:path}", responses=ABSENT)
def get_goal(page: ThePage, key: Key) -> GoalInFull:
    """Return one goal with its outcomes, revisions and what is asked about it."""
    view, picture = goal_view(page.store, page.store.goal_book(), _number(page, key)), page.pictures.now()
    stated, row = view.goal, picture.goal(view.goal.key)
    return GoalInFull(
        goal=row and Goal.of(row), key=stated.key, title=stated.title, description=stated.description,
        revision=view.stored.revision, visibility=stated.visibility, source=stated.source, former_keys=stated.was,
        outcomes=_measured(view), revisions=tuple(map(Revision.model_validate, view.steps)),
        older_revisions=view.older, resting=tuple(map(Change.model_validate, view.waiting)),
        asked=tuple(map(Waiting.model_validate, view.asked)), asked_total=view.asked_total,
        provenances=dict(picture.provenances.get(stated.key, {})),
    )  # fmt: skip


def _measured(view: GoalView) -> tuple[Measured, ...]:
    return tuple(
        Measured(outcome=Outcome.of(outcome), readings=tuple(map(Reading.model_validate, readings[-READINGS:])))
        for outcome, readings in view.outcomes
    )


def _number(page: Page, key: str) -> int:
    found = page.store.goal_book().find(key)
    if found is None:
        raise Absent("no goal is called so")
    return found
