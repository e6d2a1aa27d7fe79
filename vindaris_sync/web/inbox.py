"""The inbox: open reviews to be answered, by keys, by forms, and many at once; for ten minutes each is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.muting import Muted
from vindaris_sync.domain.sayings import Confirm, Exempt, LinkTo, Saying
from vindaris_sync.engine.answering import UNDO_WITHIN, Answers, Done, Meant
from vindaris_sync.engine.inbox import COUNTED, SORTS, Choice, Inboxes
from vindaris_sync.engine.muting import mute, unmute
from vindaris_sync.engine.naming import the_issue
from vindaris_sync.report.words import REASONS
from vindaris_sync.sdk.errors import Refusal, VindarisError
from vindaris_sync.store.asking import Position
from vindaris_sync.web.access import Decider, Reader, may_read
from vindaris_sync.web.page import Page, ThePage
from vindaris_sync.web.rendering import render

router = APIRouter()

MOST = 50
"""Reviews on a page, and the most that are answered at once."""

OFFERED = 200
"""Open goals that are offered while somebody types; where there are more, they are searched for."""

_FOUND = 20
_RECENT = 5
_LONGEST = 200
_MUTED_DAYS = 7

Words = Annotated[str, Query(max_length=_LONGEST)]
Field = Annotated[str, Form(max_length=_LONGEST)]
Sentence = Annotated[str, Form(max_length=500)]
Where = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is said above the list: what was not done and why."""

    text: str
    advice: str = ""


@router.get("/inbox")
def inbox(  # noqa: PLR0913 - what a list is chosen by
    *, request: Request, page: ThePage, team: Words = "", reason: Words = "", goal: Words = "", sort: Words = SORTS[0],
    backlog: bool = False, muted: bool = False, after: Words = "", did: Words = "",
) -> Response:  # fmt: skip
    """Show open reviews."""
    choice = Choice(team, reason, goal.strip(), sort if sort in SORTS else SORTS[0], backlog, muted)
    return _listed(request, page, choice, after, did=did)


@router.post("/inbox")
def decide(  # noqa: PLR0913 - the fields of the form
    *, request: Request, page: ThePage, visitor: Decider, act: Field, pick: Annotated[list[str], Form(max_length=MOST)],
    goal: Field = "", why: Sentence = "", until: Field = "", key: Field = "", back: Where = "",
) -> Response:  # fmt: skip
    """Say the same of the reviews that were picked, each as ``NAME`` or ``SEEN NAME``; undo what was decided."""
    by = By(visitor.who, "page", " ".join(why.split()), page.now())
    verb, _, given = act.partition(" ")
    meant = [_meant(each) for each in pick]
    try:
        if verb == "mute":
            return _mute(page, meant, _day(until) or by.at + timedelta(days=_MUTED_DAYS), by, back)
        if verb in ("link", "accept") and _named(page, given or goal) is None:
            asked = [*(("pick", each) for each in pick), ("q", goal), ("back", back)]
            return RedirectResponse(f"/inbox/goals?{urlencode(asked)}", 303)
        once = _once(visitor.who, key, act, goal, why, until, *pick) if key else ""
        done = Answers.of(page.context).each(meant, _saying(verb, given or goal, until), by, once)
    except VindarisError as error:
        return _listed(request, page, *_back(back), notices=[Notice(str(error), error.advice)], status=409)
    return _done(request, page, done, back, str(done.answer))


@router.post("/inbox/undo")
def undo(
    request: Request, page: ThePage, visitor: Decider, answer: Annotated[int, Form()],
    back: Where = "",
) -> Response:  # fmt: skip
    """Take back what was decided under a number."""
    try:
        done = Answers.of(page.context).undo(answer, By(visitor.who, "page", "", page.now()))
    except Refusal as error:
        return _listed(request, page, *_back(back), notices=[Notice(str(error), error.advice)], status=409)
    return _done(request, page, done, back, f"undone {len(done.decided)}")


@router.post("/inbox/unmute")
def speak(page: ThePage, visitor: Decider, pick: Field, back: Where = "") -> Response:
    """End the mute of an issue."""
    record = the_issue(page.store, _meant(pick).name)
    unmute(page.store, Muted(issue=record.id), By(visitor.who, "page", "", page.now()))
    return _onward(back, "unmuted")


