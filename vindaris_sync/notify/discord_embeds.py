"""A content as one embed of a Discord message: no mention notifies anybody, all that strangers wrote is escaped.

Limits and fields: Discord, "Message" resource, embed limits; markdown holds in title, description and field values,
and not in the footer.
"""

from __future__ import annotations

from typing import Any

from vindaris_sync.domain.messages import Content, State
from vindaris_sync.notify.markup import DISCORD, address, rows
from vindaris_sync.notify.parts import SEE_ALL, fitting, headline, small, web_link

MAX_ITEMS = 10
"""The ten that matter."""
_CONTENT = 2000
_TITLE = 256
_DESCRIPTION = 4096
_FIELDS = 25
_FIELD = 256
_VALUE = 1024
_FOOTER = 2048
_EMBED = 6000
_COLORS = {State.OPEN: 0xD9822B, State.RESOLVED: 0x2E7D32, State.CONTINUED: 0x808080}

Embed = dict[str, Any]


def body(content: Content, mark: str = "", *, repeated: bool = False) -> dict[str, Any]:
    """Return a message with one embed; ``mark`` stands small in its footer, by which the message is recognised."""
    embed = fitting(content, lambda part: _embed(part, mark, repeated=repeated), _fits)
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def said(words: str) -> dict[str, Any]:
    """Return one line of plain words as a message's body."""
    return {"content": DISCORD.escape(words[: _CONTENT // 2]), "allowed_mentions": {"parse": []}}


def mark_of(message: Any) -> str:  # noqa: ANN401 - whatever a chat says
    """Return the mark of a message as Discord prints it; empty where there is none."""
    for embed in message.get("embeds") or ():
        text = str((embed.get("footer") or {}).get("text", ""))
        if text:
            return text.rpartition("ref ")[2]
    return ""


def _embed(content: Content, mark: str, *, repeated: bool) -> Embed:
    lines = list(rows(content, DISCORD, facts=False))
    if url := web_link(content.link):
        lines.append(DISCORD.link(SEE_ALL, url))
    notes = [*small(content, repeated=repeated), *([f"ref {mark}"] if mark else [])]
    embed: Embed = {
        "title": DISCORD.escape(headline(content))[:_TITLE].rstrip("\\"),
        "color": _COLORS[content.state],
        "description": "\n".join(lines),
        "fields": [
            {"name": DISCORD.escape(name)[:_FIELD], "value": DISCORD.escape(value)[:_VALUE], "inline": True}
            for name, value in content.facts[:_FIELDS]
        ],
        "footer": {"text": " · ".join(notes)[-_FOOTER:]},
    }
    if url:
        embed["url"] = address(url)
    return {name: value for name, value in embed.items() if value not in ("", [], {"text": ""})}


def _fits(embed: Embed) -> bool:
    texts = [embed["title"], embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    texts += [text for field in embed.get("fields", ()) for text in (field["name"], field["value"])]
    return len(embed.get("description", "")) <= _DESCRIPTION and sum(map(len, texts)) <= _EMBED
