"""Fields as an administrator's program sees them: definitions, contexts and options."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.jira.exchange import Call, Route, done, listed, reply, route
from vindaris_sync.sandbox.jira.model import EPIC_LINK, EPIC_NAME, Context, Field, Json, Option
from vindaris_sync.sandbox.jira.refusal import Refusal

MAX_NEW_OPTIONS = 1000
"""Options of one request."""
MAX_OPTIONS = 10_000
"""Options of one field."""


def schema(field: Field) -> Json:
    """Return a field's type as every endpoint prints it."""
    document: Json = {"type": field.type}
    if field.items:
        document["items"] = field.items
    if not field.custom:
        return {**document, "system": field.id}
    return {**document, "custom": field.kind, "customId": int(field.id.removeprefix("customfield_"))}


def _known(call: Call) -> list[Field]:
    hidden = (EPIC_LINK, EPIC_NAME) if call.cloud else ()
    return [field for field in call.world.fields.values() if field.kind not in hidden]


def details(call: Call, field: Field) -> Json:
    """Return one entry of ``GET /field``."""
    clauses = [f"cf[{field.id.removeprefix('customfield_')}]", field.name] if field.custom else [field.id]
    return {
        "id": field.id,
        **({"key": field.id} if call.cloud else {}),
        "name": field.name,
        "custom": field.custom,
        "orderable": field.id in ("summary", "description", "labels", "priority") or field.custom,
        "navigable": True,
        "searchable": True,
        "clauseNames": clauses,
        "schema": schema(field),
    }


def every(call: Call) -> Response:
    """``GET /field``."""
    system = [field for field in _known(call) if not field.custom or call.account is not None]
    return reply([details(call, field) for field in system])


def make(call: Call) -> Response:
    """``POST /field``: a custom field with one global context, on no screen yet."""
    call.administrator()
    body = call.document()
    name, kind = body.get("name"), body.get("type")
    if not isinstance(name, str) or not name or not isinstance(kind, str) or ":" not in kind:
        raise Refusal(errors={"type": "The type is not valid."})
    field = call.world.add_field(name, kind)
    for project in call.world.projects.values():
        project.screen.discard(field.id)
    return reply(details(call, field), HTTPStatus.CREATED)


def find(call: Call) -> Response:
    """``GET /field/search``: by id, part of the name, and custom or system."""
    call.known()
    query = call.request.query
    ids, kinds, part = listed(query.get("id")), listed(query.get("type")), query.get("query", "").casefold()
    found = [
        field
        for field in _known(call)
        if (not ids or field.id in ids)
        and (not kinds or ("custom" if field.custom else "system") in kinds)
        and part in field.name.casefold()
    ]
    return reply(call.page(found, _found))


def _found(field: Field) -> Json:
    return {"id": field.id, "name": field.name, "schema": schema(field), "key": field.id, "isLocked": False}


def contexts(call: Call) -> Response:
    """``GET /field/{field}/context``."""
    return reply(call.page(_field(call).contexts, _context))


def make_context(call: Call) -> Response:
    """``POST /field/{field}/context``."""
    field, body = _field(call), call.document()
    chosen = [call.world.projects[id_] for id_ in listed(body.get("projectIds")) if id_ in call.world.projects]
    made = call.world.add_context(field, str(body.get("name", "")), chosen)
    shown = {"id": made.id, "name": made.name, "description": "", "issueTypeIds": [], "projectIds": []}
    return reply({**shown, "projectIds": sorted(made.projects)}, HTTPStatus.CREATED)


def _context(context: Context) -> Json:
    return {
        "id": context.id,
        "name": context.name,
        "description": "",
        "isGlobalContext": not context.projects,
        "isAnyIssueType": True,
    }


def options(call: Call) -> Response:
    """``GET /field/{field}/context/{context}/option``."""
    return reply(call.page(_at(call).options, _option, 100))


def make_options(call: Call) -> Response:
    """``POST /field/{field}/context/{context}/option``: all of them, or none."""
    context = _at(call)
    wanted = _listed(call, "value")
    values = [str(item["value"]) for item in wanted]
    held = {option.value for option in context.options}
    if len(values) > MAX_NEW_OPTIONS or len(held) + len(values) > MAX_OPTIONS:
        raise Refusal(f"A field holds at most {MAX_OPTIONS} options; at most {MAX_NEW_OPTIONS} are made at once.")
    if held & set(values) or len(set(values)) < len(values):
        raise Refusal("Option values must be unique within a context.")
    made = [call.world.add_option(context, value) for value in values]
    for option, item in zip(made, wanted, strict=True):
        option.disabled = bool(item.get("disabled", False))
    return reply({"options": [_option(option) for option in made]})


