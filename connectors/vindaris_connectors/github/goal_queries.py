"""The GraphQL documents that ask for goals; what an older Enterprise Server may not know in them is optional."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

PAGE = 100
"""Items a connection returns at most (GitHub, GraphQL *Resource limitations*)."""

LISTS = 25
"""Lists that one request asks for: enough for most, and far from what GitHub computes in ten seconds."""

_PAGED = "pageInfo { hasNextPage endCursor }"

OPTIONAL = {
    "stateReason": "stateReason(enableDuplicate: true)",
    "parent": "parent { id number repository { nameWithOwner } }",
    "issueFieldValues": (
        "issueFieldValues(first: 25) { nodes { __typename"
        " ... on IssueFieldSingleSelectValue { value: name field { ... on IssueFieldSingleSelect { name } } }"
        " ... on IssueFieldTextValue { text: value field { ... on IssueFieldText { name } } }"
        " ... on IssueFieldDateValue { date: value field { ... on IssueFieldDate { name } } } } }"
    ),
}
"""What only newer servers have on ``Issue``, by field name."""


class List(NamedTuple):
    """A list of one repository: its issues with a label or of a type, or its milestones; from ``after`` on."""

    repository: str
    kind: str
    """``label``, ``type`` or ``milestones``."""
    name: str = ""
    after: str = ""


def lists(wanted: Sequence[List]) -> tuple[str, dict[str, Any]]:
    """Return a query with its variables for several lists; the one at place i answers as ``lN { list }``.

    Names go as variables, so that nothing a person writes is ever part of a query.
    """
    declared: list[str] = []
    selected: list[str] = []
    variables: dict[str, Any] = {}
    for index, each in enumerate(wanted):
        owner, _, name = each.repository.partition("/")
        variables |= {f"o{index}": owner, f"n{index}": name, f"a{index}": each.after or None}
        declared.append(f"$o{index}: String!, $n{index}: String!, $a{index}: String")
        if each.kind == "milestones":
            what = f"milestones(first: {PAGE}, after: $a{index}, orderBy: {{field: NUMBER, direction: ASC}})"
            nodes = "id number title description dueOn state url updatedAt"
        else:
            variables[f"w{index}"] = each.name
            declared.append(f"$w{index}: String!")
            chosen = f"labels: [$w{index}]" if each.kind == "label" else f"filterBy: {{type: $w{index}}}"
            what = f"issues(first: {PAGE}, after: $a{index}, {chosen}, orderBy: {{field: CREATED_AT, direction: ASC}})"
            nodes = "id updatedAt"
        selected.append(
            f"l{index}: repository(owner: $o{index}, name: $n{index})"
            f" {{ id nameWithOwner list: {what} {{ {_PAGED} nodes {{ {nodes} }} }} }}"
        )
    return f"query Lists({', '.join(declared)}) {{ {' '.join(selected)} }}", variables


def issues(known: Collection[str]) -> str:
    """Return the query for the goals' issues of the variable ``ids``; ``known`` names optional fields."""
    return f"query Goals($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ...GoalParts }} }} {_parts(known)}"


def board(known: Collection[str], fields: Collection[str]) -> str:
    """Return the query for a page of a board; ``fields`` are the variables that name its fields, and their aliases."""
    declared = "".join(f", ${alias}: String!" for alias in fields)
    values = " ".join(f"{alias}: fieldValueByName(name: ${alias}) {{ ...Value }}" for alias in fields)
    document = (
        f"query Board($login: String!, $number: Int!, $after: String{declared}) {{"
        " repositoryOwner(login: $login) { ... on ProjectV2Owner { projectV2(number: $number) { id title"
        " fields(first: 100) { nodes { ... on ProjectV2FieldCommon { name } } }"
        f" items(first: 50, after: $after) {{ totalCount {_PAGED} nodes {{ id fullDatabaseId isArchived type {values}"
        " content { __typename ...GoalParts ... on DraftIssue { title body } } } } } } } }"
        " fragment Value on ProjectV2ItemFieldValue {"
        " ... on ProjectV2ItemFieldSingleSelectValue { name } ... on ProjectV2ItemFieldTextValue { text }"
        " ... on ProjectV2ItemFieldDateValue { date } ... on ProjectV2ItemFieldIterationValue { title }"
        " ... on ProjectV2ItemFieldNumberValue { number } } "
    )
    return document + _parts(known)


def _parts(known: Collection[str]) -> str:
    optional = " ".join(text for name, text in OPTIONAL.items() if name in known)
    return (
        "fragment GoalParts on Issue { id number title body state url updatedAt repository { nameWithOwner }"
        f" milestone {{ title dueOn }} assignees(first: 1) {{ nodes {{ login }} }}"
        f" labels(first: 100) {{ nodes {{ name }} }} {optional} }}"
    )
