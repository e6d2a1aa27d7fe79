"""Routes of a repository's milestones."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.github.access import invalid
from vindaris_sync.sandbox.github.call import Call, Routes

if TYPE_CHECKING:
    from vindaris_sync.sandbox.github.model import Document, Milestone

ROUTES = Routes()
_LATEST = "9999"
"""Where milestones without a due date stand among those that have one."""


@ROUTES.on("GET", "/milestones")
def milestones(call: Call) -> Response:
    """Return the repository's milestones, open ones by default, those due first ahead."""
    query = call.request.query
    state = query.get("state", "open")
    shown = [_printed(call, each) for each in call.repo.milestones.values() if state in {"all", each.state}]
    shown.sort(key=_complete if query.get("sort") == "completeness" else _due, reverse=query.get("direction") == "desc")
    return call.page(shown)


@ROUTES.on("POST", "/milestones")
def create(call: Call) -> Response:
    """Create a milestone."""
    body = call.form(title=str, state=str, description=str, due_on=str)
    if body.get("title") is None:
        raise invalid("Milestone", "title", "missing_field")
    name = call.repo.full_name
    fresh = call.world.create_milestone(
        name, body["title"], actor=call.actor, description=body.get("description"), due_on=body.get("due_on")
    )
    if body.get("state") == "closed":
        call.world.edit_milestone(name, fresh.number, actor=call.actor, state="closed")
    document = _printed(call, fresh)
    url = call.world.site.render(document["url"]).decode().strip('"')
    return call.answer(document, HTTPStatus.CREATED, {"Location": url})


@ROUTES.on("GET", "/milestones/{n}")
def milestone(call: Call) -> Response:
    """Return one milestone."""
    return call.answer(_printed(call, call.world.milestone(call.repo, call.number())))


@ROUTES.on("PATCH", "/milestones/{n}")
def edit(call: Call) -> Response:
    """Change a milestone."""
    body = call.form(title=str, state=str, description=str, due_on=str)
    values = {name: body[name] for name in ("title", "state", "description", "due_on") if name in body}
    changed = call.world.edit_milestone(call.repo.full_name, call.number(), actor=call.actor, **values)
    return call.answer(_printed(call, changed))


@ROUTES.on("DELETE", "/milestones/{n}")
def delete(call: Call) -> Response:
    """Delete a milestone."""
    call.world.delete_milestone(call.repo.full_name, call.number(), actor=call.actor)
    return Response(HTTPStatus.NO_CONTENT)


def _printed(call: Call, each: Milestone) -> Document:
    return call.world.milestone_document(call.repo, each)


def _due(document: Document) -> tuple[str, int]:
    return document["due_on"] or _LATEST, document["number"]


def _complete(document: Document) -> tuple[float, int]:
    done, left = document["closed_issues"], document["open_issues"]
    return done / (done + left) if done + left else 0.0, document["number"]
