"""Labels as repositories define them: which exist, and creating ours before they are used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

from vindaris_connectors.github import queries
from vindaris_connectors.github.client import GithubClient, message_of, next_url
from vindaris_connectors.github.repositories import expected
from vindaris_sync.domain.models import Surface, SurfaceKind
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.errors import Unknown
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import instant


class Look(NamedTuple):
    """How a label of ours looks where we create it; the description is at most 100 characters."""

    color: str
    description: str


LOOKS = {
    SurfaceKind.LABEL: Look("5319e7", "The goal this issue serves; set or change it here at any time"),
    SurfaceKind.EXEMPT: Look("d4d4d4", "Not goal work; expires and is then asked again"),
    SurfaceKind.REVIEW: Look(
        "fbca04", "The link to a goal needs a look; take this off to confirm what the issue shows"
    ),
}


def look_of(surface: Surface) -> Look:
    """Return how a label on the surface looks where we create it."""
    if surface.mirrors:
        return Look("c5def5", f"The {surface.mirrors} of the goal this issue serves; follows the goal")
    return LOOKS[surface.kind]


def label_name(surface: Surface, value: str) -> str:
    """Return the label that shows ``value`` on a label surface."""
    return f"{surface.id}{value}" if surface.kind is SurfaceKind.LABEL else value


def label_path(issue_path: str, name: str) -> str:
    """Return the address of one label on an issue, whatever characters its name has."""
    return f"{issue_path}/labels/{quote(name, safe='')}"


def listed(client: GithubClient, place: str) -> frozenset[str]:
    """Return the casefolded names of the labels defined in ``place``; none where it cannot be read."""
    return frozenset(name for answer in _pages(client, place) for name in _names(answer))


def made(client: GithubClient, place: str) -> dict[str, datetime]:
    """Return the labels defined in ``place`` by casefolded name, each with when it was made; none where unreadable.

    A label that was deleted and made again is another one, younger than what it stood on before.
    """
    owner, _, name = place.partition("/")
    found: dict[str, datetime] = {}
    after: str | None = None
    while True:
        answer = client.graphql(queries.labels(), {"owner": owner, "name": name, "after": after})
        repository = (expected(answer).json().get("data") or {}).get("repository")
        if not repository:
            return {}
        page = repository["labels"]
        found |= {clean(str(one["name"])).casefold(): instant(one["createdAt"]) for one in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"] or page["pageInfo"]["endCursor"] in {after, None, ""}:
            return found
        after = page["pageInfo"]["endCursor"]


class Definitions:
    """The labels known to exist, by repository, and the creation of those that do not."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client
        self._known: dict[str, set[str]] = {}

    def ensure(self, place: str, surface: Surface, name: str) -> Answer | None:
        """Create the label where it is missing; return GitHub's answer where it refuses, raises as the client.

        After an answer that got lost the labels are listed before another is created.
        """
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = set(listed(self._client, place))
        if name.casefold() in known:
            return None
        look = look_of(surface)
        document = {"name": name, "color": look.color, "description": look.description}
        try:
            answer = self._client.post(f"/repos/{place}/labels", document)
        except Unknown:
            del self._known[place]
            raise
        if answer.status != HTTPStatus.CREATED and "already_exists" not in _codes(answer):
            return answer
        known.add(name.casefold())
        return None


def _pages(client: GithubClient, place: str) -> Iterator[Answer]:
    answer = client.get(f"/repos/{place}/labels?per_page=100")
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN, HTTPStatus.GONE}:
        return
    yield expected(answer)
    while url := next_url(answer):
        answer = expected(client.get(url))
        yield answer


def _names(answer: Answer) -> Iterator[str]:
    for label in answer.json():
        yield clean(str(label["name"])).casefold()


def _codes(answer: Answer) -> str:
    """Return the codes of a validation error; ``message_of`` prefers words, and this one has none."""
    return message_of(answer) if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY else ""
