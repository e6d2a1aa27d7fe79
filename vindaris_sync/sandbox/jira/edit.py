"""What a person or program wants to set on an issue, checked as Jira checks it: all of it, or nothing.

Bodies are those of ``POST /issue`` and ``PUT /issue/{key}``: ``fields`` sets values, ``update`` adds, removes and sets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from vindaris_sync.sandbox.jira.adf import Rich
from vindaris_sync.sandbox.jira.model import (
    EPIC_LINK,
    LABELS,
    MULTI_SELECT,
    NUMBER,
    SELECT,
    Field,
    Json,
    Option,
    Project,
    State,
)
from vindaris_sync.sandbox.jira.refusal import Refusal
from vindaris_sync.sandbox.jira.world import World

MAX_TEXT = 255
_TEXTS = frozenset({"description", "environment"})


class Invalid(ValueError):
    """One field's value cannot be set; the message is Jira's."""


@dataclass(slots=True)
class Edit:
    """One edit of an issue (``state``) or of one to be created in ``project`` (``state`` is None).

    ``version`` is the API's: in version 3 a description is a document.
    """

    world: World
    project: Project
    state: State | None = None
    version: str = "2"
    errors: dict[str, str] = field(default_factory=dict)

    def values(self, body: Json) -> Json:
        """Return field ids with the world's values for them; raises ``Refusal`` (400) naming every bad field."""
        wanted: Json = {}
        for name, raw in _object(body, "fields").items():
            self._keep(wanted, name, partial(self.coerce, raw=raw))
        for name, operations in _object(body, "update").items():
            self._keep(wanted, name, partial(self._operate, pending=wanted.get(name), operations=operations))
        if self.errors:
            raise Refusal(errors=self.errors)
        return wanted

    def _keep(self, wanted: Json, name: str, make: Callable[[Field], object]) -> None:
        target = self.world.fields.get(name)
        if target is None or not self._settable(target):
            self.errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            return
        try:
            value = make(target)
            wanted["parent" if target.kind == EPIC_LINK else name] = None if target.custom and value == () else value
        except Invalid as error:
            self.errors[name] = str(error)

    def _settable(self, target: Field) -> bool:
        if self.state is None and target.id in ("project", "issuetype"):
            return True
        return target.id in self.project.screen and (
            not target.custom or target.kind == EPIC_LINK or not target.contexts or bool(target.context(self.project))
        )

    def _operate(self, target: Field, pending: object, operations: object) -> object:
        if not isinstance(operations, list) or not all(isinstance(op, dict) and len(op) == 1 for op in operations):
            raise Invalid("Operations must be a list of objects with one verb each.")
        value = pending if pending is not None else self._present(target)
        for operation in operations:
            [(verb, raw)] = operation.items()
            value = self._apply(target, value, verb, raw)
        return value

    def _present(self, target: Field) -> object:
        return None if self.state is None else self.state.values.get(target.id)

    def _apply(self, target: Field, value: Any, verb: str, raw: object) -> object:  # noqa: ANN401 - any field's value
        if verb == "set":
            return self.coerce(target, raw)
        if verb not in ("add", "remove") or target.type != "array":
            raise Invalid(f"Field with id '{target.id}' and type '{target.type}' does not support operation '{verb}'")
        [item] = self.coerce(target, [raw])
        present = tuple(value or ())
        if verb == "add":
            return present if item in present else (*present, item)
        return tuple(other for other in present if other != item)

    def coerce(self, target: Field, raw: Any) -> Any:  # noqa: ANN401 - in and out: any field's value
        """Return the world's value for one field's JSON; raises ``Invalid`` with Jira's reason."""
        if target.kind in (SELECT, MULTI_SELECT):
            return self._options(target, raw)
        if target.id == "labels" or target.kind == LABELS:
            return _labels(raw)
        if target.kind == NUMBER:
            return _number(raw)
        named = {
            "summary": _summary,
            "priority": self._priority,
            "assignee": self._person,
            "reporter": self._person,
            "parent": self._parent,
            "issuetype": self._type,
            "components": self._components,
        }
        if target.kind == EPIC_LINK:
            return self._parent(raw if raw is None else {"key": raw})
        if target.id in named:
            return named[target.id](raw)
        return self._text(target, raw)

    def _text(self, target: Field, raw: object) -> str | None:
        if target.id in _TEXTS and self.version == "3" and raw is not None:
            try:
                return Rich.of(raw)
            except ValueError as error:
                raise Invalid(
                    "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
                ) from error
        if raw is not None and not isinstance(raw, str):
            raise Invalid("Operation value must be a string")
        return raw or None

    def _options(self, target: Field, raw: object) -> object:
        if target.kind == MULTI_SELECT:
            if not isinstance(raw, list | None):
                raise Invalid("data was not an array")
            return tuple(dict.fromkeys(self._option(target, item) for item in raw or ())) or None
        return None if raw is None else self._option(target, raw)

    def _option(self, target: Field, raw: object) -> Option:
        if not isinstance(raw, dict):
            raise Invalid("Specify a valid 'id' or 'name' for the option")
        context = target.context(self.project)
        offered = [option for option in context.options if not option.disabled] if context else []
        if "id" in raw:
            chosen = next((option for option in offered if option.id == str(raw["id"])), None)
            reason = f"Option id '{raw['id']}' is not valid"
        else:
            chosen = next((option for option in offered if option.value == raw.get("value")), None)
            reason = f"Option value '{raw.get('value')}' is not valid"
        if chosen is None:
            raise Invalid(reason)
        return chosen

    def _priority(self, raw: object) -> object:
        return None if raw is None else self._named(self.world.priorities, raw, "priority")

    def _components(self, raw: object) -> tuple[object, ...]:
        if not isinstance(raw, list | None):
            raise Invalid("data was not an array")
        known = {component.id: component for component in self.project.components.values()}
        return tuple(dict.fromkeys(self._named(known, item, "component") for item in raw or ()))

    def _type(self, raw: object) -> object:
        return self._named({kind.id: kind for kind in self.project.types}, raw, "issue type")

    def _named(self, table: dict[str, Any], raw: object, what: str) -> object:
        ref = raw if isinstance(raw, dict) else {}
        found = table.get(str(ref.get("id"))) or next((t for t in table.values() if t.name == ref.get("name")), None)
        if found is None:
            raise Invalid(f"Specify a valid {what} id or name")
        return found

    def _person(self, raw: object) -> object:
        if raw is None:
            return None
        ref = raw if isinstance(raw, dict) else {}
        wanted = [name for name in (ref.get("accountId"), ref.get("name")) if isinstance(name, str)]
        people = self.world.users.values()
        found = next((user for user in people if user.account_id in wanted or user.name in wanted), None)
        if found is None:
            raise Invalid(f"User '{ref.get('accountId', ref.get('name'))}' does not exist.")
        return found

    def _parent(self, raw: object) -> int | None:
        if raw is None:
            return None
        ref = raw if isinstance(raw, dict) else {}
        parent = self.world.find(str(ref.get("id") or ref.get("key") or ""))
        if parent is None or parent.deleted:
            raise Invalid("Could not find issue by id or key.")
        kind = self.state.type if self.state is not None else None
        if kind is not None and not kind.subtask and parent.state.type.level != kind.level + 1:
            raise Invalid("Given parent work item does not belong to appropriate hierarchy.")
        return parent.state.id


def _object(body: Json, key: str) -> Json:
    part = body.get(key) or {}
    if not isinstance(part, dict):
        raise Refusal("Can not deserialize the request body.")
    return part


def _summary(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise Invalid("You must specify a summary of the issue.")
    if "\n" in raw or "\r" in raw:
        raise Invalid("The summary is invalid because it contains newline characters.")
    if len(raw) > MAX_TEXT:
        raise Invalid(f"Summary must be less than {MAX_TEXT} characters.")
    return raw


def _labels(raw: object) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not all(isinstance(label, str) for label in raw):
        raise Invalid("string expected for each label")
    for label in raw:
        if any(character.isspace() for character in label) or not label:
            raise Invalid(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > MAX_TEXT:
            raise Invalid(f"The label '{label}' exceeds the maximum length of {MAX_TEXT} characters.")
    return tuple(dict.fromkeys(raw))


def _number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | None):
        raise Invalid("Operation value must be a number")
    return None if raw is None else float(raw)
