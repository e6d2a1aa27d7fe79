"""Routes below a repository: the repository itself, its issues and labels, and what hangs on them."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.github import documents, lists
from vindaris_sync.sandbox.github.access import Need, Refused, invalid
from vindaris_sync.sandbox.github.call import Call, Routes, http_date

if TYPE_CHECKING:
    from vindaris_sync.sandbox.github.model import Document, Event, Issue

ROUTES = Routes()
METADATA = Need("metadata", "read")
ADMINISTER = Need("administration", "write")
MAX_VALUES = 25


@ROUTES.on("GET", "", METADATA)
def repository(call: Call) -> Response:
    """Return the repository."""
    owner = call.world.user(call.repo.owner)
    changed = call.repo.updated or call.repo.created
    return call.answer(
        documents.repository(call.repo, owner, call.account.role()), headers={"Last-Modified": http_date(changed)}
    )


@ROUTES.on("PATCH", "", ADMINISTER)
def edit_repository(call: Call) -> Response:
    """Rename, describe or archive the repository."""
    body = call.form(name=str, description=str, archived=bool)
    if body.get("name") and body["name"] != call.repo.name:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", body["name"]):
            raise invalid("Repository", "name")
        call.world.rename_repository(call.repo.full_name, body["name"], actor=call.actor)
    call.repo.description = body.get("description", call.repo.description)
    if body.get("archived") is not None:
        call.world.archive(call.repo.full_name, actor=call.actor, archived=body["archived"])
    return repository(call)


ROUTES.on("GET", "/issues")(lists.issues)


@ROUTES.on("POST", "/issues")
def create(call: Call) -> Response:
    """Open an issue."""
    body = call.form(title=str, body=str, labels=list, type=str, assignees=list, issue_field_values=list)
    if body.get("title") is None:
        raise invalid("Issue", "title", "missing_field")
    pushes = call.account.role()["push"]  # else GitHub drops all these without a word
    assignees = [str(each) for each in body.get("assignees") or [] if pushes]
    if strangers := [each for each in assignees if each.casefold() not in call.world.users]:
        raise invalid("Issue", "assignees", value=strangers[0])
    kind = body.get("type") if pushes else None
    if kind is not None and kind not in call.world.type_names(call.repo):
        raise invalid("Issue", "type")
    values = _field_values(body) if pushes else {}
    call.world.accepted(call.repo, values)
    number = call.world.create_issue(
        call.repo.full_name, body["title"], actor=call.actor, body=body.get("body"), assignees=assignees,
        labels=_names(body.get("labels") or []) if pushes else [], kind=kind,
    )  # fmt: skip
    if values:
        call.world.set_fields(call.repo.full_name, number, values, actor=call.actor)
    issue = call.world.issue(call.repo.full_name, number)
    return call.answer(issue.doc, HTTPStatus.CREATED, {"Location": _url(call, issue)})


@ROUTES.on("GET", "/issues/{n}")
def issue(call: Call) -> Response:
    """Return one issue."""
    found = call.issue()
    return call.answer(found.doc, headers={"Last-Modified": http_date(found.updated)})


@ROUTES.on("PATCH", "/issues/{n}")
def edit(call: Call) -> Response:
    """Change an issue's title, body, type, milestone, state or labels."""
    found, name = call.issue(), call.repo.full_name
    body = call.form(title=str, body=str, labels=list, type=str, state=str, state_reason=str)
    call.world.writable(name)
    if body.get("state") not in {None, "open", "closed"}:
        raise invalid("Issue", "state")
    plain: dict[str, Any] = {key: body[key] for key in ("title", "body") if key in body}
    plain |= {"kind": body["type"]} if "type" in body else {}
    plain |= {"milestone": _title(call, body["milestone"])} if "milestone" in body else {}
    if plain:
        call.world.edit(name, found.number, actor=call.actor, **plain)
    if body.get("labels") is not None:
        _replace_labels(call, found, _names(body["labels"]))
    if body.get("state") == "closed":
        reason = body.get("state_reason") or "completed"
        if reason not in {"completed", "not_planned", "duplicate"}:
            raise invalid("Issue", "state_reason")
        call.world.close(name, found.number, actor=call.actor, reason=reason)
    elif body.get("state") == "open":
        call.world.reopen(name, found.number, actor=call.actor)
    return call.answer(found.doc)


@ROUTES.on("PUT", "/issues/{n}/lock")
def lock(call: Call) -> Response:
    """Lock the conversation."""
    reason = call.form(lock_reason=str).get("lock_reason")
    call.world.lock_issue(call.repo.full_name, call.issue().number, actor=call.actor, reason=reason)
    return Response(HTTPStatus.NO_CONTENT)


@ROUTES.on("DELETE", "/issues/{n}/lock")
def unlock(call: Call) -> Response:
    """Unlock the conversation."""
    call.world.lock_issue(call.repo.full_name, call.issue().number, actor=call.actor, locked=False)
    return Response(HTTPStatus.NO_CONTENT)


@ROUTES.on("GET", "/issues/{n}/comments")
def comments(call: Call) -> Response:
    """Return an issue's comments."""
    return call.page(call.repo.comments.get(call.issue().number, []))


