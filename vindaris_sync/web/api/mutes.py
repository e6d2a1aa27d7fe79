"""What nobody is told of for a time, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from vindaris_sync.domain import muting as domain
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.muting import Muted
from vindaris_sync.engine.muting import mute, unmute
from vindaris_sync.engine.naming import the_goal, the_issue
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.web.access import Decider
from vindaris_sync.web.api.faults import ABSENT, WRITES
from vindaris_sync.web.api.shapes import BASE, HOW, Coming, Instant, Said, Sentence, Shape
from vindaris_sync.web.errors import Absent
from vindaris_sync.web.page import Page, ThePage

router = APIRouter(prefix=BASE, tags=["mutes"])


class Mute(Shape):
    """One mute; it ends by itself."""

    id: int
    about: str = Field(description="`team:NAME`, `goal:KEY`, or the issue as `TRACKER:ID`")
    at: Instant
    until: Instant
    who: str
    why: str

    @classmethod
    def of(cls, each: domain.Mute, about: str) -> Mute:
        """Return it as the API tells it."""
        return cls(id=each.id, about=about, at=each.at, until=each.until, who=each.who, why=each.why)


class Mutes(Shape):
    """All that is muted, the oldest first."""

    mutes: tuple[Mute, ...]


class Muting(Said):
    """What is to be muted: exactly one of team, goal and issue."""

    team: str | None = Field(default=None, max_length=200)
    goal: str | None = Field(default=None, max_length=300, description="Its key")
    issue: str | None = Field(default=None, max_length=300, description="Its key or `TRACKER:ID`", examples=["APP-12"])
    until: Coming = Field(description="At most 366 days from now", examples=["2026-12-31T18:00:00Z"])
    why: Sentence = Field(min_length=1, examples=["waits for the contract"])


@router.get("/mutes")
def list_mutes(page: ThePage) -> Mutes:
    """Return what is muted now."""
    held = page.store.mutes(page.now())
    records = page.store.view_records([each.about.issue for each in held if each.about.issue is not None])
    book = page.store.goal_book()

    def named(about: Muted) -> str:
        if about.team is not None:
            return f"team:{about.team}"
        if about.goal is not None:
            return f"goal:{book.goals[about.goal].key}"
        return str(records[about.issue].ref) if about.issue in records else ""

    return Mutes(mutes=tuple(Mute.of(each, named(each.about)) for each in held))


@router.post("/mutes", status_code=201, responses=WRITES)
def add_mute(page: ThePage, visitor: Decider, wanted: Muting) -> Mute:
    """Let nobody be told of a team, a goal or an issue for a time. A running mute about the same ends with it."""
    about, name = _about(page, wanted)
    made = mute(page.store, about, wanted.until, By(visitor.who, HOW, wanted.why, page.now()))
    return Mute.of(made, name)


@router.delete("/mutes/{number}", responses=ABSENT)
def end_mute(page: ThePage, visitor: Decider, number: Annotated[int, Path(ge=1, le=1 << 62)]) -> Mutes:
    """End a mute, and return what is muted still."""
    now = page.now()
    held = next((each for each in page.store.mutes(now) if each.id == number), None)
    if held is None:
        raise Absent("no mute with this number is running")
    unmute(page.store, held.about, By(visitor.who, HOW, "", now))
    return list_mutes(page)


def _about(page: Page, wanted: Muting) -> tuple[Muted, str]:
    """Return what is meant, and how it is called in answers."""
    if sum(each is not None for each in (wanted.team, wanted.goal, wanted.issue)) != 1:
        raise Refusal("a mute is about one team, one goal or one issue", advice="name exactly one of them")
    if wanted.team is not None:
        if wanted.team not in page.context.teams.teams:
            raise Refusal(f"there is no team {wanted.team!r}")
        return Muted(team=wanted.team), f"team:{wanted.team}"
    if wanted.goal is not None:
        book = page.store.goal_book()
        goal = the_goal(book, wanted.goal)
        return Muted(goal=goal), f"goal:{book.goals[goal].key}"
    record = the_issue(page.store, wanted.issue or "")
    return Muted(issue=record.id), str(record.ref)
