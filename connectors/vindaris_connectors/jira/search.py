"""Reading a search to its end without losing an issue that changes meanwhile: tokens on Cloud, keys on Data Center."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.client import Client, Reasons, as_object, server_time
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import instant
from vindaris_sync.sdk.protocol import OVERLAP

Raws = list[dict[str, Any]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
MAX_PAGES = 100_000
MAX_EMPTY = 20
"""Pages without an issue, one after another, after which a search that still offers a token is given up."""
MAX_RESTARTS = 5
"""How often one second's issues are read again from the first because they moved while they were read."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to find, oldest first by ``order`` (``created`` or ``updated``), which fields to print, how many a page."""

    clause: jql.Clause
    order: str
    fields: Sequence[str]
    size: int
    since: datetime | None = None
    reconcile: Sequence[str] = field(default=())
    """Ids that the index may show late and the search must know now: at most 50, Cloud only."""
    properties: Sequence[str] = ()
    """Issue properties to print, at most five."""
    after: str = ""
    """The ``more`` of a page of the same query: the search goes on behind it. Cloud keeps it for seven days."""

    @property
    def text(self) -> str:
        """The JQL."""
        clause = self.clause if self.since is None else self.clause & jql.since(self.order, self.since)
        return clause.ordered(self.order, "key")


@dataclass(frozen=True, slots=True)
class Found:
    """One page: its items, the server's clock when it answered, and what the search goes on with, empty at its end."""

    items: Raws
    at: datetime | None
    more: str

    @property
    def last(self) -> bool:
        """Whether it is the search's last page."""
        return not self.more


def cloud_pages(client: Client, query: Query) -> Iterator[Found]:
    """Yield the pages of a Cloud search; at least one.

    Raises ``TrackerUnusable`` (``protocol``) where a token comes again or pages stay empty: it would never end.
    """
    body = _body(query, query.text)
    if query.reconcile:
        body["reconcileIssues"] = [int(id_) for id_ in query.reconcile]
    if query.after:
        body["nextPageToken"] = query.after
    seen: set[bytes] = set()
    empty = 0
    for _ in range(MAX_PAGES):
        answer = client.ask("/rest/api/3/search/jql", body)
        document = _document(answer)
        items, token = found_items(document), document.get("nextPageToken")
        if not token and document.get("isLast") is False:
            raise Transient("the search said that there is more and not where")
        yield Found(items, server_time(answer), str(token or ""))
        if not token:
            return
        empty = 0 if items else empty + 1
        mark = sha256(str(token).encode()).digest()
        if mark in seen or empty > MAX_EMPTY:
            break
        seen.add(mark)
        body["nextPageToken"] = token
    raise TrackerUnusable("the search never ends: its pages repeat", reason="protocol", advice=_REPORT)


def _body(query: Query, text: str) -> dict[str, Any]:
    body: dict[str, Any] = {"jql": text, "fields": list(query.fields), "maxResults": query.size}
    return {**body, "properties": list(query.properties)} if query.properties else body


_REPORT = "Jira answers against its own protocol; look at its status page, and report it if it stays"


def server_pages(client: Client, query: Query) -> Iterator[Found]:
    """Yield the pages of a Data Center search; at least one.

    ``startAt`` slips when an issue leaves the pages that were read. So each page starts at the second in which the
    last one ended, at the last issue itself; if another one stands there, that second is read from its first issue.
    Where the index need not know the last issue's stamp yet, the second is that of the last one before it whose stamp
    it knows, and what stands in between is counted. Issues may come twice. What a page goes on with is that second, in
    milliseconds.
    """
    since = _EPOCH + int(query.after) * _MILLISECOND if query.after.isdigit() else query.since
    place = _Place(since and since.replace(microsecond=0))
    for _ in range(MAX_PAGES):
        body = _body(query, replace(query, since=place.since).text)
        answer = client.ask("/rest/api/2/search", {**body, "startAt": place.offset})
        document = _document(answer)
        items = found_items(document)
        if place.slipped(items):
            place = place.restarted()
            continue
        last = place.offset + len(items) >= int(document.get("total") or 0)
        if not last and not items:
            raise Transient("the search holds back issues that it counts")
        at = server_time(answer)
        beyond = None if last else place.beyond(items, query.order, at and at - 2 * OVERLAP)
        yield Found(items[1:] if place.anchor else items, at, beyond.text if beyond else "")
        if beyond is None:
            return
        place = beyond
    raise TrackerUnusable("the search never ends", reason="protocol", advice=_REPORT)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a Data Center search goes on: at ``offset`` among the issues since a whole second; ``anchor`` was read."""

    since: datetime | None
    offset: int = 0
    anchor: str = ""
    restarts: int = 0

    @property
    def text(self) -> str:
        """What another search goes on with: it reads the second from its first issue."""
        return str(((self.since or _EPOCH) - _EPOCH) // _MILLISECOND)

    def slipped(self, items: Raws) -> bool:
        return bool(self.anchor) and (not items or _id(items[0]) != self.anchor)

    def restarted(self) -> _Place:
        if self.restarts >= MAX_RESTARTS:
            raise Transient("issues change faster than they can be read")
        return _Place(self.since, restarts=self.restarts + 1)

    def beyond(self, items: Raws, order: str, settled: datetime | None) -> _Place:
        """Return the place of the last item that tells its stamp; what follows it is read again.

        Items stand where the index has them and print the stamps that they have now: those from before ``settled`` are
        the index's, births always are. Later ones are taken for that only where the items moved once already.
        """
        seconds = [_second(item, order) for item in items]
        while seconds and seconds[-1] is None:
            seconds.pop()
        if not seconds or (last := _id(items[len(seconds) - 1])) == self.anchor:
            raise Transient(f"a page of issues that do not tell when they were {order}")
        sure = settled is None or order == "created" or self.restarts > 0
        known = [each for each in seconds if each is not None and (sure or settled is None or each < settled)]
        since = known[-1] if known else self.since
        if since == self.since:
            return _Place(since, self.offset + len(seconds) - 1, last, self.restarts)
        return _Place(since, len(seconds) - 1 - seconds.index(since), last)


def _id(item: object) -> str:
    return str(item.get("id") or "") if isinstance(item, dict) else ""


def _second(item: dict[str, Any], order: str) -> datetime | None:
    """Return the whole second of an issue's stamp: the index is not known to keep more."""
    try:
        return instant(item["fields"][order]).replace(microsecond=0)
    except (LookupError, TypeError, ValueError):
        return None


class SearchRefused(TrackerUnusable):
    """Jira refuses the query itself; ``reasons`` are Jira's own words."""

    def __init__(self, reasons: Reasons) -> None:
        super().__init__(
            f"Jira refuses the search: {reasons}", reason="missing", advice="correct projects or jql of this tracker"
        )


def _document(answer: Answer) -> dict[str, Any]:
    if answer.status == HTTPStatus.BAD_REQUEST:
        raise SearchRefused(Reasons.of(answer))
    if answer.status == HTTPStatus.FORBIDDEN:
        advice = "give the account the permission to use Jira and to browse its projects"
        raise TrackerUnusable("Jira forbids the search", reason="permission", advice=advice)
    if answer.status != HTTPStatus.OK:
        raise TrackerUnusable(
            f"{answer.url} answered {answer.status}", reason="protocol", advice="check url: no Jira answers there"
        )
    return as_object(answer)


def found_items(document: dict[str, Any]) -> Raws:
    """Return the issues of a page; raises ``Transient`` where it is none."""
    items = document.get("issues")
    if not isinstance(items, list):
        raise Transient("a page of a search without issues")
    return items
