"""What is wrong with a file and where, in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from vindaris_sync.config.lines import Path, line_of, locate
from vindaris_sync.sdk.secret import redact


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: ``path`` leads to a key, or to a table where it is the table's own (``whole``)."""

    path: Path
    message: str
    whole: bool = False

    def __str__(self) -> str:
        place = place_of(self.path, whole=self.whole)
        return redact(f"{place}: {self.message}" if place else self.message).replace("\n", " ")


def place_of(path: Path, *, whole: bool = False) -> str:
    """Return a path as people write it in TOML: ``[trackers.jira-main] token``, ``[[teams]] #2 scopes``."""
    names = list(path)
    while names and isinstance(names[-1], int) and not whole:
        names.pop()
    key = "" if whole or not names else str(names.pop())
    element = next((at for at, name in enumerate(names) if isinstance(name, int)), None)
    if element is None:
        table = f"[{'.'.join(map(str, names))}]" if names else ""
    else:
        inner = ".".join(str(name) for name in (*names[:element], *names[element + 1 :]) if isinstance(name, str))
        table = f"[[{inner}]] #{int(names[element]) + 1}"
    return " ".join(filter(None, (table, key)))


def lines_in(file: str, text: str, problems: Iterable[Problem]) -> list[str]:
    """Return the problems of a valid TOML text in its order, one line each, that start with file and line number."""
    positions = locate(text)
    numbered = [(line_of(problem.path, positions) or 0, problem) for problem in problems]
    numbered.sort(key=lambda pair: pair[0])
    return [f"{file}:{number}: {problem}" if number else f"{file}: {problem}" for number, problem in numbered]


def model_in(annotation: object) -> type[BaseModel] | None:
    """Return the settings model that an annotation names, possibly inside ``tuple``, ``dict`` or ``| None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    for name in path:
        if found and isinstance(name, str) and name in found.model_fields:
            found = model_in(found.model_fields[name].annotation)
    return found


def unknown_key(key: str, known: Mapping[str, object]) -> str:
    """Return the message for a key that does not exist, with the nearest one that does."""
    near = get_close_matches(key, known, n=1)
    return f"there is no such key; did you mean {near[0]!r}?" if near else "there is no such key"


def _message(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    if item["type"] == "missing":
        return "is missing"
    if item["type"] == "extra_forbidden":
        inner = _model_at(model, item["loc"][:-1])
        return unknown_key(str(item["loc"][-1]), inner.model_fields if inner else {})
    if item["type"] == "value_error":
        return str(item["ctx"]["error"])
    text = str(item["msg"]).removeprefix("Input ")
    return text[:1].lower() + text[1:]


def explain(error: ValidationError, model: type[BaseModel], table: Path = ()) -> Iterator[Problem]:
    """Yield what pydantic found in ``table``, without the values it found: they may be secrets."""
    for item in error.errors(include_url=False, include_input=False):
        yield Problem((*table, *item["loc"]), _message(item, model), whole=not item["loc"])
