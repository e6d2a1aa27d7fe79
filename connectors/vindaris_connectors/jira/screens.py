"""What may be edited where: edit screens and options, and why Jira refused a write, with the fix.

Jira's messages are in the account's language, so they are shown to people and never read: the screen decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira.client import Client, Reasons, as_object
from vindaris_connectors.jira.edits import Edit, needed_options
from vindaris_connectors.jira.permissions import EDIT, granted
from vindaris_connectors.jira.reading import Reader
from vindaris_connectors.jira.surfaces import Field
from vindaris_sync.domain.models import Issue, Refused, SurfaceKind, Write
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.writing import Ready


class Alike(Enum):
    """Which other writes meet the same refusal: none, the same edit in the place, any edit of these fields there."""

    NONE = "none"
    EDIT = "edit"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A refusal and how far it reaches."""

    refused: Refused
    alike: Alike = Alike.NONE


class Screens:
    """Reads one issue's edit screen per project and type, and remembers it as long as one call of the connector."""

    def __init__(self, client: Client, reader: Reader) -> None:
        self._client = client
        self._reader = reader
        self._screens: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self._options: dict[tuple[str, str, str], int] = {}

    def fields(self, issue: Issue) -> Mapping[str, Any] | None:
        """Return what may be set on issues like this one, by field id; ``None`` where the account may edit nothing."""
        like = issue.place, issue.type
        if like not in self._screens:
            answer = self._client.read(f"{self._reader.api}/issue/{issue.ref.id}/editmeta")
            document = as_object(answer) if answer.status == HTTPStatus.OK else {}
            self._screens[like] = document.get("fields") or None
        return self._screens[like]

    def option_ids(self, edit: Edit, issue: Issue) -> dict[tuple[str, str], int] | None:
        """Return the ids of the options that the edit sets, by (field id, value); ``None`` where one is not to be had.

        An option that does not exist is added where the account may.
        """
        found: dict[tuple[str, str], int] = {}
        for field, value in needed_options(edit):
            id_ = self._offered(field, value, issue)
            id_ = self._add_option(field, value, issue) if id_ is None else id_
            if id_ is None:
                return None
            found[field.id, value] = id_
        for each in edit.fields:
            for value in each.remove if each.field.shape.chosen and not each.field.shape.single else ():
                id_ = self._offered(each.field, value, issue)
                if id_ is None:
                    return None
                found[each.field.id, value] = id_
        return found

    def remedy(self, one: Ready, edit: Edit, answer: Answer) -> Verdict | None:
        """Return why ``edit`` was refused and what to do; ``None`` where the cause is gone and it is worth a try.

        The screen is read anew: an administrator may just have changed it.
        """
        self._screens.pop((one.issue.place, one.issue.type), None)
        screen = self.fields(one.issue)
        if screen is None:
            return self._unpermitted(one)
        for id_ in edit.touched:
            if id_ not in screen:
                return _off_screen(one, id_, edit)
        missing = [pair for pair in needed_options(edit) if self._offered(*pair, one.issue) is None]
        for field, value in missing:
            if self._add_option(field, value, one.issue) is None:
                return _no_option(one, field, value)
        return None if missing else _as_said(one, edit, answer)

    def offered(self, field: Field, issue: Issue) -> frozenset[str]:
        """Return the values that the field offers on issues like this one."""
        listed = ((self.fields(issue) or {}).get(field.id) or {}).get("allowedValues") or ()
        return frozenset(str(option.get("value")) for option in listed)

    def _offered(self, field: Field, value: str, issue: Issue) -> int | None:
        known = self._options.get((field.id, issue.place, value))
        if known is not None:
            return known
        screen = self.fields(issue) or {}
        for option in (screen.get(field.id) or {}).get("allowedValues") or ():
            if option.get("value") == value and str(option.get("id", "")).isdecimal():
                self._options[field.id, issue.place, value] = int(option["id"])
                return int(option["id"])
        return None

    def _add_option(self, field: Field, value: str, issue: Issue) -> int | None:
        """Add an option where that is possible without doubt: on Cloud, as administrator, with one context."""
        if not self._reader.cloud or field.id not in (self.fields(issue) or {}):
            return None
        path = f"{self._reader.api}/field/{field.id}/context"
        answer = self._client.read(path)
        contexts = as_object(answer).get("values") or [] if answer.status == HTTPStatus.OK else []
        if len(contexts) != 1:
            return None
        body = {"options": [{"value": value}]}
        answer = self._client.write("POST", f"{path}/{contexts[0]['id']}/option", body)
        made = as_object(answer).get("options") or [] if answer.status == HTTPStatus.OK else []
        if not made:
            return None
        self._options[field.id, issue.place, value] = int(made[0]["id"])
        return int(made[0]["id"])

    def _unpermitted(self, one: Ready) -> Verdict:
        """Tell a missing permission, which holds for the project, from an issue that its workflow has locked."""
        place, surface = one.issue.place, first_surface(one.write)
        if EDIT in granted(self._client, self._reader.api, EDIT, project=place):
            reason = f"{one.issue.key} cannot be edited in status {one.issue.status}"
            return Verdict(Refused(one.write, surface, reason, "its workflow locks it there", place_wide=False))
        reason, advice = f"the account may not edit issues in {place}", f"give it the permission Edit issues in {place}"
        return Verdict(Refused(one.write, surface, reason, advice), Alike.PLACE)


def first_surface(write: Write, *, label: bool = False) -> str:
    """Return the key of the first surface that the write touches, or of its first label surface."""
    keys = [c.surface.key for c in write.changes if not label or c.surface.kind is not SurfaceKind.FIELD]
    return keys[0] if keys else ""


def _surface(one: Ready, field: str) -> str:
    return first_surface(one.write, label=True) if field == "labels" else f"{SurfaceKind.FIELD}:{field}"


def _off_screen(one: Ready, id_: str, edit: Edit) -> Verdict:
    name = next((each.field.name for each in edit.fields if each.field.id == id_), "Labels")
    kind, place = one.issue.type, one.issue.place
    reason = f"the field {name} cannot be set on a {kind} in {place}"
    advice = f"put {name} on the edit screen of {kind} in {place}, and give the field a context that holds there"
    return Verdict(Refused(one.write, _surface(one, id_), reason, advice), Alike.PLACE)


def _no_option(one: Ready, field: Field, value: str) -> Verdict:
    reason = f"the field {field.name} does not offer {value} in {one.issue.place}"
    advice = f"add the option {value} to {field.name}, or give the account Administer Jira and the field one context"
    return Verdict(Refused(one.write, _surface(one, field.id), reason, advice, place_wide=False), Alike.EDIT)


def _as_said(one: Ready, edit: Edit, answer: Answer) -> Verdict:
    reasons = Reasons.of(answer)
    named = [id_ for id_ in edit.touched if id_ in (reasons.errors or {})]
    surface = _surface(one, (named or edit.touched)[0])
    return Verdict(Refused(one.write, surface, f"Jira refuses ({answer.status}): {reasons}", place_wide=False))
