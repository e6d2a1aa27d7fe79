"""A Microsoft Teams channel or chat, by the address of a workflow: one Adaptive Card a message.

The workflow's answer says that it has begun, not that the card was shown; nothing can be edited. Source: Microsoft,
"Create incoming webhooks with Workflows", "Format cards" and the 28 KB of a message; Adaptive Cards, ``RichTextBlock``,
whose runs know no markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.messages import Content, Line
from vindaris_sync.domain.wording import Kind
from vindaris_sync.notify.http import Answer, encode
from vindaris_sync.notify.markup import address
from vindaris_sync.notify.one_way import Hook
from vindaris_sync.notify.parts import SEE_ALL, fitting, headline, rest, small, web_link

_LARGEST = 25_000  # bytes of the 28 KB: Teams counts its own wrapping, too
_STYLES: dict[Kind, dict[str, Any]] = {Kind.OLD: {"strikethrough": True}, Kind.NEW: {"weight": "Bolder"}}

Element = dict[str, Any]


class TeamsChannel(Hook):
    """One workflow; its address is the secret."""

    service = "Teams workflow"
    max_items = 10
    advice = {  # noqa: RUF012 - read only, by the base
        HTTPStatus.BAD_REQUEST: "the workflow does not take the card: use the template that posts to a channel when a "
        "webhook request is received",
        HTTPStatus.UNAUTHORIZED: "let anyone who has the address trigger the workflow, or copy its address again",
        HTTPStatus.FORBIDDEN: "let anyone who has the address trigger the workflow, or copy its address again",
        HTTPStatus.NOT_FOUND: "the workflow is off or no more: turn it on, or make a new one",
        HTTPStatus.GONE: "the workflow is no more: make a new one",
    }

    def document(self, content: Content, key: str, *, repeated: bool = False) -> dict[str, Any]:  # noqa: ARG002 - no place for a key
        """Return a message with one card that fits."""
        return fitting(
            content, lambda part: message(part, repeated=repeated), lambda made: len(encode(made)) <= _LARGEST
        )

    def word(self, answer: Answer) -> str:
        """Return the code of Power Automate's error."""
        said = answer.json()
        error = said.get("error") if isinstance(said, dict) else None
        return str(error.get("code", "")) if isinstance(error, dict) else ""


def message(content: Content, *, repeated: bool = False) -> dict[str, Any]:
    """Return what a workflow takes: a message with the card as its attachment."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": _inert(headline(content)),
        "msteams": {"width": "Full"},
        "body": list(_body(content, repeated=repeated)),
    }
    if url := web_link(content.link):
        card["actions"] = [{"type": "Action.OpenUrl", "title": SEE_ALL, "url": address(url)}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _body(content: Content, *, repeated: bool) -> Iterator[Element]:
    yield _block(_run(headline(content), size="Large", weight="Bolder"))
    for name, value in content.facts:
        yield _block(_run(f"{name}: "), _run(value, weight="Bolder"), spacing="Small")
    for changed in content.changes:
        yield _block(*_change(changed), spacing="Small")
    for line in content.lines:
        yield _block(*_item(line), spacing="Small")
    for line in content.decided:
        yield _block(_run("✓ "), *_item(line), spacing="Small")
    if words := rest(content):
        yield _block(_run(words), spacing="Small")
    for note in small(content, repeated=repeated):
        yield _block(_run(note, size="Small", isSubtle=True))


def _item(line: Line) -> Iterator[Element]:
    url = web_link(line.url)
    opens = {"selectAction": {"type": "Action.OpenUrl", "url": address(url)}} if url else {}
    yield _run(line.key, weight="Bolder", **opens)
    if line.title:
        yield _run(f"  {line.title}")
    if line.note:
        yield _run(f"  {line.note}", italic=True)


def _change(changed: Changed) -> Iterator[Element]:
    yield _run(f"{changed.name}: ", italic=True)
    yield from (_run(piece.text, **_STYLES.get(piece.kind, {})) for piece in changed.pieces if piece.text)


def _block(*runs: Element, **style: Any) -> Element:  # noqa: ANN401 - a card's own values
    return {"type": "RichTextBlock", "inlines": list(runs), **style}


def _run(words: str, **style: Any) -> Element:  # noqa: ANN401 - as above
    return {"type": "TextRun", "text": _inert(words), **style}


def _inert(words: str) -> str:
    """Return ``words`` without what clients replace in any text of a card: ``{{DATE(…)}}``, ``{{TIME(…)}}``."""
    return words.replace("{{", "{\u200b{")
