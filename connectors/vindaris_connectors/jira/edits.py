"""What a write means in Jira's words: one edit of labels and fields, as a PUT and as bulk edits. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vindaris_connectors.jira.surfaces import Field, Shape
from vindaris_sync.domain.models import Change, Issue, Raw, SurfaceKind

MAX_LABEL = 255


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """Values to add to and take off one field; a single-valued one is set to the first added, or cleared."""

    field: Field
    add: Raw
    remove: Raw

    @property
    def value(self) -> str | None:
        """What a single-valued field is set to."""
        return self.add[0] if self.add else None


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one issue; equal edits of many issues are one bulk edit."""

    add: Raw = ()
    """Whole labels."""
    remove: Raw = ()
    """Whole labels, spelled as the issue has them."""
    fields: tuple[FieldEdit, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove or self.fields)

    @property
    def touched(self) -> list[str]:
        """The ids of the fields that it touches."""
        return [*(["labels"] if self.add or self.remove else ()), *(edit.field.id for edit in self.fields)]


def edit_of(changes: Iterable[Change], issue: Issue, fields: Mapping[str, Field]) -> Edit:
    """Return what ``changes`` mean on ``issue`` as it was read; raises ``KeyError`` for a field that is not managed."""
    add: list[str] = []
    remove: list[str] = []
    edits: list[FieldEdit] = []
    for change in changes:
        surface = change.surface
        if surface.kind is SurfaceKind.FIELD:
            edits.append(FieldEdit(fields[surface.id], change.add, change.remove))
            continue
        prefix = surface.id if surface.kind is SurfaceKind.LABEL else ""
        add += [prefix + value for value in change.add]
        remove += [label for label in issue.labels if _meant(label, prefix, change.remove)]
    return Edit(tuple(add), tuple(label for label in remove if label not in add), tuple(edits))


def _meant(label: str, prefix: str, values: Raw) -> bool:
    size = len(prefix)
    return label[:size].casefold() == prefix.casefold() and label[size:] in values


def unfit_label(labels: Iterable[str]) -> str:
    """Return the first label that Jira can never hold, empty where all can be."""
    return next((label for label in labels if re.search(r"\s", label) or not 0 < len(label) <= MAX_LABEL), "")


def put_body(edit: Edit) -> dict[str, Any]:
    """Return the body of ``PUT /issue/{id}``: all of it, or nothing, is applied. Foreign labels are left alone."""
    fields: dict[str, Any] = {}
    update: dict[str, Any] = {}
    if edit.add or edit.remove:
        update["labels"] = [{"add": label} for label in edit.add] + [{"remove": label} for label in edit.remove]
    for each in edit.fields:
        match each.field.shape:
            case Shape.OPTION:
                fields[each.field.id] = None if each.value is None else {"value": each.value}
            case Shape.TEXT:
                fields[each.field.id] = each.value
            case Shape.OPTIONS:
                update[each.field.id] = _operations(each, lambda value: {"value": value})
            case Shape.LABELS:
                update[each.field.id] = _operations(each, lambda value: value)
    return {**({"fields": fields} if fields else {}), **({"update": update} if update else {})}


def _operations(edit: FieldEdit, shown: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a function of a value
    return [{"add": shown(value)} for value in edit.add] + [{"remove": shown(value)} for value in edit.remove]


def bulk_inputs(edit: Edit, option_id: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Return the ``editedFieldsInput`` of its bulk edits: one that adds and sets, one that removes.

    Adding goes first: cut off in between, the issue shows both. ``option_id`` maps (field id, value) to option ids.
    """
    inputs = []
    for verb, labels in (("ADD", edit.add), ("REMOVE", edit.remove)):
        lists: dict[str, list[dict[str, Any]]] = {}
        if labels:
            lists["labelsFields"] = [_labels("labels", verb, labels)]
        for each in edit.fields:
            if not (verb == "REMOVE" and each.field.shape.single):
                _bulk_field(lists, each, verb, option_id)
        if lists:
            inputs.append(dict(lists))
    return inputs


def _bulk_field(
    lists: dict[str, list[dict[str, Any]]], edit: FieldEdit, verb: str, option_id: Mapping[tuple[str, str], int]
) -> None:
    id_, values = edit.field.id, edit.add if verb == "ADD" else edit.remove
    match edit.field.shape:
        case Shape.OPTION:
            chosen = -1 if edit.value is None else option_id[id_, edit.value]
            lists.setdefault("singleSelectFields", []).append({"fieldId": id_, "option": {"optionId": chosen}})
        case Shape.TEXT:
            lists.setdefault("singleLineTextFields", []).append({"fieldId": id_, "text": edit.value or ""})
        case Shape.OPTIONS if values:
            options = [{"optionId": option_id[id_, value]} for value in values]
            chosen_ones = {"fieldId": id_, "bulkEditMultiSelectFieldOption": verb, "options": options}
            lists.setdefault("multipleSelectFields", []).append(chosen_ones)
        case Shape.LABELS if values:
            lists.setdefault("labelsFields", []).append(_labels(id_, verb, values))


def _labels(id_: str, verb: str, labels: Raw) -> dict[str, Any]:
    names = [{"name": label} for label in labels]
    return {"fieldId": id_, "bulkEditMultiSelectFieldOption": verb, "labels": names}


def needed_options(edit: Edit) -> list[tuple[Field, str]]:
    """Return the options that must exist for the edit: those it adds or sets."""
    return [(each.field, value) for each in edit.fields if each.field.shape.chosen for value in each.add]
