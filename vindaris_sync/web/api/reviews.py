"""Open reviews, each with what is needed to answer it, and the goals that its issue may serve."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from vindaris_sync.domain import ranking
from vindaris_sync.domain.records import Answer
from vindaris_sync.domain.reviews import answer_to
from vindaris_sync.engine.inbox import COUNTED, Choice, Inboxes, Item, Why
from vindaris_sync.engine.naming import the_issue
from vindaris_sync.store.asking import Position
from vindaris_sync.web.api.faults import ABSENT, found
from vindaris_sync.web.api.mutes import Mute
from vindaris_sync.web.api.shapes import (
    BASE,
    USUAL,
    Change,
    Cursor,
    GoalName,
    Instant,
    Limit,
    Name,
    Next,
    Shape,
    Words,
    stale_cursor,
)
from vindaris_sync.web.page import ThePage

router = APIRouter(prefix=BASE, tags=["reviews"])

_OFFERED = 20


class Evidence(Shape):
    """One reason for a candidate."""

    ground: str = Field(description="mention, parent, sibling, milestone, component, label, author, assignee or words")
    subject: str = Field(description="The component, label, milestone or person; the words, the strongest first")
    count: int = Field(description="How many issues say so")
    weight: float = Field(description="Its part of the score")
    text: str = Field(description="The same in one line for people")


class Candidate(Shape):
    """A goal that an issue may serve. It is never applied by itself."""

    key: str
    title: str
    score: float = Field(description="Comparable among one issue's candidates only")
    evidence: tuple[Evidence, ...] = Field(description="The strongest first")

    @classmethod
    def of(cls, each: ranking.Candidate) -> Candidate:
        """Return it as the API tells it."""
        told = tuple(
            Evidence(ground=one.ground, subject=one.subject, count=one.count, weight=one.weight, text=str(one))
            for one in each.evidence
        )
        return cls(key=each.key, title=each.title, score=each.score, evidence=told)


class Candidates(Shape):
    """Candidates, the best first."""

    candidates: tuple[Candidate, ...]


class Question(Shape):
    """One reason why a review is open."""

    reason: str = Field(examples=["unlinked", "goal_changed"])
    detail: str
    opened: Instant
    confirmable: bool = Field(description="Whether a confirmation answers it")
    goal: str | None = Field(description="The key of the goal it is about")
    since_revision: int | None = Field(description="The revision that the link was confirmed against")
    changes: tuple[Change, ...] = Field(description="What changed in the goal since that revision")

    @classmethod
    def of(cls, each: Why) -> Question:
        """Return it as the API tells it."""
        key = each.cause.key
        return cls(
            reason=str(key.reason), detail=each.cause.detail, opened=each.cause.opened,
            confirmable=answer_to(key) is Answer.CONFIRMED, goal=each.goal.key if each.goal else None,
            since_revision=each.since, changes=tuple(map(Change.model_validate, each.changes)),
        )  # fmt: skip


class Step(Shape):
    """An issue above the one that is asked about."""

    key: str
    title: str
    url: str


class Asked(Shape):
    """The issue that is asked about."""

    tracker: str
    place: str = Field(description="Its project or repository")
    type: str
    created: Instant
    updated: Instant
    url: str


class Review(Shape):
    """A review: whose it is, why it is open, and what to say to answer it."""

    name: str = Field(description="What answers call it", examples=["jira-main:10042"])
    key: str = Field(description="What people call it", examples=["APP-12"])
    title: str
    seen: str = Field(description="Send it with an answer: what has changed since is then refused, and told")
    team: str
    issue: Asked | None = Field(description="Null: the review of a link rule or of a goal itself")
    chain: tuple[Step, ...] = Field(description="What stands above the issue, the topmost first")
    goals: tuple[GoalName, ...] = Field(description="What it serves at present, the primary first")
    questions: tuple[Question, ...] = Field(description="Why it is open, the oldest first; empty: it is not")
    confirmable: bool
    exempt: bool = Field(description="Whether it is stated to be no goal work")
    mute: Mute | None
    candidates: tuple[Candidate, ...]

    @classmethod
    def of(cls, item: Item) -> Review:
        """Return it as the API tells it."""
        return cls(
            name=item.name, key=item.key, title=item.title, seen=item.seen, team=item.team, issue=_asked(item),
            chain=tuple(map(Step.model_validate, item.chain)),
            goals=tuple(map(GoalName.model_validate, item.goals)),
            questions=tuple(map(Question.of, item.why)), confirmable=item.confirmable, exempt=item.exempt,
            mute=Mute.of(item.mute, item.name) if item.mute else None,
            candidates=tuple(map(Candidate.of, item.candidates)),
        )  # fmt: skip


def _asked(item: Item) -> Asked | None:
    record = item.record
    if record is None:
        return None
    return Asked(
        tracker=record.ref.tracker, place=record.place, type=record.type, created=record.created,
        updated=record.updated, url=item.url,
    )  # fmt: skip


class Reviews(Shape):
    """A page of reviews."""

    reviews: tuple[Review, ...]
    others: tuple[Review, ...] = Field(description="Of link rules and goals themselves; on the first page only")
    counts: dict[str, int] = Field(description=f"Open questions by reason, counted up to {COUNTED:,}")
    backlog: bool = Field(description="Whether reviews are left out as backlog, or shown because they were asked for")
    next: Next


@router.get("/reviews")
def list_reviews(  # noqa: PLR0913 - what a list is chosen by
    *,
    page: ThePage,
    team: Words = "",
    reason: Words = "",
    goal: Words = "",
    sort: Literal["oldest", "newest", "priority"] = "oldest",
    backlog: bool = False,
    muted: Annotated[bool, Query(description="With those that are muted")] = False,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> Reviews:
    """Return open reviews, as the inbox shows them. A team, reason or goal that is not known is refused."""
    after = Position.read(cursor)
    if cursor and after is None:
        raise stale_cursor()
    shown = Inboxes(page.context).page(Choice(team, reason, goal.strip(), sort, backlog, muted), after, limit)
    return Reviews(
        reviews=tuple(map(Review.of, shown.items)), others=tuple(map(Review.of, shown.others)),
        counts={str(name): count for name, count in shown.counts.items()}, backlog=shown.backlog,
        next=str(shown.after) if shown.after else None,
    )  # fmt: skip


@router.get("/reviews/{name:path}/candidates", responses=ABSENT)
def list_candidates(page: ThePage, name: Name, limit: Annotated[int, Query(ge=1, le=_OFFERED)] = 3) -> Candidates:
    """Return the open goals that an issue may serve, with what speaks for each."""
    with found():
        issue = the_issue(page.store, name).id
    offered = page.context.candidates.of([issue], limit).get(issue, ())
    return Candidates(candidates=tuple(map(Candidate.of, offered)))


@router.get("/reviews/{name:path}", responses=ABSENT)
def get_review(page: ThePage, name: Name) -> Review:
    """Return the review of an issue, a link rule or a goal; without questions where nothing is asked."""
    with found():
        return Review.of(Inboxes(page.context).one(name))


@router.get("/search/goals")
def search_goals(
    page: ThePage,
    words: Annotated[str, Query(min_length=1, max_length=200, description="A key, beginnings of words, or words")],
    limit: Annotated[int, Query(ge=1, le=_OFFERED)] = 10,
) -> Candidates:
    """Return the open goals that somebody may mean who types this."""
    return Candidates(candidates=tuple(map(Candidate.of, page.context.candidates.search(words, limit))))
