"""GraphQL documents: operations, selection sets, aliases, arguments, variables, fragments, directives."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r'(?P<skip>[\s,\ufeff]+|\#[^\n]*)|(?P<block>"""(?:\\"""|[^\\]|\\(?!"""))*?""")|(?P<text>"(?:\\.|[^"\\\n])*")'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[_A-Za-z]\w*)|(?P<mark>\.\.\.|[!$&()\[\]{}:=@|])"
)
_WORDS = {"true": True, "false": False, "null": None}
MAX_DEPTH = 60


class Malformed(ValueError):
    """The document is no GraphQL; ``line`` and ``column`` say where."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class Variable(NamedTuple):
    """A reference to a variable, to be replaced by its value."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One selected field; ``alias`` is what it is called in the answer."""

    alias: str
    name: str
    arguments: Mapping[str, Any]
    selections: tuple[Selection, ...]
    directives: Mapping[str, Mapping[str, Any]]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Spread:
    """An inline fragment (``selections``) or the spread of a named one (``name``), for a type or for any."""

    name: str | None
    on: str | None
    selections: tuple[Selection, ...]
    directives: Mapping[str, Mapping[str, Any]]


Selection = Field | Spread


@dataclass(frozen=True, slots=True)
class Operation:
    """A query or mutation with its variables' defaults."""

    kind: str
    name: str | None
    defaults: Mapping[str, Any]
    selections: tuple[Selection, ...]


@dataclass(slots=True)
class Document:
    """A parsed document."""

    operations: list[Operation] = field(default_factory=list)
    fragments: dict[str, Spread] = field(default_factory=dict)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int
    column: int


@lru_cache(64)
def parse(source: str) -> Document:
    """Return the document that ``source`` spells, to be read only; raises ``Malformed`` where it spells none."""
    return _Parser(_tokens(source)).document()


def _tokens(source: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while place < len(source):
        line, column = source.count("\n", 0, place) + 1, place - source.rfind("\n", 0, place)
        match = _TOKEN.match(source, place)
        if match is None:
            message = f'Expected VALID TOKEN, actual: UNKNOWN_CHAR ("{source[place]}") at [{line}, {column}]'
            raise Malformed(message, line, column)
        if match.lastgroup != "skip":
            found.append(_Token(match.lastgroup or "", match[0], line, column))
        place = match.end()
    return [*found, _Token("end", "", source.count("\n") + 1, 1)]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def document(self) -> Document:
        document = Document()
        while self._next.kind != "end":
            if self._next.text == "fragment":
                self._take()
                name = self._name()
                self._expect("on")
                on = self._name()
                directives = self._directives()
                document.fragments[name] = Spread(name, on, self._selections(), directives)
            else:
                document.operations.append(self._operation())
        return document

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def _fail(self, wanted: str) -> Malformed:
        token = self._next
        actual = f'"{token.text}"' if token.kind != "end" else "end of file"
        message = f"Expected {wanted}, actual: {actual} at [{token.line}, {token.column}]"
        return Malformed(message, token.line, token.column)

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._fail(f'"{text}"')

    def _accept(self, text: str) -> bool:
        if self._next.kind in {"mark", "name"} and self._next.text == text:
            self._take()
            return True
        return False

    def _name(self) -> str:
        if self._next.kind != "name":
            raise self._fail("NAME")
        return self._take().text

    def _operation(self) -> Operation:
        if self._next.text == "{":
            return Operation("query", None, {}, self._selections())
        kind = self._name()
        if kind not in {"query", "mutation"}:
            self._place -= 1
            raise self._fail("query or mutation")
        name = self._name() if self._next.kind == "name" else None
        defaults = self._variables()
        self._directives()
        return Operation(kind, name, defaults, self._selections())

    def _variables(self) -> dict[str, Any]:
        defaults: dict[str, Any] = {}
        if self._accept("("):
            while not self._accept(")"):
                self._expect("$")
                name = self._name()
                self._expect(":")
                self._type()
                if self._accept("="):
                    defaults[name] = self._value()
        return defaults

    def _type(self) -> None:
        if self._accept("["):
            self._type()
            self._expect("]")
        else:
            self._name()
        self._accept("!")

    def _selections(self) -> tuple[Selection, ...]:
        self._expect("{")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._fail("a shallower document")
        found: list[Selection] = []
        while not self._accept("}"):
            found.append(self._spread() if self._accept("...") else self._field())
        self._depth -= 1
        return tuple(found)

    def _field(self) -> Field:
        token = self._next
        alias = name = self._name()
        if self._accept(":"):
            name = self._name()
        arguments = self._arguments()
        directives = self._directives()
        selections = self._selections() if self._next.text == "{" else ()
        return Field(alias, name, arguments, selections, directives, token.line, token.column)

    def _spread(self) -> Spread:
        if self._accept("on"):
            on = self._name()
            directives = self._directives()
            return Spread(None, on, self._selections(), directives)
        if self._next.kind == "name":
            return Spread(self._name(), None, (), self._directives())
        directives = self._directives()
        return Spread(None, None, self._selections(), directives)

    def _arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._accept("("):
            while not self._accept(")"):
                name = self._name()
                self._expect(":")
                found[name] = self._value()
        return found

    def _directives(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        while self._accept("@"):
            name = self._name()
            found[name] = self._arguments()
        return found

    def _value(self) -> Any:  # noqa: ANN401 - a GraphQL value has no narrower type
        if self._accept("$"):
            return Variable(self._name())
        if self._accept("["):
            items: list[Any] = []
            while not self._accept("]"):
                items.append(self._value())
            return items
        if self._accept("{"):
            members: dict[str, Any] = {}
            while not self._accept("}"):
                name = self._name()
                self._expect(":")
                members[name] = self._value()
            return members
        return self._scalar()

    def _scalar(self) -> Any:  # noqa: ANN401 - a GraphQL value has no narrower type
        if self._next.kind not in {"text", "block", "number", "name"}:
            raise self._fail("a value")
        token = self._take()
        match token.kind:
            case "block":
                return token.text[3:-3].strip()
            case "text" | "number":
                return json.loads(token.text)
            case _:
                return _WORDS.get(token.text, token.text)
