"""Modals: what Slack refuses of a view, and what is in one once people have filled it in.

Numbers are those of Slack's reference: 24 characters of title, submit and close, 100 blocks, 3,000 of private metadata,
255 of ids, 2,000 of labels, 150 of placeholders, 75 of an option's text, 150 of its value, 100 options, 3,000 typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from vindaris_sync.sandbox.slack.blocks import check_block
from vindaris_sync.sandbox.slack.world import Refused

MAX_TITLE = 24
MAX_BLOCKS = 100
MAX_PRIVATE = 3_000
MAX_ID = 255
MAX_LABEL = 2_000
MAX_PLACEHOLDER = 150
MAX_OPTIONS = 100
MAX_OPTION = 75
MAX_OPTION_VALUE = 150
MAX_TYPED = 3_000

Problems = Iterator[str]
Shape = Mapping[str, Any]


def check(view: object) -> dict[str, Any]:
    """Return ``view`` where Slack would open it; raises ``Refused`` with every reason where not."""
    if not isinstance(view, dict) or view.get("type") != "modal":
        raise Refused("invalid_arguments", "[ERROR] view must be a modal [json-pointer:/view/type]")
    problems = [*_frame(view), *(found for block in view.get("blocks") or [] for found in _block(block))]
    if problems:
        raise Refused("invalid_arguments", *(f"[ERROR] {problem} [json-pointer:/view]" for problem in problems))
    return view


def _frame(view: Shape) -> Problems:
    for name in ("title", "submit", "close"):
        if name in view or name == "title":
            yield from plain(name, view.get(name), MAX_TITLE)
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not 0 < len(blocks) <= MAX_BLOCKS:
        yield f"between 1 and {MAX_BLOCKS} blocks required"
    elif any(block.get("type") == "input" for block in blocks) and "submit" not in view:
        yield "submit is required where there is an input"
    for name, most in (("private_metadata", MAX_PRIVATE), ("callback_id", MAX_ID)):
        if len(str(view.get(name) or "")) > most:
            yield f"{name} must be less than {most + 1} characters"


def _block(block: Shape) -> Problems:
    if block.get("type") != "input":
        yield from check_block(block)
        return
    yield from plain("label", block.get("label"), MAX_LABEL)
    element = block.get("element") or {}
    known = _INPUTS.get(str(element.get("type")))
    if known is None:
        yield f"unsupported element: {element.get('type')}"
        return
    if not element.get("action_id") or len(element["action_id"]) > MAX_ID:
        yield "an input's element needs an action_id"
    if "placeholder" in element:
        yield from plain("placeholder", element["placeholder"], MAX_PLACEHOLDER)
    yield from known(element)


def _typed(element: Shape) -> Problems:
    if not 0 < element.get("max_length", MAX_TYPED) <= MAX_TYPED:
        yield f"max_length is at most {MAX_TYPED}"
    if len(element.get("initial_value", "")) > element.get("max_length", MAX_TYPED):
        yield "initial_value is longer than max_length"


def _chosen(element: Shape) -> Problems:
    yield from options(element.get("options"))
    initial = element.get("initial_option")
    if initial is not None and initial not in element.get("options", ()):
        yield "initial_option must be one of options"


def _searched(element: Shape) -> Problems:
    if not isinstance(element.get("min_query_length", 3), int):
        yield "min_query_length must be a number"
    if "options" in element:
        yield "an external select has no options of its own"


def options(found: object, least: int = 1) -> Problems:
    """Yield what is wrong with the options of a menu."""
    if not isinstance(found, list) or not least <= len(found) <= MAX_OPTIONS:
        yield f"between {least} and {MAX_OPTIONS} options required"
        return
    for option in found:
        yield from plain("option", option.get("text"), MAX_OPTION)
        if not 0 < len(str(option.get("value") or "")) <= MAX_OPTION_VALUE:
            yield f"an option's value has 1 to {MAX_OPTION_VALUE} characters"
        if "description" in option:
            yield from plain("description", option["description"], MAX_OPTION)
    values = [option.get("value") for option in found]
    if len(values) != len(set(values)):
        yield "options must have different values"


def plain(name: str, text: object, most: int) -> Problems:
    """Yield what is wrong with a text that must be plain."""
    if not isinstance(text, Mapping) or text.get("type") != "plain_text":
        yield f"{name} must be a plain_text object"
    elif not 0 < len(str(text.get("text") or "")) <= most:
        yield f"{name} must have 1 to {most} characters"


_INPUTS: Mapping[str, Callable[[Shape], Problems]] = {
    "plain_text_input": _typed,
    "static_select": _chosen,
    "external_select": _searched,
}


def inputs(document: Shape) -> Iterable[tuple[str, Shape]]:
    """Yield block id and element of every input, in order."""
    return ((block["block_id"], block["element"]) for block in document["blocks"] if block["type"] == "input")


def state_of(element: Shape, value: object) -> dict[str, Any]:
    """Return what Slack says of a field filled with ``value``: typed text, or the option chosen (None: nothing)."""
    if element["type"] == "plain_text_input":
        return {"type": element["type"], "value": value or None}
    return {"type": element["type"], "selected_option": value}


def initial(element: Shape) -> object:
    """Return what stands in a field before anybody touches it."""
    return element.get("initial_value") if element["type"] == "plain_text_input" else element.get("initial_option")
