"""Executes a parsed document over a schema of resolvers, with errors and partial data as GitHub prints them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vindaris_sync.sandbox.graphql.syntax import Document, Field, Operation, Selection, Spread, Variable

Path = tuple[str | int, ...]


class Node(NamedTuple):
    """A value with fields: its GraphQL type, and what the type's resolvers take."""

    type: str
    of: Any


class Failed(Exception):
    """A field that cannot be resolved: it becomes null, and its error stands beside the data."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Undefined(Exception):
    """The document asks for what the schema does not have; nothing is executed."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors


Schema = Mapping[str, Mapping[str, Callable[[Any, Mapping[str, Any], Any], Any]]]
"""What resolves each field of each type, from the value, the field's arguments and the execution's context."""


@dataclass(slots=True)
class Execution:
    """One execution: ``context`` is handed to every resolver; ``errors`` collects what failed."""

    schema: Schema
    document: Document
    variables: Mapping[str, Any]
    context: Any
    errors: list[dict[str, Any]] = field(default_factory=list)

    def run(self, operation: Operation) -> dict[str, Any]:
        """Return the data of ``operation``."""
        self.variables = {**operation.defaults, **self.variables}
        kind = "Mutation" if operation.kind == "mutation" else "Query"
        return self._object(Node(kind, None), operation.selections, ())

    def _object(self, node: Node, selections: tuple[Selection, ...], path: Path) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for each in self._flat(node.type, selections):
            value = self._field(node, each, (*path, each.alias))
            known = answer.get(each.alias)
            answer[each.alias] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        return answer

    def _flat(self, kind: str, selections: tuple[Selection, ...]) -> list[Field]:
        """Return the fields that apply to a type, fragments resolved and directives obeyed."""
        found: list[Field] = []
        for each in selections:
            if self._value(each.directives.get("skip", {}).get("if", False)):
                continue
            if not self._value(each.directives.get("include", {}).get("if", True)):
                continue
            if isinstance(each, Field):
                found.append(each)
                continue
            fragment = self._fragment(each)
            if fragment.on in {None, kind} or fragment.on in INTERFACES.get(kind, ()):
                found += self._flat(kind, fragment.selections)
        return found

    def _fragment(self, spread: Spread) -> Spread:
        if spread.name is None:
            return spread
        if spread.name not in self.document.fragments:
            message = f"Fragment {spread.name} was used, but not defined"
            raise Undefined([{"message": message, "extensions": {"code": "useAndDefineFragment"}}])
        return self.document.fragments[spread.name]

    def _field(self, node: Node, each: Field, path: Path) -> Any:  # noqa: ANN401 - a JSON value
        if each.name == "__typename":
            return node.type
        resolver = self.schema[node.type].get(each.name)
        if resolver is None:
            raise Undefined([self._undefined(node.type, each, path)])
        try:
            value = resolver(node.of, self._value(dict(each.arguments)), self.context)
        except Failed as failed:
            self._fail(failed, each, path)
            return None
        return self._complete(value, each, path)

    def _complete(self, value: Any, each: Field, path: Path) -> Any:  # noqa: ANN401 - a JSON value
        if isinstance(value, Node):
            if not each.selections:
                message = f"Field must have selections (field '{each.name}' returns {value.type} but has no selections)"
                raise Undefined([{"message": message, "path": list(path), "locations": _where(each)}])
            return self._object(value, each.selections, path)
        if isinstance(value, Failed):
            self._fail(value, each, path)
            return None
        if isinstance(value, list):
            return [self._complete(item, each, (*path, place)) for place, item in enumerate(value)]
        return value

    def _fail(self, failed: Failed, each: Field, path: Path) -> None:
        error = {"type": failed.kind, "path": list(path), "locations": _where(each), "message": failed.message}
        self.errors.append(error)

    def _undefined(self, kind: str, each: Field, path: Path) -> dict[str, Any]:
        return {
            "path": ["query", *(part for part in path if isinstance(part, str))],
            "extensions": {"code": "undefinedField", "typeName": kind, "fieldName": each.name},
            "locations": _where(each),
            "message": f"Field '{each.name}' doesn't exist on type '{kind}'",
        }

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - a GraphQL value has no narrower type
        if isinstance(value, Variable):
            return self.variables.get(value.name)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict):
            return {name: self._value(item) for name, item in value.items()}
        return value


INTERFACES: dict[str, tuple[str, ...]] = {
    "Issue": ("Node", "Labelable", "Assignable", "Closable", "Lockable", "UniformResourceLocatable"),
    "PullRequest": ("Node", "Labelable", "Assignable", "Closable", "Lockable", "UniformResourceLocatable"),
    "Repository": ("Node", "UniformResourceLocatable"),
    "Label": ("Node",),
    "User": ("Actor", "Node", "RepositoryOwner", "ProjectV2Owner"),
    "Bot": ("Actor", "Node"),
    "Organization": ("Actor", "Node", "RepositoryOwner", "ProjectV2Owner"),
    **dict.fromkeys(
        ("ProjectV2Field", "ProjectV2SingleSelectField", "ProjectV2IterationField"), ("ProjectV2FieldCommon",)
    ),
    **dict.fromkeys(
        (
            "ProjectV2ItemFieldSingleSelectValue",
            "ProjectV2ItemFieldTextValue",
            "ProjectV2ItemFieldDateValue",
            "ProjectV2ItemFieldNumberValue",
            "ProjectV2ItemFieldIterationValue",
        ),
        ("ProjectV2ItemFieldValueCommon", "ProjectV2ItemFieldValue"),
    ),
}


def _where(each: Field) -> list[dict[str, int]]:
    return [{"line": each.line, "column": each.column}]
