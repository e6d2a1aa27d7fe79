"""The way to the OpenID Connect provider, and back."""

from __future__ import annotations

from dataclasses import asdict

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.exceptions import HTTPException

from vindaris_sync.web.access import Role
from vindaris_sync.web.attempts import whose
from vindaris_sync.web.errors import answer
from vindaris_sync.web.gate import gate_of
from vindaris_sync.web.login import entered, own_path
from vindaris_sync.web.oidc import Journey, Person, Provider, Refused

log = structlog.get_logger("vindaris_sync.web")

router = APIRouter()

CALLBACK = "/login/oidc/callback"
_COOKIE = "journey"
_MINUTES = 10
_FAILED = "The login did not work. Try again; if it goes on, the daemon's log says why."


@router.get("/login/oidc", include_in_schema=False)
def leave(request: Request, next: str = "/") -> Response:  # noqa: A002 - the query's name
    """Send the browser to the provider, with a cookie by which it is known when it comes back."""
    gate = gate_of(request)
    if gate.logins.attempts.wait(f"journey {whose(request.client.host if request.client else '')}"):
        return answer(request, 429)
    try:
        address, journey = _provider(request).begin(own_path(next))
    except Refused as error:
        log.warning("login refused", why=str(error))
        return answer(request, 503, _FAILED)
    response = RedirectResponse(address, 303)
    gate.put(response, _COOKIE, _signer(request).dumps(asdict(journey)), age=_MINUTES * 60)
    return response


@router.get(CALLBACK, include_in_schema=False)
def back(request: Request) -> Response:
    """Let in whoever comes back with what the provider gave to this very browser."""
    response = _back(request)
    gate_of(request).take(response, _COOKIE)
    return response


def _back(request: Request) -> Response:
    gate = gate_of(request)
    try:
        journey = Journey(**_signer(request).loads(gate.given(request, _COOKIE), max_age=_MINUTES * 60))
        person = _provider(request).finish(journey, dict(request.query_params))
    except (Refused, BadData) as error:
        why = str(error) if isinstance(error, Refused) else "the browser brought nothing that we gave it"
        log.warning("login refused", why=why, address=whose(request.client.host if request.client else ""))
        return answer(request, 403, _FAILED)
    role = _role(request, person)
    if role is None:
        log.warning("login refused", why="no role", name=person.who)
        return answer(request, 403, f"You are known as {person.who}, and nobody has given you a role here.")
    log.info("login", name=person.who, role=role.name.lower())
    return entered(request, gate.logins.sessions.begin(person.who, role), journey.onward)


def _role(request: Request, person: Person) -> Role | None:
    oidc = gate_of(request).settings.oidc
    name = oidc.role(person.names) if oidc else ""
    return Role.named(name) if name else None


def _provider(request: Request) -> Provider:
    """Return the application's provider; what it says of itself is kept between requests."""
    gate, state = gate_of(request), request.app.state
    if gate.settings.oidc is None:
        raise HTTPException(404)
    if not hasattr(state, "provider"):
        state.provider = Provider(gate.settings.oidc, f"{gate.settings.public}{CALLBACK}", gate.now)
    found: Provider = state.provider
    return found


def _signer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(gate_of(request).key("journey"))
