"""Names every issue of a repository by id and key, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vindaris_connectors.github import queries
from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_connectors.github.repositories import Repository, expected
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.exchange import Answer


def census(client: GithubClient, tracker: str, repository: Repository, kinds: Sequence[str]) -> Iterator[list[Address]]:
    """Yield the repository's addresses, 100 at a time; raises ``TrackerUnusable`` where the list is not whole.

    GraphQL, because an id and a number are 60 bytes where REST sends the whole issue, pull requests included, and
    because its points are counted apart from REST's requests.
    """
    for kind in kinds:
        query, after = queries.census(kind), None
        while True:
            answer = client.graphql(query, {"repository": repository.node_id, "after": after})
            node = _node(expected(answer), repository)
            yield [
                Address(tracker, one["id"], f"{node['nameWithOwner']}#{one['number']}") for one in node[kind]["nodes"]
            ]
            info = node[kind]["pageInfo"]
            if not info["hasNextPage"] or info["endCursor"] == after:
                break
            after = info["endCursor"]


def _node(answer: Answer, repository: Repository) -> Any:  # noqa: ANN401 - a JSON object
    document = answer.json()
    node = (document.get("data") or {}).get("node")
    if document.get("errors") or not node:
        raise TrackerUnusable(
            f"the census of {repository.full_name} is not whole: {message_of(answer)}",
            reason="permission",
            advice="give our credential read access to the repository's issues",
        )
    return node
