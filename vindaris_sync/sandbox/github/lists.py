"""``GET …/issues``: filters, order, pages, cursors for large data sets, and a lagging index."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from vindaris_sync.sandbox.github.access import Refused, invalid
from vindaris_sync.sandbox.github.model import Issue, Key, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vindaris_sync.sandbox.core import Response
    from vindaris_sync.sandbox.github.call import Call

TOO_DEEP = (
    "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination"
    " (after/before)"
)


class Found(NamedTuple):
    """What a list shows: the places in their order, and what a lagging index still holds of changed issues."""

    keys: list[Key]
    then: dict[int, Issue | None]


def issues(call: Call) -> Response:
    """Return one page of a repository's issues and pull requests."""
    found = _found(call)
    descending = call.request.query.get("direction", "desc") != "asc"
    if descending:
        found.keys.reverse()
    size, number = call.page_size(), call.page_number()
    last = -(-len(found.keys) // size)
    deepest = call.repo.max_page
    if deepest is not None and last > deepest:
        return _by_cursor(call, found, descending=descending)
    return _printed(call, found, found.keys[(number - 1) * size : number * size], call.links(number, last))


def _found(call: Call) -> Found:
    """Return what the filters leave, oldest first; a list without filters costs no look at an issue."""
    query, repo = call.request.query, call.repo
    order = query.get("sort", "created")
    since = _since(query.get("since"))
    if since is None:
        return Found([], {})
    by = "updated" if order == "updated" else "created"
    keys = repo.orders.since(by, since if by == "updated" else "")
    then = _then(call)
    if then:
        keys = [key for key in keys if key[1] not in then]
        known = [issue for issue in then.values() if issue is not None and issue.updated >= since]
        keys += [(getattr(issue, by), issue.number) for issue in known]
        keys.sort()
    found = Found(keys, then)
    keep = _filters(query, since)
    if keep:
        keys = [key for key in keys if all(test(_at(call, found, key)) for test in keep)]
    if order == "comments":
        keys = sorted((f"{_at(call, found, key).comments:09}", key[1]) for key in keys)
    return Found(keys, then)


def _filters(query: Mapping[str, str], since: str) -> list[Callable[[Issue], bool]]:
    keep: list[Callable[[Issue], bool]] = []
    state = query.get("state", "open")
    if state != "all":
        keep.append(lambda issue: issue.state == state)
    if since and query.get("sort") != "updated":
        keep.append(lambda issue: issue.updated >= since)
    if query.get("labels"):
        wanted = {name.strip().casefold() for name in query["labels"].split(",")}
        keep.append(lambda issue: wanted <= issue.labels)
    if query.get("milestone"):
        keep.append(lambda issue: _in_milestone(issue, query["milestone"]))
    if query.get("type"):
        keep.append(lambda issue: _of_type(issue, query["type"]))
    return keep


def _in_milestone(issue: Issue, asked: str) -> bool:
    """Return whether an issue is in the milestone of that number; ``*`` is any, ``none`` is no milestone."""
    if asked in {"*", "none"}:
        return (issue.milestone is None) == (asked == "none")
    return str(issue.milestone) == asked


def _of_type(issue: Issue, asked: str) -> bool:
    """Return whether an issue is of the type of that name; ``*`` is any, ``none`` is no type."""
    name = (issue.document().get("type") or {}).get("name")
    return (
        (name is None) == (asked == "none") if asked in {"*", "none"} else (name or "").casefold() == asked.casefold()
    )


def _then(call: Call) -> dict[int, Issue | None]:
    """Return the issues that the index does not know as they are, as it knows them."""
    lag = call.world.weather.index_lag
    return call.repo.as_of(stamp(call.world.clock() - lag)) if lag > timedelta() else {}


def _at(call: Call, found: Found, key: Key) -> Issue:
    """Return the issue at a place, as the index knows it."""
    return found.then.get(key[1]) or call.repo.issues[key[1]]


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


def _by_cursor(call: Call, found: Found, *, descending: bool) -> Response:
    """Answer for a data set that is too large for ``page=`` beyond the repository's ``max_page``."""
    after, size, number = call.request.query.get("after"), call.page_size(), call.page_number()
    if after is None and number > (call.repo.max_page or 0):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, TOO_DEEP)
    begin = (number - 1) * size if after is None else _place(found.keys, after, descending=descending)
    shown = found.keys[begin : begin + size]
    link = ""
    if begin + size < len(found.keys):
        cursor = urlsafe_b64encode(" ".join(map(str, shown[-1])).encode()).decode()
        link = f'<{call.url(after=cursor, page=str(number + 1))}>; rel="next"'
    return _printed(call, found, shown, link)


def _place(keys: list[Key], after: str, *, descending: bool) -> int:
    """Return where the list goes on behind a cursor, whether or not the cursor's own issue is still there."""
    try:
        at, _, number = urlsafe_b64decode(after).decode().partition(" ")
        key = (at, int(number))
    except ValueError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The cursor is invalid") from error
    if descending:
        return next((place for place, each in enumerate(keys) if each < key), len(keys))
    return bisect_right(keys, key)


def _printed(call: Call, found: Found, keys: list[Key], link: str) -> Response:
    body = b"[" + b",".join(_at(call, found, key).doc for key in keys) + b"]"
    return call.answer(body, headers={"Link": link} if link else None)
