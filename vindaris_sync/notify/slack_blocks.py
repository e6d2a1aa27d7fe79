"""A content as Slack shows it.

What strangers wrote goes into ``rich_text`` and ``plain_text`` elements only, in which nothing is markup, a link or a
mention; the fall-back text is escaped. Limits: Slack, Block Kit reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import groupby
from typing import Any

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.messages import LABEL, Button, Content, Line, Style
from vindaris_sync.domain.text import one_line
from vindaris_sync.domain.wording import Kind, Piece, plain
from vindaris_sync.notify.parts import SEE_ALL, headline, rest, small, web_link

_TEXT = 3000
MAX_ITEMS = 20
"""A list that people still read; far below 50 blocks."""
MAX_WITH_BUTTONS = 10
"""A line with buttons takes two of 50 blocks, and more of the reader's eye."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_USER = re.compile(r"[UW][A-Z0-9]{2,40}")

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


def mark(name: str) -> str:
    """Return what names a ``[notify.NAME]`` block in a click on its message: ids are bounded, names are not."""
    return sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def body(content: Content, *, repeated: bool = False, mark: str = "") -> Block:
    """Return text and blocks of a message; without unfurling, name resolution or markup in the text.

    ``mark`` stands before each id of a block with buttons; empty: there are none.
    """
    return {"text": text(content), "blocks": list(_blocks(content, repeated, mark)), **_AS_IT_IS}


def said(words: str) -> Block:
    """Return one line of plain words as a message's body."""
    return {"text": escape(words[:_TEXT]), **_AS_IT_IS}


def text(content: Content) -> str:
    """Return the whole message as escaped text, for notifications, screen readers and clients without blocks."""
    lines = [headline(content)]
    lines += [f"{name}: {value}" for name, value in content.facts]
    lines += [f"{each.name}: {plain(each.pieces)}" for each in content.changes]
    lines += [f"• {line.key} {line.title}" + (f" ({line.note})" if line.note else "") for line in content.lines]
    lines += [f"✓ {line.key} {line.note}" for line in content.decided]
    lines += filter(None, (rest(content), content.footer))
    return escape("\n".join(lines)[:_TEXT])


def _blocks(content: Content, repeated: bool, mark: str) -> Iterator[Block]:  # noqa: FBT001 - of ``body``
    yield {"type": "header", "text": plain_text(headline(content))}
    if _USER.fullmatch(content.mention):  # a group's mention has another form, and cannot be meant
        yield {"type": "rich_text", "elements": [_section({"type": "user", "user_id": content.mention})]}
    if content.facts:
        yield _list([_section(_text(f"{name}: "), _text(value, bold=True)) for name, value in content.facts])
    if content.changes:
        yield _list([_change(each) for each in content.changes])
    yield from _lines(content.lines, f"{mark}:line" if mark else "")
    if rest(content) or web_link(content.link):
        yield {"type": "rich_text", "elements": [_section(*_pointer(content))]}
    done = [replace(line, key=f"✓ {line.key}") for line in content.decided]
    yield from _lines(done, f"{mark}:done" if mark else "")
    if notes := small(content, repeated=repeated):
        yield {"type": "context", "elements": [plain_text(note) for note in notes]}


def _lines(lines: Sequence[Line], prefix: str) -> Iterator[Block]:
    """Yield the lines; the buttons of one stand right below it, in a block whose id begins with ``prefix``."""
    for alone, some in groupby(enumerate(lines), lambda each: each[0] if prefix and each[1].buttons else None):
        group = [line for _, line in some]
        yield _list([_item(line) for line in group])
        if alone is not None:
            yield {"type": "actions", "block_id": f"{prefix}:{alone}", "elements": list(_buttons(group[0]))}


def _buttons(line: Line) -> Iterator[Block]:
    for number, button in enumerate(line.buttons):
        said = one_line(f"{button.label}: {line.key}", LABEL)
        yield {
            "type": "button",
            "action_id": f"{button.action}:{number}",
            "text": plain_text(one_line(button.label, LABEL) or str(button.action)),
            "value": button.value,
            "accessibility_label": said,
            **_styled(button),
        }


def _styled(button: Button) -> Block:
    return {} if button.style is Style.PLAIN else {"style": str(button.style)}


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


def plain_text(words: str) -> Block:
    """Return words in which nothing is markup."""
    return {"type": "plain_text", "text": words, "emoji": False}
