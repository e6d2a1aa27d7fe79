"""Texts: wiki markup as version 2 shows it, the Atlassian Document Format as version 3 does.

The conversion keeps every character of the text and its paragraphs, lines, headings, bullets and tables; inline markup
stays as it is written. Source of the node shapes: Atlassian's published ADF schema.
"""

from __future__ import annotations

import re
from itertools import groupby

from vindaris_sync.sandbox.jira.model import Json

_HEADING = re.compile(r"h([1-6])\.\s+(\S.*)")
MAX_DEPTH = 100
_BULLET = re.compile(r"\*\s+(\S.*)")


class Rich(str):
    """A text that was written as a document: version 2 shows the text, version 3 the document as it was written."""

    __slots__ = ("document",)
    document: Json

    @classmethod
    def of(cls, document: object) -> Rich | None:
        """Return the text of a document; None for an empty one. Raises ``ValueError`` for what is no document."""
        text = cls(to_text(document))
        text.document = document if isinstance(document, dict) else {}
        return text or None


def to_adf(text: str | None) -> Json | None:
    """Return the document that shows ``text``; None for no text, as Jira prints it."""
    if not text:
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    content: list[Json] = []
    for kind, group in groupby(lines, _kind):
        content += _blocks(kind, list(group))
    return {"type": "doc", "version": 1, "content": content}


def to_text(document: object, depth: int = 0) -> str:
    """Return the text of a document or of one of its nodes; raises ``ValueError`` for what is none."""
    content = document.get("content", []) if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(content, list) or depth > MAX_DEPTH:
        raise ValueError("not an Atlassian Document")
    parts = [to_text(node, depth + 1) for node in content]
    match document.get("type"):
        case "text":
            return str(document.get("text", ""))
        case "hardBreak":
            return "\n"
        case "doc" | "blockquote" | "panel":
            return "\n\n".join(parts)
        case "bulletList" | "orderedList":
            return "\n".join(f"* {part}" for part in parts)
        case "heading":
            attributes = document.get("attrs")
            level = attributes.get("level") if isinstance(attributes, dict) else 1
            return f"h{level}. {''.join(parts)}"
        case str():
            return _joined(document, parts)
        case _:
            raise ValueError("not an Atlassian Document")


def _joined(node: Json, parts: list[str]) -> str:
    if node["type"] == "table":
        return "\n".join(parts)
    if node["type"] != "tableRow":
        return "".join(parts)
    bar = "||" if node["content"] and node["content"][0].get("type") == "tableHeader" else "|"
    return bar + "".join(f"{part or ' '}{bar}" for part in parts)


def _kind(line: str) -> str:
    if not line or line.isspace():
        return "blank"
    if line[0] not in "h*|":
        return "text"
    if line[0] == "|":
        return "table"
    return "heading" if _HEADING.fullmatch(line) else "bullet" if _BULLET.fullmatch(line) else "text"


def _blocks(kind: str, lines: list[str]) -> list[Json]:
    if kind == "blank":
        return []
    if kind == "text":
        return [{"type": "paragraph", "content": _broken(lines)}]
    if kind == "bullet":
        items = [{"type": "listItem", "content": [_paragraph(_BULLET.sub(r"\1", line))]} for line in lines]
        return [{"type": "bulletList", "content": items}]
    if kind == "table":
        return [{"type": "table", "content": [_row(line) for line in lines]}]
    return [_heading(line) for line in lines]


def _row(line: str) -> Json:
    """Return the row that ``||head||head||`` or ``|cell|cell|`` is; an empty cell holds an empty paragraph."""
    bar, kind = ("||", "tableHeader") if line.startswith("||") else ("|", "tableCell")
    cells = [cell.strip() for cell in line.strip().removeprefix(bar).removesuffix(bar).split(bar)]
    content = [_paragraph(cell) if cell else {"type": "paragraph", "content": []} for cell in cells]
    return {"type": "tableRow", "content": [{"type": kind, "content": [paragraph]} for paragraph in content]}


def _heading(line: str) -> Json:
    level, title = _HEADING.findall(line)[0]
    return {"type": "heading", "attrs": {"level": int(level)}, "content": [_text(title)]}


def _paragraph(line: str) -> Json:
    return {"type": "paragraph", "content": [_text(line)]}


def _broken(lines: list[str]) -> list[Json]:
    nodes: list[Json] = []
    for line in lines:
        nodes += [{"type": "hardBreak"}, _text(line)] if nodes else [_text(line)]
    return nodes


def _text(text: str) -> Json:
    return {"type": "text", "text": text}
