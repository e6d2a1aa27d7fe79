"""Operations: how trackers, alerts and running work are doing; trackers are paused and resumed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from vindaris_sync.domain import findings
from vindaris_sync.domain.decisions import By
from vindaris_sync.engine import health
from vindaris_sync.engine.meaning import running, told
from vindaris_sync.engine.pausing import LONGEST_WHY, heed, pause, resume
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.store.trackers import TrackerFacts
from vindaris_sync.web.access import Admin
from vindaris_sync.web.api.faults import ABSENT, WRITES
from vindaris_sync.web.api.shapes import BASE, HOW, USUAL, Coming, Instant, Limit, Said, Sentence, Shape, Share
from vindaris_sync.web.errors import Absent
from vindaris_sync.web.page import Page, ThePage

router = APIRouter(prefix=BASE, tags=["operations"])


class Coverage(Shape):
    """Open tracked issues by link state."""

    linked: int
    inherited: int
    exempt: int
    unlinked: int
    due: int = Field(description="Not decided yet")
    backlog: int = Field(description="Of those that are unlinked, those that were there before their scope was tracked")
    by_rule: int = Field(description="Of those that are linked, those that a rule links")
    total: int
    share: Share | None = Field(description="The part of open work that serves a goal; null without open work")


class Slice(Shape):
    """Coverage of one team, tracker or place."""

    kind: str = Field(description="team, tracker or place")
    name: str
    coverage: Coverage
    budget: float | None = Field(description="The share of a team's open work that may be exempt; null: not agreed")
    over_budget: bool


class Whole(Shape):
    """Coverage of everything, and in parts."""

    at: Instant
    coverage: Coverage
    slices: tuple[Slice, ...]


class Paused(Shape):
    """Who paused a tracker, until when, and why."""

    who: str
    since: Instant
    until: Instant | None = Field(description="Null: until somebody resumes it")
    why: str


class Stopped(Shape):
    """Why a tracker cannot be used before a person has acted."""

    reason: str
    advice: str
    at: Instant | None


class Pass(Shape):
    """The last pass."""

    kind: str
    started: Instant
    ended: Instant | None
    outcome: str
    error: str


class Tracker(Shape):
    """How one tracker is doing."""

    name: str
    kind: str
    state: str = Field(description="In a word: working, loading, paused, stopped, failing, held, missing issues")
    meaning: str = Field(description="What that means for people")
    fix: str = Field(description="What to do; empty: nothing")
    well: bool
    paused: Paused | None
    stopped: Stopped | None
    loaded_at: Instant | None = Field(description="When its first reading had ended; null: it has not")
    answered_at: Instant | None
    next_pull: Instant | None
    due: int = Field(description="Issues that wait for a decision")
    held: int = Field(description="Removals that wait for a person")
    open: dict[str, int] = Field(description="Open issues by link state")
    requests: int = Field(description="Since the daemon's start")
    last_pass: Pass | None


class Trackers(Shape):
    """All trackers that are configured."""

    trackers: tuple[Tracker, ...]


class Alert(Shape):
    """A list that changed and waits to be told."""

    kind: str
    tracker: str
    place: str
    since: Instant
    due: Instant
    attempts: int
    error: str


class Alerts(Shape):
    """What waits to be told, the next due first."""

    total: int
    alerts: tuple[Alert, ...]


class Aside(Shape):
    """An item that could not be read."""

    tracker: str
    id: str
    key: str
    reason: str
    first: Instant
    last: Instant
    tries: int


class Quarantine(Shape):
    """What is set aside, by tracker, the oldest first."""

    total: int
    items: tuple[Aside, ...]


class Running(Shape):
    """Work that runs now."""

    name: str
    seconds: float
    steps: int
    silent: float = Field(description="Seconds since the last step")
    estimate: str
    share: Share | None = Field(description="How far it is; null where nobody can know")


class Runs(Shape):
    """The daemon's running work."""

    works: tuple[Running, ...]


class Pausing(Said):
    """For how long a tracker is left alone, and why."""

    until: Coming | None = Field(default=None, description="Absent: until somebody resumes it")
    why: Sentence = Field(default="", max_length=LONGEST_WHY, examples=["migration"])


