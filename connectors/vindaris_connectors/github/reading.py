"""Fetches the pages of one repository's issues. It reads headers, and stamps of long lists: threads may run it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, urlsplit

from vindaris_connectors.github.client import GithubClient, last_url, next_url
from vindaris_connectors.github.cursor import Cursor
from vindaris_connectors.github.mapping import stamps
from vindaris_connectors.github.repositories import Unreachable, expected, find, followed, unreachable
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.parallel import ordered

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page as it came: where it was asked, its number where pages are counted, and whether more follow.

    ``since``: from which stamp on its list was asked for; what was updated before was on earlier pages.
    """

    scope: str
    repository: int
    answer: Answer
    url: str
    page: int = 0
    last: bool = False
    since: str = ""


def changes_url(repository: int, since: str) -> str:
    """Return the first page of what was updated since that stamp, oldest first."""
    query = f"direction=asc&per_page={PER_PAGE}&since={since}&sort=updated&state=all"
    return f"/repositories/{repository}/issues?{query}"


def load_url(repository: int, page: int) -> str:
    """Return a page of everything, in an order that changes do not disturb."""
    query = f"direction=asc&page={page}&per_page={PER_PAGE}&sort=created&state=all"
    return f"/repositories/{repository}/issues?{query}"


def date_of(answer: Answer, now: Callable[[], datetime]) -> datetime:
    """Return when the server answered by its own clock, by ours where it does not tell."""
    try:
        return parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return now()


def read_changes(client: GithubClient, scope: str, cursor: Cursor) -> Iterator[Fetched | Unreachable]:
    """Yield the pages from ``cursor.since`` on; one bare 304 where the server says that nothing changed."""
    url = first = changes_url(cursor.repository, cursor.since)
    if cursor.etag:
        url = cursor.watch or first
    answer = client.get(url, etag=cursor.etag)
    if answer.status == HTTPStatus.NOT_MODIFIED:
        yield Fetched(scope, cursor.repository, answer, url, last=True)
        return
    if url != first:  # only the tail was watched
        url, answer = first, client.get(first)
    missing = unreachable(scope, answer)
    if missing is not None:
        yield missing
        return
    yield Fetched(scope, cursor.repository, expected(answer), url, last=not next_url(answer), since=cursor.since)
    for here, more in _linked(client, url, answer, partial(_onward, cursor.repository)):
        since = parse_qs(urlsplit(here).query).get("since", [cursor.since])[0]
        yield Fetched(scope, cursor.repository, more, here, last=not next_url(more), since=since)


def _onward(repository: int, answer: Answer) -> str:
    """Return where a list of changes goes on after ``answer``, empty at its end.

    A list by page number shifts when what stands on its earlier pages is edited, deleted or transferred; so it goes on
    by the stamp that was reached, as long as that is a later one than the page began with.
    """
    link = next_url(answer)
    if not link or "after=" in link:
        return link
    document = answer.json()
    found = sorted(stamps(document)) if isinstance(document, list) else []
    reached = found[-2] if len(found) > 1 else ""  # the newest may be an edit's that the order does not know yet
    return changes_url(repository, reached) if found and reached > found[0] else link


def read_all(client: GithubClient, scope: str, cursor: Cursor, in_flight: int) -> Iterator[Fetched | Unreachable]:
    """Yield all pages in order of creation, from the last recorded one on, ``in_flight`` of them side by side.

    Page numbers are computed as far as the first answer says how many there are; where a number is refused (422, large
    repositories), and after the last, ``Link`` is followed.
    """
    repository = cursor.repository
    if not repository:
        found = find(client, scope)
        if isinstance(found, Unreachable):
            yield found
            return
        repository = found.id
    page, url, answer = _opening(client, repository, cursor)
    missing = unreachable(scope, answer)
    if missing is not None:
        yield missing
        return
    yield Fetched(scope, repository, expected(answer), url, page, last=not next_url(answer))
    computed = _computed(client, repository, range(page + 1, _last_number(answer) + 1) if page else (), in_flight)
    for number, url, answer in computed:
        yield Fetched(scope, repository, answer, url, number, last=not next_url(answer))
    for here, more in _linked(client, url, answer, next_url):
        yield Fetched(scope, repository, more, here, last=not next_url(more))


def _opening(client: GithubClient, repository: int, cursor: Cursor) -> tuple[int, str, Answer]:
    """Return number, address and answer of the page to begin with; one that is refused now begins anew."""
    page = 0 if cursor.link else max(cursor.load, 1)
    url = cursor.link or load_url(repository, page)
    answer = followed(client, url)
    if answer.status in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST} and (page != 1 or cursor.link):
        page, url = 1, load_url(repository, 1)
        answer = followed(client, url)
    return page, url, answer


def _computed(
    client: GithubClient, repository: int, numbers: Sequence[int], in_flight: int
) -> Iterator[tuple[int, str, Answer]]:
    """Yield number, address and answer of those pages, until GitHub refuses to count that far."""
    urls = [load_url(repository, number) for number in numbers]
    fetching = cast("Generator[Answer]", ordered((partial(client.get, url) for url in urls), in_flight))
    with closing(fetching) as pages:
        for number, url, answer in zip(numbers, urls, pages, strict=True):
            if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return
            yield number, url, expected(answer)


def _last_number(answer: Answer) -> int:
    number = parse_qs(urlsplit(last_url(answer)).query).get("page", ["0"])[0]
    return int(number) if number.isdigit() else 0


def _linked(
    client: GithubClient, url: str, answer: Answer, onward: Callable[[Answer], str]
) -> Iterator[tuple[str, Answer]]:
    """Yield the pages that ``onward`` leads to from ``answer``; raises ``TrackerUnusable`` where that is a circle."""
    seen = {url}
    while url := onward(answer):
        if url in seen:
            raise TrackerUnusable(
                f"{url} is its own next page", reason="protocol", advice="report this to GitHub's support"
            )
        seen.add(url)
        answer = expected(client.get(url))
        yield url, answer
