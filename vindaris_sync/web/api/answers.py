"""Answers: reviews are linked, confirmed, exempted or unlinked, one or many at once, and for ten minutes taken back."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path
from pydantic import Field, StrictBool

from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.sayings import Confirm, Exempt, LinkTo, Saying, Unlink
from vindaris_sync.engine.answering import UNDO_WITHIN, Answers, Done, Meant, Overtaken
from vindaris_sync.engine.answering import Decided as Engines
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.store.answers import Together
from vindaris_sync.web.access import Decider, Reader
from vindaris_sync.web.api.faults import WRITES, Fault
from vindaris_sync.web.api.shapes import BASE, HOW, Coming, Instant, Said, Sentence, Shape
from vindaris_sync.web.errors import NothingDone
from vindaris_sync.web.page import Page, ThePage

router = APIRouter(prefix=BASE, tags=["answers"])

MOST = 100
"""Reviews that are answered at once."""

_LAST = 50


class Which(Said):
    """A review, and what was seen of it."""

    name: str = Field(min_length=1, max_length=300, description="`name` or `key` of the review", examples=["APP-12"])
    seen: str = Field(default="", max_length=64, description="`seen` of the review; empty: as it stands")


class _Answer(Said):
    reviews: tuple[Which, ...] = Field(min_length=1, max_length=MOST)
    why: Sentence = ""


class SayLink(_Answer):
    """Link to goals, in place of what is linked."""

    say: Literal["link"]
    goals: tuple[Annotated[str, Field(min_length=1, max_length=300)], ...] = Field(
        min_length=1, max_length=20, description="Keys, the primary first", examples=[["GROW-1"]]
    )
    candidate: StrictBool = Field(
        default=False, description="Whether a suggested goal is accepted, and not another chosen"
    )


class SayConfirm(_Answer):
    """Confirm what is linked, at the goals' present revisions."""

    say: Literal["confirm"]


class SayExempt(_Answer):
    """State that it is no goal work, and why."""

    say: Literal["exempt"]
    why: Sentence = Field(min_length=1, examples=["office move"])
    until: Coming | None = Field(default=None, description="When it is asked again; absent: after `exempt_days`")


class SayUnlink(_Answer):
    """Take the issue's own link or exemption off."""

    say: Literal["unlink"]


Answer = Annotated[SayLink | SayConfirm | SayExempt | SayUnlink, Field(discriminator="say")]


class Decided(Shape):
    """What was decided on one review; links are goals by key, or ``no-goal``."""

    name: str = Field(description="What the review is called", examples=["jira-main:10042"])
    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    answered: tuple[str, ...] = Field(description="The reasons that were answered")
    changed: bool
    open: tuple[str, ...] = Field(description="The reasons that stay")

    @classmethod
    def of(cls, each: Engines) -> Decided:
        """Return it as the API tells it."""
        return cls(
            name=each.issue, key=each.key, before=each.before, after=each.after, answered=each.answered,
            changed=each.changed, open=each.open,
        )  # fmt: skip


class Result(Shape):
    """What was decided, and what was not."""

    answer: int = Field(description="The number under which it is taken back, for ten minutes")
    decided: tuple[Decided, ...]
    refused: tuple[Fault, ...] = Field(description="What was left as it is, and why")

    @classmethod
    def of(cls, done: Done) -> Result:
        """Return it as the API tells it."""
        return cls(
            answer=done.answer, decided=tuple(map(Decided.of, done.decided)), refused=tuple(map(_fault, done.refused))
        )


class Recent(Shape):
    """What was decided at once, and can be taken back."""

    answer: int
    at: Instant
    until: Instant = Field(description="Until when it can be taken back")
    count: int = Field(description="How many reviews it answered")
    first: str = Field(description="The key of the first of them")


class Recents(Shape):
    """The newest first."""

    answers: tuple[Recent, ...]


Once = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]*$",
        description="The same body with the same key, within a day: answered as it was, and nothing is decided",
    ),
]


@router.post("/answers", responses=WRITES)
def add_answer(page: ThePage, visitor: Decider, answer: Answer, once: Once = "") -> Result:
    """Say the same of one review or many. Those that cannot be answered so are left as they are, and told.

    Where none could be, the answer is 409 if somebody was quicker or what was seen has changed, else 422.
    """
    by = By(visitor.who, HOW, answer.why, page.now())
    key = sha256(repr((visitor.how, visitor.who, once, answer)).encode()).hexdigest() if once else ""
    meant = (Meant(each.name, each.seen) for each in answer.reviews)
    done = Answers.of(page.context).each(meant, _saying(answer), by, key)
    return _told(page, done)


@router.get("/answers")
def list_answers(page: ThePage, visitor: Reader) -> Recents:
    """Return what this token or person decided in the last ten minutes and did not take back."""
    kept = page.store.batches_since(visitor.who, page.now() - UNDO_WITHIN, _LAST)
    return Recents(answers=tuple(map(_recent, kept)))


@router.post("/answers/{number}/undo", responses=WRITES)
def undo_answer(page: ThePage, visitor: Decider, number: Annotated[int, Path(ge=1, le=1 << 62)]) -> Result:
    """Take back what was decided under a number; what has changed since stays, and is told."""
    return _told(page, Answers.of(page.context).undo(number, By(visitor.who, HOW, "", page.now())))


def _saying(answer: Answer) -> Saying:
    match answer:
        case SayLink():
            return LinkTo(answer.goals, accepted=answer.candidate)
        case SayConfirm():
            return Confirm()
        case SayExempt():
            return Exempt(answer.until)
        case SayUnlink():
            return Unlink()


def _told(page: Page, done: Done) -> Result:
    """Let what was decided be carried out, and say what was not."""
    if done.refused and not done.decided:
        overtaken = any(isinstance(each, Overtaken) for each in done.refused)
        raise NothingDone(
            409 if overtaken else 422, done.refused[0], [_fault(each).model_dump(mode="json") for each in done.refused]
        )
    for one in done.decided:
        page.context.nudges.decided(one.issue.partition(":")[0])
    return Result.of(done)


def _fault(error: Overtaken | Refusal) -> Fault:
    if isinstance(error, Refusal):
        return Fault(detail=str(error), advice=error.advice)
    return Fault(detail=str(error), advice=error.advice, key=error.key, who=error.who or None, at=error.at)


def _recent(kept: Together) -> Recent:
    by = kept.first.by
    key = str(kept.first.given.said["key"])
    return Recent(answer=kept.first.batch, at=by.at, until=by.at + UNDO_WITHIN, count=kept.count, first=key)
