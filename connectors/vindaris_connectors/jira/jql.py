"""A typed builder of JQL. Whatever becomes a value is quoted and escaped, or is a number; keys fit a pattern.

The library has no such thing. Quoted dates are in the account's time zone to the minute, so instants are written as
unquoted epoch milliseconds, which both Cloud and Data Center understand (Atlassian, *JQL fields: Updated*).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{1,254}")
_ISSUE_KEY = re.compile(r"([A-Z][A-Z0-9_]{1,254})-[1-9][0-9]{0,18}")
_ID = re.compile(r"[0-9]{1,19}")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of JQL that may be joined with others without changing its meaning."""

    text: str

    def __and__(self, other: Clause) -> Clause:
        return Clause(f"{self.text} AND {other.text}")

    def ordered(self, *fields: str) -> str:
        """Return the whole query, sorted ascending by ``fields``."""
        return f"{self.text} ORDER BY {', '.join(f'{name} ASC' for name in fields)}"


def quote(text: str) -> str:
    """Return ``text`` as a JQL string that means exactly ``text``."""
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _by_number(c)) for c in text) + '"'


def _by_number(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True))


def project_key(text: str) -> str:
    """Return ``text`` if it can be a project's key; raises ``ValueError`` that shows one."""
    if not _PROJECT.fullmatch(text):
        raise ValueError(f"{text!r} is no project key; keys look like APP or OPS_2")
    return text


def project_of(key: str) -> str:
    """Return the project key in an issue's key, empty where ``key`` is none."""
    found = _ISSUE_KEY.fullmatch(key)
    return found[1] if found else ""


def projects(keys: Iterable[str]) -> Clause:
    """Match the issues of these projects. The keys are quoted, for a project may be called ``AND``."""
    return Clause(f"project in ({', '.join(quote(project_key(key)) for key in keys)})")


def types(names: Iterable[str]) -> Clause:
    """Match the issues of these types, by name."""
    return Clause(f"issuetype in ({', '.join(map(quote, names))})")


def is_id(text: str) -> bool:
    """Return whether ``text`` can be an issue's id."""
    return _ID.fullmatch(text) is not None


def ids(numbers: Iterable[str]) -> Clause:
    """Match the issues with these ids; raises ``ValueError`` for what is no number."""
    checked = list(numbers)
    if not checked or not all(map(is_id, checked)):
        raise ValueError("issue ids are numbers")
    return Clause(f"id in ({', '.join(checked)})")


def keys(names: Iterable[str]) -> Clause:
    """Match the issues with these keys; raises ``ValueError`` for what is no issue key."""
    checked = list(names)
    if not checked or not all(map(project_of, checked)):
        raise ValueError("issue keys look like APP-12")
    return Clause(f"key in ({', '.join(map(quote, checked))})")


def since(name: str, instant: datetime) -> Clause:
    """Match issues whose date ``name`` (``created``, ``updated``) is ``instant`` or later."""
    return Clause(f"{name} >= {(instant - _EPOCH) // _MILLISECOND}")


def own(name: str) -> Clause:
    """Match issues whose user field ``name`` (``creator``) is the account that asks."""
    return Clause(f"{name} = currentUser()")


def written(text: str) -> Clause:
    """Return a person's query as one clause in parentheses, so that nothing in it reaches what is joined to it.

    Raises ``ValueError`` for an ORDER BY, an open quotation and parentheses that do not match.
    """
    bare = _without_strings(text)
    depth = 0
    for character in bare:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
    if depth:
        raise ValueError("the parentheses do not match")
    if re.search(r"\border\s+by\b", bare, re.IGNORECASE):
        raise ValueError("leave out ORDER BY; issues are read oldest change first")
    return Clause(f"({text.strip()})")


def _without_strings(text: str) -> str:
    """Return ``text`` less its quoted strings; raises ``ValueError`` where one does not end."""
    kept, open_quote, escaped = [], "", False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif open_quote:
            open_quote = "" if character == open_quote else open_quote
        elif character in "\"'":
            open_quote = character
        else:
            kept.append(character)
    if open_quote or escaped:
        raise ValueError("a quotation does not end")
    return "".join(kept)


def either(clauses: Sequence[Clause]) -> Clause:
    """Match what any of the clauses matches; at least one is needed."""
    if not clauses:
        raise ValueError("nothing to choose from")
    return clauses[0] if len(clauses) == 1 else Clause(f"({' OR '.join(clause.text for clause in clauses)})")
