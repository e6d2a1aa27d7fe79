"""``POST /graphql``: a small, real GraphQL server over the same world as the REST routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.github.access import Refused
from vindaris_sync.sandbox.github.graphql.boards import BOARDS
from vindaris_sync.sandbox.github.graphql.schema import SCHEMA as ISSUES
from vindaris_sync.sandbox.graphql.engine import Execution, Undefined
from vindaris_sync.sandbox.graphql.syntax import Malformed, Operation, parse

if TYPE_CHECKING:
    from vindaris_sync.sandbox.core import Response
    from vindaris_sync.sandbox.github.call import Call

SCHEMA = {**ISSUES, **BOARDS}


def graphql(call: Call) -> Response:
    """Answer a query or mutation: errors come with status 200, beside whatever data there is."""
    if call.account.kind == "anonymous":
        raise Refused(HTTPStatus.UNAUTHORIZED, "This endpoint requires you to be authenticated.")
    if call.request.method != "POST":
        raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
    asked = call.form()
    if not isinstance(asked.get("query"), str):
        return call.answer({"errors": [{"message": "A query attribute must be specified and must be a string."}]})
    return call.answer(_executed(call, asked))


def _executed(call: Call, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        document = parse(asked["query"])
        operation = _chosen(document.operations, asked.get("operationName"))
        given = asked.get("variables")
        execution = Execution(SCHEMA, document, given if isinstance(given, dict) else {}, call)
        data = execution.run(operation)
    except Malformed as malformed:
        where = [{"line": malformed.line, "column": malformed.column}]
        return {"errors": [{"message": str(malformed), "locations": where}]}
    except Undefined as undefined:
        return {"errors": undefined.errors}
    return {"data": data, **({"errors": execution.errors} if execution.errors else {})}


def _chosen(operations: list[Operation], name: str | None) -> Operation:
    found = [each for each in operations if name in {None, each.name}]
    if len(found) != 1:
        message = "An operation name is required" if found else f'No operation named "{name}"'
        raise Undefined([{"message": message}])
    return found[0]
