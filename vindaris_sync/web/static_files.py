"""Style sheet and script: read once, served under addresses that change with what is in them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

router = APIRouter()

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def _contents() -> dict[str, tuple[str, str, bytes]]:
    """Return, by name, each file's digest, type and bytes; no path is ever made from what somebody asks for."""
    found = {}
    for each in sorted((files("vindaris_sync.web") / "static").iterdir(), key=lambda file: file.name):
        kind = next((kind for ending, kind in _TYPES.items() if each.name.endswith(ending)), None)
        if kind is not None:
            data = each.read_bytes()
            found[each.name] = (sha256(data).hexdigest()[:16], kind, data)
    return found


def address_of(name: str) -> str:
    """Return the path of the static file ``name``; ``KeyError`` where there is none."""
    return f"/static/{_contents()[name][0]}/{name}"


@router.get("/static/{digest}/{name}", include_in_schema=False)
def static(digest: str, name: str) -> Response:
    """Serve a file, to be kept for ever: another content has another address."""
    known = _contents().get(name)
    if known is None or known[0] != digest:
        raise HTTPException(404)
    return Response(known[2], media_type=known[1], headers={"Cache-Control": "public, max-age=31536000, immutable"})