def change_options(call: Call) -> Response:
    """``PUT /field/{field}/context/{context}/option``: new texts, or disabled; all of them, or none."""
    context = _at(call)
    held = {option.id: option for option in context.options}
    wanted = _listed(call, "id")
    if not all(str(item["id"]) in held for item in wanted):
        raise Refusal("An option was not found in the context.")
    for item in wanted:
        option = held[str(item["id"])]
        option.value = str(item.get("value", option.value))
        option.disabled = bool(item.get("disabled", option.disabled))
    return reply({"options": [_option(held[str(item["id"])]) for item in wanted]})


def move_options(call: Call) -> Response:
    """``PUT /field/{field}/context/{context}/option/move``: to the first or last place, or after another option."""
    context, body = _at(call), call.document()
    held = {option.id: option for option in context.options}
    named = [str(id_) for id_ in body.get("customFieldOptionIds") or ()]
    after, position = body.get("after"), body.get("position")
    if (after is None) == (position not in ("First", "Last")):
        raise Refusal("Either 'after' or 'position' must be given, and one of them only.")
    if not named or not {*named, *([str(after)] if after else ())} <= held.keys():
        raise Refusal("An option was not found in the context.", status=HTTPStatus.NOT_FOUND)
    moved = [held[id_] for id_ in named]
    rest = [option for option in context.options if option not in moved]
    where = 0 if position == "First" else len(rest)
    if after is not None:
        where = next((n for n, option in enumerate(rest, 1) if option.id == str(after)), 0)
    context.options[:] = [*rest[:where], *moved, *rest[where:]]
    return done()


def project_mapping(call: Call) -> Response:
    """``GET /field/{field}/context/projectmapping``: which context holds for which project."""
    rows: list[Json] = []
    for context in _field(call).contexts:
        rows += [{"contextId": context.id, "projectId": id_} for id_ in sorted(context.projects)]
        rows += [] if context.projects else [{"contextId": context.id, "isGlobalContext": True}]
    return reply(call.page(rows, lambda row: row))


def _option(option: Option) -> Json:
    return {"id": option.id, "value": option.value, "disabled": option.disabled}


def _listed(call: Call, key: str) -> list[dict[str, Any]]:
    items = call.document().get("options")
    if not isinstance(items, list) or not all(isinstance(item, dict) and key in item for item in items):
        raise Refusal(f"Each option needs '{key}'.")
    return items


def _field(call: Call) -> Field:
    call.administrator()
    field = call.world.fields.get(call.params["field"])
    if field is None or not field.custom:
        raise Refusal("The custom field was not found.", status=HTTPStatus.NOT_FOUND)
    return field


def _at(call: Call) -> Context:
    context = next((c for c in _field(call).contexts if c.id == call.params["context"]), None)
    if context is None:
        raise Refusal("The context was not found.", status=HTTPStatus.NOT_FOUND)
    return context


def single(call: Call) -> Response:
    """``GET /customFieldOption/{option}``: one option by its id alone."""
    option = call.world.option(call.params["option"])
    if option is None or call.account is None:
        raise Refusal("A custom field option with this id does not exist.", status=HTTPStatus.NOT_FOUND)
    address = f"{call.printer.root}/customFieldOption/{option.id}"
    return reply({"self": address, "value": option.value})


_OPTIONS = "/field/{field}/context/{context}/option"
ROUTES: tuple[Route, ...] = (
    route("GET", "/field", every),
    route("POST", "/field", make),
    route("GET", "/customFieldOption/{option}", single),
)
CLOUD: tuple[Route, ...] = (
    route("GET", "/field/search", find),
    route("GET", "/field/{field}/context", contexts),
    route("POST", "/field/{field}/context", make_context),
    route("GET", _OPTIONS, options),
    route("POST", _OPTIONS, make_options),
    route("PUT", _OPTIONS, change_options),
    route("PUT", f"{_OPTIONS}/move", move_options),
    route("GET", "/field/{field}/context/projectmapping", project_mapping),
)
