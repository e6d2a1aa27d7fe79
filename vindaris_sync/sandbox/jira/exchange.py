"""One request on its way through a service: who asks, in which version of the API, and how the answer is printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import orjson

from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.jira.documents import dumps
from vindaris_sync.sandbox.jira.model import Account, Issue, Json, Project, State
from vindaris_sync.sandbox.jira.refusal import Refusal, not_seen
from vindaris_sync.sandbox.jira.wire import Printer, Selection
from vindaris_sync.sandbox.jira.world import World

JSON_TYPE = {"Content-Type": "application/json;charset=UTF-8"}
MAX_PAGE = 5000


@dataclass(slots=True)
class Call:
    """A request after authentication and routing; ``account`` is None for an anonymous one."""

    request: Request
    world: World
    account: Account | None
    printer: Printer
    cloud: bool
    version: str
    address: str
    """The request's own URL without its query."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What the route's placeholders matched."""

    def known(self) -> Account:
        """Return the account; raises ``Refusal`` (401) for an anonymous request."""
        if self.account is None:
            raise Refusal("You are not authenticated. Authentication required to perform this operation.", status=401)
        return self.account

    def administrator(self) -> Account:
        """Return the account; raises ``Refusal`` (401, 403) unless it administers the site."""
        account = self.known()
        if not account.admin:
            raise Refusal("Only Jira administrators can access this resource.", status=HTTPStatus.FORBIDDEN)
        return account

    def issue(self, ref: str | None = None) -> Issue:
        """Return the issue that the path names; raises ``Refusal`` (404) where the account sees none."""
        issue = self.world.seen(self.params["issue"] if ref is None else ref, self.account)
        if issue is None:
            raise not_seen()
        return issue

    def editable(self) -> Issue:
        """Return the issue that the path names; raises ``Refusal`` (403) where the account may only look."""
        issue = self.issue()
        if not self.known().edits(issue.state.project):
            raise Refusal("You do not have permission to edit issues in this project.", status=HTTPStatus.FORBIDDEN)
        return issue

    def project(self) -> Project:
        """Return the project that the path names; raises ``Refusal`` (404) where the account sees none."""
        project = self.world.project(self.params["project"])
        if project is None or self.account is None or not self.account.sees(project):
            raise Refusal(f"No project could be found with key '{self.params['project']}'.", status=404)
        return project

    def body(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the request's JSON; raises ``Refusal`` (400) where it is none."""
        try:
            return orjson.loads(self.request.body)
        except ValueError as error:
            raise Refusal("There was an error parsing JSON. Check that your request body is valid.") from error

    def document(self) -> Json:
        """Return the request's JSON object; raises ``Refusal`` (400) where it is none."""
        body = self.body()
        if not isinstance(body, dict):
            raise Refusal("Request body must be a JSON object.")
        return body

    def asked(self) -> Json:
        """Return the parameters of a search, from the query or from the body of a POST."""
        return self.document() if self.request.method == "POST" else dict(self.request.query)

    def show(self, state: State, selection: Selection, asked: Mapping[str, Any]) -> Json:
        """Return an issue with its fields, and with changelog and properties where ``asked`` names them."""
        document = self.printer.issue(state, selection)
        issue = self.world.issues[state.id]
        if "changelog" in listed(asked.get("expand")):
            entries = [self.printer.history(entry) for entry in reversed(issue.histories)]
            total = len(entries)
            document["changelog"] = {"startAt": 0, "maxResults": total, "total": total, "histories": entries}
        if wanted := listed(asked.get("properties")):
            held = issue.properties
            document["properties"] = {k: v for k, v in held.items() if k in wanted or "*all" in wanted}
        return document

    def page(self, items: Sequence[Any], show: Callable[[Any], Any], size: int = 50) -> Json:
        """Return one page of ``items`` in Cloud's page shape, chosen by ``startAt`` and ``maxResults``."""
        query = self.request.query
        start = whole(query, "startAt", 0)
        size = min(whole(query, "maxResults", size), MAX_PAGE)
        last = start + size >= len(items)
        after = {**query, "startAt": str(start + size), "maxResults": str(size)}
        return {
            "self": self.address,
            **({} if last else {"nextPage": f"{self.address}?{urlencode(after)}"}),
            "maxResults": size,
            "startAt": start,
            "total": len(items),
            "isLast": last,
            "values": [show(item) for item in items[start : start + size]],
        }


Endpoint = Callable[[Call], Response]


def route(method: str, template: str, endpoint: Endpoint) -> tuple[str, re.Pattern[str], Endpoint]:
    """Return a route: ``{name}`` in ``template`` matches one segment of the path."""
    return method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), endpoint


Route = tuple[str, re.Pattern[str], Endpoint]


def reply(document: object, status: int = HTTPStatus.OK) -> Response:
    """Return JSON; a lone surrogate, which a tracker may hold, is printed as an escape."""
    return Response(int(status), dumps(document), dict(JSON_TYPE))


def done(status: int = HTTPStatus.NO_CONTENT) -> Response:
    """Return an answer without a body."""
    return Response(int(status), b"", dict(JSON_TYPE))


def listed(value: object) -> list[str]:
    """Return a parameter that may be a JSON list or separated by commas."""
    if isinstance(value, list):
        return [str(item) for item in value]
    return [part.strip() for part in str(value).split(",") if part.strip()] if value else []


def whole(asked: Mapping[str, Any], name: str, default: int) -> int:
    """Return a parameter that is a whole number from 0 on; raises ``Refusal`` (400) for anything else."""
    raw = asked.get(name)
    if raw is None:
        return default
    try:
        number = int(raw)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if number < 0:
        raise Refusal(f"The value '{raw}' is not valid for parameter '{name}'.")
    return number
