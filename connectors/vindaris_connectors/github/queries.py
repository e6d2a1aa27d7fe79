"""The GraphQL documents we send. Optional selections are those that an older Enterprise Server may not know."""

from __future__ import annotations

import re
from collections.abc import Collection

BATCH = 100
"""Ids a ``nodes`` query may name, and items a connection returns at most (GitHub, GraphQL *Resource limitations*)."""

_COMMON = "__typename id number title url createdAt updatedAt"
_PEOPLE = "author { __typename login } assignees(first: 1) { nodes { login } } labels(first: 100) { nodes { name } }"
_PLACE = "repository { databaseId nameWithOwner } milestone { id title }"

OPTIONAL = {
    "stateReason": "stateReason(enableDuplicate: true)",
    "issueType": "issueType { name }",
    "parent": "parent { number repository { nameWithOwner } }",
    "body": "body",
    "issueFieldValues": (
        "issueFieldValues(first: 25) { nodes { __typename"
        " ... on IssueFieldSingleSelectValue { option: name field { ... on IssueFieldSingleSelect { id } } }"
        " ... on IssueFieldTextValue { text: value field { ... on IssueFieldText { id } } } } }"
    ),
}
"""What only newer servers have on ``Issue``, or what is not always asked for, by field name."""

_ADDRESS = re.compile(r"(?P<owner>[^/]+)/(?P<name>[^/#]+)#(?P<number>[0-9]+)")


def _fragments(known: Collection[str]) -> str:
    optional = " ".join(text for name, text in OPTIONAL.items() if name in known)
    return (
        f"fragment IssueParts on Issue {{ {_COMMON} state {_PLACE} {_PEOPLE} {optional} }} "
        f"fragment PullParts on PullRequest {{ {_COMMON} pullState: state {_PLACE} {_PEOPLE} }}"
    )


def by_ids(known: Collection[str]) -> str:
    """Return the query for the issues of the variable ``ids``, in their order; ``known`` names optional fields."""
    query = "query ByIds($ids: [ID!]!) { nodes(ids: $ids) { __typename ...IssueParts ...PullParts } }"
    return f"{query} {_fragments(known)}"


def split_key(key: str) -> tuple[str, str, int]:
    """Return owner, name and number of ``owner/name#number``; raises ``ValueError`` for anything else."""
    match = _ADDRESS.fullmatch(key)
    if match is None:
        message = f"{key!r} is no issue of GitHub"
        raise ValueError(message)
    return match["owner"], match["name"], int(match["number"])


def by_keys(keys: Collection[str], known: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return a query with its variables for the issues under ``keys``, the one at place i answering as ``iN``.

    Names go as variables, so that nothing a tracker says is ever part of a query.
    """
    declared: list[str] = []
    selected: list[str] = []
    variables: dict[str, str] = {}
    for index, key in enumerate(keys):
        owner, name, number = split_key(key)
        variables |= {f"o{index}": owner, f"n{index}": name}
        declared.append(f"$o{index}: String!, $n{index}: String!")
        selected.append(
            f"i{index}: repository(owner: $o{index}, name: $n{index})"
            f" {{ issueOrPullRequest(number: {number}) {{ __typename ...IssueParts ...PullParts }} }}"
        )
    query = f"query ByKeys({', '.join(declared)}) {{ {' '.join(selected)} }} {_fragments(known)}"
    return query, variables


def labels() -> str:
    """Return the query for a repository's labels, 100 at a time, each with when it was made."""
    return (
        "query Labels($owner: String!, $name: String!, $after: String) { repository(owner: $owner, name: $name) {"
        f" labels(first: {BATCH}, after: $after)"
        " { pageInfo { hasNextPage endCursor } nodes { name createdAt } } } }"
    )


def census(kind: str) -> str:
    """Return the query for a repository's ids, 100 at a time; ``kind`` is ``issues`` or ``pullRequests``."""
    return (
        "query Census($repository: ID!, $after: String) { node(id: $repository) { ... on Repository { nameWithOwner"
        f" {kind}(first: {BATCH}, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}})"
        " { pageInfo { hasNextPage endCursor } nodes { id number } } } } }"
    )