@router.get("/coverage")
def get_coverage(page: ThePage) -> Whole:
    """Return how much of the open work serves a goal: in all, and by team, tracker and place."""
    picture = page.pictures.now()
    slices = tuple(map(_slice, picture.slices))
    return Whole(at=picture.at, coverage=Coverage.model_validate(picture.coverage), slices=slices)


def _slice(each: findings.Slice) -> Slice:
    return Slice.model_validate(each)


@router.get("/trackers")
def list_trackers(page: ThePage) -> Trackers:
    """Return how trackers are doing, in words and numbers."""
    return Trackers(trackers=tuple(_tracker(page, name) for name in page.context.trackers))


@router.get("/trackers/{name}", responses=ABSENT)
def get_tracker(page: ThePage, name: str) -> Tracker:
    """Return how one tracker is doing."""
    return _tracker(page, _known(page, name))


@router.post("/trackers/{name}/pause", responses=ABSENT | WRITES)
def pause_tracker(page: ThePage, visitor: Admin, name: str, wanted: Pausing) -> Tracker:
    """Leave a tracker alone: requests end with the next one. One that is paused already is paused anew."""
    now = page.now()
    if wanted.until is not None and wanted.until <= now:
        raise Refusal("a pause ends in the future")
    by = By(visitor.who, HOW, wanted.why, now)
    pause(page.store, _known(page, name), by, None if wanted.until is None else wanted.until - now)
    heed(page.store, page.context.trackers, now)
    return _tracker(page, name)


@router.post("/trackers/{name}/resume", responses=ABSENT | WRITES)
def resume_tracker(page: ThePage, visitor: Admin, name: str) -> Tracker:
    """Let a tracker go on, at once; nothing where it is not paused."""
    resume(page.store, _known(page, name), By(visitor.who, HOW, "", page.now()))
    heed(page.store, page.context.trackers, page.now())
    return _tracker(page, name)


@router.get("/outbox")
def list_outbox(page: ThePage, limit: Limit = USUAL) -> Alerts:
    """Return the alerts that wait to be told."""
    alerts = tuple(map(Alert.model_validate, page.store.waiting_alerts(limit)))
    return Alerts(total=page.store.outbox_depth(), alerts=alerts)


@router.get("/quarantine")
def list_quarantine(page: ThePage, limit: Limit = USUAL) -> Quarantine:
    """Return what could not be read, and why."""
    aside = [each for each in page.store.quarantine() if each.tracker in page.context.trackers]
    items = tuple(
        Aside(tracker=each.tracker, id=each.ext_id, key=each.key, reason=each.reason, first=each.first_at,
              last=each.last_at, tries=each.tries)
        for each in aside[:limit]
    )  # fmt: skip
    return Quarantine(total=len(aside), items=items)


@router.get("/running")
def list_running(page: ThePage) -> Runs:
    """Return what the daemon does now, with an honest estimate."""
    works = running(page.store, page.context.progress.works())
    return Runs(works=tuple(map(Running.model_validate, works)))


def _known(page: Page, name: str) -> str:
    if name not in page.context.trackers:
        raise Absent("no tracker is called so")
    return name


def _tracker(page: Page, name: str) -> Tracker:
    facts = page.store.trackers().get(name, TrackerFacts(name, page.context.trackers[name].kind))
    document = health.of_tracker(page.store, facts, page.pictures.now().states, page.now())
    said, planned = told(document), document["next_pull"]
    return Tracker(
        name=name, kind=document["kind"], state=said.state, meaning=said.meaning, fix=said.fix, well=said.well,
        paused=_maybe(Paused, document["paused"]), stopped=_maybe(Stopped, document["stopped"]),
        loaded_at=document["loaded_at"], answered_at=document["last_ok_at"], next_pull=planned.at if planned else None,
        due=document["due"], held=document["held"], open=document["open"],
        requests=document["requests"]["since_start"], last_pass=_maybe(Pass, document["last_pass"]),
    )  # fmt: skip


def _maybe(shape: type[Shape], found: Any) -> Any:  # noqa: ANN401 - a document's part, as the shape that it has
    return None if found is None else shape.model_validate(found)
