"""One issue: read, edit, create, its changelog, its properties, and what may be edited."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.jira.edit import Edit
from vindaris_sync.sandbox.jira.exchange import Call, Route, done, listed, reply, route
from vindaris_sync.sandbox.jira.fields import schema
from vindaris_sync.sandbox.jira.model import Field, IssueType, Json, Project
from vindaris_sync.sandbox.jira.people import create
from vindaris_sync.sandbox.jira.refusal import Refusal
from vindaris_sync.sandbox.jira.wire import Selection

MAX_PROPERTY = 32_768
"""Bytes of one property's value."""


def read(call: Call) -> Response:
    """``GET /issue/{issue}``: an old key answers with the issue under its new one."""
    query = call.request.query
    selection = Selection.of(listed(query.get("fields")), "*all")
    return reply(call.show(call.issue().state, selection, query))


def edit(call: Call) -> Response:
    """``PUT /issue/{issue}``: all of the edit, or none. Only administrators can edit without a mail."""
    issue = call.editable()
    account = call.known()
    query = call.request.query
    values = Edit(call.world, issue.state.project, issue.state, call.version).values(call.document())
    quiet = account.admin and query.get("notifyUsers") == "false"
    call.world.change(issue, account.user, values, quiet=quiet)
    if query.get("returnIssue") == "true":
        return reply(call.show(issue.state, Selection.of([], "*all"), query))
    return done()


def make(call: Call) -> Response:
    """``POST /issue``: 201 with id and key."""
    account = call.known()
    body = call.document()
    wanted = body.get("fields")
    fields: Json = dict(wanted) if isinstance(wanted, dict) else {}
    project = _place(call, fields.pop("project", None))
    if not account.edits(project):
        raise Refusal(errors={"project": "You do not have permission to create issues in this project."})
    _required(fields)
    values = Edit(call.world, project, None, call.version).values({**body, "fields": fields})
    _checked(values)
    issue = create(call.world, project, values, account.user)
    issue.properties.update(_given(body.get("properties")))
    root = call.printer.root
    made = {"id": str(issue.state.id), "key": issue.state.key, "self": f"{root}/issue/{issue.state.id}"}
    return reply(made, HTTPStatus.CREATED)


def _place(call: Call, raw: object) -> Project:
    ref = raw if isinstance(raw, dict) else {}
    project = call.world.project(str(ref.get("id") or ref.get("key") or ""))
    if project is None or not call.known().sees(project):
        raise Refusal(errors={"project": "Specify a valid project ID or key"})
    return project


def _required(fields: Json) -> None:
    errors = {}
    if not fields.get("summary"):
        errors["summary"] = "You must specify a summary of the issue."
    if not fields.get("issuetype"):
        errors["issuetype"] = "Specify an issue type"
    if errors:
        raise Refusal(errors=errors)


def _checked(values: Json) -> None:
    kind: IssueType = values["issuetype"]
    if kind.subtask and values.get("parent") is None:
        reason = "Issue type is a sub-task but parent issue key or id not specified."
        raise Refusal(errors={"issuetype": reason})


def _given(raw: object) -> Json:
    pairs = raw if isinstance(raw, list) else []
    return {str(pair["key"]): pair.get("value") for pair in pairs if isinstance(pair, dict) and "key" in pair}


def changelog(call: Call) -> Response:
    """``GET /issue/{issue}/changelog``: oldest first, by offset."""
    return reply(call.page(call.issue().histories, call.printer.history, 100))


def editmeta(call: Call) -> Response:
    """``GET /issue/{issue}/editmeta``: the fields on the edit screen, with what they offer."""
    issue = call.editable()
    project = issue.state.project
    shown = [field for id_ in sorted(project.screen) if (field := call.world.fields.get(id_))]
    return reply({"fields": {field.id: _meta(call, field, project) for field in shown if _exists(field, project)}})


def _exists(field: Field, project: Project) -> bool:
    return not field.contexts or field.context(project) is not None


