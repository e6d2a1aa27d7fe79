"""JQL as text: tokens and a tree. What the words mean is ``query``'s business.

The grammar is the part of Jira's that asks for present values: AND, OR, NOT, parentheses, the comparison operators,
lists, EMPTY, functions without arguments, and ORDER BY. Messages follow Jira's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vindaris_sync.sandbox.jira.refusal import Refusal

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>>=|<=|!=|!~|&&|\|\||[=><~(),!])
    |(?P<word>cf\[\d+\]|[^\s"'=<>!~(),&|\[\]{}*/%^$\#@?;\\]+))""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = {"=", "!=", ">", ">=", "<", "<=", "~", "!~"}
_RESERVED = {"and", "or", "not", "in", "is", "order", "by", "empty", "null", "asc", "desc"}
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Word:
    """A token: a bare word, a quoted text, or a sign; ``at`` is its place in the text, from 1."""

    text: str
    at: int
    quoted: bool = False

    def means(self, *words: str) -> bool:
        """Whether this is one of Jira's own words, in any case."""
        return not self.quoted and self.text.lower() in words


@dataclass(frozen=True, slots=True)
class Operand:
    """A value in a clause; ``call`` for a function such as ``now()``."""

    text: str
    quoted: bool = False
    call: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """``field operator values``; the operator is in lower case (``not in``, ``is not``)."""

    field: str
    operator: str
    values: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of what it holds."""

    node: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All of them."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of them."""

    nodes: tuple[Node, ...]


Node = Clause | Not | Both | Either


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed JQL text: what to find (None: everything) and the fields to sort by, each with "downwards"."""

    where: Node | None
    order: tuple[tuple[str, bool], ...]


def parse(text: str) -> Query:
    """Return the tree of a JQL text; raises ``Refusal`` (400) with Jira's message for what is none."""
    return _Parser(_tokens(text)).query()


def _tokens(text: str) -> list[Word]:
    words, place = [], 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise Refusal(
                f"Error in the JQL Query: The character '{text[at]}' is a reserved JQL character. You must enclose it "
                f"in a string or use the escape '\\u{ord(text[at]):04x}' instead. (line 1, character {at + 1})"
            )
        quoted = found["quoted"]
        plain = re.sub(r"\\(.)", r"\1", quoted[1:-1]) if quoted else found["sign"] or found["word"]
        start = found.start("quoted") if quoted else found.start(found.lastgroup or 0)
        words.append(Word(plain, start + 1, quoted is not None))
        place = found.end()
    return words


class _Parser:
    """Reads tokens from left to right, by recursive descent."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._place = 0
        self._depth = 0

    def query(self) -> Query:
        where = None if self._at("order") or self._peek() is None else self._either()
        order = self._order() if self._at("order") else ()
        if self._peek() is not None:
            raise self._unexpected("Expecting operator before the end of the query, or 'OR' or 'AND'")
        return Query(where, order)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._next()
        if not self._take("by"):
            raise self._unexpected("Expecting 'by'")
        fields: list[tuple[str, bool]] = []
        while not fields or self._take(","):
            name = self._name()
            fields.append((name, self._take("desc")))
            self._take("asc")
        return tuple(fields)

    def _either(self) -> Node:
        nodes = [self._both()]
        while self._take("or", "||"):
            nodes.append(self._both())
        return nodes[0] if len(nodes) == 1 else Either(tuple(nodes))

    def _both(self) -> Node:
        nodes = [self._term()]
        while self._take("and", "&&"):
            nodes.append(self._term())
        return nodes[0] if len(nodes) == 1 else Both(tuple(nodes))

    def _term(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Refusal("Error in the JQL Query: The query is nested too deeply.")
        try:
            if self._take("not", "!"):
                return Not(self._term())
            if self._take("("):
                node = self._either()
                self._expect(")")
                return node
            return self._clause()
        finally:
            self._depth -= 1

    def _clause(self) -> Clause:
        field = self._name()
        operator = self._operator()
        if operator in ("in", "not in"):
            self._expect("(")
            values = [self._operand()]
            while self._take(","):
                values.append(self._operand())
            self._expect(")")
            return Clause(field, operator, tuple(values))
        return Clause(field, operator, (self._operand(),))

    def _operator(self) -> str:
        word = self._peek()
        if word is None or (word.text.lower() not in _SIGNS | {"in", "is", "not"}) or word.quoted:
            raise self._unexpected(
                "Expecting operator but got {}. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', "
                "'IN', 'NOT IN', 'IS' and 'IS NOT'"
            )
        self._next()
        text = word.text.lower()
        if text == "not":
            if not self._take("in"):
                raise self._unexpected("Expecting 'in'")
            return "not in"
        return "is not" if text == "is" and self._take("not") else text

    def _operand(self) -> Operand:
        word = self._peek()
        if word is None or (not word.quoted and (word.text in _SIGNS or word.text in "(),")):
            raise self._unexpected("Expecting either a value, list or function but got {}")
        self._next()
        if word.means("empty", "null"):
            return Operand(word.text, empty=True)
        if not word.quoted and self._at("("):
            self._next()
            self._expect(")")
            return Operand(word.text, call=True)
        return Operand(word.text, word.quoted)

    def _name(self) -> str:
        word = self._peek()
        if word is None or (not word.quoted and (word.text in _SIGNS or word.text in "()," or word.means(*_RESERVED))):
            raise self._unexpected("Expecting a field name but got {}")
        self._next()
        return word.text

    def _peek(self) -> Word | None:
        return self._words[self._place] if self._place < len(self._words) else None

    def _next(self) -> None:
        self._place += 1

    def _at(self, *texts: str) -> bool:
        word = self._peek()
        return word is not None and word.means(*texts)

    def _take(self, *texts: str) -> bool:
        taken = self._at(*texts)
        self._place += taken
        return taken

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected(f"Expecting '{text}' but got {{}}")

    def _unexpected(self, expectation: str) -> Refusal:
        word = self._peek()
        got = "the end of the query" if word is None else f"'{word.text}'"
        place = "" if word is None else f" (line 1, character {word.at})"
        return Refusal(f"Error in the JQL Query: {expectation.replace('{}', got)}.{place}")
