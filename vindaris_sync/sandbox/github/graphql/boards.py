"""Projects (v2) in GitHub's schema: a board by its owner and number, its fields, its items and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.github.access import Need
from vindaris_sync.sandbox.github.graphql.schema import SCHEMA, actor, paged, shown
from vindaris_sync.sandbox.github.model import Board, BoardField, BoardItem, User
from vindaris_sync.sandbox.graphql.engine import Failed, Node

if TYPE_CHECKING:
    from vindaris_sync.sandbox.github.call import Call
    from vindaris_sync.sandbox.github.graphql.schema import Arguments, Resolver

READ = Need("organization_projects", "read")
SCOPES = {"project", "read:project"}
_FIELDS = {"SINGLE_SELECT": "ProjectV2SingleSelectField", "ITERATION": "ProjectV2IterationField"}
_VALUES = {
    "SINGLE_SELECT": "ProjectV2ItemFieldSingleSelectValue", "ITERATION": "ProjectV2ItemFieldIterationValue",
    "TEXT": "ProjectV2ItemFieldTextValue", "DATE": "ProjectV2ItemFieldDateValue",
    "NUMBER": "ProjectV2ItemFieldNumberValue",
}  # fmt: skip
Value = tuple[BoardField, Any]


def _owner(_: None, arguments: Arguments, call: Call) -> Node:
    login = str(arguments.get("login"))
    world = call.world
    if login.casefold() not in world.users and login.casefold() not in world.organisations:
        raise Failed("NOT_FOUND", f"Could not resolve to a RepositoryOwner with the login of '{login}'.")
    return actor(world.user(login))


def _board(owner: User, arguments: Arguments, call: Call) -> Node:
    account, number = call.account, arguments.get("number")
    if account.kind == "classic" and not SCOPES & set(account.scopes):
        had = ", ".join(f"'{scope}'" for scope in account.scopes)
        message = (
            "Your token has not been granted the required scopes to execute this query. The 'projectV2' field requires"
            f" one of the following scopes: ['read:project'], but your token has only been granted the: [{had}] scopes."
        )
        raise Failed("INSUFFICIENT_SCOPES", message)
    found = call.world.boards.get(f"{owner.login}/{number}".casefold())
    if found is None or not account.may(READ):
        raise Failed("NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.")
    return Node("ProjectV2", found)


def _items(board: Board, arguments: Arguments, _: Call) -> Node:
    return paged("items", [(board, item) for item in board.items], arguments, "ProjectV2Item")


def _content(found: tuple[Board, BoardItem], _: Arguments, call: Call) -> Node | None:
    item = found[1]
    if item.draft:
        return Node("DraftIssue", item.draft)
    return shown(call, call.world.located(call.world.by_node.get(item.issue)))


def _type(found: tuple[Board, BoardItem], arguments: Arguments, call: Call) -> str:
    content = _content(found, arguments, call)
    kinds = {"DraftIssue": "DRAFT_ISSUE", "PullRequest": "PULL_REQUEST", "Issue": "ISSUE"}
    return kinds[content.type] if content else "REDACTED"


def _value(found: tuple[Board, BoardItem], arguments: Arguments, _: Call) -> Node | None:
    board, item = found
    name = arguments.get("name")
    field = next((each for each in board.fields if each.name == name), None)
    if field is None or field.name not in item.values:
        return None
    return Node(_VALUES[field.data_type], (field, item.values[field.name]))


_ITEM: dict[str, Resolver] = {
    "id": lambda found, _, __: found[1].id,
    "fullDatabaseId": lambda found, _, __: str(found[1].number),
    "isArchived": lambda found, _, __: found[1].archived,
    "type": _type,
    "content": _content,
    "fieldValueByName": _value,
}

BOARDS: dict[str, dict[str, Resolver]] = {
    "Query": {**SCHEMA["Query"], "repositoryOwner": _owner},
    **{kind: {**SCHEMA[kind], "projectV2": _board} for kind in ("User", "Organization")},
    "ProjectV2": {
        "id": lambda board, _, __: board.id,
        "number": lambda board, _, __: board.number,
        "title": lambda board, _, __: board.title,
        "updatedAt": lambda board, _, __: board.updated,
        "items": _items,
        "fields": lambda board, _, __: Node(
            "Connection",
            (
                [Node(_FIELDS.get(each.data_type, "ProjectV2Field"), each) for each in board.fields],
                len(board.fields),
                0,
            ),
        ),
    },
    "ProjectV2Item": _ITEM,
    "DraftIssue": {
        "id": lambda draft, _, __: draft.id,
        "title": lambda draft, _, __: draft.title,
        "body": lambda draft, _, __: draft.body,
        "creator": lambda draft, _, call: actor(call.world.user(draft.creator)),
    },
    **{
        kind: {
            "id": lambda field, _, __: field.id,
            "name": lambda field, _, __: field.name,
            "dataType": lambda field, _, __: field.data_type,
        }
        for kind in ("ProjectV2Field", *_FIELDS.values())
    },
    **{
        kind: {"field": lambda value, _, __: Node(_FIELDS.get(value[0].data_type, "ProjectV2Field"), value[0])}
        for kind in _VALUES.values()
    },
}
for _kind, _name in (
    ("SINGLE_SELECT", "name"),
    ("TEXT", "text"),
    ("DATE", "date"),
    ("NUMBER", "number"),
    ("ITERATION", "title"),
):
    BOARDS[_VALUES[_kind]][_name] = lambda value, _, __: value[1]