@ROUTES.on("POST", "/issues/{n}/comments")
def comment(call: Call) -> Response:
    """Write a comment."""
    found, text = call.issue(), call.form(body=str).get("body") or ""
    if not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    written = call.world.comment(call.repo.full_name, found.number, text, actor=call.actor)
    url = call.world.site.render(written["url"]).decode().strip('"')
    return call.answer(written, HTTPStatus.CREATED, {"Location": url})


@ROUTES.on("GET", "/issues/{n}/labels")
def issue_labels(call: Call) -> Response:
    """Return an issue's labels."""
    return call.page(call.issue().document()["labels"])


@ROUTES.on("POST", "/issues/{n}/labels")
def add_labels(call: Call) -> Response:
    """Add labels to an issue."""
    found = call.issue()
    call.world.add_label(call.repo.full_name, found.number, *_names(_listed(call.body())), actor=call.actor)
    return call.answer(found.document()["labels"])


@ROUTES.on("PUT", "/issues/{n}/labels")
def replace_labels(call: Call) -> Response:
    """Replace all of an issue's labels."""
    found = call.issue()
    _replace_labels(call, found, _names(_listed(call.body())))
    return call.answer(found.document()["labels"])


@ROUTES.on("DELETE", "/issues/{n}/labels")
def remove_labels(call: Call) -> Response:
    """Take all labels off an issue."""
    _replace_labels(call, call.issue(), [])
    return Response(HTTPStatus.NO_CONTENT)


@ROUTES.on("DELETE", "/issues/{n}/labels/{name}")
def remove_label(call: Call) -> Response:
    """Take one label off an issue; returns those that remain."""
    found = call.issue()
    call.world.remove_label(call.repo.full_name, found.number, call.text("name"), actor=call.actor)
    return call.answer(found.document()["labels"])


@ROUTES.on("GET", "/labels")
def labels(call: Call) -> Response:
    """Return the repository's labels by name."""
    ordered = sorted(call.repo.labels.values(), key=lambda label: label.name.casefold())
    return call.page(ordered, lambda label: documents.label(call.repo, label))


@ROUTES.on("POST", "/labels")
def create_label(call: Call) -> Response:
    """Create a label."""
    body = call.form(name=str, color=str, description=str)
    if body.get("name") is None:
        raise invalid("Label", "name", "missing_field")
    color = body.get("color") or "ededed"
    label = call.world.create_label(call.repo.full_name, body["name"], color, body.get("description"))
    document = documents.label(call.repo, label)
    url = call.world.site.render(document["url"]).decode().strip('"')
    return call.answer(document, HTTPStatus.CREATED, {"Location": url})


@ROUTES.on("GET", "/labels/{name}")
def label(call: Call) -> Response:
    """Return one label."""
    return call.answer(documents.label(call.repo, call.world.label(call.repo, call.text("name"))))


@ROUTES.on("PATCH", "/labels/{name}")
def edit_label(call: Call) -> Response:
    """Rename a label, or change its colour or description."""
    body = call.form(new_name=str, color=str, description=str)
    values = {key: body[key] for key in ("color", "description") if body.get(key) is not None}
    values |= {"name": body["new_name"]} if body.get("new_name") else {}
    changed = call.world.edit_label(call.repo.full_name, call.text("name"), values, actor=call.actor)
    return call.answer(documents.label(call.repo, changed))


@ROUTES.on("DELETE", "/labels/{name}")
def delete_label(call: Call) -> Response:
    """Delete a label, also from every issue."""
    call.world.delete_label(call.repo.full_name, call.text("name"), actor=call.actor)
    return Response(HTTPStatus.NO_CONTENT)


@ROUTES.on("GET", "/issues/{n}/timeline")
@ROUTES.on("GET", "/issues/{n}/events")
def issue_events(call: Call) -> Response:
    """Return an issue's events, oldest first; the timeline also holds its comments."""
    number = call.issue().number
    lines = [_event(call, event) for event in call.repo.events if event.number == number]
    if call.path.endswith("/timeline"):
        said = call.repo.comments.get(number, [])
        lines += [{**each, "event": "commented", "actor": each["user"]} for each in said]
        lines.sort(key=lambda line: str(line["created_at"]))
    return call.page(lines)


@ROUTES.on("GET", "/issues/events")
def repository_events(call: Call) -> Response:
    """Return the events of all issues, newest first, each with its issue."""
    events = [event for event in reversed(call.repo.events) if event.number in call.repo.issues]
    return call.page(events, lambda event: {**_event(call, event), "issue": call.repo.issues[event.number].document()})


@ROUTES.on("GET", "/issues/{n}/sub_issues")
def sub_issues(call: Call) -> Response:
    """Return an issue's sub-issues that the account sees, in their order."""
    world = call.world
    children = [world.located(world.by_id.get(identity)) for identity in call.issue().children]
    seen = [child for child in children if child and call.account.sees(world.home(child))]
    return call.page(seen, lambda child: _with_home(call, child))