def createmeta(call: Call) -> Response:
    """``GET /issue/createmeta/{project}/issuetypes/{type}``: the fields on the create screen, by page."""
    project = call.project()
    kind = next((each for each in project.types if each.id == call.params["type"]), None)
    if kind is None or not call.known().edits(project):
        raise Refusal("The issue type or project does not exist.", status=HTTPStatus.NOT_FOUND)
    shown = [field for id_ in sorted(project.screen) if (field := call.world.fields.get(id_))]
    page: Json = call.page([field for field in shown if _exists(field, project)], lambda field: field, 50)
    fields = page.pop("values")
    metas = [{**_meta(call, field, project), "fieldId": field.id, "hasDefaultValue": False} for field in fields]
    return reply({**page, "fields" if call.cloud else "values": metas})


def _meta(call: Call, field: Field, project: Project) -> Json:
    several = field.type == "array"
    meta: Json = {
        "required": field.id == "summary",
        "schema": schema(field),
        "name": field.name,
        "key": field.id,
        "operations": ["add", "set", "remove"] if several else ["set"],
    }
    if not call.cloud:
        meta["fieldId"] = meta.pop("key")
    context = field.context(project)
    if context is not None and "option" in (field.type, field.items):
        meta["allowedValues"] = [call.printer.option(option) for option in context.options if not option.disabled]
    return meta


class Properties:
    """The four requests about what programs attach to an issue or a project, unseen by people."""

    def __init__(self, owner: str) -> None:
        """``owner`` is ``issue`` or ``project``."""
        self._owner = owner

    def routes(self) -> tuple[Route, ...]:
        """Return the routes below the owner's own."""
        base = f"/{self._owner}/{{{self._owner}}}/properties"
        one = base + "/{property}"
        return (
            route("GET", base, self.names),
            route("GET", one, self.read),
            route("PUT", one, self.write),
            route("DELETE", one, self.delete),
        )

    def names(self, call: Call) -> Response:
        """List the keys."""
        held = self._held(call, change=False)
        return reply({"keys": [{"self": f"{call.address}/{key}", "key": key} for key in held]})

    def read(self, call: Call) -> Response:
        """Return one value; 404 where there is none."""
        held, key = self._held(call, change=False), call.params["property"]
        if key not in held:
            raise self._missing(key)
        return reply({"key": key, "value": held[key]})

    def write(self, call: Call) -> Response:
        """Set one value: 201 for a new one, 200 for another."""
        held, key = self._held(call, change=True), call.params["property"]
        if len(call.request.body) > MAX_PROPERTY:
            raise Refusal(f"The property value is too long. The maximum length is {MAX_PROPERTY} characters.")
        status = HTTPStatus.OK if key in held else HTTPStatus.CREATED
        held[key] = call.body()
        return reply({}, status)

    def delete(self, call: Call) -> Response:
        """Forget one value; 404 where there is none."""
        held, key = self._held(call, change=True), call.params["property"]
        if key not in held:
            raise self._missing(key)
        del held[key]
        return done()

    def _held(self, call: Call, *, change: bool) -> dict[str, Any]:
        if self._owner == "issue":
            return (call.editable() if change else call.issue()).properties
        if change:
            call.administrator()
        return call.project().properties

    def _missing(self, key: str) -> Refusal:
        return Refusal(f"The property with the key '{key}' does not exist.", status=HTTPStatus.NOT_FOUND)


ROUTES: tuple[Route, ...] = (
    route("POST", "/issue", make),
    route("GET", "/issue/{issue}", read),
    route("PUT", "/issue/{issue}", edit),
    route("GET", "/issue/createmeta/{project}/issuetypes/{type}", createmeta),
    route("GET", "/issue/{issue}/editmeta", editmeta),
    *Properties("issue").routes(),
    *Properties("project").routes(),
)
CLOUD: tuple[Route, ...] = (route("GET", "/issue/{issue}/changelog", changelog),)
