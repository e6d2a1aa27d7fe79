"""The two deployments: who may come in, where a path leads, and how a refusal looks."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from queue import SimpleQueue
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from vindaris_sync.sandbox.core import Outbox, Request, Response
from vindaris_sync.sandbox.jira import about, bulk, fields, goals, issues, linking, pages, searching
from vindaris_sync.sandbox.jira.exchange import Call, Route, reply
from vindaris_sync.sandbox.jira.hooks import EVENTS, Hook, payload
from vindaris_sync.sandbox.jira.model import Account, Event, Json
from vindaris_sync.sandbox.jira.quota import Quota
from vindaris_sync.sandbox.jira.refusal import Refusal
from vindaris_sync.sandbox.jira.wire import Printer
from vindaris_sync.sandbox.jira.world import World

_PATH = re.compile(r"/rest/api/(2|3|latest)(/.*)")
_REFUSED_LOGIN = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}


class Jira:
    """What both deployments share. Serve one of the two below; give it a base URL before it answers."""

    cloud: bool
    versions: Mapping[str, str]
    """The API versions of a path, and what they are called in the URLs that are printed."""

    def __init__(self, world: World, quota: Quota) -> None:
        self.world = world
        self.weather = world.weather
        self.lock = world.lock
        self.outbox: Outbox = SimpleQueue()
        self.base_url = "http://jira.invalid"
        self.quota = quota
        self._hooks: list[Hook] = []
        self._events = 0
        self.routes: tuple[Route, ...] = ()
        """What the deployment answers, below ``/rest/api/N``; the first match counts."""
        world.listeners.append(self._deliver)

    def add_hook(self, url: str, secret: str = "", events: Iterable[str] = EVENTS) -> None:
        """Register a webhook; with a secret its bodies are signed."""
        self._hooks.append(Hook(url, secret, frozenset(events)))

    def view(self) -> Json:
        """Return the world in a few numbers."""
        shown = sum(not issue.deleted for issue in self.world.issues.values())
        projects = {project.key: project.last_number for project in self.world.projects.values()}
        return {"issues": shown, "projects": projects, "mails": self.world.mails}

    def page(self, path: str) -> str | None:
        """Return what people see in a browser."""
        return pages.page(self.world, self.base_url, path)

    def answer(self, request: Request) -> Response:
        """Answer one request; a refusal is an answer too."""
        try:
            account, headers = self._login(request)
        except Refusal as refusal:
            response = self._refused(refusal)
            response.headers.update(_REFUSED_LOGIN)
            return response
        response = self._limited(request, account)
        response.headers.update(headers)
        return response

    def _limited(self, request: Request, account: Account | None) -> Response:
        if self.quota.spend(self.world.now()):
            response = self._routed(request, account)
        else:
            response = self._refused(Refusal("Rate limit exceeded.", status=HTTPStatus.TOO_MANY_REQUESTS))
            wait = self.quota.reset - self.world.now() // 1000
            response.headers.update({"Retry-After": str(max(1, wait)), **self._limit_reason()})
        response.headers.update(self._limits())
        return response

    def _routed(self, request: Request, account: Account | None) -> Response:
        found = _PATH.fullmatch(request.path)
        if found is None or found[1] not in self.versions:
            return self._nowhere(request)
        version = self.versions[found[1]]
        self._settle()
        known = False
        for method, pattern, endpoint in self.routes:
            place = pattern.fullmatch(found[2])
            known = known or place is not None
            if place is None or method != request.method:
                continue
            try:
                params = {name: unquote(value) for name, value in place.groupdict().items()}
                return endpoint(self._call(request, account, version, params))
            except Refusal as refusal:
                return self._refused(refusal)
        return self._refused(Refusal("Method not allowed", status=405)) if known else self._nowhere(request)

    def _call(self, request: Request, account: Account | None, version: str, params: dict[str, str]) -> Call:
        printer = self._printer(version, account)
        address = f"{self.base_url}{request.path}"
        return Call(request, self.world, account, printer, self.cloud, version, address, params)

    def _printer(self, version: str, account: Account | None) -> Printer:
        zone = ZoneInfo(account.user.time_zone) if account else UTC
        return Printer(self.world, f"{self.base_url}/rest/api/{version}", cloud=self.cloud, zone=zone)

    def _deliver(self, event: Event) -> None:
        self._events += 1
        if not self._hooks:
            return
        document = payload(event, self._printer("2", None), self.world.now())
        for hook in self._hooks:
            if delivery := hook.delivery(document, self._events):
                self.outbox.put(delivery)

    def _settle(self) -> None:
        """Carry out what was accepted earlier and is due by now."""

    def _login(self, request: Request) -> tuple[Account | None, dict[str, str]]:
        """Return who asks, with headers about it; raises ``Refusal`` (401) for credentials that never were any."""
        given = request.headers.get("authorization")
        if given is None:
            return None, {}
        account = self._account(*given.partition(" ")[::2])
        if account is None:
            raise Refusal("Client must be authenticated to access this resource.", status=HTTPStatus.UNAUTHORIZED)
        if account.expired:
            return None, dict(_REFUSED_LOGIN)
        name = account.user.account_id if self.cloud else account.user.name
        return account, {"X-AUSERNAME" if not self.cloud else "X-AACCOUNTID": name}

    def _account(self, scheme: str, credentials: str) -> Account | None:
        raise NotImplementedError

    def _refused(self, refusal: Refusal) -> Response:
        raise NotImplementedError

    def _nowhere(self, request: Request) -> Response:
        raise NotImplementedError

    def _limits(self) -> dict[str, str]:
        raise NotImplementedError

    def _limit_reason(self) -> dict[str, str]:
        return {}


class JiraCloud(Jira):
    """Jira Cloud: versions 3 and 2 of the API, basic authentication with e-mail and API token."""

    cloud = True
    versions = {"3": "3", "2": "2", "latest": "3"}  # noqa: RUF012 - a constant of the class

    def __init__(self, world: World, *, quota: Quota | None = None) -> None:
        super().__init__(world, quota or Quota(65_000, 3600))
        self.bulk = bulk.BulkEdits()
        """Its ``duration`` is how long a bulk edit takes."""
        self.routes = (
            *searching.CLOUD,
            *bulk.ROUTES,
            *self.bulk.routes(),
            *fields.ROUTES,
            *fields.CLOUD,
            *about.ROUTES,
            *about.CLOUD,
            *issues.ROUTES,
            *issues.CLOUD,
            *linking.ROUTES,
        )

    def _routed(self, request: Request, account: Account | None) -> Response:
        if request.path != goals.PATH or request.method != "POST":
            return super()._routed(request, account)
        try:
            call = self._call(request, account, "3", {})
            call.known()
            return reply(goals.answer(call, call.document()))
        except Refusal as refusal:
            return self._refused(refusal)

    def _settle(self) -> None:
        self.bulk.settle(self.world)

    def _account(self, scheme: str, credentials: str) -> Account | None:
        if scheme.lower() != "basic":
            return None
        try:
            email, _, token = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            return None
        account = self.world.accounts.get(token)
        return account if account is not None and account.user.email == email else None

    def _refused(self, refusal: Refusal) -> Response:
        if isinstance(refusal, bulk.BulkRefusal):
            return reply({"errors": [{"message": message} for message in refusal.messages]}, refusal.status)
        return reply({"errorMessages": list(refusal.messages), "errors": refusal.errors}, refusal.status)

    def _nowhere(self, request: Request) -> Response:
        message = f"null for uri: {self.base_url}{request.path}"
        return reply({"message": message, "status-code": HTTPStatus.NOT_FOUND}, HTTPStatus.NOT_FOUND)

    def _limits(self) -> dict[str, str]:
        reset = datetime.fromtimestamp(self.quota.reset, UTC).strftime("%Y-%m-%dT%H:%MZ")
        headers = {
            "X-RateLimit-Limit": str(self.quota.limit),
            "X-RateLimit-Remaining": str(self.quota.remaining),
            "X-RateLimit-Reset": reset,
        }
        near = self.quota.remaining * 5 < self.quota.limit
        return {**headers, "X-RateLimit-NearLimit": "true"} if near else headers

    def _limit_reason(self) -> dict[str, str]:
        return {"RateLimit-Reason": "jira-quota-global-based"}


class JiraDataCenter(Jira):
    """Jira Data Center 10.3: version 2 of the API, a personal access token as Bearer, no bulk requests."""

    cloud = False
    versions = {"2": "2", "latest": "2"}  # noqa: RUF012 - a constant of the class

    def __init__(self, world: World, *, quota: Quota | None = None) -> None:
        super().__init__(world, quota or Quota(10_000, 60))
        self.routes = (
            *searching.data_center(),
            *fields.ROUTES,
            *about.ROUTES,
            *about.DATA_CENTER,
            *issues.ROUTES,
            *linking.ROUTES,
        )

    def _account(self, scheme: str, credentials: str) -> Account | None:
        return self.world.accounts.get(credentials) if scheme.lower() == "bearer" else None

    def _refused(self, refusal: Refusal) -> Response:
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            return _html(refusal.status, "Unauthorized (401)", refusal.messages[0])
        return reply({"errorMessages": list(refusal.messages), "errors": refusal.errors}, refusal.status)

    def _nowhere(self, request: Request) -> Response:
        return _html(HTTPStatus.NOT_FOUND, "Oops, you've found a dead link.", request.path)

    def _limits(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.quota.limit),
            "X-RateLimit-Remaining": str(self.quota.remaining),
            "X-RateLimit-FillRate": str(self.quota.limit),
            "X-RateLimit-Interval-Seconds": str(self.quota.seconds),
        }


def _html(status: int, title: str, text: str) -> Response:
    """Return the page that Data Center shows to browsers and programs alike."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    page = f"<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1><p>{escaped}</p></body>\n</html>"
    return Response(int(status), page.encode("utf-8", "replace"), {"Content-Type": "text/html;charset=UTF-8"})