@router.get("/inbox/goals")
def goals(
    request: Request, page: ThePage, _: Reader, pick: Annotated[list[str], Query(max_length=MOST)], q: Words = "",
    back: Annotated[str, Query(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Find the goal that the picked reviews' issues serve."""
    inboxes = Inboxes(page.context)
    try:
        items = [inboxes.one(_meant(each).name) for each in pick]
    except Refusal as error:
        return _listed(request, page, *_back(back), notices=[Notice(str(error), error.advice)], status=409)
    found = page.context.candidates.search(q, _FOUND) if q.strip() else ()
    return render(
        request, "inbox_goals.html.j2", items=items, picks=pick, q=q, found=found, back=back, nonce=token_urlsafe(12),
        book=page.store.goal_book(),
    )  # fmt: skip


# --- saying -----------------------------------------------------------------------------------------------------------


def _saying(verb: str, goal: str, until: str) -> Saying:
    match verb:
        case "link" | "accept":
            return LinkTo((goal,), accepted=verb == "accept")
        case "confirm":
            return Confirm()
        case "exempt":
            return Exempt(_day(until))
        case _:
            raise Refusal("nothing can be answered so", advice="use the buttons of the page")


def _named(page: Page, goal: str) -> int | None:
    """Return the goal of that key, and no other: of words, the first may be a key by chance."""
    return page.store.goal_book().by_key.get(fold(goal))


def _done(request: Request, page: Page, done: Done, back: str, did: str) -> Response:
    """Let what was decided be carried out, and say what was not."""
    for one in done.decided:
        page.context.nudges.decided(one.issue.partition(":")[0])
    if not done.refused:
        return _onward(back, did)
    notices = [Notice(str(each), each.advice) for each in done.refused]
    return _listed(request, page, *_back(back), notices=notices, status=200 if done.decided else 409)


def _once(*sent: str) -> str:
    """Return the key of a form: sent twice it is one decision, and anything else of the same page is another."""
    return sha256(repr(sent).encode("utf-8", "surrogatepass")).hexdigest()


def _meant(pick: str) -> Meant:
    seen, _, name = pick.partition(" ")
    return Meant(name, seen) if name else Meant(seen)


def _day(text: str) -> datetime | None:
    """Return the end of the day, in UTC, that a form names; None for none; refuse what is no day."""
    if not text.strip():
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text.strip()).date(), time.max, UTC)
    except ValueError:
        raise Refusal(f"{text!r} is no date", advice="write it as 2026-12-31") from None


def _mute(page: Page, meant: Sequence[Meant], until: datetime, by: By, back: str) -> Response:
    records = [the_issue(page.store, each.name) for each in meant]
    with page.store.transaction():
        for record in records:
            mute(page.store, Muted(issue=record.id), until, by)
    return _onward(back, f"muted {len(records)}")


# --- showing ----------------------------------------------------------------------------------------------------------


def _listed(  # noqa: PLR0913 - what is shown, and what is said of it
    request: Request, page: Page, choice: Choice, after: str, *, did: str = "", notices: Sequence[Notice] = (),
    status: int = 200,
) -> Response:  # fmt: skip
    notices = list(notices)
    inboxes = Inboxes(page.context)
    try:
        found = inboxes.page(choice, Position.read(after), MOST)
    except Refusal as error:
        notices.append(Notice(str(error), error.advice))
        choice = replace(choice, team="", reason="", goal="")
        found = inboxes.page(choice, None, MOST)
    visitor = may_read(request)
    now = page.now()
    recent = page.store.batches_since(visitor.who, now - UNDO_WITHIN, _RECENT)
    book = page.store.goal_book()
    offered = [goal for goal in book.goals.values() if not goal.closed and not goal.missing]
    return render(
        request, "inbox.html.j2", status=status, found=found, choice=choice, notices=notices, did=did, recent=recent,
        undo_within=UNDO_WITHIN, query=_query(choice), back=_query(choice, after), counted_to=COUNTED, sorts=SORTS,
        teams=sorted(page.context.teams.teams), offered=offered if len(offered) <= OFFERED else [],
        nonce=token_urlsafe(12), exempt_until=_ends(page, now), muted_until=(now + timedelta(days=_MUTED_DAYS)).date(),
        most=MOST, reasons=REASONS, link_to=lambda **changed: "?" + _query(replace(choice, **changed)),
    )  # fmt: skip


def _ends(page: Page, now: datetime) -> dict[str, str]:
    """Return the day that forms propose for the end of an exemption, by tracker."""
    answers = Answers.of(page.context)
    return {name: (now + answers.exempt_time(name)).date().isoformat() for name in page.context.trackers}


def _query(choice: Choice, after: str = "") -> str:
    """Return a choice as an address has it; what is usual is left out."""
    given = {
        "team": choice.team, "reason": choice.reason, "goal": choice.goal,
        "sort": choice.sort if choice.sort != SORTS[0] else "", "backlog": "1" if choice.backlog else "",
        "muted": "1" if choice.muted else "", "after": after,
    }  # fmt: skip
    return urlencode({name: value for name, value in given.items() if value})


def _back(query: str) -> tuple[Choice, str]:
    """Return the choice and the place in it that ``_query`` told; whatever else is sent is the whole list."""
    given = dict(parse_qsl(query, max_num_fields=10))
    sort = given.get("sort", SORTS[0])
    choice = Choice(
        given.get("team", ""), given.get("reason", ""), given.get("goal", ""), sort if sort in SORTS else SORTS[0],
        "backlog" in given, "muted" in given,
    )  # fmt: skip
    return choice, given.get("after", "")


def _onward(back: str, did: str) -> Response:
    """Return to the list that was looked at, never to another site."""
    choice, after = _back(back)
    query = "&".join(filter(None, (_query(choice, after), urlencode({"did": did}))))
    return RedirectResponse(f"/inbox?{query}", 303)
