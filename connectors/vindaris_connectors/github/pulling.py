"""Turns fetched pages into ours and decides each page's cursor: the only place that knows what may be recorded when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from vindaris_connectors.github.client import GithubClient, next_url
from vindaris_connectors.github.cursor import SETTLED, Cursor, point_after_load, resume_point, stamp
from vindaris_connectors.github.mapping import Mapper, identify, is_stamp, newest
from vindaris_connectors.github.reading import PER_PAGE, Fetched, date_of, load_url, read_all, read_changes
from vindaris_connectors.github.repositories import Repository, Unreachable, expected, find
from vindaris_sync.domain.models import Finding, Level, Page
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import instant, map_items
from vindaris_sync.sdk.parallel import interleaved

KEEP = 10
"""Up to so many issues may stand in the list that is watched, so that the next idle cycle is a 304 at once."""
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class _Edge:
    """The last page of a full load: its number, and the numbers of the issues on it."""

    page: int
    numbers: tuple[int, ...]


@dataclass(slots=True)
class _Reading:
    """One repository in one pull: what its list has shown so far, and from where the next round reads."""

    scope: str
    cursor: Cursor
    count: int = 0
    latest: str = ""
    keyset: bool = False
    edge: _Edge | None = None
    since: str = ""
    """From where on what is ``seen`` was listed."""
    seen: dict[str, str] = field(default_factory=dict)
    moved: str = ""
    then: Cursor | None = None
    """Where the next round of the same pull begins."""
    remarks: tuple[Finding, ...] = ()
    """What its next page says besides issues."""
    left_out: set[str] = field(default_factory=set)
    """Ids of recent pull requests that were counted as left out, so that the next round does not count them again."""

    def note(self, items: list[Any], since: str, more: str) -> None:
        """Remember a page's items, and in ``moved`` the earliest stamp from which on the list shifted under us.

        A list by page number shifts to the left when an issue on it is updated meanwhile: what stood at the edge of a
        page is skipped. The issue that was updated turns up a second time, at the end. Lists that go on *after* an
        issue, or ``since`` a later stamp, cannot skip.
        """
        if since != self.since:
            self.since = since
            self.seen.clear()
        self.count += len(items)
        self.latest = max(self.latest, newest(items))
        self.keyset = self.keyset or "after=" in more
        for item in items:
            if isinstance(item, dict) and is_stamp(item.get("updated_at")):
                first = self.seen.setdefault(str(item.get("node_id")), item["updated_at"])
                if first != item["updated_at"] and not self.keyset:
                    self.moved = min(self.moved or first, first)

    def repeated(self, items: list[Any], since: str) -> int:
        """Return how many pull requests among ``items`` were counted before; those updated from ``since`` on count."""
        recent = {str(item["node_id"]) for item in items if _is_pull(item) and str(item.get("updated_at")) >= since}
        again = len(recent & self.left_out)
        self.left_out |= recent
        return again

    def tied(self) -> int:
        """Return how many of the listed issues carry the newest stamp."""
        return sum(1 for at in self.seen.values() if at == self.latest)


class Pull:
    """One pull of all repositories."""

    def __init__(self, client: GithubClient, mapper: Mapper, in_flight: int, now: Callable[[], datetime]) -> None:
        self._client = client
        self._mapper = mapper
        self._in_flight = in_flight
        self._now = now
        self._missing: list[Unreachable] = []

    def pages(self, cursors: Mapping[str, Cursor]) -> Iterator[Page]:
        """Yield each repository's pages, oldest first; raises ``TrackerUnusable`` at the end for those out of reach.

        A full load is followed by a first look for changes, which also fetches the ETag that makes the next, idle
        cycle free.
        """
        readings = [_Reading(scope, cursor) for scope, cursor in cursors.items()]
        for _ in range(_ROUNDS):
            yield from self._round(readings)
            readings = [_next(one, one.then) for one in readings if one.then is not None]
            if not readings:
                break
        if self._missing:
            raise _out_of_reach(self._missing)

    def _round(self, readings: list[_Reading]) -> Iterator[Page]:
        by_scope = {reading.scope: reading for reading in readings}
        share, over = divmod(self._in_flight, max(1, len(readings)))
        readers = [self._reader(reading, max(1, share + (n < over))) for n, reading in enumerate(readings)]
        for fetched in interleaved(readers, self._in_flight):
            if isinstance(fetched, Unreachable):
                if not self._recreated(by_scope[fetched.name]):
                    self._missing.append(fetched)
                continue
            reading = by_scope[fetched.scope]
            page = self._loaded(reading, fetched) if reading.cursor.loading else self._changed(reading, fetched)
            if page is not None:
                yield page

    def _recreated(self, reading: _Reading) -> bool:
        """Begin anew where the repository is out of reach and its name leads to another one by now; say so.

        A name that was taken over while ours can still be reached under its number is not followed.
        """
        number = reading.cursor.repository
        found = find(self._client, reading.scope) if number else None
        if not isinstance(found, Repository) or found.id == number:
            return False
        said = f"it is another repository now ({found.id}, was {number}): the former one was deleted or hidden from us"
        fix = "nothing, if it was made anew on purpose: it is read from its beginning, and former links are kept"
        reading.then = Cursor(found.id)
        reading.remarks = (Finding(Level.WARNING, reading.scope, said, fix),)
        return True

    def _reader(self, reading: _Reading, share: int) -> Iterator[Fetched | Unreachable]:
        if reading.cursor.loading:
            return read_all(self._client, reading.scope, reading.cursor, share)
        return read_changes(self._client, reading.scope, reading.cursor)

    def _loaded(self, reading: _Reading, fetched: Fetched) -> Page:
        items = _items(fetched.answer)
        items = [*self._slipped(reading, fetched.page, items), *items]
        start = reading.cursor.start or stamp(date_of(fetched.answer, self._now))
        latest = max(reading.cursor.newest, newest(items))
        link = "" if fetched.page else fetched.url
        cursor = Cursor(fetched.repository, load=fetched.page, link=link, start=start, newest=latest)
        reading.cursor = cursor
        if fetched.last:
            cursor = reading.then = Cursor(fetched.repository, since=point_after_load(latest, start))
        return self._page(reading, items, cursor)

    def _slipped(self, reading: _Reading, page: int, items: list[Any]) -> list[Any]:
        """Return what slipped onto the page before, because issues were deleted while this one was on its way.

        Numbers that do not go on at the edge of two pages are the sign; then the page before is read once more.
        """
        before, reading.edge = reading.edge, _Edge(page, tuple(_numbers(items)))
        if before is None or not page or before.page != page - 1 or not before.numbers or not reading.edge.numbers:
            return []
        if reading.edge.numbers[0] == before.numbers[-1] + 1:
            return []
        again = _items(expected(self._client.get(load_url(reading.cursor.repository, before.page))))
        known = {*before.numbers, *reading.edge.numbers}
        return [item for item in again if not known.issuperset(_numbers([item]))]

    def _changed(self, reading: _Reading, fetched: Fetched) -> Page | None:
        if fetched.answer.status == HTTPStatus.NOT_MODIFIED:
            return self._idle(reading, fetched)
        items = _items(fetched.answer)
        start = reading.cursor
        reading.note(items, fetched.since, next_url(fetched.answer))
        if not fetched.last:
            since = min(reading.moved or fetched.since, fetched.since)
            return self._page(reading, items, Cursor(start.repository, since))
        if reading.moved:
            reading.then = Cursor(start.repository, reading.moved)
            return self._page(reading, items, reading.then)
        cursor = self._settled(reading, fetched, len(items))
        if not items and cursor == start:
            return None
        return self._page(reading, items, cursor, complete=True)

    def _idle(self, reading: _Reading, fetched: Fetched) -> Page | None:
        """Leave the list behind once all that stands in it has settled; the next cycle begins an empty one."""
        old = reading.cursor
        since = resume_point(old.newest, date_of(fetched.answer, self._now)) if old.newest else ""
        if since <= old.newest:
            return None
        return self._page(reading, [], Cursor(old.repository, since), complete=True)

    def _settled(self, reading: _Reading, fetched: Fetched, length: int) -> Cursor:
        """Return where to go on after a list that was read to its end without moving.

        An empty list is kept and watched, a short one until it has settled. After a long one the next list begins at
        its newest second; where that alone is longer than a page, the last page is watched, at which whatever changes
        turns up.
        """
        old, latest, etag = reading.cursor, reading.latest, fetched.answer.headers.get("ETag", "")
        if not latest:
            return Cursor(old.repository, old.since, etag=etag)
        since = resume_point(latest, date_of(fetched.answer, self._now))
        if since > latest:
            return Cursor(old.repository, since)
        if reading.count <= KEEP or (since == old.since and reading.count < PER_PAGE):
            return Cursor(old.repository, old.since, etag=etag, newest=latest)
        if reading.tied() >= PER_PAGE > length:
            return Cursor(old.repository, since, watch=fetched.url, etag=etag, newest=latest)
        return Cursor(old.repository, since)

    def _page(self, reading: _Reading, items: list[Any], cursor: Cursor, *, complete: bool = False) -> Page:
        mapped = map_items(items, partial(self._mapper.from_rest, called=reading.scope), identify)
        skipped = mapped.skipped
        if skipped:
            skipped -= reading.repeated(items, cursor.since or stamp(instant(cursor.start) - SETTLED))
        remarks, reading.remarks = reading.remarks, ()
        return Page(reading.scope, mapped.issues, cursor.text(), mapped.rejected, skipped, complete, remarks)


def _next(reading: _Reading, cursor: Cursor) -> _Reading:
    return _Reading(reading.scope, cursor, remarks=reading.remarks, left_out=reading.left_out)


def _is_pull(item: object) -> bool:
    return isinstance(item, dict) and "pull_request" in item and "node_id" in item


def _items(answer: Answer) -> list[Any]:
    document = answer.json()
    if not isinstance(document, list):
        raise Transient(f"{answer.url} answered with something else than a list")
    return document


def _numbers(items: list[Any]) -> Iterator[int]:
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("number"), int):
            yield item["number"]


def _out_of_reach(missing: list[Unreachable]) -> TrackerUnusable:
    said = "; ".join(f"{one.name}: {one.reason}" for one in missing)
    advice = "correct or remove the repository in the configuration, or give our credential access to it"
    return TrackerUnusable(said, reason="missing", advice=advice)
