"""What Discord refuses of a message: ``50035 Invalid Form Body``, with the place of every problem.

Numbers are those of Discord's reference: 2,000 characters of content; 10 embeds of title 256, description 4,096, 25
fields of 256 and 1,024, footer 2,048, all of them together 6,000; a nonce of 25.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from vindaris_sync.sandbox.rooms import Refused

LIMITS = {"title": 256, "description": 4096}
CONTENT, EMBEDS, TOTAL, FIELDS, NAME, VALUE, FOOTER, NONCE = 2000, 10, 6000, 25, 256, 1024, 2048, 25
ROWS, BUTTONS, CUSTOM, LABEL = 5, 5, 100, 80
_KEPT = ("content", "embeds", "components", "allowed_mentions")


def check(body: object) -> dict[str, Any]:
    """Return the parts of a message that Discord keeps; raises ``Refused``."""
    if not isinstance(body, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, 50109, "The request body contains invalid JSON.")
    if not any(body.get(name) for name in ("content", "embeds", "components")):
        raise Refused(HTTPStatus.BAD_REQUEST, 50006, "Cannot send an empty message")
    problems = dict(_problems(body))
    if problems:
        raise Refused(HTTPStatus.BAD_REQUEST, 50035, "Invalid Form Body", errors=problems)
    return {name: body[name] for name in _KEPT if name in body}


def _problems(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    embeds = body.get("embeds") or []
    yield from _length("content", body.get("content") or "", CONTENT)
    yield from _length("nonce", str(body.get("nonce") or ""), NONCE)
    yield from _components(body.get("components") or [])
    if not isinstance(embeds, list) or len(embeds) > EMBEDS:
        yield "embeds", "Must be 10 or fewer in length."
        return
    total = 0
    for place, embed in enumerate(embeds):
        for name, text, most in _texts(embed):
            yield from _length(f"embeds.{place}.{name}", text, most)
            total += len(text.strip()) if isinstance(text, str) else 0
        if len(embed.get("fields") or ()) > FIELDS:
            yield f"embeds.{place}.fields", "Must be 25 or fewer in length."
        url = embed.get("url", "https://")
        if not str(url).startswith(("https://", "http://")):
            yield f"embeds.{place}.url", "Not a well formed URL."
    if total > TOTAL:
        yield "embeds", "Embed size exceeds maximum size of 6000"


def _components(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    buttons = [button for row in rows for button in row.get("components", ())]
    if len(rows) > ROWS or any(not 1 <= len(row.get("components", ())) <= BUTTONS for row in rows):
        yield "components", "Must be 5 or fewer in length, each of 1 to 5."
    names = [str(button.get("custom_id", "")) for button in buttons]
    if len(set(names)) < len(names):
        yield "components", "Component custom id cannot be duplicated"
    for place, (button, name) in enumerate(zip(buttons, names, strict=True)):
        yield from _length(f"components.{place}.custom_id", name or None, CUSTOM)
        yield from _length(f"components.{place}.label", button.get("label"), LABEL)


def _texts(embed: Mapping[str, Any]) -> Iterator[tuple[str, object, int]]:
    for name, most in LIMITS.items():
        yield name, embed.get(name, ""), most
    yield "footer.text", (embed.get("footer") or {}).get("text", ""), FOOTER
    for number, field in enumerate(embed.get("fields") or ()):
        for name, most in (("name", NAME), ("value", VALUE)):
            text = field.get(name, "")
            yield f"fields.{number}.{name}", text or None, most


def _length(place: str, text: object, most: int) -> Iterator[tuple[str, str]]:
    if not isinstance(text, str):
        yield place, "This field is required"
    elif len(text.strip()) > most:
        yield place, f"Must be {most} or fewer in length."
