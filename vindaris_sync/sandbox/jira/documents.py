"""JSON in and out: the fast way, and the standard library's for a lone surrogate, which trackers do hold."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dumps(document: object) -> bytes:
    """Return a document as JSON; what no encoding holds is printed as an escape."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, separators=(",", ":")).encode()


def loads(text: str | bytes) -> Any:  # noqa: ANN401 - a JSON document has no narrower type
    """Return the document that ``text`` holds; raises ``ValueError`` where it is none."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
