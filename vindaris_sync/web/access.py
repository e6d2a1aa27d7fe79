"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request

from vindaris_sync.web.gate import gate_of


class Role(IntEnum):
    """What a visitor may do; each role includes those before it."""

    READ = 1
    """See goals, issues, reviews and reports."""
    DECIDE = 2
    """Answer reviews: link, confirm, exempt, mute, undo."""
    ADMIN = 3
    """Pause trackers, release what is held."""

    @classmethod
    def named(cls, name: str) -> Role:
        """Return the role that configuration and tokens call ``name``."""
        return cls[name.upper()]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody whose request was let in: the name that the history will show, the role, and how that is known."""

    who: str
    role: Role
    how: str
    """``login``, ``token``, or ``loopback``: whoever works at this machine, where no login is configured."""


class Unknown(Exception):
    """Nobody is logged in; a browser is shown the login."""


class Forbidden(Exception):
    """The visitor is known and may not do this."""

    def __init__(self, needed: Role) -> None:
        super().__init__(f"this needs the role {needed.name.lower()}")


def visitor_of(request: Request) -> Visitor | None:
    """Return who asks; None where nobody is logged in. Asked once in a request."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = _recognised(request)
    found: Visitor | None = request.state.visitor
    return found


def bearer(request: Request) -> str:
    """Return the token that a program shows; empty for browsers, which never send one by themselves."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def digest(token: str) -> str:
    """Return as what a token is kept. 32 random bytes cannot be guessed, so nothing slower than SHA-256 is needed."""
    return sha256(token.encode()).hexdigest()


def _recognised(request: Request) -> Visitor | None:
    gate = gate_of(request)
    if shown := bearer(request):
        token = request.app.state.page.store.token_of(digest(shown), gate.now())
        return Visitor(f"token {token.name}", Role.named(token.scope), "token") if token else None
    settings = gate.settings
    if not settings.has_login and request.state.local:
        return Visitor("somebody at this machine", Role.named(settings.without_login), "loopback")
    return gate.logins.visitor(gate.given(request, "login"))


def admitted(request: Request, needed: Role) -> Visitor:
    """Return who asks where they may do what ``needed`` says; raises ``Unknown`` or ``Forbidden``."""
    visitor = visitor_of(request)
    if visitor is None:
        raise Unknown
    if visitor.role < needed:
        raise Forbidden(needed)
    return visitor


def may_read(request: Request) -> Visitor:
    """Let in whoever may read."""
    return admitted(request, Role.READ)


def may_decide(request: Request) -> Visitor:
    """Let in whoever may answer reviews."""
    return admitted(request, Role.DECIDE)


def may_admin(request: Request) -> Visitor:
    """Let in whoever may do everything."""
    return admitted(request, Role.ADMIN)


Reader = Annotated[Visitor, Depends(may_read)]
Decider = Annotated[Visitor, Depends(may_decide)]
Admin = Annotated[Visitor, Depends(may_admin)]
"""Of a route's function: who asks; the route is closed to everybody else."""
