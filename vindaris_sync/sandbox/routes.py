"""How a look-alike of a chat finds what answers a request, and how it says no."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox.core import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Route = tuple[str, str, "Callable[..., object]"]
"""Method, a regular expression for the whole path, and what is called with the request and the expression's groups."""


def routed(request: Request, path: str, routes: Iterable[Route]) -> object:
    """Return what the first matching route answers; raises ``LookupError`` where there is none."""
    for method, pattern, act in routes:
        if method == request.method and (found := re.fullmatch(pattern, path)):
            return act(request, *found.groups())
    raise LookupError(path)


def document_of(request: Request) -> dict[str, Any] | None:
    """Return the JSON object of a request; ``None`` where its body is none."""
    try:
        document = request.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def plain(status: int, text: str) -> Response:
    """Return an answer in plain words."""
    return Response(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})
