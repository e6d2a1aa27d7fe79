"""On which line of a TOML text a key stands, so that an error can point at it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
"""Keys and positions from the top: ``("goal", 2, "parent")``."""

_KEY = r"""(?:"(?:\\.|[^"\\\n])*+"|'[^'\n]*+'|[A-Za-z0-9_-]++)"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_BLANK = re.compile(r"(?:\s|#[^\n]*+)*+")
_HEADER = re.compile(rf"(\[\[?)[ \t]*({_KEYS})[ \t]*\]\]?")
_PAIR = re.compile(rf"({_KEYS})[ \t]*=")
_TOKEN = re.compile(
    r'''
      """(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}   # strings first: brackets, quotes and hashes in them mean nothing
    | \'\'\'(?:[^']|'{1,2}(?!'))*+'{3,5}
    | "(?:\\.|[^"\\\n])*+" | '[^'\n]*+'
    | \#[^\n]*+
    | (?P<end>\n) | (?P<open>[\[{]) | (?P<close>[\]}])
    | [^"'\#\n\[\]{}]++
    ''',
    re.VERBOSE | re.DOTALL,
)


def _names(keys: str) -> Iterator[str]:
    level = tomllib.loads(f"{keys} = 0")
    while isinstance(level, dict):
        (name, level) = next(iter(level.items()))
        yield name


def _after_value(text: str, position: int) -> int:
    depth = 0
    while token := _TOKEN.match(text, position):
        if token["end"] and not depth:
            break
        depth += bool(token["open"]) - bool(token["close"])
        position = token.end()
    return position


class _Tables:
    """The table that pairs belong to, header by header; arrays of tables count their elements."""

    def __init__(self) -> None:
        self.lengths: dict[Path, int] = {}
        self.current: Path = ()

    def enter(self, names: Iterator[str], *, element: bool) -> None:
        path: Path = ()
        for name in names:
            path = (*self._last(path), name)
        if element:
            self.lengths[path] = self.lengths.get(path, 0) + 1
        self.current = self._last(path)

    def _last(self, path: Path) -> Path:
        return (*path, self.lengths[path] - 1) if path in self.lengths else path


def locate(text: str) -> dict[Path, int]:
    """Return the line (from 1) on which each table and key of a *valid* TOML text starts.

    Keys inside inline tables and elements of inline arrays are not listed: they stand where their key does.
    """
    found: dict[Path, int] = {}
    tables, line, position = _Tables(), 1, 0
    while True:
        start = _BLANK.match(text, position).end()  # type: ignore[union-attr]  # it matches nothing, too
        line += text.count("\n", position, start)
        if header := _HEADER.match(text, start):
            tables.enter(_names(header[2]), element=header[1] == "[[")
            for size in range(1, len(tables.current) + 1):
                found.setdefault(tables.current[:size], line)
            end = header.end()
        elif pair := _PAIR.match(text, start):
            path = tables.current
            for name in _names(pair[1]):
                path = (*path, name)
                found.setdefault(path, line)
            end = _after_value(text, pair.end())
        else:
            return found
        line += text.count("\n", start, end)
        position = end


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """Return the line of ``path``, or of the nearest thing around it that stands in the text."""
    return next((lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in lines), None)
