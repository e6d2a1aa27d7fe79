"""Jira's issues as its search, bulk fetch and read endpoints print them, into ours. Pure.

Shapes: Jira Cloud REST v3 and Data Center REST v2 (*IssueBean*). Real trackers leave keys out, hold null and hold
other types than documented; what cannot be an issue is set aside with its reason, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from vindaris_connectors.jira.texts import text_of
from vindaris_sync.domain.models import Address, Issue, IssueRef, Raw
from vindaris_sync.sdk.mapping import JsonObject, Mapped, dated, map_items
from vindaris_sync.sdk.references import LONGEST_BODY, NO_REFERENCES, References
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

BASE_FIELDS = (
    "summary", "status", "issuetype", "created", "updated", "parent", "labels", "components", "creator", "assignee",
    "resolution",
)  # fmt: skip
"""The fields that every issue is read with; the managed fields and the Epic Link come on top."""


TIME_ESTIMATE = "timeoriginalestimate"
"""Jira's own field of the original estimate, in seconds."""


@dataclass(frozen=True, slots=True)
class Mapper:
    """Maps the issues of one site.

    ``managed`` maps field ids to surface keys; ``epic_link`` is Data Center's field, empty where there is none.
    """

    tracker: str
    browse: str
    managed: Mapping[str, str] = field(default_factory=dict)
    epic_link: str = ""
    references: References = NO_REFERENCES
    """Finds parents that texts name; Jira's own go before them."""
    estimate: str = ""
    """The field from which estimates are read; empty: they are not."""
    declining: frozenset[str] = frozenset()
    """The resolutions, as ``plain_name`` gives them, that say that work was not done."""

    @property
    def fields(self) -> list[str]:
        """The fields to ask for, exactly those that ``issue`` reads."""
        body = ["description"] if self.references.reads_body else ()
        return [*BASE_FIELDS, *self.managed, *filter(None, (self.epic_link, self.estimate)), *body]

    def page(self, items: Iterable[object]) -> Mapped:
        """Map each item; what is malformed is set aside, the others are kept."""
        return map_items(items, self.issue, identify)

    def issue(self, raw: JsonObject) -> Issue:
        """Return the issue; raises what reading a wrong shape raises where it is none."""
        fields, key, id_ = raw["fields"], raw["key"], str(raw["id"])
        place, dash, _ = key.rpartition("-")
        if not dash or not (id_.isdecimal() and id_.isascii()):
            raise ValueError(f"no issue: id {id_!r}, key {key!r}")
        status = fields["status"]
        return Issue(
            ref=IssueRef(self.tracker, id_),
            key=key,
            place=place,
            type=_text(fields["issuetype"]["name"]),
            title=_text(fields.get("summary") or ""),
            url=f"{self.browse}/browse/{key}",
            status=_text(status["name"]),
            closed=(status.get("statusCategory") or _NOTHING).get("key") == "done",
            created=dated(fields["created"]),
            updated=dated(fields["updated"]),
            parent=self._parent(key, fields),
            labels=tuple(map(_text, fields.get("labels") or ())),
            fields=self._managed(fields),
            author=_person(fields.get("creator") or fields.get("reporter")),
            assignee=_person(fields.get("assignee")),
            components=tuple([_text(each["name"]) for each in fields.get("components") or ()]),
            estimate=estimated(self.estimate, fields.get(self.estimate)) if self.estimate else None,
            declined=self._declined(fields.get("resolution")),
        )

    def _declined(self, resolution: Mapping[str, Any] | None) -> bool:
        name = str((resolution or _NOTHING).get("name") or "")
        return bool(name) and plain_name(name) in self.declining

    def _parent(self, key: str, fields: Mapping[str, Any]) -> Address | None:
        """Return the sub-task's or Cloud's parent; else the epic, of which Data Center tells the key alone.

        Without either, the one that the text names, where that is configured.
        """
        if parent := fields.get("parent"):
            return Address(self.tracker, str(parent["id"]), _text(parent.get("key") or ""))
        if self.epic_link and (epic := fields.get(self.epic_link)):
            return Address(self.tracker, key=_text(epic))
        if not self.references:
            return None
        own, title = Address(self.tracker, key=key), _text(fields.get("summary") or "")
        return self.references.parent(own, title, _lines_of(fields.get("description")))

    def _managed(self, fields: Mapping[str, Any]) -> dict[str, Raw]:
        found: dict[str, Raw] = {}
        for id_, surface in self.managed.items():
            if id_ in fields and (shown := shown_values(fields[id_])) is not None:
                found[surface] = shown
        return found


_SECONDS = 3600
_NOTHING: Mapping[str, Any] = {}
_LONGEST_LINE = 1000  # of a description; whoever names a parent does so in a short one


def plain_name(name: str) -> str:
    """Return what two spellings of a name share: case and the kind of apostrophe mean nothing."""
    return name.strip().replace("\u2019", "'").casefold()


def identify(raw: JsonObject) -> tuple[str, str]:
    """Return an item's id and key as far as it has them."""
    return str(raw.get("id") or ""), str(raw.get("key") or "")


def estimated(by: str, value: object) -> float | None:
    """Return an estimate as the field ``by`` holds it, time in hours; None where that is no finite number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
        return None
    return value / _SECONDS if by == TIME_ESTIMATE else float(value)


def shown_values(value: object) -> Raw | None:
    """Return what a custom field shows: a select's option, several options, labels or text; ``None``: unreadable.

    Null and blank are empty. Several values are sorted, for their order means nothing.
    """
    if value is None:
        return ()
    if isinstance(value, list):
        parts = [shown_values(item) for item in value]
        known = [part for part in parts if part is not None]
        return tuple(sorted({text for part in known for text in part})) if len(known) == len(parts) else None
    if isinstance(value, dict):
        value = value.get("value", value.get("name"))
    if not isinstance(value, str):
        return None
    return (value.strip(),) if value.strip() else ()


def _lines_of(body: object) -> str:
    """Return the lines of a description; of one that is no text, none: it names no parent, and the issue is kept."""
    if isinstance(body, str):
        body = "\n".join(line[:_LONGEST_LINE] for line in body[:LONGEST_BODY].splitlines())
    try:
        return str(text_of(body))
    except SHAPE_ERRORS:
        return ""


def _person(user: Mapping[str, Any] | None) -> str:
    if not user:
        return ""
    return _text(user.get("displayName") or user.get("name") or user.get("accountId") or "")


def _text(value: Any) -> str:  # noqa: ANN401 - JSON has no narrower type
    if type(value) is not str:
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value
