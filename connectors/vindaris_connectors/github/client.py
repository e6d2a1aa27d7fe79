"""Speaks HTTP with GitHub: PyGithub prepares each request, our bounded session sends it, one policy sorts answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any, cast

from github import Auth, Github
from github.Requester import Requester
from requests import Session
from requests.utils import parse_header_links

from vindaris_connectors.github.identity import InstallationAuth, authentication
from vindaris_connectors.github.settings import GithubSettings
from vindaris_sync import __version__
from vindaris_sync.sdk.errors import TrackerUnusable, VindarisError
from vindaris_sync.sdk.exchange import Answer, Policy
from vindaris_sync.sdk.governor import Governor, share
from vindaris_sync.sdk.mapping import JsonObject
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret, redact
from vindaris_sync.sdk.transport import Line, mount

API_VERSION = "2022-11-28"
_LIMIT_TYPES = {"RATE_LIMITED", "RATE_LIMIT"}
_OK = HTTPStatus.OK
_TOO_MANY_REQUESTS = HTTPStatus.TOO_MANY_REQUESTS


class Exchange:
    """The connection of one request, in the place of the one PyGithub shares between threads.

    PyGithub fills it (authentication, address, encoding) and gets an empty 200 back, so that it neither follows a
    redirect nor sleeps; ``send`` then sends what it was given, any number of times, and returns the true answer.
    """

    status = 200

    def __init__(self, line: Line, root: str) -> None:
        self._line = line
        self._root = root
        self._asked: tuple[str, str, Any, Mapping[str, str]] = ("", "", None, {})

    def request(self, verb: str, url: str, body: Any, headers: Mapping[str, str], stream: object = None) -> None:  # noqa: ANN401, ARG002 - PyGithub's shape
        """Take a prepared request."""
        self._asked = (verb, url, body, headers)

    def getresponse(self) -> Exchange:
        """Return an empty success: PyGithub has nothing more to do."""
        return self

    def getheaders(self) -> list[tuple[str, str]]:
        """Return no headers."""
        return []

    def read(self) -> str:
        """Return no body."""
        return ""

    def send(self) -> Answer:
        """Send the prepared request once, following nothing; raises what ``requests`` raises."""
        verb, url, body, headers = self._asked
        return Answer.of(self._line.send(verb, f"{self._root}{url}", data=body, headers=headers))


class GithubClient:
    """One credential at one GitHub. Safe to use from several threads; nothing is asked before the first call."""

    def __init__(self, settings: GithubSettings, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._session = mount(Session(), surroundings.adapter)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._policy = Policy(surroundings, governor=_governor(settings, surroundings))
        self.auth: Auth.Token | InstallationAuth = authentication(settings)
        self._settings = settings
        self._secret = settings.token or settings.private_key or Secret("")
        self._url = settings.url
        self._requester = self._build(self.auth)
        port = self._requester.hostname_and_port
        self._root = f"{self._requester.scheme}://{port}"
        self._line = Line(self._session, self._root)
        self._preparing = Lock()
        self._renewing = Lock()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, url: str, *, etag: str = "") -> Answer:
        """Read a path of the API or an address it gave; with ``etag`` the answer may be 304. Raises as ``Policy``."""
        headers = {"If-None-Match": etag} if etag else {}
        return self._call("GET", url, headers=headers, safe=True)

    def get_as_app(self, path: str) -> Answer:
        """Read a path that only the App itself may read; raises ``TypeError`` where we are no App."""
        if not isinstance(self.auth, InstallationAuth):
            message = "we are no App"
            raise TypeError(message)
        requester = self._build(self.auth.app)
        return self._policy.call(lambda: self._prepared(requester, "GET", path, {}, None).send(), safe=True)

    def post(self, path: str, document: object) -> Answer:
        """Write once: never repeated unless it was refused for a limit or never left; ``Unknown`` where unclear."""
        return self._call("POST", path, document=document, safe=False)

    def patch(self, path: str, document: object) -> Answer:
        """Write once, as ``post``."""
        return self._call("PATCH", path, document=document, safe=False)

    def delete(self, path: str, document: object = None) -> Answer:
        """Write once, as ``post``."""
        return self._call("DELETE", path, document=document, safe=False)

    def graphql(self, query: str, variables: Mapping[str, object]) -> Answer:
        """Send a query (never a mutation), which counts as a read. Limits that come with status 200 are limits here."""
        document = {"query": query, "variables": variables}
        return self._call("POST", self._requester.graphql_url, document=document, safe=True, graph=True)

    def _build(self, auth: Auth.Auth) -> Requester:
        github = Github(
            base_url=self._url,
            auth=auth,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            user_agent=f"vindaris-sync/{__version__}",
            api_version=API_VERSION,
        )
        return github.requester

    def _call(  # noqa: PLR0913 - one request has this many sides, named at each call
        self,
        verb: str,
        url: str,
        *,
        safe: bool,
        headers: Mapping[str, str] | None = None,
        document: object = None,
        graph: bool = False,
    ) -> Answer:
        def send() -> Answer:
            answer = self._prepared(self._requester, verb, url, headers or {}, document).send()
            return _graph_answer(answer) if graph else answer

        renewed = self._secret.watch()
        try:
            self._renew()
            return self._policy.call(send, safe=safe)
        except TrackerUnusable as error:
            if error.reason != "credentials" or not self._replaced(renewed):
                raise
        self._renew()
        return self._policy.call(send, safe=safe)

    def _replaced(self, renewed: Callable[[], bool]) -> bool:
        """Return whether another token or key is where the refused one was read from, and go on with that one."""
        with self._renewing:
            if isinstance(self.auth, InstallationAuth):
                self.auth.forget()
            if not renewed():
                return False
            self.auth = authentication(self._settings)
            self._requester = self._build(self.auth)
            return True

    def _prepared(
        self, requester: Requester, verb: str, url: str, headers: Mapping[str, str], document: object
    ) -> Exchange:
        exchange = Exchange(self._line, self._root)
        with self._preparing:  # the Requester keeps notes that threads must not share
            requester.requestJson(
                verb,
                url,
                headers={"Accept": "application/vnd.github+json", **headers},
                input=document,
                cnx=cast("Any", exchange),
            )
        return exchange

    def _renew(self) -> None:
        if isinstance(self.auth, InstallationAuth):
            with self._renewing:
                self.auth.renew(self._around.now(), self._ask_token)

    def _ask_token(self, app: Auth.Auth, path: str) -> Answer:
        requester = self._build(app)
        return self._policy.call(lambda: self._prepared(requester, "POST", path, {}, {}).send(), safe=True)


def _governor(settings: GithubSettings, surroundings: Surroundings) -> Governor:
    """Return the governor of the credential: of the token, or of the App's installation."""
    token = settings.token.reveal() if settings.token else f"{settings.app_id}/{settings.installation_id}"
    return share(surroundings, settings, settings.url, token)


