"""Block Kit's limits: what Slack refuses with ``invalid_blocks``.

Numbers are those of Slack's reference: 50 blocks a message, 3,000 characters in a section, 150 in a header, 10 fields
of 2,000, 25 elements in actions, 10 in a context, 255 in a ``block_id`` or ``action_id``, 2,000 in a button's value,
75 on a button.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vindaris_sync.sandbox.slack.world import Refused

MAX_BLOCKS = 50
MAX_TEXT = 40_000
MAX_SECTION = 3_000
MAX_HEADER = 150
MAX_FIELDS = 10
MAX_FIELD = 2_000
MAX_ACTIONS = 25
MAX_CONTEXT = 10
MAX_ID = 255
MAX_VALUE = 2_000
MAX_BUTTON = 75
MAX_URL = 3_000

Problems = Iterator[str]


def check(blocks: object) -> list[dict[str, Any]]:
    """Return ``blocks`` where Slack would take them; raises ``Refused`` with every reason where not."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    problems = [f"no more than {MAX_BLOCKS} items allowed [json-pointer:/blocks]"] if len(blocks) > MAX_BLOCKS else []
    for place, block in enumerate(blocks):
        problems += [f"{problem} [json-pointer:/blocks/{place}]" for problem in check_block(block)]
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(ids) != len(set(ids)):
        problems.append("block_id must be unique [json-pointer:/blocks]")
    if problems:
        raise Refused("invalid_blocks", *problems)
    return blocks


def check_block(block: Mapping[str, Any]) -> Problems:
    """Yield what is wrong with one block."""
    kind = str(block.get("type"))
    if kind not in _KINDS:
        yield f"unsupported type: {kind}"
        return
    yield from _within("block_id", block.get("block_id", ""), MAX_ID)
    yield from _KINDS[kind](block)


def _section(block: Mapping[str, Any]) -> Problems:
    if not block.get("text") and not block.get("fields"):
        yield "missing required field: text or fields"
    if block.get("text"):
        yield from _text("text", block["text"], MAX_SECTION)
    fields = block.get("fields") or []
    if len(fields) > MAX_FIELDS:
        yield f"no more than {MAX_FIELDS} fields allowed"
    for each in fields:
        yield from _text("field", each, MAX_FIELD)
    if block.get("accessory"):
        yield from _element(block["accessory"])


def _header(block: Mapping[str, Any]) -> Problems:
    text = block.get("text") or {}
    yield from _text("text", text, MAX_HEADER)
    if isinstance(text, Mapping) and text.get("type") != "plain_text":
        yield "header text must be plain_text"


def _actions(block: Mapping[str, Any]) -> Problems:
    yield from _elements(block, MAX_ACTIONS)


def _context(block: Mapping[str, Any]) -> Problems:
    elements = block.get("elements") or []
    if not 0 < len(elements) <= MAX_CONTEXT:
        yield f"between 1 and {MAX_CONTEXT} elements required"
    for each in elements:
        if isinstance(each, Mapping) and each.get("type") in {"mrkdwn", "plain_text"}:
            yield from _text("element", each, MAX_FIELD)
        elif not isinstance(each, Mapping) or each.get("type") != "image":
            yield "context takes texts and images"


def _anything(_: Mapping[str, Any]) -> Problems:
    yield from ()


def _elements(block: Mapping[str, Any], most: int) -> Problems:
    elements = block.get("elements") or []
    if not 0 < len(elements) <= most:
        yield f"between 1 and {most} elements required"
    for each in elements:
        yield from _element(each)
    named = [each["action_id"] for each in elements if isinstance(each, Mapping) and each.get("action_id")]
    if len(named) != len(set(named)):
        yield "action_id must be unique in its block"


def _element(element: object) -> Problems:
    if not isinstance(element, Mapping) or not element.get("type"):
        yield "an element is an object with a type"
        return
    yield from _within("action_id", element.get("action_id", ""), MAX_ID)
    yield from _within("value", element.get("value", ""), MAX_VALUE)
    if element["type"] == "button":
        text = element.get("text") or {}
        yield from _text("button text", text, MAX_BUTTON)
        if isinstance(text, Mapping) and text.get("type") != "plain_text":
            yield "button text must be plain_text"
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield "style must be primary or danger"
        yield from _within("url", element.get("url", ""), MAX_URL)


def _text(name: str, text: object, most: int) -> Problems:
    if not isinstance(text, Mapping) or text.get("type") not in {"mrkdwn", "plain_text"}:
        yield f"{name} must be a mrkdwn or plain_text object"
    elif not isinstance(text.get("text"), str) or not text["text"]:
        yield f"{name} must be more than 0 characters"
    else:
        yield from _within(name, text["text"], most)


def _within(name: str, text: object, most: int) -> Problems:
    if not isinstance(text, str):
        yield f"{name} must be a string"
    elif len(text) > most:
        yield f"{name} must be less than {most + 1} characters"


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Problems]] = {
    "section": _section,
    "header": _header,
    "actions": _actions,
    "context": _context,
    "divider": _anything,
    "image": _anything,
    "rich_text": _anything,
    "markdown": _anything,
}
