"""The managed fields: names from the configuration resolved to ids, and what each of them can hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from vindaris_sync.domain.models import Layout, Surface, SurfaceKind
from vindaris_sync.sdk.settings import WriteBackSettings

EPIC_LINK_TYPE = "com.pyxis.greenhopper.jira:gh-epic-link"
"""The schema of Data Center's Epic Link field (Jira Software)."""


class Shape(Enum):
    """What a field holds, as its schema says: ``schema.type`` and ``schema.items``."""

    OPTION = ("option", "")
    OPTIONS = ("array", "option")
    TEXT = ("string", "")
    LABELS = ("array", "string")

    @property
    def single(self) -> bool:
        """Whether it holds one value."""
        return self in {Shape.OPTION, Shape.TEXT}

    @property
    def chosen(self) -> bool:
        """Whether its values are options that must exist."""
        return self in {Shape.OPTION, Shape.OPTIONS}


@dataclass(frozen=True, slots=True)
class Field:
    """A managed field."""

    id: str
    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Trouble:
    """A managed field that cannot be used: its name, why, and the fix."""

    name: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Fields:
    """What ``/field`` told: each managed name as a field or as trouble, and the Epic Link's id, empty for none.

    ``estimate`` is the field's id from which estimates are read, empty for none.
    """

    managed: tuple[Field | Trouble, ...] = ()
    epic_link: str = ""
    estimate: str = ""

    @property
    def usable(self) -> dict[str, Field]:
        """The usable fields by id."""
        return {field.id: field for field in self.managed if isinstance(field, Field)}

    @property
    def surface_keys(self) -> dict[str, str]:
        """Surface keys by field id."""
        return {id_: Surface(SurfaceKind.FIELD, id_).key for id_ in self.usable}


def resolve(document: Sequence[Mapping[str, Any]], names: Iterable[str], epic_link: str, *, epics: bool) -> Fields:
    """Return the fields that ``names`` mean (a name in any case, or an id).

    With ``epics`` the Epic Link is looked for: by name or id where ``epic_link`` gives one, else by its type.
    """
    epic = _epic_link(document, epic_link) if epics else ""
    return Fields(tuple(_managed(document, name) for name in names), epic)


def estimated_by(document: Sequence[Mapping[str, Any]], wanted: str) -> str:
    """Return the id of the number field that ``wanted`` means; empty where there is none, or several."""
    found = [entry for entry in document if _means(entry, wanted) and _holds_number(entry)]
    return str(found[0]["id"]) if len(found) == 1 else ""


def _holds_number(entry: Mapping[str, Any]) -> bool:
    return (entry.get("schema") or {}).get("type") == "number"


def layout(fields: Fields, settings: WriteBackSettings) -> Layout:
    """Return the surfaces in the configuration's order; a field that cannot be used is there under its name, broken."""
    left = iter(fields.managed)
    surfaces, broken = [], set()
    for written in settings.surfaces:
        if written == "label":
            surfaces.append(Surface(SurfaceKind.LABEL, settings.label_prefix))
            continue
        field = next(left)
        if isinstance(field, Field):
            surfaces.append(Surface(SurfaceKind.FIELD, field.id, single=field.shape.single))
        else:
            surfaces.append(Surface(SurfaceKind.FIELD, field.name, single=True))
            broken.add(surfaces[-1].key)
    for mirrors, (form, name) in settings.mirrors.items():
        if form == "label":
            surfaces.append(Surface(SurfaceKind.LABEL, name, mirrors=mirrors))
            continue
        field = next(left)
        if isinstance(field, Field):
            surfaces.append(Surface(SurfaceKind.FIELD, field.id, single=field.shape.single, mirrors=mirrors))
        else:
            surfaces.append(Surface(SurfaceKind.FIELD, field.name, single=True, mirrors=mirrors))
            broken.add(surfaces[-1].key)
    surfaces.append(Surface(SurfaceKind.EXEMPT, settings.exempt_label))
    surfaces.append(Surface(SurfaceKind.REVIEW, settings.review_label))
    return Layout(tuple(surfaces), frozenset(broken), settings.several_goals)


def _managed(document: Sequence[Mapping[str, Any]], name: str) -> Field | Trouble:
    found = [entry for entry in document if entry.get("custom") and _means(entry, name)]
    if not found:
        return Trouble(name, f"there is no field {name!r}, or the account may not see it", f"create the field {name!r}")
    if len(found) > 1:
        ids = ", ".join(str(entry.get("id")) for entry in found)
        return Trouble(name, f"several fields are called {name!r}: {ids}", "write the id: field:customfield_…")
    [entry] = found
    schema = entry.get("schema") or {}
    shape = next((s for s in Shape if s.value == (schema.get("type"), schema.get("items") or "")), None)
    if shape is None or str(schema.get("custom", "")).endswith(":textarea"):
        wanted = "use a select list, a multi-select list, a labels field or a single-line text field"
        return Trouble(name, f"the field {name!r} has a type that cannot hold goal keys", wanted)
    return Field(str(entry["id"]), str(entry.get("name") or name), shape)


def _epic_link(document: Sequence[Mapping[str, Any]], wanted: str) -> str:
    for entry in document:
        by_type = (entry.get("schema") or {}).get("custom") == EPIC_LINK_TYPE
        if _means(entry, wanted) if wanted else by_type:
            return str(entry.get("id") or "")
    return ""


def _means(entry: Mapping[str, Any], name: str) -> bool:
    return entry.get("id") == name or str(entry.get("name") or "").casefold() == name.casefold()
