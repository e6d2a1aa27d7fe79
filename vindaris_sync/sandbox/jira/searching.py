"""Searches: Cloud's pages by token, Data Center's by offset."""

from __future__ import annotations

import base64
import hashlib
from itertools import islice
from typing import Any

import orjson

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.jira.exchange import Call, Route, listed, reply, route, whole
from vindaris_sync.sandbox.jira.model import Account, Json, State
from vindaris_sync.sandbox.jira.query import Scope, plan
from vindaris_sync.sandbox.jira.refusal import Refusal
from vindaris_sync.sandbox.jira.search import Place, Search
from vindaris_sync.sandbox.jira.wire import Selection

MAX_IDS = 5000
"""The longest page of ids and keys (Cloud)."""
MAX_DETAILS = 100
"""The longest page with any other field (Cloud)."""
MAX_OFFSET_PAGE = 1000
"""The longest page of Data Center (``jira.search.views.default.max``)."""
MAX_RECONCILED = 50
TOKEN_LIFE = 7 * 24 * 3600 * 1000
_SEAL = hashlib.sha256().digest_size
REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


def search_jql(call: Call) -> Response:
    """``/search/jql``: bounded, by token, without a total; shows ids unless fields are named."""
    asked = call.asked()
    if call.account is None:
        return reply({"issues": [], "isLast": True})
    selection = Selection.of(listed(asked.get("fields")), "id")
    limit = MAX_IDS if selection.bare and not asked.get("expand") else MAX_DETAILS
    size = min(whole(asked, "maxResults", 50) or 50, limit)
    search = _search(call, call.account, asked)
    states = list(islice(search.after(_place(call, asked)), size + 1))
    shown = [call.show(_printed(call, state), selection, asked) for state in states[:size]]
    last = len(states) <= size
    more = {} if last else {"nextPageToken": _token(call, asked, search.place(states[size - 1]))}
    return reply({"issues": shown, **more, "isLast": last})


def _printed(call: Call, found: State) -> State:
    """Return what is printed of an issue that the index found."""
    now = call.world.issues[found.id].state
    return now if call.world.weather.fresh and now.listed else found


def count(call: Call) -> Response:
    """``/search/approximate-count``."""
    asked = call.document()
    return reply({"count": 0 if call.account is None else _search(call, call.account, asked).count()})


def removed(_: Call) -> Response:
    """Answer for the search that Cloud took away in 2025."""
    raise Refusal(REMOVED, status=410)


class OffsetSearch:
    """Data Center's ``/search``; remembers the last result, so that the next page costs only itself."""

    def __init__(self) -> None:
        self._found: tuple[object, list[State]] = (None, [])

    def __call__(self, call: Call) -> Response:
        """Answer with ``startAt``, ``maxResults`` and ``total``."""
        asked = call.asked()
        start = whole(asked, "startAt", 0)
        size = min(whole(asked, "maxResults", 50), MAX_OFFSET_PAGE)
        states = [] if call.account is None else self._states(call, call.account, asked)
        selection = Selection.of(listed(asked.get("fields")), "*navigable")
        shown = [call.show(_printed(call, state), selection, asked) for state in states[start : start + size]]
        page = {"expand": "names,schema", "startAt": start, "maxResults": size, "total": len(states)}
        return reply({**page, "issues": shown})

    def _states(self, call: Call, account: Account, asked: Json) -> list[State]:
        search = _search(call, account, asked)
        sight = (frozenset(account.hidden), frozenset(account.hidden_issues))
        key = (account.token, asked.get("jql"), call.world.index.version, sight)
        if self._found[0] != key or "now()" in str(asked.get("jql")):
            self._found = (key, list(search.after(None)))
        return self._found[1]


def _search(call: Call, account: Account, asked: Json) -> Search:
    strict = str(asked.get("validateQuery", "true")).lower() in ("true", "strict")
    text = asked.get("jql") or ""
    if not isinstance(text, str):
        raise Refusal("The 'jql' parameter must be a string.")
    scope = Scope(call.world, account, cloud=call.cloud, strict=strict)
    return Search(call.world, plan(text, scope), account, _reconciled(asked))


def _reconciled(asked: Json) -> frozenset[int]:
    ids = listed(asked.get("reconcileIssues"))
    if len(ids) > MAX_RECONCILED or not all(id_.isdecimal() for id_ in ids):
        raise Refusal(f"The 'reconcileIssues' parameter takes at most {MAX_RECONCILED} issue ids.")
    return frozenset(map(int, ids))


def _bound(asked: Json) -> str:
    """Return what a token belongs to: the query and the reconciled issues, which must not change between pages."""
    text = f"{asked.get('jql')}\n{sorted(listed(asked.get('reconcileIssues')))}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _token(call: Call, asked: Json, place: Place) -> str:
    content = orjson.dumps({"query": _bound(asked), "at": call.world.now(), "place": place})
    return base64.urlsafe_b64encode(_sealed(content) + content).decode()


def _sealed(content: bytes) -> bytes:
    """Return the mark by which the sandbox knows its own tokens."""
    return hashlib.sha256(b"vindaris-sandbox" + content).digest()


def _place(call: Call, asked: Json) -> Place | None:
    token: Any = asked.get("nextPageToken")
    if not token:
        return None
    try:
        raw = base64.urlsafe_b64decode(str(token))
    except ValueError as error:
        raise Refusal("The nextPageToken is invalid.") from error
    seal, content = raw[:_SEAL], raw[_SEAL:]
    if seal != _sealed(content):
        raise Refusal("The nextPageToken is invalid.")
    held = orjson.loads(content)
    if held["query"] != _bound(asked) or call.world.now() - held["at"] > TOKEN_LIFE:
        raise Refusal("The nextPageToken is invalid or expired for this query.")
    place: Place = held["place"]
    return place


CLOUD: tuple[Route, ...] = (
    route("GET", "/search/jql", search_jql),
    route("POST", "/search/jql", search_jql),
    route("POST", "/search/approximate-count", count),
    route("GET", "/search", removed),
    route("POST", "/search", removed),
)


def data_center() -> tuple[Route, ...]:
    """Return Data Center's routes, with a memory of their own."""
    search = OffsetSearch()
    return route("GET", "/search", search), route("POST", "/search", search)
