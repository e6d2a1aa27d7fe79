"""Speaks HTTP with one Jira site: the library's session and authentication, our transport and our one retry policy.

The library's own requests retry a POST after a broken connection and put whole bodies into its errors; so its session
is used as plain ``requests`` uses one, and nothing of the library's ever raises.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
import requests
from requests.auth import AuthBase, HTTPBasicAuth

from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer, Policy
from vindaris_sync.sdk.governor import share
from vindaris_sync.sdk.limits import http_date
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret, redact
from vindaris_sync.sdk.transport import TIMEOUTS, Line, mount

if TYPE_CHECKING:
    from jira import JIRA

RENEW = "make a new API token (Cloud) or personal access token (Data Center) and put it where token is read from"
_NOT_ME = ("FAILED", "DENIED", "OUT")
_REASON = 300


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why Jira refused a request: for the whole of it, and by field."""

    messages: tuple[str, ...] = ()
    errors: Mapping[str, str] | None = None

    @classmethod
    def of(cls, answer: Answer) -> Reasons:
        """Read Jira's error collection; anything else gives no reason."""
        try:
            document = answer.json()
        except (Transient, TrackerUnusable):
            return cls()
        if not isinstance(document, dict):
            return cls()
        messages, errors = document.get("errorMessages"), document.get("errors")
        return cls(
            tuple(redact(str(m))[:_REASON] for m in messages) if isinstance(messages, list) else (),
            {redact(str(k)): redact(str(v))[:_REASON] for k, v in errors.items()} if isinstance(errors, dict) else {},
        )

    def __str__(self) -> str:
        parts = [*self.messages, *(f"{name}: {text}" for name, text in (self.errors or {}).items())]
        return "; ".join(parts)[:_REASON]


class Client:
    """One site, one account. Safe to use from several threads.

    ``read`` and ``ask`` may be repeated by the policy, ``write`` is not, unless it surely was not applied. Answers come
    back whatever their status, except for those that the policy or an expired token turns into an error.
    """

    def __init__(self, settings: JiraSettings, surroundings: Surroundings) -> None:
        self._url = settings.url
        self._jira = _library(settings)
        self._session: requests.Session = mount(
            self._jira._session,  # noqa: SLF001 - the library's transport is what we want of it
            surroundings.adapter,
            connections=surroundings.in_flight,
        )
        self._token = settings.token if settings.email else settings.token.sendable()
        self._session.auth = _Account(settings.email, self._token)
        self._line = Line(self._session, settings.url)
        credential = f"{settings.email}:{settings.token.reveal()}"
        self._policy = Policy(surroundings, governor=share(surroundings, settings, settings.url, credential))
        self._closed = False

    def __repr__(self) -> str:
        return f"Client({self._url!r})"

    def read(self, path: str, **query: str) -> Answer:
        """GET ``path``."""
        return self._call("GET", path, query=query, safe=True)

    def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        """POST a question: what changes nothing and may be repeated."""
        return self._call("POST", path, body=body, safe=True)

    def write(self, method: str, path: str, body: Mapping[str, Any], **query: str) -> Answer:
        """Send a change once; raises ``Unknown`` where it may or may not have been applied."""
        return self._call(method, path, body=body, query=query, safe=False)

    def deployed_as(self, kind: str) -> None:
        """Tell the library what it speaks to; without that its Cloud methods silently return nothing."""
        self._jira.deploymentType = kind

    def close(self) -> None:
        """Close the sockets; idempotent."""
        if not self._closed:
            self._closed = True
            self._session.close()

    def _call(self, method: str, path: str, **parts: Any) -> Answer:  # noqa: ANN401 - passed on
        """Exchange; where our token is refused and another one has been put in its place since, once more with that."""
        renewed = self._token.watch()
        try:
            return self._exchange(method, path, **parts)
        except TrackerUnusable as error:
            if error.reason != "credentials" or not renewed():
                raise
        return self._exchange(method, path, **parts)

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        safe: bool,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        url, data = self._url + path, None if body is None else orjson.dumps(body)

        def send() -> Answer:
            return Answer.of(self._line.send(method, url, params=query, data=data))

        answer = self._policy.call(send, safe=safe)
        if answer.status in {
            HTTPStatus.MOVED_PERMANENTLY,
            HTTPStatus.TEMPORARY_REDIRECT,
            HTTPStatus.PERMANENT_REDIRECT,
        }:
            raise TrackerUnusable(
                f"{self._url} redirects us", reason="protocol", advice="write the address it redirects to into url"
            )
        if anonymous(answer) and not path.endswith("/myself"):
            self._ask_who(path)
        return answer

    def _ask_who(self, path: str) -> None:
        """Raise: as ``TrackerUnusable`` where the token counts no more, as ``Transient`` where it does after all."""
        version = "3" if path.startswith("/rest/api/3/") else "2"
        answer = self.read(f"/rest/api/{version}/myself")
        if answer.status != HTTPStatus.OK or anonymous(answer):
            raise TrackerUnusable(f"{self._url} takes our token for nobody's", reason="credentials", advice=RENEW)
        raise Transient(f"{self._url} answered anonymously although the token works")


class _Account(AuthBase):
    """Says in each request who we are, with the token as it is at that moment."""

    def __init__(self, email: str, token: Secret) -> None:
        self._email, self._token = email, token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._email:
            HTTPBasicAuth(self._email.encode(), self._token.reveal().encode())(request)
        else:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def as_object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object that was answered; raises ``Transient`` for anything else."""
    document = answer.json()
    if not isinstance(document, dict):
        raise Transient(f"{answer.url} answered with something that is no object")
    return document


def anonymous(answer: Answer) -> bool:
    """Return whether Jira's headers say that it did not believe our token, whatever the status.

    Source: ``X-Seraph-LoginReason`` and ``X-AUSERNAME`` of Atlassian Seraph.
    """
    reason = answer.headers.get("X-Seraph-LoginReason", "").upper()
    return any(sign in reason for sign in _NOT_ME) or answer.headers.get("X-AUSERNAME") == "anonymous"


def server_time(answer: Answer) -> datetime | None:
    """Return the instant of the server's ``Date`` header, or ``None`` where it has none that can be read."""
    return http_date(answer.headers.get("Date", ""))


def _library(settings: JiraSettings) -> JIRA:
    """Return the library's object, built without a request. Its logger prints bodies and stays at WARNING."""
    from jira import JIRA

    logging.getLogger("jira").setLevel(logging.WARNING)
    return JIRA(
        server=settings.url,
        max_retries=0,
        timeout=TIMEOUTS,
        get_server_info=False,
        options={"check_update": False},
    )
