"""Who we are at GitHub: a token, or an App's installation whose short-lived token is renewed in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from github import Auth
from jwt import PyJWTError

from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import instant
from vindaris_sync.sdk.secret import Secret

RENEW_BEFORE = timedelta(minutes=5)
"""How long before its end an installation's token is renewed; it lives one hour (GitHub, Apps)."""

AskToken = Callable[[Auth.Auth, str], Answer]
"""Posts to a path with the given authentication, and returns the answer."""


class _App(Auth.AppAuth):
    """PyGithub's App authentication whose signed assertions, good for minutes, are masked like any other secret."""

    def create_jwt(self, expiration: int | None = None) -> str:
        """Return an assertion that the key's owner asks now."""
        return Secret(super().create_jwt(expiration), fleeting=True).reveal()


class InstallationAuth(Auth.Auth):
    """PyGithub's authentication with an installation's token, renewed by ``renew`` and not in the middle of a request.

    PyGithub's own ``AppInstallationAuth`` renews through a connection of its own, without our bounds and retries.
    """

    def __init__(self, app: Auth.AppAuth, installation_id: int) -> None:
        self.app = app
        self._path = f"/app/installations/{installation_id}/access_tokens"
        self._held: Secret | None = None
        self._ends: datetime | None = None
        self.permissions: dict[str, str] = {}
        """What the installation may do, as GitHub said with the token: ``{"issues": "write", …}``."""

    @property
    def token_type(self) -> str:
        """``token``, as for every GitHub token."""
        return "token"

    @property
    def token(self) -> str:
        """The token held; raises ``RuntimeError`` before the first ``renew``."""
        if self._held is None:
            message = "no installation token yet"
            raise RuntimeError(message)
        return self._held.reveal()

    def forget(self) -> None:
        """Ask for a new token next time: GitHub refused this one."""
        self._held = None

    def renew(self, now: datetime, ask: AskToken) -> None:
        """Get a token where none is held or it ends soon; raises ``TrackerUnusable`` where GitHub gives none."""
        if self._held is not None and self._ends is not None and now < self._ends - RENEW_BEFORE:
            return
        answer = self._asked(ask)
        document = answer.json()
        try:
            self._held, self._ends = Secret(document["token"], fleeting=True), instant(document["expires_at"])
        except (LookupError, TypeError, ValueError):
            raise _refused(f"GitHub gave no installation token ({answer.status})") from None
        self.permissions = dict(document.get("permissions") or {})

    def _asked(self, ask: AskToken) -> Answer:
        try:
            return ask(self.app, self._path)
        except (ValueError, TypeError, PyJWTError) as error:  # what signing raises for a key that is none
            raise _refused(f"the App's private key cannot sign ({type(error).__name__})") from None


def _refused(message: str) -> TrackerUnusable:
    advice = "check app_id, installation_id and private_key (PEM), and that the App is still installed"
    return TrackerUnusable(message, reason="credentials", advice=advice)


def authentication(settings: GithubSettings) -> Any:  # noqa: ANN401 - Auth.Token or InstallationAuth
    """Return PyGithub's authentication for ``settings``; asks nothing."""
    if settings.token is not None:
        return Auth.Token(settings.token.reveal())
    key, app_id, installation = settings.private_key, settings.app_id, settings.installation_id
    if key is None or app_id is None or installation is None:  # settings do not validate like this
        raise _refused("neither a token nor an App is configured")
    return InstallationAuth(_App(app_id, key.reveal()), installation)
