"""What a Jira site can be asked for its issues: one reader for Cloud, one for Data Center, the same questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.client import Client, as_object
from vindaris_connectors.jira.search import Found, Query, Raws, cloud_pages, found_items, server_pages
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.exchange import Answer

BATCH = 100
"""Issues per batch: the most that Cloud's bulk fetch takes."""


class Reader(Protocol):
    """How issues are read. ``api`` is the root of its paths; pages hold at most ``ids_page`` or ``page`` issues."""

    api: str
    cloud: bool
    id_fields: Sequence[str]
    ids_page: int
    page: int

    def pages(self, query: Query) -> Iterator[Found]:
        """Yield the pages of a search, at least one; nothing that was there throughout is left out."""
        ...

    def batch(self, refs: Sequence[str], fields: Sequence[str]) -> Answer:
        """Ask for at most ``BATCH`` issues by id or key; ids that are not seen do no harm."""
        ...

    def items(self, answer: Answer, refs: Sequence[str]) -> Raws:
        """Return what ``batch`` was answered; raises ``Transient`` where an issue is unaccounted for."""
        ...


class CloudReader:
    """Jira Cloud, REST v3: token pages, and a bulk fetch past the index that follows moved keys."""

    api = "/rest/api/3"
    cloud = True
    id_fields: Sequence[str] = ("key",)
    ids_page = 5000
    page = 1000

    def __init__(self, client: Client) -> None:
        self._client = client

    def pages(self, query: Query) -> Iterator[Found]:
        """Yield the pages of a search by their tokens."""
        return cloud_pages(self._client, query)

    def batch(self, refs: Sequence[str], fields: Sequence[str]) -> Answer:
        """Ask the bulk fetch."""
        body = {"issueIdsOrKeys": list(refs), "fields": list(fields)}
        return self._client.ask(f"{self.api}/issue/bulkfetch", body)

    def items(self, answer: Answer, refs: Sequence[str]) -> Raws:
        """Return the issues; those that Jira could not give are in its errors and simply missing here."""
        document = _page(answer)
        found = found_items(document)
        errors = document.get("issueErrors") or []
        told = {str(item.get("id")) for item in [*found, *errors] if isinstance(item, dict)}
        lost = {ref for ref in refs if jql.is_id(ref)} - told
        if lost:
            raise Transient(f"asked for {len(refs)} issues, told nothing of {len(lost)}")
        return found


class ServerReader:
    """Jira Data Center, REST v2: pages by key, and batches through the index, for there is no bulk fetch.

    An issue that a batch misses, or shows older than it is known to be, is to be read by itself.
    """

    api = "/rest/api/2"
    cloud = False
    id_fields: Sequence[str] = ("created",)
    ids_page = 1000
    page = 1000

    def __init__(self, client: Client) -> None:
        self._client = client

    def pages(self, query: Query) -> Iterator[Found]:
        """Yield the pages of a search by the place where each ended."""
        return server_pages(self._client, query)

    def batch(self, refs: Sequence[str], fields: Sequence[str]) -> Answer:
        """Ask the search for exactly these issues, without its refusal of unknown ones."""
        clauses = []
        if ids := [ref for ref in refs if jql.is_id(ref)]:
            clauses.append(jql.ids(ids))
        if keys := [ref for ref in refs if jql.project_of(ref)]:
            clauses.append(jql.keys(keys))
        if not clauses:
            return Answer.made(HTTPStatus.OK, body=b'{"issues":[]}')
        clause = jql.either(clauses)
        body: dict[str, Any] = {"jql": clause.text, "fields": list(fields), "maxResults": BATCH, "validateQuery": False}
        return self._client.ask(f"{self.api}/search", body)

    def items(self, answer: Answer, refs: Sequence[str]) -> Raws:  # noqa: ARG002 - the index accounts for nothing
        """Return the issues that the index has of them."""
        return found_items(_page(answer))


def _page(answer: Answer) -> dict[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise TrackerUnusable(
            f"{answer.url} answered {answer.status} to a batch of issues", reason="protocol", advice="check url"
        )
    return as_object(answer)
