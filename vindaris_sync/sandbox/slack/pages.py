"""The workspace as people see it in a browser: channels, and what stands in them now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox import pages

if TYPE_CHECKING:
    from vindaris_sync.sandbox.slack.world import Channel, Message, World


def page(world: World, base: str, path: str) -> str | None:
    """Return the page at ``path``: all channels, or ``/archives/NAME``."""
    if path == "/":
        rows = (
            (pages.link(f"{base}/archives/{each.name}", f"#{each.name}"), str(len(each.messages)))
            for each in world.channels.values()
        )
        return pages.document("Slack look-alike", pages.listing(("channel", "messages"), rows))
    kind, _, name = path.strip("/").partition("/")
    channel = world.channels.get(name) if kind == "archives" else None
    return _channel(base, channel) if channel is not None else None


def _channel(base: str, channel: Channel) -> str:
    newest = reversed(channel.messages[-pages.MOST :])
    cards = (_message(channel, message) for message in newest)
    return pages.document(f"#{channel.name}", *cards, up=f"{base}/")


def _message(channel: Channel, message: Message) -> str:
    edits = len(message.edits)
    edited = f", edited {'once' if edits == 1 else f'{edits} times'}" if edits else ""
    at = f"{datetime.fromtimestamp(message.posted, UTC):%H:%M:%S}"
    said = "\n".join(_texts(message.blocks)) or message.text
    replies = "".join(
        f'<div class="card"><small>thread</small> {escape(each.text)}</div>' for each in channel.thread(message.ts)
    )
    return (
        f'<article class="card"><small>{at} {escape(message.author)}{edited}</small>\n{escape(said)}{replies}</article>'
    )


def _texts(part: Any) -> Iterator[str]:  # noqa: ANN401 - blocks are nested JSON
    """Yield the lines of a block; of what stands within a line, its pieces."""
    if isinstance(part, list):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        held = part.get("text")
        match part.get("type"):
            case "rich_text_section":
                yield "".join(_texts(part.get("elements")))
            case "rich_text_list":
                yield from (f"• {line}" for line in _texts(part.get("elements")))
            case "button":
                yield f"[{held.get('text', '') if isinstance(held, dict) else held}]"
            case _ if isinstance(held, str):
                yield held
            case _:
                yield from _texts([held, part.get("fields"), part.get("elements"), part.get("accessory")])
