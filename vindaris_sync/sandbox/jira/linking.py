"""Links between issues: made, and taken off."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.jira.exchange import Call, Route, done, route
from vindaris_sync.sandbox.jira.links import TYPES
from vindaris_sync.sandbox.jira.refusal import Refusal

if TYPE_CHECKING:
    from vindaris_sync.sandbox.core import Response


def make(call: Call) -> Response:
    """``POST /issueLink``: twice is once; 404 where an end is not seen, or the type does not exist."""
    body = call.document()
    name = str((body.get("type") or {}).get("name"))
    if name not in TYPES:
        raise Refusal(f"No issue link type with name '{name}' found.", status=HTTPStatus.NOT_FOUND)
    ends = []
    for end in ("inwardIssue", "outwardIssue"):
        ref = body.get(end) or {}
        issue = call.issue(str(ref.get("id") or ref.get("key") or ""))
        if not call.known().edits(issue.state.project):
            raise Refusal("No Link Issue Permission for issue.", status=HTTPStatus.UNAUTHORIZED)
        ends.append(issue.state.id)
    call.world.link(name, ends[0], ends[1])
    return done(HTTPStatus.CREATED)


def remove(call: Call) -> Response:
    """``DELETE /issueLink/{link}``."""
    link = call.world.links.get(call.params["link"])
    if link is None:
        raise Refusal("No issue link was found.", status=HTTPStatus.NOT_FOUND)
    for end in (link.inward, link.outward):
        if not call.known().edits(call.issue(str(end)).state.project):
            raise Refusal("No Link Issue Permission for issue.", status=HTTPStatus.UNAUTHORIZED)
    del call.world.links[link.id]
    return done()


ROUTES: tuple[Route, ...] = (route("POST", "/issueLink", make), route("DELETE", "/issueLink/{link}", remove))