def next_url(answer: Answer) -> str:
    """Return the address of the next page, empty on the last."""
    return _links(answer).get("next", "")


def last_url(answer: Answer) -> str:
    """Return the address of the last page, empty where GitHub does not tell."""
    return _links(answer).get("last", "")


def message_of(answer: Answer) -> str:
    """Return GitHub's own words for a refusal, at most 300 characters, empty where there are none."""
    try:
        document = answer.json()
        errors = document.get("errors") or []
        words = [document.get("message"), *(e.get("message") or e.get("code") for e in errors if isinstance(e, dict))]
    except (VindarisError, AttributeError, TypeError):  # a refusal's body may be anything; its status still speaks
        return ""
    return redact("; ".join(str(word) for word in words if word))[:300]


def _links(answer: Answer) -> dict[str, str]:
    header = answer.headers.get("Link", "")
    return {link["rel"]: link["url"] for link in parse_header_links(header) if "rel" in link} if header else {}


def _graph_answer(answer: Answer) -> Answer:
    """Give a failure that GraphQL reports with status 200 the status that REST gives it."""
    if answer.status != _OK or b'"errors"' not in answer.body:
        return answer
    document: JsonObject = answer.json()
    errors = [error for error in document.get("errors") or [] if isinstance(error, dict)]
    if any(error.get("type") in _LIMIT_TYPES or _names_limit(error) for error in errors):
        return replace(answer, status=_TOO_MANY_REQUESTS)
    if errors and document.get("data") is None and not any(_of_schema(error) for error in errors):
        return replace(answer, status=HTTPStatus.BAD_GATEWAY)
    return answer


def _names_limit(error: JsonObject) -> bool:
    return "rate limit" in str(error.get("message", "")).lower()


def _of_schema(error: JsonObject) -> bool:
    """Return whether the error is about our query, so that repeating it is no use."""
    return "type" in error or "code" in (error.get("extensions") or {})
