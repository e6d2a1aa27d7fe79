"""Names every issue of a repository by id and key, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vindaris_connectors.github import queries
from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_connectors.github.repositories import Repository, expected
from vindaris_sync.domain.models import Address, CensusPage
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.exchange import Answer


@dataclass(frozen=True, slots=True)
class Census:
    """The census of one repository, which is known as ``scope``.

    GraphQL, because an id and a number are 60 bytes where REST sends the whole issue, pull requests included, and
    because its points are counted apart from REST's requests.
    """

    client: GithubClient
    tracker: str
    scope: str
    repository: Repository

    def pages(self, kinds: Sequence[str], position: str) -> Iterator[CensusPage]:
        """Yield the addresses of ``kinds``, 100 at a time, from ``position`` (``KIND CURSOR``) on.

        Raises ``TrackerUnusable`` where a list is not whole.
        """
        kind, _, after = position.partition(" ")
        left = list(kinds[kinds.index(kind) :] if kind in kinds else kinds)
        while left:
            connection, node = self._asked(left[0], after)
            info = connection["pageInfo"]
            if info["hasNextPage"] and info["endCursor"] in {after, None, ""}:
                raise TrackerUnusable(
                    f"the census of {self.repository.full_name} never ends: its pages repeat",
                    reason="protocol",
                    advice="report this to GitHub's support",
                )
            after = info["endCursor"] if info["hasNextPage"] else ""
            left = left if after else left[1:]
            name = node["nameWithOwner"]
            addresses = tuple(
                Address(self.tracker, one["id"], f"{name}#{one['number']}") for one in connection["nodes"]
            )
            yield CensusPage(self.scope, addresses, f"{left[0]} {after}" if left else "", {name: self.scope})

    def _asked(self, kind: str, after: str) -> tuple[Any, Any]:
        """Return a page of the list, and its repository; a cursor that GitHub takes no more begins the list anew."""
        variables = {"repository": self.repository.node_id, "after": after or None}
        answer = self.client.graphql(queries.census(kind), variables)
        if after and "cursor" in message_of(answer).casefold():
            answer = self.client.graphql(queries.census(kind), {**variables, "after": None})
        node = self._node(expected(answer))
        return node[kind], node

    def _node(self, answer: Answer) -> Any:  # noqa: ANN401 - a JSON object
        document = answer.json()
        node = (document.get("data") or {}).get("node")
        if document.get("errors") or not node:
            raise TrackerUnusable(
                f"the census of {self.repository.full_name} is not whole: {message_of(answer)}",
                reason="permission",
                advice="give our credential read access to the repository's issues",
            )
        return node
