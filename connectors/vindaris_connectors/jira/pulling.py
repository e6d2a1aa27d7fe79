"""Reading what is new: a first load by ids and batches, later pulls by one search over the whole scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TypeVar

from vindaris_connectors.jira.cursor import Cursor
from vindaris_connectors.jira.jql import Clause, is_id
from vindaris_connectors.jira.jql import ids as id_clause
from vindaris_connectors.jira.mapping import Mapper
from vindaris_connectors.jira.reading import BATCH, Reader
from vindaris_connectors.jira.recent import MOST, Recent
from vindaris_connectors.jira.search import Found, Query, SearchRefused
from vindaris_sync.domain.models import Address, CensusPage, Page
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.parallel import interleaved, ordered
from vindaris_sync.sdk.protocol import OVERLAP, Surroundings

T = TypeVar("T")


def parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield ``items`` in their order, ``size`` at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


@dataclass(frozen=True, slots=True)
class Pulling:
    """Reads one scope. ``confirm`` raises where our token has become nobody's: an empty site is not believed."""

    scope: str
    clause: Clause
    reader: Reader
    mapper: Mapper
    recent: Recent
    surroundings: Surroundings
    confirm: Callable[[], None]

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """Yield pages from ``cursor`` on: changes, or the rest of a first load."""
        if cursor.updated is None:
            return self._load(cursor)
        return self._changes(cursor.updated)

    def census(self, position: str) -> Iterator[CensusPage]:
        """Yield the address of every issue of the scope, 5,000 a request on Cloud, 1,000 on Data Center.

        ``position`` is Cloud's own token, which lives for seven days, or the second of birth that was reached.
        """
        try:
            yield from self._counted(position)
        except SearchRefused:
            if not position:
                raise
            yield from self._counted("")

    def _counted(self, position: str) -> Iterator[CensusPage]:
        for found in self._ids(None, position):
            addresses = tuple(Address(self.mapper.tracker, *ids) for ids in _identities(found))
            yield CensusPage(self.scope, addresses, found.more)

    def shown(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of ``ids`` that the scope's search finds; one request for each fifty.

        Cloud's index is brought up to date for them; Data Center's may lag behind, as ever.
        """
        found: set[str] = set()
        for part in parts([id_ for id_ in ids if is_id(id_)], MOST):
            now = part if self.reader.cloud else ()
            query = Query(self.clause & id_clause(part), "created", self.reader.id_fields, MOST, reconcile=now)
            found.update(id_ for page in self.reader.pages(query) for id_, _ in _identities(page))
        return frozenset(found)

    def _changes(self, since: datetime) -> Iterator[Page]:
        """Read changes oldest first, without an upper bound, which would starve an issue that always changes.

        The cursor follows the issues' own stamps as far as the index must know them: an issue stands where the index
        has it and prints the stamp that it has now. At the end it is put ``OVERLAP`` behind the server's clock: an
        index may be twice as late, and what changed last is not read again for ever.
        """
        late = self.recent.ids() if self.reader.cloud else ()
        fields, size = self.mapper.fields, self.reader.page
        query = Query(self.clause, "updated", fields, size, since - OVERLAP, late)
        started, newest = None, since
        for found in self.reader.pages(query):
            started = started or found.at or self.surroundings.now()
            if since > started:  # the server's clock was ahead and was set back: its stamps were no guide
                yield from self._load(Cursor())
                return
            mapped = self.mapper.page(found.items)
            settled = (issue.updated for issue in mapped.issues if issue.updated < started - 2 * OVERLAP)
            newest = max([newest, *settled])
            reached = started - OVERLAP if found.last else min(newest, started - OVERLAP)
            cursor = Cursor(updated=reached).write()
            yield Page(self.scope, mapped.issues, cursor, mapped.rejected, mapped.skipped, complete=found.last)

    def _load(self, cursor: Cursor) -> Iterator[Page]:
        """Read everything: ids by birth, which does not change, then batches of them, a few in flight.

        Each page's cursor resumes the load at its youngest birth; the last one is the load's start, less the overlap.
        """
        in_flight = self.surroundings.in_flight
        ids = interleaved([self._ids(cursor.created)], min(in_flight, 2))  # the next ids are read meanwhile
        first = next(ids)
        started = cursor.started or first.at or self.surroundings.now()
        created = cursor.created
        tasks = (self._task(part) for found in chain([first], ids) for part in parts(_identities(found), BATCH))
        for asked, answer in ordered(tasks, in_flight):
            mapped = self.mapper.page(self.reader.items(answer, asked))
            births = [issue.created for issue in mapped.issues]
            created = max(births if created is None else [*births, created], default=None)
            place = Cursor(started=started, created=created).write()
            yield Page(self.scope, mapped.issues, place, mapped.rejected, mapped.skipped)
        yield Page(self.scope, (), Cursor(updated=started - OVERLAP).write(), complete=True)

    def _task(self, part: Sequence[tuple[str, str]]) -> Callable[[], tuple[list[str], Answer]]:
        asked = [id_ for id_, _ in part]
        return lambda: (asked, self.reader.batch(asked, self.mapper.fields))

    def _ids(self, since: datetime | None, after: str = "") -> Iterator[Found]:
        """Yield the pages of all ids, oldest birth first; asks who we are before it believes that there are none."""
        query = Query(self.clause, "created", self.reader.id_fields, self.reader.ids_page, since, after=after)
        empty = True
        for found in self.reader.pages(query):
            empty = empty and not found.items
            if found.last and empty:
                self.confirm()
            yield found


def _identities(found: Found) -> list[tuple[str, str]]:
    """Return (id, key) of each item that has an id at all."""
    known = (item for item in found.items if isinstance(item, dict) and item.get("id"))
    return [(str(item["id"]), str(item.get("key") or "")) for item in known]
