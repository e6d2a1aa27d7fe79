"""Jira's texts as plain text and tables: the Atlassian Document Format of Cloud, the wiki markup of Data Center. Pure.

Sources: Atlassian, *ADF structure*; Jira's *Text Formatting Notation*. What is not known is read as its plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from vindaris_sync.sdk.outcome_tables import Table, Text

_DEEPEST = 100
_LONGEST = 65_536  # characters; Jira itself takes half as many unless it is told otherwise
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_of(value: object) -> Text:
    """Return what a description or another long text says, in either form; raises ``ValueError`` for what is none."""
    if value is None:
        return Text()
    if isinstance(value, str):
        return Text(tuple(_wiki(value[:_LONGEST])))
    if isinstance(value, Mapping) and value.get("type") == "doc":
        return Text(tuple(_blocks(value, 0)))
    raise ValueError(f"a text was expected, not {type(value).__name__}")


# --- the Atlassian Document Format ----------------------------------------------------------------------------------

_LINES = frozenset({"paragraph", "heading", "codeBlock", "taskItem", "decisionItem", "caption"})
_Node = Mapping[str, Any]


def _children(node: _Node, depth: int) -> Iterator[_Node]:
    if depth > _DEEPEST:
        raise ValueError("the text is nested too deeply")
    return (child for child in node.get("content") or () if isinstance(child, Mapping))


def _blocks(node: _Node, depth: int) -> Iterator[str | Table]:
    """Yield the lines and tables of a node, at any depth."""
    kind = node.get("type")
    if kind in _LINES:
        yield from _inline(node, depth).split("\n")
    elif kind == "table":
        yield tuple(
            tuple(" ".join(str(Text(tuple(_blocks(cell, depth + 2)))).split()) for cell in _children(row, depth + 1))
            for row in _children(node, depth)
        )
    elif kind in ("listItem", "blockquote", "panel", "expand", "nestedExpand", "tableCell", "tableHeader") or node.get(
        "content"
    ):
        for child in _children(node, depth):
            yield from _blocks(child, depth + 1)
    elif text := _leaf(node):
        yield text


def _inline(node: _Node, depth: int) -> str:
    parts = (_inline(child, depth + 1) if child.get("content") else _leaf(child) for child in _children(node, depth))
    return "".join(parts)


def _leaf(node: _Node) -> str:
    """Return what a node without content shows."""
    attributes = node.get("attrs")
    shown: Mapping[str, Any] = attributes if isinstance(attributes, Mapping) else {}
    match node.get("type"):
        case "text":
            return str(node.get("text") or "")
        case "hardBreak":
            return "\n"
        case "date":
            return _day(str(shown.get("timestamp") or ""))
        case "inlineCard" | "blockCard" | "embedCard":
            return str(shown.get("url") or "")
        case "mention" | "status" | "emoji":
            return str(shown.get("text") or shown.get("shortName") or "")
    return ""


def _day(milliseconds: str) -> str:
    if not milliseconds.isdecimal() or len(milliseconds) > len("9999999999999"):
        return ""
    return (_EPOCH + timedelta(milliseconds=int(milliseconds))).date().isoformat()


# --- wiki markup ----------------------------------------------------------------------------------------------------

_LINK = re.compile(r"\[([^\[\]|\n]+)(?:\|[^\[\]\n]*)?\]")
_MACRO = re.compile(r"(?<!\{)\{(?:code|noformat|quote|panel|color|anchor|toc|expand)(?::[^{}\n]*)?\}(?!\})")
_IMAGE = re.compile(r"!(?=\S)[^!|\s]+\.\w{2,5}(?:\|[^!\n]*)?!")
_PREFIX = re.compile(r"^\s*(?:h[1-6]\.|bq\.|[*#-]+)\s+")
_MARKED = re.compile(r"(?<![\w\\])([*_+^~-]|\?\?|\{\{)(?=\S)(.{1,200}?)(?<=\S)(?:\1|\}\})(?!\w)")
_ESCAPED = re.compile(r"\\([^\w\s])")
_RULE = re.compile(r"^\s*-{4,}\s*$")
_BREAK = re.compile(r"\\\\(?=\s|$)")


def _wiki(text: str) -> Iterator[str | Table]:
    lines = _BREAK.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    for in_table, group in groupby(lines, lambda line: line.lstrip().startswith("|")):
        if in_table:
            yield tuple(map(_row, group))
        else:
            yield from (_plain(_PREFIX.sub("", line)) for line in group if not _RULE.match(line))


def _row(line: str) -> tuple[str, ...]:
    """Return the cells of ``||head||head||`` or ``|cell|cell|``; what links hold beside their text is gone by then."""
    bare = _IMAGE.sub("", _LINK.sub(r"\1", line)).strip().replace("||", "|").removeprefix("|").removesuffix("|")
    return tuple(_plain(cell).strip() for cell in bare.split("|"))


def _plain(line: str) -> str:
    """Return a line without its markup."""
    line = _MACRO.sub("", _IMAGE.sub("", _LINK.sub(r"\1", line)))
    return _ESCAPED.sub(r"\1", _MARKED.sub(r"\2", line)).rstrip()
