"""GitHub's Markdown as plain lines and tables, and the issues that its lists name. Pure.

Source: GitHub Flavored Markdown, *Tables (extension)*, *List items*, *Fenced code blocks*; GitHub's docs,
*Autolinked references*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vindaris_sync.sdk.outcome_tables import Table, Text

MOST = 1000
"""Issues that one body may name."""

_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})")
_RULE = re.compile(r":?-+:?")
_CELL = re.compile(r"(?:[^|\\]|\\.)*")
_ITEM = re.compile(r"\s*(?:[-*+]|[0-9]{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(?P<text>\S.*)")
_TICKS = re.compile("(`+)")
_MARKS = re.compile(r"\*\*|__|~~|`")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}")
_NUMBER = re.compile(r"#([0-9]{1,9})\b")
_LINK = re.compile(r"https?://[^\s<>()\"']{1,400}")
_JOINED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./&")
_LONGEST_NAME = 141


def text_of(body: str | None) -> Text:
    """Return a body's lines and tables; what stands in a code block is lines."""
    return Text(tuple(_blocks(_lines(body))))


def listed(body: str | None, place: str, root: str) -> tuple[str, ...]:
    """Return the keys of the issues that the body's list items name, each once, at most ``MOST``.

    ``place`` is the repository that ``#12`` is of, ``root`` the address before ``/owner/repository`` in links.
    """
    found: dict[str, None] = {}
    for line, code in _lines(body):
        item = None if code else _ITEM.fullmatch(line)
        if item:
            found |= dict.fromkeys(_keys(_without_code(item["text"]), place, root))
    return tuple(found)[:MOST]


def _keys(text: str, place: str, root: str) -> list[str]:
    """Return the keys in a line, in their order. Nothing here takes longer than in proportion to the text."""
    found: list[tuple[int, str]] = []
    for each in _NUMBER.finditer(text):
        name = _before(text, each.start())
        if not name or _NAME.fullmatch(name):
            found.append((each.start(), f"{name or place}#{int(each[1])}"))
    start = f"{root}/".casefold()
    for link in _LINK.finditer(text):
        owner, name, kind, number = (*link[0][len(start) :].split("/"), "", "", "", "")[:4]
        digits = re.match("[0-9]{1,9}(?![0-9])", number)
        if link[0].casefold().startswith(start) and kind in {"issues", "pull"} and digits:
            found.append((link.start(), f"{owner}/{name}#{int(digits[0])}"))
    return [key for _, key in sorted(found)]


def _before(text: str, end: int) -> str:
    """Return what stands right before a number sign, up to the first character that no name has."""
    start = end
    while start > 0 and end - start < _LONGEST_NAME and text[start - 1] in _JOINED:
        start -= 1
    return text[start:end]


def _without_code(text: str) -> str:
    """Return a line without its code spans; backticks that are never closed are themselves."""
    kept: list[str] = []
    held: list[str] = []
    opened = ""
    for piece in _TICKS.split(text):
        if opened:
            held.append(piece)
            if piece == opened:
                opened, held = "", []
                kept.append(" ")
        elif piece.startswith("`"):
            opened, held = piece, [piece]
        else:
            kept.append(piece)
    return "".join([*kept, *held])


def _lines(body: str | None) -> Iterator[tuple[str, bool]]:
    """Yield the lines, each with whether it belongs to a fenced code block."""
    fence = ""
    for line in (body or "").splitlines():
        mark = _FENCE.match(line)
        if fence:
            yield line, True
            if mark and mark["mark"].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        else:
            fence = mark["mark"] if mark else ""
            yield line, bool(fence)


def _blocks(lines: Iterator[tuple[str, bool]]) -> Iterator[str | Table]:
    waiting: list[tuple[str, bool]] = list(lines)
    place = 0
    while place < len(waiting):
        rows = _table(waiting, place)
        if rows:
            yield tuple(rows)
            place += len(rows) + 1
        else:
            yield waiting[place][0]
            place += 1


def _table(lines: list[tuple[str, bool]], place: int) -> list[tuple[str, ...]]:
    """Return the rows of the table that begins at ``place``: a header, a rule as wide, and what follows it."""
    if place + 1 >= len(lines) or lines[place][1] or "|" not in lines[place][0]:
        return []
    header, rule = _cells(lines[place][0]), _cells(lines[place + 1][0])
    if len(rule) != len(header) or not all(map(_RULE.fullmatch, rule)):
        return []
    rows = [header]
    for line, code in lines[place + 2 :]:
        if code or not line.strip() or "|" not in line:
            break
        rows.append(_cells(line))
    return rows


def _cells(line: str) -> tuple[str, ...]:
    text = line.strip().removeprefix("|")
    cells = [found.replace("\\|", "|") for found in _split(text)]
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return tuple(" ".join(_MARKS.sub("", cell).split()) for cell in cells)


def _split(text: str) -> Iterator[str]:
    place = 0
    while place <= len(text):
        found = _CELL.match(text, place)
        end = found.end() if found else place
        yield text[place:end]
        place = end + 1
