"""The page's application: one place that says which routes there are, and which of them are open."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import RedirectResponse

from vindaris_sync import __version__
from vindaris_sync.config.page import PageSettings
from vindaris_sync.web import chat, errors, goals, health, hooks, inbox, login, operations, reports, static_files, trace
from vindaris_sync.web.access import may_read
from vindaris_sync.web.api import answers, describing, faults, mutes, reviews, tracing
from vindaris_sync.web.api import goals as listing
from vindaris_sync.web.api import operations as running
from vindaris_sync.web.api import reports as reporting
from vindaris_sync.web.attempts import Attempts
from vindaris_sync.web.entrance import Entrance
from vindaris_sync.web.forms import same_site
from vindaris_sync.web.gate import Gate
from vindaris_sync.web.logins import Logins
from vindaris_sync.web.page import Page

home = APIRouter()


@home.get("/", include_in_schema=False)
def front() -> RedirectResponse:
    """Lead to the inbox: what waits for an answer comes first."""
    return RedirectResponse("/inbox", 303)


PAGES: tuple[APIRouter, ...] = (
    home,
    inbox.router,
    goals.router,
    trace.router,
    reports.router,
    operations.router,
    login.leaving,
)
"""Pages for people: whoever may not read sees none of them, and each POST needs a form's token.

A route that needs more than reading says so itself (``Decider``, ``Admin``).
"""

API: tuple[APIRouter, ...] = (
    describing.router,
    reviews.router,
    answers.router,
    mutes.router,
    listing.router,
    tracing.router,
    reporting.router,
    running.router,
)
"""Below ``/api/v1``, for programs with a token and for our own pages; closed in the same way."""

CALLBACKS: tuple[APIRouter, ...] = (chat.router, hooks.router)
"""Below ``/in``: what chats and trackers send. Open to everybody, so each route verifies the sender's signature."""

OPEN: tuple[APIRouter, ...] = (health.router, static_files.router, login.router)
"""What strangers may see."""


def _open(settings: PageSettings) -> tuple[APIRouter, ...]:
    if settings.oidc is None:
        return OPEN
    from vindaris_sync.web.sso import router  # signatures cost whoever needs them only

    return (*OPEN, router)


def build(page: Page) -> FastAPI:
    """Return the application; its templates and routes work on ``page`` alone."""
    app = FastAPI(title="vindaris-sync", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.page = page
    app.state.gate = Gate(page.config.page, page.now, Logins.of(page.config.page, page.now))
    errors.install(app)
    app.add_middleware(errors.Mishaps, asked=page.metrics.asked)
    app.add_middleware(Entrance, settings=page.config.page)
    closed = [Depends(may_read), Depends(same_site)]
    for router in _open(page.config.page):
        app.include_router(router, dependencies=[Depends(same_site)])
    for router in CALLBACKS:
        app.include_router(router, prefix="/in", include_in_schema=False)
    for router in PAGES:
        app.include_router(router, dependencies=closed, include_in_schema=False)
    app.state.pace = Attempts(page.now, faults.PACE, faults.WITHIN)
    paced = [*closed, Depends(faults.paced), Depends(faults.json_only)]
    for router in API:
        app.include_router(
            router,
            dependencies=paced,
            responses=faults.COMMON,
            generate_unique_id_function=describing.operation_id,
        )
    return app
