"""A content as one card of a Google Chat message: a plain header, then simple HTML in which strangers are escaped.

Limits: Google Chat API, "spaces.messages": 32,000 bytes a message, text and cards together; "Format messages": a card's
text takes simple HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vindaris_sync.domain.messages import Content
from vindaris_sync.notify.http import encode
from vindaris_sync.notify.markup import HTML, address, defuse, rows
from vindaris_sync.notify.parts import SEE_ALL, fitting, headline, small, web_link

MAX_ITEMS = 10
"""The ten that matter."""
_LARGEST = 30_000  # bytes of 32,000


def body(content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:
    """Return a message with one card that fits; ``fallbackText`` is what notifications show."""
    return fitting(
        content, lambda part: _message(part, key, repeated=repeated), lambda made: len(encode(made)) <= _LARGEST
    )


def said(words: str) -> dict[str, Any]:
    """Return one line of plain words: a text of its own would be markup, and has no escape."""
    widget = {"textParagraph": {"text": HTML.escape(words[:1000])}}
    return {"cardsV2": [{"cardId": "line", "card": {"sections": [{"widgets": [widget]}]}}]}


def _message(content: Content, key: str, *, repeated: bool) -> dict[str, Any]:
    card: dict[str, Any] = {"header": {"title": headline(content)}}
    if widgets := list(_widgets(content, repeated=repeated)):
        card["sections"] = [{"widgets": widgets}]
    return {"cardsV2": [{"cardId": key, "card": card}], "fallbackText": defuse(headline(content))}


def _widgets(content: Content, *, repeated: bool) -> Iterator[dict[str, Any]]:
    if lines := list(rows(content, HTML)):
        yield {"textParagraph": {"text": "<br>".join(lines)}}
    for note in small(content, repeated=repeated):
        yield {"textParagraph": {"text": f"<i>{HTML.escape(note)}</i>"}}
    if url := web_link(content.link):
        yield {"buttonList": {"buttons": [{"text": SEE_ALL, "onClick": {"openLink": {"url": address(url)}}}]}}
