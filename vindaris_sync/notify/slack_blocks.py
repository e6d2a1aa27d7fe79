"""A content as Slack shows it.

What strangers wrote goes into ``rich_text`` and ``plain_text`` elements only, in which nothing is markup, a link or a
mention; the fall-back text is escaped. Limits: Slack, Block Kit reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.messages import Content, Line
from vindaris_sync.domain.wording import Kind, Piece, plain
from vindaris_sync.notify.parts import SEE_ALL, headline, rest, small, web_link

_TEXT = 3000
MAX_ITEMS = 20
"""A list that people still read; far below 50 blocks."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Block = dict[str, Any]

_AS_IT_IS: Block = {
    "mrkdwn": False,
    "parse": "none",
    "link_names": False,
    "unfurl_links": False,
    "unfurl_media": False,
}


def escape(text: str) -> str:
    """Return ``text`` without control sequences (Slack, "Formatting text": only ``& < >`` carry them)."""
    return text.translate(_ENTITIES)


def body(content: Content, *, repeated: bool = False) -> Block:
    """Return text and blocks of a message; without unfurling, name resolution or markup in the text."""
    return {"text": text(content), "blocks": list(_blocks(content, repeated=repeated)), **_AS_IT_IS}


def said(words: str) -> Block:
    """Return one line of plain words as a message's body."""
    return {"text": escape(words[:_TEXT]), **_AS_IT_IS}


def text(content: Content) -> str:
    """Return the whole message as escaped text, for notifications, screen readers and clients without blocks."""
    lines = [headline(content)]
    lines += [f"{name}: {value}" for name, value in content.facts]
    lines += [f"{each.name}: {plain(each.pieces)}" for each in content.changes]
    lines += [f"• {line.key} {line.title}" + (f" ({line.note})" if line.note else "") for line in content.lines]
    lines += filter(None, (rest(content), content.footer))
    return escape("\n".join(lines)[:_TEXT])


def _blocks(content: Content, *, repeated: bool) -> Iterator[Block]:
    yield {"type": "header", "text": _plain(headline(content))}
    if content.facts:
        yield _list([_section(_text(f"{name}: "), _text(value, bold=True)) for name, value in content.facts])
    if content.changes:
        yield _list([_change(each) for each in content.changes])
    if content.lines:
        yield _list([_item(line) for line in content.lines])
    if rest(content) or web_link(content.link):
        yield {"type": "rich_text", "elements": [_section(*_pointer(content))]}
    if notes := small(content, repeated=repeated):
        yield {"type": "context", "elements": [_plain(note) for note in notes]}


def _pointer(content: Content) -> Iterator[Block]:
    if words := rest(content):
        yield _text(f"{words}  ")
    if url := web_link(content.link):
        yield {"type": "link", "url": url, "text": SEE_ALL}


def _item(line: Line) -> Block:
    url = web_link(line.url)
    key: Block = {"type": "link", "url": url, "text": line.key} if url else _text(line.key, bold=True)
    title = [_text(f"  {line.title}")] if line.title else []
    note = [_text(f"  {line.note}", italic=True)] if line.note else []
    return _section(key, *title, *note)


def _change(changed: Changed) -> Block:
    """Return a change with what went struck out and what came bold."""
    return _section(_text(f"{changed.name}: ", italic=True), *(_piece(piece) for piece in changed.pieces if piece.text))


def _piece(piece: Piece) -> Block:
    match piece.kind:
        case Kind.OLD:
            return _text(piece.text, strike=True)
        case Kind.NEW:
            return _text(piece.text, bold=True)
        case _:
            return _text(piece.text)


def _list(sections: list[Block]) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": sections}]}


def _section(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(words: str, **style: bool) -> Block:
    return {"type": "text", "text": words, "style": style} if style else {"type": "text", "text": words}


def _plain(words: str) -> Block:
    return {"type": "plain_text", "text": words, "emoji": False}
