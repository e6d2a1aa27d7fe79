"""The API as OpenAPI tells it, made from the operations themselves."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from vindaris_sync import __version__
from vindaris_sync.web.api.faults import Problem
from vindaris_sync.web.api.shapes import BASE

_TEXT = """For programs what the page shows and does.

Send `Authorization: Bearer TOKEN` (`vindaris-sync page token add NAME --scope read|decide|admin`). A browser that is
logged in may ask, too; what it changes needs the form token of its page in `X-CSRF-Token`. Instants are RFC 3339, in
UTC. Lists come a page at a time: send `next` as `cursor` to go on. Errors are problem documents (RFC 9457).
"""

router = APIRouter(prefix=BASE)


def operation_id(route: APIRoute) -> str:
    """Return how clients that are generated call an operation: as its function, for as long as there is a v1."""
    return route.name


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> JSONResponse:
    """Return the description of this API."""
    return JSONResponse(described(request.app))


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title="vindaris-sync", version=__version__, description=_TEXT, routes=app.routes)
        components = made.setdefault("components", {})
        model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components.setdefault("schemas", {}).update({**model.pop("$defs", {}), "Problem": model})
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{"token": []}]
        app.openapi_schema = made
    return app.openapi_schema
