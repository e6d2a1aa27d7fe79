"""A content as one attachment of a Mattermost post; only its text is used, the one part that is markdown for sure.

Limits: Mattermost, "Message attachments" and the server's 16,383 characters a post; we stay within 4,000, which older
and smaller servers take.
"""

from __future__ import annotations

from typing import Any

from vindaris_sync.domain.messages import Content, State
from vindaris_sync.notify.markup import MATTERMOST, defuse, rows
from vindaris_sync.notify.parts import SEE_ALL, fitting, headline, small, web_link

MAX_ITEMS = 10
"""The ten that matter."""
_TEXT = 4000
_COLORS = {State.OPEN: "#d9822b", State.RESOLVED: "#2e7d32", State.CONTINUED: "#808080"}


def attachment(content: Content, *, repeated: bool = False) -> dict[str, Any]:
    """Return the attachment; ``fallback`` is what notifications show."""
    return {
        "fallback": defuse(headline(content)),
        "color": _COLORS[content.state],
        "text": fitting(content, lambda part: _text(part, repeated=repeated), lambda text: len(text) <= _TEXT),
    }


def said(words: str) -> str:
    """Return one line of plain words."""
    return MATTERMOST.escape(words[: _TEXT // 4])


def _text(content: Content, *, repeated: bool) -> str:
    lines = [MATTERMOST.strong(headline(content)), *rows(content, MATTERMOST)]
    if url := web_link(content.link):
        lines.append(MATTERMOST.link(SEE_ALL, url))
    lines += [MATTERMOST.escape(note) for note in small(content, repeated=repeated)]
    return "\n".join(lines)
