"""``POST /graphql``: a small, real GraphQL server over the same world as the REST routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github.access import Refused
from vindaris_sync.sandbox.github.graphql.boards import BOARDS
from vindaris_sync.sandbox.github.graphql.schema import SCHEMA as ISSUES
from vindaris_sync.sandbox.graphql.answering import answer_to

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
    return call.answer(answer_to(SCHEMA, asked, call))
