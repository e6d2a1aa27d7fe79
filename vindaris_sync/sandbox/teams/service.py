"""A workflow: it answers 202 to whatever its trigger takes, and fails later, unheard, where Teams refuses the card."""

from __future__ import annotations

import json
import math
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.core import Clock, Request, Response, system_clock
from vindaris_sync.sandbox.rooms import ChatService, Room, Rooms, TooFast
from vindaris_sync.sandbox.routes import document_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 28 * 1024
"""Bytes of a message."""
CARD = "application/vnd.microsoft.card.adaptive"
ELEMENTS = {"TextBlock", "RichTextBlock", "FactSet", "Container", "ColumnSet", "Image", "ActionSet", "Table"}
ACTIONS = {"Action.OpenUrl", "Action.Submit", "Action.ShowCard", "Action.ToggleVisibility", "Action.Execute"}
_PATH = r"/workflows/(\w+)/triggers/manual/paths/invoke"


def world_of(clock: Clock = system_clock, *, strict_rate: bool = False) -> Rooms:
    """Return an empty team. ``strict_rate``: four messages a second, as Teams has it for a webhook."""
    return Rooms(clock, limit=(4, 1.0) if strict_rate else None)


class Teams(ChatService):
    """Answers workflows' addresses; ``runs`` keeps why each run that failed did so."""

    def __init__(self, world: Rooms) -> None:
        super().__init__(world, "https://prod-00.westeurope.logic.azure.com")
        self.runs: list[list[str]] = []

    def create_hook(self, room: Room) -> str:
        """Create a workflow for a room; return path and query of its address, whose ``sig`` is its secret."""
        number = f"{int(self.world.new_id()):032x}"
        self.world.hooks[number] = room.id
        query = f"api-version=2016-06-01&sp=%2Ftriggers&sv=1.0&sig=sig-{number}"
        return f"/workflows/{number}/triggers/manual/paths/invoke?{query}"

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        found = re.fullmatch(_PATH, request.path)
        if request.method != "POST" or found is None or found[1] not in self.world.hooks:
            return _error(HTTPStatus.NOT_FOUND, "WorkflowNotFound", "The workflow could not be found.")
        if request.query.get("sig") != f"sig-{found[1]}":
            return _error(
                HTTPStatus.UNAUTHORIZED, "DirectApiAuthorizationRequired", "The request must be authenticated."
            )
        body = document_of(request)
        if body is None or not isinstance(body.get("attachments"), list):
            return _error(HTTPStatus.BAD_REQUEST, "TriggerInputSchemaMismatch", "The input body does not match.")
        return self._run(self.world.rooms[self.world.hooks[found[1]]], body, len(request.body))

    def _run(self, room: Room, body: dict[str, Any], size: int) -> Response:
        problems = [problem for each in body["attachments"] for problem in _problems(each)]
        problems += [f"{size} bytes are more than {LARGEST}"] if size > LARGEST else []
        self.runs.append(problems)
        try:
            if not problems:
                self.world.post(room, "workflow", body)
        except TooFast as fast:
            answer = _error(HTTPStatus.TOO_MANY_REQUESTS, "WorkflowTriggerThrottled", "Rate limit is exceeded.")
            answer.headers["Retry-After"] = str(math.ceil(fast.seconds))
            return answer
        return Response(HTTPStatus.ACCEPTED)


def _error(status: int, code: str, message: str) -> Response:
    return Response.of({"error": {"code": code, "message": message}}, status)


def _problems(attachment: object) -> Iterator[str]:
    if not isinstance(attachment, dict) or attachment.get("contentType") != CARD:
        yield "only adaptive cards are posted"
        return
    card = attachment.get("content")
    if (
        not isinstance(card, dict)
        or card.get("type") != "AdaptiveCard"
        or card.get("version") not in {"1.2", "1.3", "1.4", "1.5"}
    ):
        yield "no adaptive card of a version that Teams shows"
        return
    for element in card.get("body", []):
        if element.get("type") not in ELEMENTS:
            yield f"unknown element {element.get('type')}"
        for run in element.get("inlines", []):
            if run.get("type") != "TextRun" or not isinstance(run.get("text"), str):
                yield "inlines are text runs"
    for action in [*card.get("actions", []), *_selected(card)]:
        if action.get("type") not in ACTIONS or not str(action.get("url", "https://")).startswith(
            ("https://", "http://")
        ):
            yield f"unknown action {json.dumps(action)}"


def _selected(card: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for element in card.get("body", []):
        for run in element.get("inlines", []):
            if "selectAction" in run:
                yield run["selectAction"]
