"""Routes for a repository's webhooks: registering them, pinging them, and what became of their deliveries."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.core import Response
from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Need, Refused, invalid
from vindaris_sync.sandbox.github.call import Call, Routes

if TYPE_CHECKING:
    from vindaris_sync.sandbox.github.model import Document, Hook

ROUTES = Routes()
READ, WRITE = Need("repository_hooks", "read"), Need("repository_hooks", "write")
_ONE = "/hooks/{id}"


@ROUTES.on("GET", "/hooks", WRITE)
def hooks(call: Call) -> Response:
    """Return the repository's webhooks."""
    return call.page(call.repo.hooks, lambda hook: documents.hook(call.repo, hook))


@ROUTES.on("POST", "/hooks", WRITE)
def add(call: Call) -> Response:
    """Add a webhook, and greet its receiver."""
    body = call.form(config=dict, events=list, active=bool)
    url, secret = _config(body)
    events = _events(body) or ["push"]
    if any(hook.url == url and set(hook.events) == set(events) for hook in call.repo.hooks):
        raise invalid("Hook", "base", message="Hook already exists on this repository")
    hook = call.world.add_hook(call.repo.full_name, url, secret=secret, events=events)
    hook.active = body.get("active") is not False
    call.world.ping(call.repo, hook, call.actor)
    return call.answer(documents.hook(call.repo, hook), HTTPStatus.CREATED)


@ROUTES.on("GET", _ONE, WRITE)
def one(call: Call) -> Response:
    """Return one webhook."""
    return call.answer(documents.hook(call.repo, _hook(call)))


@ROUTES.on("PATCH", _ONE, WRITE)
def change(call: Call) -> Response:
    """Change a webhook; a configuration without a secret takes the secret away."""
    hook, body = _hook(call), call.form(config=dict, events=list, active=bool)
    if body.get("config") is not None:
        hook.url, hook.secret = _config(body)
    hook.events = tuple(_events(body)) or hook.events
    if body.get("active") is not None:
        hook.active = body["active"]
    hook.updated = call.world.now()
    return call.answer(documents.hook(call.repo, hook))


@ROUTES.on("DELETE", _ONE, WRITE)
def delete(call: Call) -> Response:
    """Delete a webhook."""
    call.repo.hooks.remove(_hook(call))
    return Response(HTTPStatus.NO_CONTENT)


@ROUTES.on("POST", f"{_ONE}/pings", READ)
def ping(call: Call) -> Response:
    """Send a ping."""
    call.world.ping(call.repo, _hook(call), call.actor)
    return Response(HTTPStatus.NO_CONTENT)


@ROUTES.on("GET", f"{_ONE}/deliveries", READ)
def deliveries(call: Call) -> Response:
    """Return what was sent, newest first; the first page of it."""
    sent = list(reversed(_hook(call).sent))
    return call.answer([documents.hook_delivery(call.repo, each) for each in sent[: call.page_size()]])


@ROUTES.on("POST", _ONE + "/deliveries/{n}/attempts", WRITE)
def redeliver(call: Call) -> Response:
    """Send a delivery again, under the same ``X-GitHub-Delivery``."""
    hook, number = _hook(call), call.number()
    found = next((each for each in hook.sent if each.id == number), None)
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
    call.world.send(hook, found.event, found.action, found.body, guid=found.guid)
    return Response(HTTPStatus.ACCEPTED, b"{}", {"Content-Type": "application/json; charset=utf-8"})


def _hook(call: Call) -> Hook:
    number = int(call.args["id"])
    found = next((hook for hook in call.repo.hooks if hook.id == number), None)
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
    return found


def _config(body: Document) -> tuple[str, str | None]:
    config = body.get("config") or {}
    if not isinstance(config.get("url"), str):
        raise invalid("Hook", "url", "missing_field")
    return config["url"], str(config["secret"]) if config.get("secret") else None


def _events(body: Document) -> list[str]:
    events = body.get("events") or []
    if not all(isinstance(event, str) for event in events):
        raise invalid("Hook", "events")
    return events
