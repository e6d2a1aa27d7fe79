"""``GET …/issues``: filters, order, pages, cursors for large data sets, and a lagging index."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.github.access import Refused, invalid
from vindaris_sync.sandbox.github.call import JSON
from vindaris_sync.sandbox.github.model import Issue, stamp

if TYPE_CHECKING:
    from vindaris_sync.sandbox.github.call import Call

TOO_DEEP = (
    "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination"
    " (after/before)"
)


def issues(call: Call) -> Response:
    """Return one page of a repository's issues and pull requests."""
    found = _found(call)
    descending = call.request.query.get("direction", "desc") != "asc"
    if descending:
        found.reverse()
    size, number = call.page_size(), call.page_number()
    deepest = call.repo.max_page
    if deepest is not None and -(-len(found) // size) > deepest:
        return _by_cursor(call, found, descending=descending)
    body = b"[" + b",".join(issue.doc for issue in found[(number - 1) * size : number * size]) + b"]"
    return _printed(call, body, call.links(number, -(-len(found) // size)))


def _found(call: Call) -> list[Issue]:
    """Return what the filters leave, oldest first."""
    query, repo = call.request.query, call.repo
    order = query.get("sort", "created")
    since = _since(query.get("since"))
    if since is None:
        return []
    now = call.world.weather.now(call.world.clock)
    lag = call.world.weather.index_lag
    then = repo.as_of(stamp(now - lag)) if lag > timedelta() else {}
    by = "updated" if order == "updated" else "created"
    numbers = repo.orders.since(by, since if by == "updated" else "")
    found = [repo.issues[number] for number in numbers if number not in then]
    if then:
        found += [issue for issue in then.values() if issue is not None]
        found.sort(key=lambda issue: (getattr(issue, by), issue.number))
    if since:
        found = [issue for issue in found if issue.updated >= since]
    state = query.get("state", "open")
    if state != "all":
        found = [issue for issue in found if issue.state == state]
    if query.get("labels"):
        wanted = {name.strip().casefold() for name in query["labels"].split(",")}
        found = [issue for issue in found if wanted <= issue.labels]
    if query.get("creator"):
        creator = query["creator"].casefold()
        found = [issue for issue in found if (issue.document()["user"] or {}).get("login", "").casefold() == creator]
    if order == "comments":
        found.sort(key=lambda issue: (issue.comments, issue.number))
    return found


def _since(text: str | None) -> str | None:
    """Return the bound as a stamp; ``None`` for the epoch's first year, for which GitHub returns nothing."""
    if not text:
        return ""
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise invalid("Issue", "since") from error
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return None if instant.year <= 1970 else stamp(instant)  # noqa: PLR2004 - the epoch's year


def _by_cursor(call: Call, found: list[Issue], *, descending: bool) -> Response:
    """Answer for a data set that is too large for ``page=`` beyond the repository's ``max_page``."""
    after, size = call.request.query.get("after"), call.page_size()
    if after is None and call.page_number() > (call.repo.max_page or 0):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, TOO_DEEP)
    begin = (call.page_number() - 1) * size
    if after is not None:
        begin = _place(call, found, after, descending=descending)
    shown = found[begin : begin + size]
    link = ""
    if begin + size < len(found):
        cursor = urlsafe_b64encode(_key(call, shown[-1]).encode()).decode()
        link = f'<{call.url(after=cursor, page=str(call.page_number() + 1))}>; rel="next"'
    return _printed(call, b"[" + b",".join(issue.doc for issue in shown) + b"]", link)


def _place(call: Call, found: list[Issue], after: str, *, descending: bool) -> int:
    """Return where the list goes on behind a cursor, whether or not the cursor's own issue is still there."""
    try:
        key = urlsafe_b64decode(after).decode()
    except ValueError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The cursor is invalid") from error
    keys = [_key(call, issue) for issue in found]
    if descending:
        return next((place for place, each in enumerate(keys) if each < key), len(keys))
    return bisect_right(keys, key)


def _key(call: Call, issue: Issue) -> str:
    at = issue.updated if call.request.query.get("sort") == "updated" else issue.created
    return f"{at} {issue.number:012}"


def _printed(call: Call, body: bytes, link: str) -> Response:
    return Response(HTTPStatus.OK, call.world.site.render(body), {**JSON, **({"Link": link} if link else {})})
