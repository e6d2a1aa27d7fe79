"""Buttons and dialogs as Discord's components: a row below the message for each line, and modals.

Limits: Discord, "Component reference": five rows of five buttons, a ``custom_id`` of 100 characters, a label of 80; a
modal's title of 45, five inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vindaris_sync.domain.messages import Act, Content, Line, Style
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify.hearing import Choice, Dialog, Field, Input

Component = dict[str, Any]

_ROW, _BUTTON, _SELECT, _TEXT, _LABEL = 1, 2, 3, 4, 18
_ROWS = 5
_IN_A_ROW = 5
_BUTTON_LABEL = 80
_TITLE = 45
_FIELDS = 5
_OPTIONS = 25
_STYLES = {Style.PRIMARY: 1, Style.PLAIN: 2, Style.DANGER: 4}
_LETTERS = {Act.LINK: "l", Act.SEARCH: "s", Act.EXEMPT: "e", Act.CONFIRM: "c", Act.UNDO: "u"}
_ACTS = {letter: act for act, letter in _LETTERS.items()}


def components(content: Content) -> list[Component]:
    """Return a row of buttons for each of the first five lines that have some; each names its issue."""
    lines = [line for line in (*content.lines, *content.decided) if line.buttons]
    return [{"type": _ROW, "components": list(_buttons(row, line))} for row, line in enumerate(lines[:_ROWS])]


def pressed(custom_id: str) -> tuple[Act, str]:
    """Return what a button or dialog asks for, and about what; raises ``LookupError`` for one that is not ours."""
    return _ACTS[custom_id[1]], custom_id[2:]


def modal(dialog: Dialog) -> Component:
    """Return the modal that asks ``dialog``; what it is about stands below its first label."""
    first, *others = dialog.fields[:_FIELDS]
    return {
        "custom_id": f"-{_LETTERS[dialog.action]}{dialog.value}",
        "title": one_line(dialog.title, _TITLE),
        "components": [{**_field(first), "description": one_line(dialog.about, 100)}, *map(_field, others)],
    }


def given(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what the fields of a submitted modal were filled with, empty where nothing was."""
    found = (label.get("component") or label["components"][0] for label in data["components"])
    return {str(each["custom_id"]): str((each.get("values") or [each.get("value") or ""])[0]) for each in found}


def _buttons(row: int, line: Line) -> Iterator[Component]:
    for place, button in enumerate(line.buttons[:_IN_A_ROW]):
        alone = chr(ord("a") + row * _IN_A_ROW + place)  # no two components of a message may have one id
        yield {
            "type": _BUTTON,
            "style": _STYLES[button.style],
            "label": one_line(f"{line.key}: {button.label}", _BUTTON_LABEL),
            "custom_id": f"{alone}{_LETTERS[button.action]}{button.value}",
        }


def _field(field: Field) -> Component:
    return {"type": _LABEL, "label": one_line(field.label, _TITLE), "component": _input(field)}


def _input(field: Field) -> Component:
    if field.input is Input.CHOICE:
        options = [_option(choice, field.initial) for choice in field.choices[:_OPTIONS]]
        return {"type": _SELECT, "custom_id": field.name, "options": options, "required": field.needed}
    begun = {"value": field.initial} if field.initial else {}
    size = {"style": 1, "max_length": field.longest, "required": field.needed}
    return {"type": _TEXT, "custom_id": field.name, **size, **begun}


def _option(choice: Choice, initial: str) -> Component:
    label = one_line(choice.label, 100) or choice.value
    return {"label": label, "value": choice.value, "default": choice.value == initial}
