"""Findings to JSON and back, across versions: unknown fields are ignored, missing ones take their defaults."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from vindaris_sync.domain.findings import SCHEMA, Findings


def to_json(findings: Findings) -> str:
    """Return the findings as one JSON document, indented for people; instants in ISO 8601 with their offset.

    In ASCII, so that no terminal can be steered by it.
    """
    return json.dumps({"schema": SCHEMA, **_encoded(findings)}, indent=2)


def from_json(text: str, *, brief: bool = False) -> Findings:
    """Return the findings that ``to_json`` wrote, by this or an earlier version; ``ValueError`` for anything else.

    ``brief``: without what goals' outcomes were measured at, which is most of a report on a thousand goals.
    """
    data = json.loads(text)
    if not isinstance(data, dict) or not isinstance(data.get("schema"), int):
        raise ValueError("this is no report of vindaris-sync")  # noqa: TRY004 - what is wrong is the document
    try:
        for goal in data.get("goals", ()) if brief else ():
            goal.pop("series", None)
        found: Findings = _decoded(Findings, data)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"this report is damaged: {error}") from error
    return found


def _encoded(value: Any) -> Any:  # noqa: ANN401 - any field's value
    if is_dataclass(value):
        return {each.name: _encoded(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_encoded(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _encoded(each) for key, each in value.items()}
    return value.isoformat() if isinstance(value, date) else value


@cache
def _types(cls: type) -> Mapping[str, Any]:
    hints = get_type_hints(cls)
    return {each.name: hints[each.name] for each in fields(cls)}


def _decoded(kind: Any, value: Any) -> Any:  # noqa: ANN401 - follows the annotations of the findings
    if is_dataclass(kind):
        known = _types(kind)  # type: ignore[arg-type]  # a class, as annotations name classes
        return kind(**{name: _decoded(known[name], value[name]) for name in known if name in value})  # type: ignore[operator]
    if get_origin(kind) in (Union, types.UnionType):
        (present,) = (each for each in get_args(kind) if each is not type(None))
        return None if value is None else _decoded(present, value)
    if get_origin(kind) is tuple:
        return _decoded_tuple(get_args(kind), value)
    if get_origin(kind) is Mapping:
        return {key: _decoded(get_args(kind)[1], each) for key, each in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return kind.fromisoformat(value) if kind in (date, datetime) else value


def _decoded_tuple(kinds: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(_decoded(kinds[0], each) for each in values)
    return tuple(_decoded(kind, each) for kind, each in zip(kinds, values, strict=True))
