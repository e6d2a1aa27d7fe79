"""GitHub's front door: authentication, limits, redirects, conditional requests and headers around the routes."""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.github import hooks, issues, pages, planning, root
from vindaris_sync.sandbox.github.access import ANONYMOUS_LIMIT, Account, Quota, Refused
from vindaris_sync.sandbox.github.call import JSON, Call, Redirected, Route
from vindaris_sync.sandbox.github.documents import Site
from vindaris_sync.sandbox.github.graphql import graphql
from vindaris_sync.sandbox.github.model import Repository

if TYPE_CHECKING:
    from threading import RLock

    from vindaris_sync.sandbox.core import Outbox, Weather
    from vindaris_sync.sandbox.github.world import World

ENTERPRISE = "/api/v3"
DOCS = "https://docs.github.com/rest"
_REPOSITORY = re.compile(r"/(?:repos/(?P<name>[^/]+/[^/]+)|repositories/(?P<id>[0-9]{1,15}))(?P<rest>/.*)?")
UNCHANGED = {HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT}

_BELOW = (issues.ROUTES, planning.ROUTES, hooks.ROUTES)
"""What repositories answer."""


class GitHub:
    """Answers GitHub's REST and GraphQL API from a world; an Enterprise Server where the world says its version.

    Both spellings are served, ``/repos/…`` and ``/api/v3/repos/…``, ``/graphql`` and ``/api/graphql``; the URLs in
    answers have the Enterprise Server's prefix only there.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.weather: Weather = world.weather
        self.lock: RLock = world.lock
        self.outbox: Outbox = world.outbox
        self._anonymous = Account("", "anonymous", limit=ANONYMOUS_LIMIT)

    @property
    def base_url(self) -> str:
        """Where the service is reached."""
        return self.world.site.web

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.world.site = Site(url + ENTERPRISE if self.world.enterprise else url, url)

    def page(self, path: str) -> str | None:
        """Return what people see in a browser."""
        return pages.page(self.world, self.base_url, path)

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        path = request.path
        path = "/graphql" if path == "/api/graphql" else path.removeprefix(ENTERPRISE) or "/"
        try:
            account = self._account(request)
        except Refused as refused:
            return self._dressed(request, _refusal(refused), None, None)
        if (over := self._over_limit(account, path)) is not None:
            return self._dressed(request, over, account, path)
        try:
            response = self._routed(request, account, path)
        except Refused as refused:
            response = _refusal(refused)
        except Redirected as elsewhere:
            response = self._redirect(elsewhere)
        return self._dressed(request, self._conditional(request, response, account), account, path)

    def _routed(self, request: Request, account: Account, path: str) -> Response:
        if path == "/graphql":
            return graphql(Call(self.world, request, account, path))
        found = _REPOSITORY.fullmatch(path)
        call = Call(self.world, request, account, path)
        if found:
            call.path = found["rest"] or ""
            call.repository = self._repository(call, found["name"], found["id"])
            below = (table.find(request.method, call.path) for table in _BELOW)
            matched = next((found for found in below if found), None)
        else:
            matched = root.APP_ROUTES.find(request.method, path) or root.ROUTES.find(request.method, path)
        if matched is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return self._permitted(call, *matched)

    def _permitted(self, call: Call, route: Route, args: dict[str, str]) -> Response:
        call.args = args
        if not call.account.may(route.need):
            raise call.account.refusal()
        response = route.answer(call)
        if call.account.kind in {"fine-grained", "installation"}:
            response.headers["X-Accepted-GitHub-Permissions"] = f"{route.need.permission}={route.need.level}"
        return response

    def _repository(self, call: Call, name: str | None, identity: str | None) -> Repository:
        world = self.world
        repository = world.repositories.get(int(identity)) if identity else world.repository(unquote(name or ""))
        if repository is None or not call.account.sees(repository):
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        if name and unquote(name).casefold() != repository.full_name.casefold():
            reading = call.request.method == "GET"
            status = HTTPStatus.MOVED_PERMANENTLY if reading else HTTPStatus.TEMPORARY_REDIRECT
            raise Redirected(f"/repositories/{repository.id}{call.path}", status)
        return repository

    def _account(self, request: Request) -> Account:
        header = request.headers.get("authorization")
        if header is None:
            return self._anonymous
        app = root.app_of(self.world, request)
        if app is not None:
            return Account(self.world.apps[app].slug, "installation", permissions={"metadata": "read"})
        scheme, _, token = header.partition(" ")
        account = self.world.tokens.get(token.strip()) if scheme.lower() in {"token", "bearer"} else None
        now = self.weather.now(self.world.clock)
        if account is None or (account.expires is not None and account.expires <= now):
            raise Refused(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        return account

    def _over_limit(self, account: Account, path: str) -> Response | None:
        if path == "/rate_limit" or self.world.enterprise:
            return None
        if _quota(account, path).spend(self.weather.now(self.world.clock)):
            return None
        if path == "/graphql":
            return Response.of({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]})
        whom = f"user ID {self.world.user(account.login).id}" if account.login else "127.0.0.1"
        refused = Refused(HTTPStatus.FORBIDDEN, f"API rate limit exceeded for {whom}.")
        return _refusal(refused, f"{DOCS}/overview/rate-limits-for-the-rest-api")

    def _redirect(self, elsewhere: Redirected) -> Response:
        url = self.world.site.api + elsewhere.path
        body = {
            "message": "Moved Permanently",
            "url": url,
            "documentation_url": "https://docs.github.com/v3/#http-redirects",
        }
        return Response.of(body, elsewhere.status, {"Location": url})

    def _conditional(self, request: Request, response: Response, account: Account) -> Response:
        """Add the validators to a GET's answer, and answer 304, free of charge, where the client has it.

        As on github.com, the 304 prints the tag as a strong one, which matches nothing when it is sent back.
        """
        if response.status >= HTTPStatus.MULTIPLE_CHOICES or response.status == HTTPStatus.NO_CONTENT:
            return response
        digest = hashlib.blake2b(account.login.encode() + response.body, digest_size=32).hexdigest()
        if request.method != "GET":
            response.headers["ETag"] = f'"{digest}"'
            return response
        response.headers["ETag"] = f'W/"{digest}"'
        known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
        since = request.headers.get("if-modified-since")
        unmodified = since is not None and known == [""] and since == response.headers.get("Last-Modified")
        if unmodified or f'W/"{digest}"' in known:
            _quota(account, request.path).used -= not self.world.enterprise
            return Response(HTTPStatus.NOT_MODIFIED, b"", {"ETag": f'"{digest}"'})
        return response

    def _dressed(self, request: Request, response: Response, account: Account | None, path: str | None) -> Response:
        """Add the headers that every answer has."""
        headers = {"Server": "github.com", **response.headers, "X-GitHub-Media-Type": "github.v3; format=json"}
        if response.status not in UNCHANGED:
            headers["X-Content-Type-Options"] = "nosniff"
        if response.status < HTTPStatus.MULTIPLE_CHOICES or response.status == HTTPStatus.NOT_MODIFIED:
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            headers["Vary"] = "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With"
        headers["X-GitHub-Api-Version-Selected"] = request.headers.get("x-github-api-version", "2022-11-28")
        headers["X-GitHub-Request-Id"] = f"{self.world.new_id():X}"
        if self.world.enterprise:
            headers["X-GitHub-Enterprise-Version"] = self.world.enterprise
        if account is not None and path is not None:
            headers |= self._about(account, path)
        return Response(response.status, response.body, headers)

    def _about(self, account: Account, path: str) -> dict[str, str]:
        about: dict[str, str] = {}
        if account.kind == "classic":
            about = {"X-OAuth-Scopes": ", ".join(account.scopes), "X-Accepted-OAuth-Scopes": "repo"}
        if account.expires is not None and account.kind != "installation":
            about["GitHub-Authentication-Token-Expiration"] = account.expires.strftime("%Y-%m-%d %H:%M:%S UTC")
        if not self.world.enterprise:
            view = _quota(account, path).view()
            about |= {f"X-RateLimit-{name.title()}": str(number) for name, number in view.items()}
            about["X-RateLimit-Resource"] = "graphql" if path == "/graphql" else "core"
        return about


def _quota(account: Account, path: str) -> Quota:
    return account.graphql if path.endswith("/graphql") else account.core


def _refusal(refused: Refused, docs: str = DOCS) -> Response:
    body: dict[str, object] = {"message": refused.message}
    if refused.errors is not None:
        body["errors"] = refused.errors
    return Response.of(body | {"documentation_url": docs, "status": str(int(refused.status))}, refused.status, JSON)
