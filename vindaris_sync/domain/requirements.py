"""What a goal requires: work that is to be created from it, each item once, under an id of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

PLACEHOLDERS = (
    "goal.key", "goal.title", "goal.description", "goal.parent", "goal.priority", "goal.period", "goal.owner",
)  # fmt: skip
"""What a template may name, in braces: ``{goal.title}``."""

_PLACEHOLDER = re.compile(r"\{\{(?P<kept>[A-Za-z_]\w*(?:\.\w+)+)\}\}|\{(?P<name>[A-Za-z_]\w*(?:\.\w+)+)\}")
_MENTION = re.compile(r"@(?=\w)|<(?=!)|\[(?=~)")
_WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Requirement:
    """An item of work that a goal requires, as its source states it. ``title`` and ``body`` are templates."""

    id: str
    """Its lasting name within its goal: another id is another item, whatever the rest says."""
    tracker: str
    place: str
    """The project or ``owner/repository`` to create it in."""
    title: str
    type: str = ""
    """The name of a type of issue; empty: the tracker's usual one."""
    body: str = ""
    labels: tuple[str, ...] = ()
    assignee: str = ""
    parent: str = ""
    """The id of another item of the same goal, or an issue's key."""


def document_of(item: Requirement) -> dict[str, Any]:
    """Return an item as JSON has it."""
    return {**asdict(item), "labels": list(item.labels)}


def requirement_of(told: Mapping[str, Any]) -> Requirement:
    """Return the item that ``document_of`` was given."""
    return Requirement(**{**told, "labels": tuple(told["labels"])})


def unknown_placeholders(template: str) -> tuple[str, ...]:
    """Return the names in a template that nothing can be filled in for, as they are written."""
    names = (found["name"] for found in _PLACEHOLDER.finditer(template))
    return tuple(dict.fromkeys(name for name in names if name and name not in PLACEHOLDERS))


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its placeholders replaced, once: what a value says is never a placeholder itself.

    Only names with a dot are placeholders, so that ``{code}`` stays; a doubled ``{{goal.key}}`` is ``{goal.key}``.
    Values are strangers' text: they mention nobody and open no comment in any tracker's markup.
    """

    def replacement(found: re.Match[str]) -> str:
        return f"{{{found['kept']}}}" if found["kept"] else _inert(values.get(found["name"], ""))

    return _PLACEHOLDER.sub(replacement, template)


def _inert(value: str) -> str:
    return _MENTION.sub(lambda found: found[0] + _WORD_JOINER, value)


def contradictions(items: Iterable[Requirement]) -> Iterator[tuple[int, str, str]]:
    """Yield what is wrong between the items of one goal: position, field, and why."""
    items = tuple(items)
    named: dict[str, Requirement] = {}
    for index, item in enumerate(items):
        if named.setdefault(item.id.casefold(), item) is not item:
            yield index, "id", f"the id {item.id} is taken: each item of a goal has its own"
    for index, item in enumerate(items):
        above = named.get(item.parent.casefold()) if item.parent else None
        if above is not None and above.tracker != item.tracker:
            yield index, "parent", f"{above.id} is created in {above.tracker}: a parent is in the same tracker"
        if item in _line(item, named):
            yield index, "parent", "parents form a circle: " + " → ".join(each.id for each in _line(item, named))


def _line(item: Requirement, named: Mapping[str, Requirement]) -> tuple[Requirement, ...]:
    """Return the items above ``item``, nearest first; each is walked once."""
    found: list[Requirement] = []
    above = named.get(item.parent.casefold()) if item.parent else None
    while above is not None and above not in found:
        found.append(above)
        above = named.get(above.parent.casefold()) if above.parent else None
    return tuple(found)
