"""From a request's body to an answer's: parsing, choosing the operation, executing, and errors beside the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.graphql.engine import Execution, Schema, Undefined
from vindaris_sync.sandbox.graphql.syntax import Malformed, Operation, parse

if TYPE_CHECKING:
    from collections.abc import Mapping


def answer_to(schema: Schema, asked: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Return the document that answers ``asked``, whose ``query`` is a text."""
    try:
        document = parse(asked["query"])
        operation = _chosen(document.operations, asked.get("operationName"))
        given = asked.get("variables")
        execution = Execution(schema, document, given if isinstance(given, dict) else {}, context)
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
