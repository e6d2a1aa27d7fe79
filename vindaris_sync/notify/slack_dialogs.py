"""Dialogs as Slack's modals, and what people filled in.

Whatever strangers wrote stands in ``plain_text``. Limits: Slack, "Views" and Block Kit reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vindaris_sync.domain.messages import LABEL
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify.hearing import Choice, Dialog, Field, Input
from vindaris_sync.notify.slack_blocks import Block, plain_text

_TITLE = 24
_ABOUT = 3000
_SEARCH_FROM = 1
"""Characters from which on a search is asked; each one typed is a request to us."""


def view(dialog: Dialog, context: Mapping[str, str]) -> Block:
    """Return the modal that asks ``dialog``; ``context`` comes back with what is filled in, and is not shown."""
    about = {"type": "section", "text": plain_text(dialog.about[:_ABOUT] or " ")}
    return {
        "type": "modal",
        "callback_id": str(dialog.action),
        "private_metadata": json.dumps({**context, "value": dialog.value}),
        "title": plain_text(one_line(dialog.title, _TITLE)),
        "submit": plain_text(one_line(dialog.submit, _TITLE)),
        "close": plain_text("Cancel"),
        "blocks": [about, *(_input(field) for field in dialog.fields)],
    }


def notice(title: str, words: str) -> Block:
    """Return a modal that only says something."""
    said = {"type": "section", "text": plain_text(words[:_ABOUT] or " ")}
    title = one_line(title, _TITLE)
    return {"type": "modal", "title": plain_text(title), "close": plain_text("Close"), "blocks": [said]}


def option(choice: Choice) -> Block:
    """Return one thing to choose."""
    return {"text": plain_text(one_line(choice.label, LABEL) or choice.value), "value": choice.value}


def given(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what the fields of a submitted modal were filled with, empty where nothing was."""
    return {
        block: _filled(element)
        for block, elements in view["state"]["values"].items()
        for element in elements.values()
    }  # fmt: skip


def _filled(element: Mapping[str, Any]) -> str:
    if element["type"] == "plain_text_input":
        return str(element.get("value") or "")
    chosen = element.get("selected_option")
    return str(chosen["value"]) if chosen else ""


def _input(field: Field) -> Block:
    return {
        "type": "input",
        "block_id": field.name,
        "label": plain_text(field.label),
        "optional": not field.needed,
        "element": {"action_id": field.name, **_element(field)},
    }


def _element(field: Field) -> Block:
    if field.input is Input.SEARCH:
        placeholder = plain_text("Type a key, or words of the goal")
        return {"type": "external_select", "min_query_length": _SEARCH_FROM, "placeholder": placeholder}
    if field.input is Input.TEXT:
        begun = {"initial_value": field.initial} if field.initial else {}
        return {"type": "plain_text_input", "max_length": field.longest, "multiline": False, **begun}
    options = [option(choice) for choice in field.choices]
    first = next((each for each in options if each["value"] == field.initial), None)
    return {"type": "static_select", "options": options, **({"initial_option": first} if first else {})}
