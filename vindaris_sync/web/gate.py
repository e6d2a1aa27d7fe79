"""What the application keeps to know its visitors and their forms; in memory, so that no copy of the store opens it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes, token_urlsafe
from typing import TYPE_CHECKING

from fastapi import Request, Response

from vindaris_sync.config.page import PageSettings

if TYPE_CHECKING:
    from vindaris_sync.web.logins import Logins

FORM_FIELD = "csrf"
FORM_HEADER = "x-csrf-token"
_LONGEST_COOKIE = 4000


@dataclass(frozen=True, slots=True)
class Gate:
    """The page's settings, its clock, and the key of its forms, which is a new one with every start."""

    settings: PageSettings
    now: Callable[[], datetime]
    logins: Logins
    _key: bytes = field(default_factory=lambda: token_bytes(32), repr=False)

    def cookie(self, what: str) -> str:
        """Return a cookie's name; under https one that no other host and no subdomain can set."""
        return f"__Host-vindaris-{what}" if self.settings.secure else f"vindaris-{what}"

    def put(self, response: Response, what: str, value: str, *, age: int | None = None) -> None:
        """Set a cookie that scripts and other sites never see; ``age`` in seconds, absent: until the browser ends."""
        response.set_cookie(
            self.cookie(what), value, max_age=age, path="/", secure=self.settings.secure, httponly=True, samesite="lax"
        )

    def take(self, response: Response, what: str) -> None:
        """Delete a cookie."""
        response.delete_cookie(self.cookie(what), path="/", secure=self.settings.secure, httponly=True, samesite="lax")

    def given(self, request: Request, what: str) -> str:
        """Return a cookie's value, empty where there is none that could be ours."""
        value = request.cookies.get(self.cookie(what), "")
        return value if len(value) <= _LONGEST_COOKIE else ""

    def form_token(self, request: Request) -> str:
        """Return what every form sent from this browser must carry; it is bound to the login, or to a cookie."""
        return self._token(self._browser(request))

    def is_form_token(self, request: Request, given: str) -> bool:
        """Return whether a form carries its browser's token."""
        known = self.given(request, "login") or self.given(request, "form")
        return bool(known) and hmac.compare_digest(self._token(known).encode(), given.encode())

    def remember_browser(self, request: Request, response: Response) -> None:
        """Give a browser whose form was rendered in this request the cookie that belongs to it."""
        if fresh := getattr(request.state, "form_cookie", ""):
            self.put(response, "form", fresh)

    def key(self, what: str) -> bytes:
        """Return a key of its own for each purpose."""
        return hmac.digest(self._key, f"key {what}".encode(), sha256)

    def _browser(self, request: Request) -> str:
        known = self.given(request, "login") or self.given(request, "form")
        if not known:
            known = request.state.form_cookie = getattr(request.state, "form_cookie", "") or token_urlsafe(18)
        return known

    def _token(self, browser: str) -> str:
        return hmac.new(self.key("form"), browser.encode(), sha256).hexdigest()


def gate_of(request: Request) -> Gate:
    """Return the application's gate."""
    found: Gate = request.app.state.gate
    return found