@ROUTES.on("POST", "/issues/{n}/sub_issues")
def add_sub_issue(call: Call) -> Response:
    """Make another issue a sub-issue; returns the parent."""
    above, body = call.issue(), call.form(sub_issue_id=int, replace_parent=bool)
    child = call.world.located(call.world.by_id.get(body.get("sub_issue_id") or 0))
    if child is None or not call.account.sees(call.world.home(child)):
        raise Refused(HTTPStatus.NOT_FOUND, "The provided sub-issue does not exist")
    if child.parent not in {None, above.id} and not body.get("replace_parent"):
        raise invalid("Issue", "sub_issue", "custom", message="Sub issue may only have one parent")
    place = (call.repo.full_name, above.number)
    call.world.set_parent(call.world.home(child).full_name, child.number, place, actor=call.actor)
    return call.answer(_with_home(call, above), HTTPStatus.CREATED, {"Location": _url(call, above)})


@ROUTES.on("DELETE", "/issues/{n}/sub_issue")
def remove_sub_issue(call: Call) -> Response:
    """Make a sub-issue nobody's; returns the parent."""
    above = call.issue()
    child = call.world.located(call.world.by_id.get(call.form(sub_issue_id=int).get("sub_issue_id") or 0))
    if child is None or child.parent != above.id:
        raise Refused(HTTPStatus.NOT_FOUND, "The provided sub-issue does not exist")
    call.world.set_parent(call.world.home(child).full_name, child.number, None, actor=call.actor)
    return call.answer(_with_home(call, above))


@ROUTES.on("GET", "/issues/{n}/parent")
def parent(call: Call) -> Response:
    """Return an issue's parent."""
    above = call.world.located(call.world.by_id.get(call.issue().parent or 0))
    if above is None or not call.account.sees(call.world.home(above)):
        raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
    return call.answer(above.doc)


@ROUTES.on("GET", "/issues/{n}/issue-field-values")
def field_values(call: Call) -> Response:
    """Return an issue's field values."""
    return call.page(call.issue().document().get("issue_field_values", []))


@ROUTES.on("POST", "/issues/{n}/issue-field-values")
@ROUTES.on("PUT", "/issues/{n}/issue-field-values")
def set_field_values(call: Call) -> Response:
    """Add to (POST) or replace (PUT) an issue's field values."""
    found, values = call.issue(), _field_values(call.form(issue_field_values=list))
    replace = call.request.method == "PUT"
    written = call.world.set_fields(call.repo.full_name, found.number, values, actor=call.actor, replace=replace)
    return call.answer(written)


@ROUTES.on("DELETE", "/issues/{n}/issue-field-values/{id}")
def clear_field_value(call: Call) -> Response:
    """Clear one field of an issue."""
    found, identity = call.issue(), int(call.args["id"])
    if all(each["issue_field_id"] != identity for each in found.document().get("issue_field_values", [])):
        raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
    call.world.set_fields(call.repo.full_name, found.number, {identity: None}, actor=call.actor)
    return Response(HTTPStatus.NO_CONTENT)


def _field_values(body: Document) -> dict[int, object]:
    items = body.get("issue_field_values") or []
    if len(items) > MAX_VALUES:
        raise invalid("IssueFieldValue", "issue_field_values")
    if not all(isinstance(item, dict) and isinstance(item.get("field_id"), int) and "value" in item for item in items):
        raise invalid("IssueFieldValue", "field_id", "missing_field")
    return {item["field_id"]: item["value"] for item in items}


def _title(call: Call, number: object) -> str | None:
    """Return the title of a milestone by its number; null and the empty text are no milestone."""
    if number in {None, ""}:
        return None
    found = call.repo.milestones.get(number) if isinstance(number, int) else None
    if found is None:
        raise invalid("Issue", "milestone")
    return found.title


def _names(items: object) -> list[str]:
    """Return label names from GitHub's two spellings: texts, and objects with a name."""
    names = (
        [item.get("name") if isinstance(item, dict) else item for item in items] if isinstance(items, list) else [None]
    )
    if any(not isinstance(name, str) for name in names):
        raise invalid("Label", "name", "missing_field")
    return [str(name) for name in names]


def _listed(body: object) -> object:
    return body.get("labels", []) if isinstance(body, dict) else body


def _replace_labels(call: Call, found: Issue, names: list[str]) -> None:
    wanted = {name.casefold() for name in names}
    repository = call.world.writable(call.repo.full_name)
    call.world.ensure_labels(repository, names)
    for gone in sorted(found.labels - wanted):
        call.world.remove_label(repository.full_name, found.number, gone, actor=call.actor)
    call.world.add_label(repository.full_name, found.number, *names, actor=call.actor)


def _with_home(call: Call, found: Issue) -> Document:
    """Return an issue with its repository, which sub-issue routes print and others do not."""
    home = call.world.home(found)
    owner = call.world.user(home.owner)
    return {**found.document(), "repository": documents.repository(home, owner, call.account.role())}


def _event(call: Call, event: Event) -> Document:
    return documents.event(call.repo, event, call.world.user(event.actor))


def _url(call: Call, found: Issue) -> str:
    return f"{call.world.site.api}/repos/{call.repo.full_name}/issues/{found.number}"
