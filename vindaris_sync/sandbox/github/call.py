"""One request on its way through the routes: who asks, about which repository, and how answers are built."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlencode

import orjson

from vindaris_sync.sandbox.core import Request, Response
from vindaris_sync.sandbox.github.access import Account, Need, Refused
from vindaris_sync.sandbox.github.model import Issue, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vindaris_sync.sandbox.github.world import World

MAX_PER_PAGE = 100
DEFAULT_PER_PAGE = 30
JSON = {"Content-Type": "application/json; charset=utf-8"}


def http_date(at: str) -> str:
    """Return a stamp as HTTP prints instants."""
    return format_datetime(datetime.fromisoformat(at), usegmt=True)


_KINDS = {str: "a string", int: "an integer", bool: "a boolean", list: "an array", dict: "an object"}


def _mismatch(place: str, value: object, kind: type) -> Refused:
    shown = orjson.dumps(value).decode()
    message = f"Invalid request.\n\nFor '{place}', {shown} is not {_KINDS[kind]}."
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, message)


class Redirected(Exception):
    """What was asked for is elsewhere: the path below the API's root, and the status that says so."""

    def __init__(self, path: str, status: int) -> None:
        super().__init__(path)
        self.path = path
        self.status = status


@dataclass(slots=True)
class Call:
    """A request in its context. ``path`` is what the request asked below the repository, or below the root."""

    world: World
    request: Request
    account: Account
    path: str
    repository: Repository | None = None
    args: Mapping[str, str] = field(default_factory=dict)

    @property
    def repo(self) -> Repository:
        """The repository of the path."""
        if self.repository is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return self.repository

    @property
    def actor(self) -> str:
        """The login that changes are made as."""
        return self.account.login

    def text(self, name: str) -> str:
        """Return a decoded part of the path."""
        return unquote(self.args[name])

    def number(self) -> int:
        """Return the issue number of the path."""
        return int(self.args["n"])

    def issue(self) -> Issue:
        """Return the issue of the path; redirects where it was transferred to what the account sees."""
        number = self.number()
        if (moved := self.repo.moved.get(number)) is not None:
            target = self.world.repositories.get(moved[0])
            while target is not None and moved[1] in target.moved:
                moved = target.moved[moved[1]]
                target = self.world.repositories.get(moved[0])
            if target is None or not self.account.sees(target):
                raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
            rest = re.sub(r"^/issues/\d+", f"/issues/{moved[1]}", self.path)
            raise Redirected(f"/repositories/{target.id}{rest}", HTTPStatus.MOVED_PERMANENTLY)
        return self.world.issue(self.repo.full_name, number)

    def body(self) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
        """Return the JSON body; raises ``Refused`` (400) where it is none."""
        try:
            return orjson.loads(self.request.body or b"null")
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "Problems parsing JSON") from error

    def form(self, **kinds: type) -> dict[str, Any]:
        """Return the JSON body, an object whose members are null or of these kinds; raises ``Refused`` (422) else."""
        body = self.body()
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise _mismatch("links/0/schema", body, dict)
        for name, kind in kinds.items():
            value = body.get(name)
            if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
                raise _mismatch(f"properties/{name}", value, kind)
        return body

    def answer(
        self, document: object, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return a JSON answer with its URLs filled in."""
        return Response(status, self.world.site.render(document), {**JSON, **(headers or {})})

    def page(self, items: Sequence[object], show: Callable[[Any], object] = lambda item: item) -> Response:
        """Return the asked page of ``items``, with ``Link`` as GitHub prints it."""
        number, size = self.page_number(), self.page_size()
        shown = [show(item) for item in items[(number - 1) * size : number * size]]
        link = self.links(number, -(-len(items) // size))
        return self.answer(shown, headers={"Link": link} if link else None)

    def page_size(self) -> int:
        """Return ``per_page``, 30 by default and at most 100."""
        return min(self._positive("per_page", DEFAULT_PER_PAGE), MAX_PER_PAGE)

    def page_number(self) -> int:
        """Return ``page``, 1 by default."""
        return self._positive("page", 1)

    def _positive(self, name: str, default: int) -> int:
        asked = self.request.query.get(name, "")
        return int(asked) or default if re.fullmatch("[0-9]{1,9}", asked) else default

    def links(self, number: int, last: int) -> str:
        """Return the ``Link`` header of page ``number`` of ``last``; empty where there is one page only."""
        pages: list[tuple[str, int]] = []
        if number > 1:
            pages.append(("prev", min(number - 1, max(last, 1))))
        if number < last:
            pages += [("next", number + 1), ("last", last)]
        if number > 1:
            pages.append(("first", 1))
        return ", ".join(f'<{self.url(page=str(page))}>; rel="{rel}"' for rel, page in pages)

    def url(self, **parameters: str) -> str:
        """Return this request's URL by the repository's id, with some query parameters set."""
        place = f"/repositories/{self.repository.id}{self.path}" if self.repository else self.path
        return f"{self.world.site.api}{place}?{urlencode({**self.request.query, **parameters})}"


class Route(NamedTuple):
    """A method and path below a repository or the root, what it needs, and who answers."""

    method: str
    pattern: re.Pattern[str]
    need: Need
    answer: Callable[[Call], Response]


class Routes:
    """A table of routes; ``template`` holds ``{n}`` for a number and ``{name}`` for one path segment."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def on(
        self, method: str, template: str, need: Need | None = None
    ) -> Callable[[Callable[[Call], Response]], Callable[[Call], Response]]:
        """Register a function; without ``need``, GET reads issues and everything else writes them."""
        needed = need or Need("issues", "read" if method == "GET" else "write")
        pattern = re.compile(re.sub(r"\{(\w+)\}", _group, template))

        def register(answer: Callable[[Call], Response]) -> Callable[[Call], Response]:
            self._routes.append(Route(method, pattern, needed, answer))
            return answer

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route for a request and the parts of its path."""
        for route in self._routes:
            if route.method == method and (found := route.pattern.fullmatch(path)):
                return route, found.groupdict()
        return None


def _group(found: re.Match[str]) -> str:
    return rf"(?P<{found[1]}>[0-9]{{1,15}})" if found[1] in {"n", "id"} else rf"(?P<{found[1]}>[^/]+)"
