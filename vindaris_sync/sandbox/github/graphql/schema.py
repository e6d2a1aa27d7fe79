"""The part of GitHub's schema that a connector needs: issues by id, repositories, labels, and the label mutations."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Need, Refused
from vindaris_sync.sandbox.github.model import Issue, Label, Repository, User
from vindaris_sync.sandbox.graphql.engine import Failed, Node, Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vindaris_sync.sandbox.github.call import Call

    Arguments = Mapping[str, Any]
    Resolver = Callable[[Any, Arguments, Call], Any]

MAX_IDS = 100
MAX_RECORDS = 100
WRITE = Need("issues", "write")


def _whole(arguments: Arguments, name: str) -> int | None:
    """Return a number among the arguments; raises ``Undefined`` where it is something else."""
    value = arguments.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise _mismatch(name, value, "Int")


def _several(arguments: Arguments, name: str) -> list[Any]:
    """Return a list among the arguments; one value stands for a list of it, as GraphQL has it."""
    value = arguments.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def _record(arguments: Arguments, name: str) -> dict[str, Any]:
    """Return an input object among the arguments; raises ``Undefined`` where it is something else."""
    value = arguments.get(name)
    if value is None or isinstance(value, dict):
        return value or {}
    raise _mismatch(name, value, "an input object")


def _mismatch(name: str, value: object, wanted: str) -> Undefined:
    message = f"Argument '{name}' has an invalid value ({value}). Expected type '{wanted}'."
    return Undefined([{"message": message, "extensions": {"code": "argumentLiteralsIncompatible"}}])


def shown(call: Call, found: Issue | None) -> Node | None:
    """Return an issue or pull request as the account sees it, which may be not at all."""
    if found is None or not call.account.sees(call.world.home(found)):
        return None
    return Node("PullRequest" if found.pull else "Issue", found)


def _node(call: Call, identity: object) -> Node | Failed:
    place = call.world.by_node.get(str(identity))
    found = shown(call, call.world.located(place))
    if found is not None:
        return found
    for repository in call.world.repositories.values():
        if documents.node_id("R", repository.id) == identity and call.account.sees(repository):
            return Node("Repository", repository)
    return Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{identity}'")


def _one_node(_: None, arguments: Arguments, call: Call) -> Node:
    found = _node(call, arguments.get("id"))
    if isinstance(found, Failed):
        raise found
    return found


def _nodes(_: None, arguments: Arguments, call: Call) -> list[Node | Failed]:
    asked = _several(arguments, "ids")
    if len(asked) > MAX_IDS:
        message = f"You may not provide more than {MAX_IDS} node ids; you provided {len(asked)}."
        raise Failed("ARGUMENT_LIMIT", message)
    return [_node(call, identity) for identity in asked]


def _repository(_: None, arguments: Arguments, call: Call) -> Node:
    name = f"{arguments.get('owner')}/{arguments.get('name')}"
    identity = call.world.names.get(name.casefold())
    found = call.world.repositories.get(identity or 0)
    if found is None or not call.account.sees(found):
        raise Failed("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
    return Node("Repository", found)


def actor(person: User) -> Node:
    """Return a person, a bot or an organisation."""
    return Node(person.type, person)


def _author(found: Issue, _: Arguments, call: Call) -> Node | None:
    author = found.document().get("user")
    return actor(call.world.user(author["login"])) if author else None


def paged(name: str, items: Sequence[Any], arguments: Arguments, kind: str) -> Node:
    """Return the page of a connection that ``first`` or ``last`` and ``after`` ask for; raises ``Failed`` without."""
    first, last = _whole(arguments, "first"), _whole(arguments, "last")
    if first is None and last is None:
        message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise Failed("MISSING_PAGINATION_BOUNDARIES", message)
    size = max(first if first is not None else last or 0, 0)
    if size > MAX_RECORDS:
        message = (
            f"Requesting {size} records on the `{name}` connection exceeds the `first` limit of {MAX_RECORDS} records."
        )
        raise Failed("EXCESSIVE_PAGINATION", message)
    after = str(arguments.get("after") or "")
    cursor = re.fullmatch("Y3Vyc29y([0-9]{1,9})", after)
    begin = int(cursor[1]) if cursor else 0
    begin = max(len(items) - size, 0) if first is None else begin
    page = [Node(kind, item) for item in items[begin : begin + size]]
    return Node("Connection", (page, len(items), begin))


def _labels(found: Issue, arguments: Arguments, call: Call) -> Node:
    home = call.world.home(found)
    names = [each["name"] for each in found.document()["labels"]]
    labels = [(home, home.labels[name.casefold()]) for name in names]
    return paged("labels", labels, arguments, "Label")


def _assignees(found: Issue, arguments: Arguments, call: Call) -> Node:
    logins = [each["login"] for each in found.document()["assignees"]]
    return paged("assignees", [call.world.user(login) for login in logins], arguments, "User")


_VALUES = {
    "single_select": "IssueFieldSingleSelect", "text": "IssueFieldText",
    "number": "IssueFieldNumber", "date": "IssueFieldDate",
}  # fmt: skip


def _field_values(found: Issue, _: Arguments, __: Call) -> Node:
    values = found.document().get("issue_field_values", [])
    nodes = [Node(f"{kind}Value", each) for each in values if (kind := _VALUES.get(each["data_type"]))]
    return Node("Connection", (nodes, len(nodes), 0))


def _children(found: Issue, arguments: Arguments, call: Call) -> Node:
    children = (call.world.located(call.world.by_id.get(identity)) for identity in found.children)
    return paged("subIssues", [child for child in children if shown(call, child)], arguments, "Issue")


def _issue_type(found: Issue, _: Arguments, __: Call) -> Node | None:
    kind = found.document().get("type")
    return Node("IssueType", kind) if kind else None


def _milestone(found: Issue, _: Arguments, __: Call) -> Node | None:
    milestone = found.document().get("milestone")
    return Node("Milestone", milestone) if milestone else None


def _issue(repository: Repository, arguments: Arguments, call: Call) -> Node:
    found = shown(call, repository.issues.get(_whole(arguments, "number") or 0))
    if found is None or found.type != "Issue":
        raise Failed("NOT_FOUND", f"Could not resolve to an Issue with the number of {arguments.get('number')}.")
    return found


def _issue_or_pull(repository: Repository, arguments: Arguments, call: Call) -> Node:
    number = arguments.get("number") or 0
    found = shown(call, repository.issues.get(number))
    if found is None:
        raise Failed("NOT_FOUND", f"Could not resolve to an issue or pull request with the number of {number}.")
    return found


def _issues(repository: Repository, arguments: Arguments, _: Call) -> Node:
    return paged("issues", _listed(repository, arguments, pulls=False), arguments, "Issue")


def _pulls(repository: Repository, arguments: Arguments, _: Call) -> Node:
    return paged("pullRequests", _listed(repository, arguments, pulls=True), arguments, "PullRequest")


def _listed(repository: Repository, arguments: Arguments, *, pulls: bool) -> list[Issue]:
    order = _record(arguments, "orderBy")
    by = "updated" if order.get("field") == "UPDATED_AT" else "created"
    found = [repository.issues[number] for _, number in repository.orders.since(by, "")]
    found = [issue for issue in found if issue.pull == pulls]
    if states := _several(arguments, "states"):
        found = [issue for issue in found if issue.state.upper() in states]
    chosen = _record(arguments, "filterBy")
    if since := chosen.get("since"):
        found = [issue for issue in found if issue.updated >= str(since)]
    if labels := {str(name).casefold() for name in _several(arguments, "labels") + _several(chosen, "labels")}:
        found = [issue for issue in found if labels & issue.labels]
    if kind := chosen.get("type"):
        found = [issue for issue in found if _is_of_type(issue, str(kind))]
    if order.get("direction") == "DESC":
        found.reverse()
    return found


def _is_of_type(found: Issue, name: str) -> bool:
    kind = found.document().get("type")
    return kind is not None and kind["name"].casefold() == name.casefold()


def _milestones(repository: Repository, arguments: Arguments, call: Call) -> Node:
    states = _several(arguments, "states")
    every = sorted(repository.milestones.values(), key=lambda each: each.number)
    shown = [call.world.milestone_document(repository, each) for each in every]
    kept = [each for each in shown if not states or each["state"].upper() in states]
    if _record(arguments, "orderBy").get("direction") == "DESC":
        kept.reverse()
    return paged("milestones", kept, arguments, "Milestone")


def _relabel(arguments: Arguments, call: Call, *, add: bool) -> Node:
    asked = _record(arguments, "input")
    found = _node(call, asked.get("labelableId"))
    if isinstance(found, Failed) or not isinstance(found.of, Issue):
        raise found if isinstance(found, Failed) else _mismatch("labelableId", asked.get("labelableId"), "Labelable")
    if not call.account.may(WRITE):
        raise Failed("FORBIDDEN", call.account.refusal().message)
    home = call.world.home(found.of)
    known = {documents.node_id("LA", home.id, label.id): label for label in home.labels.values()}
    wanted = [str(identity) for identity in _several(asked, "labelIds")]
    for identity in wanted:
        if identity not in known:
            raise Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{identity}'")
    try:
        if add:
            names = [known[identity].name for identity in wanted]
            call.world.add_label(home.full_name, found.of.number, *names, actor=call.actor)
        else:
            _unlabel(call, found.of, [known[identity] for identity in wanted])
    except Refused as refused:
        kind = "FORBIDDEN" if refused.status == HTTPStatus.FORBIDDEN else "UNPROCESSABLE"
        raise Failed(kind, refused.message) from refused
    return Node("Payload", (asked.get("clientMutationId"), found))


def _unlabel(call: Call, found: Issue, labels: list[Label]) -> None:
    name = call.world.home(found).full_name
    for label in labels:
        if label.name.casefold() in found.labels:
            call.world.remove_label(name, found.number, label.name, actor=call.actor)


def _text(name: str) -> Resolver:
    return lambda found, _, __: found.document()[name]


def _upper(name: str) -> Resolver:
    return lambda found, _, __: (found.document()[name] or "").upper() or None


def _url(found: Issue, _: Arguments, call: Call) -> str:
    return call.world.site.render(found.document()["html_url"]).decode().strip('"')


def _summary(found: Issue, _: Arguments, __: Call) -> Node:
    empty = {"total": 0, "completed": 0, "percent_completed": 0}
    return Node("SubIssuesSummary", found.document().get("sub_issues_summary") or empty)


def _limit(_: None, __: Arguments, call: Call) -> Node:
    return Node("RateLimit", call.account.graphql)


_ISSUE: dict[str, Resolver] = {
    "id": lambda found, _, __: found.node_id,
    "databaseId": lambda found, _, __: found.id,
    "fullDatabaseId": lambda found, _, __: str(found.id),
    "number": lambda found, _, __: found.number,
    "title": _text("title"),
    "body": lambda found, _, __: found.document()["body"] or "",
    "state": lambda found, _, __: found.state.upper(),
    "closed": lambda found, _, __: found.state == "closed",
    "locked": _text("locked"),
    "createdAt": _text("created_at"),
    "updatedAt": _text("updated_at"),
    "closedAt": _text("closed_at"),
    "url": _url,
    "author": _author,
    "assignees": _assignees,
    "labels": _labels,
    "milestone": _milestone,
    "repository": lambda found, _, call: Node("Repository", call.world.home(found)),
}

SCHEMA: dict[str, dict[str, Resolver]] = {
    "Query": {
        "node": _one_node,
        "nodes": _nodes,
        "repository": _repository,
        "viewer": lambda _, __, call: actor(call.world.user(call.account.login)),
        "rateLimit": _limit,
    },
    "Mutation": {
        "addLabelsToLabelable": lambda _, arguments, call: _relabel(arguments, call, add=True),
        "removeLabelsFromLabelable": lambda _, arguments, call: _relabel(arguments, call, add=False),
    },
    "Payload": {
        "clientMutationId": lambda payload, _, __: payload[0],
        "labelable": lambda payload, _, __: payload[1],
    },
    "Issue": {
        **_ISSUE,
        "stateReason": _upper("state_reason"),
        "parent": lambda found, _, call: shown(call, call.world.located(call.world.by_id.get(found.parent or 0))),
        "subIssues": _children,
        "subIssuesSummary": _summary,
        "issueType": _issue_type,
        "issueFieldValues": _field_values,
    },
    "PullRequest": _ISSUE,
    "SubIssuesSummary": {
        "total": lambda summary, _, __: summary["total"],
        "completed": lambda summary, _, __: summary["completed"],
        "percentCompleted": lambda summary, _, __: summary["percent_completed"],
    },
    **{
        f"{kind}Value": {
            "name": lambda value, _, __: value["value"],
            "value": lambda value, _, __: value["value"],
            "field": lambda value, _, __: Node(_VALUES[value["data_type"]], value),
        }
        for kind in _VALUES.values()
    },
    **{
        kind: {
            "id": lambda value, _, __: documents.node_id("IF", value["issue_field_id"]),
            "name": lambda value, _, __: value["issue_field_name"],
        }
        for kind in _VALUES.values()
    },
    "IssueType": {
        "id": lambda kind, _, __: kind["node_id"],
        "name": lambda kind, _, __: kind["name"],
        "description": lambda kind, _, __: kind["description"],
    },
    "Milestone": {
        "id": lambda milestone, _, __: milestone["node_id"],
        "number": lambda milestone, _, __: milestone["number"],
        "title": lambda milestone, _, __: milestone["title"],
        "description": lambda milestone, _, __: milestone["description"],
        "dueOn": lambda milestone, _, __: milestone["due_on"],
        "state": lambda milestone, _, __: milestone["state"].upper(),
        "updatedAt": lambda milestone, _, __: milestone["updated_at"],
        "url": lambda milestone, _, call: call.world.site.render(milestone["html_url"]).decode().strip('"'),
    },
    "Label": {
        "id": lambda label, _, __: documents.node_id("LA", label[0].id, label[1].id),
        "name": lambda label, _, __: label[1].name,
        "color": lambda label, _, __: label[1].color,
        "description": lambda label, _, __: label[1].description,
        "isDefault": lambda label, _, __: label[1].default,
        "createdAt": lambda label, _, __: label[1].created,
    },
    "Repository": {
        "id": lambda repository, _, __: documents.node_id("R", repository.id),
        "databaseId": lambda repository, _, __: repository.id,
        "name": lambda repository, _, __: repository.name,
        "nameWithOwner": lambda repository, _, __: repository.full_name,
        "isArchived": lambda repository, _, __: repository.archived,
        "isPrivate": lambda repository, _, __: repository.private,
        "url": lambda repository, _, call: f"{call.world.site.web}/{repository.full_name}",
        "owner": lambda repository, _, call: actor(call.world.user(repository.owner)),
        "issue": _issue,
        "issueOrPullRequest": _issue_or_pull,
        "issues": _issues,
        "pullRequests": _pulls,
        "milestones": _milestones,
        "labels": lambda repository, arguments, _: paged(
            "labels", [(repository, label) for label in repository.labels.values()], arguments, "Label"
        ),
        "label": lambda repository, arguments, _: (
            Node("Label", (repository, label))
            if (label := repository.labels.get(str(arguments.get("name")).casefold()))
            else None
        ),
    },
    "Connection": {
        "nodes": lambda page, _, __: page[0],
        "edges": lambda page, _, __: [Node("Edge", (item, page[2] + n)) for n, item in enumerate(page[0], start=1)],
        "totalCount": lambda page, _, __: page[1],
        "pageInfo": lambda page, _, __: Node("PageInfo", page),
    },
    "Edge": {
        "node": lambda edge, _, __: edge[0],
        "cursor": lambda edge, _, __: f"Y3Vyc29y{edge[1]}",
    },
    "PageInfo": {
        "hasNextPage": lambda page, _, __: page[2] + len(page[0]) < page[1],
        "hasPreviousPage": lambda page, _, __: page[2] > 0,
        "startCursor": lambda page, _, __: f"Y3Vyc29y{page[2] + 1}" if page[0] else None,
        "endCursor": lambda page, _, __: f"Y3Vyc29y{page[2] + len(page[0])}" if page[0] else None,
    },
    "RateLimit": {
        "limit": lambda quota, _, __: quota.limit,
        "cost": lambda _, __, ___: 1,
        "remaining": lambda quota, _, __: quota.view()["remaining"],
        "used": lambda quota, _, __: quota.view()["used"],
        "resetAt": lambda quota, _, __: documents.instant(quota.reset),
    },
    **{
        kind: {
            "login": lambda person, _, __: person.login.removesuffix("[bot]"),
            "id": lambda person, _, __: documents.user(person)["node_id"],
            "databaseId": lambda person, _, __: person.id,
            "url": lambda person, _, call: f"{call.world.site.web}/{person.login}",
        }
        for kind in ("User", "Bot", "Organization")
    },
}
