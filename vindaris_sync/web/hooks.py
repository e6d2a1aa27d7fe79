"""What trackers send when something has changed: verified, noted, answered. Nobody is asked, and nothing is stored.

An event only says where to look again (``engine/nudges.py``), so that one which is lost, forged or late does no harm.
"""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from vindaris_sync.sdk.webhooks import Delivery, Flaw, Heard, Hears, Unheard
from vindaris_sync.web.page import Page, ThePage

log = structlog.get_logger("vindaris_sync.web")

router = APIRouter(prefix="/tracker")

_ADVICE = {
    Flaw.FORGED: "somebody else sent it, or the secret there is another one: `vindaris-sync webhook check`",
    Flaw.MALFORMED: "the tracker sends something that is no event of its own; polling finds what has changed",
}


@router.post("/{name}")
async def hear(name: str, request: Request, page: ThePage) -> PlainTextResponse:
    """Note what a delivery says: 202 noted, 200 known already, 401 not the tracker's own, 400 not to be read.

    Whoever does not know the secret learns nothing, not even which trackers there are.
    """
    delivery = Delivery(_headers(request), await request.body(), dict(request.query_params))
    answer = _heard(page, name, delivery)
    if isinstance(answer, Unheard):
        _grumble(page, name, answer)
        malformed = answer.flaw is Flaw.MALFORMED
        return PlainTextResponse(f"{answer.why}\n", 400) if malformed else PlainTextResponse("not verified\n", 401)
    fresh = page.context.nudges.hear(name, answer, page.now())
    log.debug("heard", tracker=name, delivery=answer.delivery, what=answer.why, fresh=fresh)
    return PlainTextResponse("noted\n", 202) if fresh else PlainTextResponse("known already\n")


def _heard(page: Page, name: str, delivery: Delivery) -> Heard | Unheard:
    tracker = page.context.trackers.get(name)
    if tracker is None or tracker.settings.webhook is None or not isinstance(tracker.connector, Hears):
        return Unheard(Flaw.FORGED, "no tracker of this name takes events")
    return tracker.connector.hear(delivery)


def _headers(request: Request) -> dict[str, str]:
    """Return the headers by their names in lower case; those that came more than once in one value."""
    return {name: ", ".join(request.headers.getlist(name)) for name in request.headers}


def _grumble(page: Page, name: str, unheard: Unheard) -> None:
    """Log what was refused, at most once a minute for each tracker: strangers do not fill the log."""
    known = name if name in page.context.trackers else ""
    if times := page.context.nudges.refuse(known, page.now()):
        log.warning("event refused", tracker=known, why=unheard.why, times=times, advice=_ADVICE[unheard.flaw])
