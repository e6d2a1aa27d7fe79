"""What the API says of itself, against which each of its answers is held."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from fastapi import FastAPI
from httpx import Response
from openapi_schema_validator import OAS31Validator

from vindaris_sync.web.api.describing import described

_kept: dict[str, Any] = {}


@cache
def _validator(reference: str) -> OAS31Validator:
    return OAS31Validator({"$ref": reference, "components": _kept["components"]})


def conforms(application: FastAPI, answer: Response) -> None:
    """Fail where an answer is not what the document says: its status, its type, or its content."""
    if not _kept:  # every application tells the same, and it takes a second
        _kept.update(described(application))
    promised = _operation(answer)["responses"]
    status = str(answer.status_code)
    assert status in promised, f"{answer.request.method} {answer.request.url}: {status} is not announced"
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in promised[status]["content"], f"{kind} is not announced"
    schema = promised[status]["content"][kind]["schema"]
    reference = schema.get("$ref", "")
    validator = _validator(reference) if reference else OAS31Validator({**schema, "components": _kept["components"]})
    wrong = [f"{each.json_path}: {each.message}" for each in validator.iter_errors(answer.json())]
    assert not wrong, wrong[:5]


def _operation(answer: Response) -> Any:
    path, method = answer.request.url.path, answer.request.method.lower()
    fits = [
        operations[method]
        for template, operations in _kept["paths"].items()
        if method in operations and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path)
    ]
    assert fits, f"{method} {path} is not described"
    return fits[0]
