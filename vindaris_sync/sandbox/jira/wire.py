"""How the world prints: one ``Printer`` per deployment, API version and reader.

Cloud knows people by account id and shows an epic as ``parent``; Data Center knows them by name and key and holds the
epic's key in the *Epic Link* field. Instants are in the reader's time zone, as Jira prints them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from vindaris_sync.sandbox.jira.adf import Rich, to_adf
from vindaris_sync.sandbox.jira.documents import loads
from vindaris_sync.sandbox.jira.links import shown
from vindaris_sync.sandbox.jira.model import (
    Change,
    Component,
    History,
    IssueType,
    Json,
    Option,
    Priority,
    Project,
    Resolution,
    State,
    Status,
    Stranger,
    User,
)
from vindaris_sync.sandbox.jira.world import World

_ABSENT: Final = object()
_EXPAND = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
_TEXTS = frozenset({"description", "environment"})
_CHANGE_NAMES = {"parent": "Parent"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which fields a reader asked for: ``names`` in their order, or everything, less ``excluded``."""

    names: tuple[str, ...] = ()
    everything: bool = False
    excluded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, wanted: Iterable[str], default: str) -> Selection:
        """Read the ``fields`` parameter, already split; ``default`` stands for an empty one."""
        names = [name.strip() for name in wanted if name.strip()] or [default]
        excluded = frozenset(name[1:] for name in names if name.startswith("-"))
        plain = tuple(dict.fromkeys(name for name in names if name[0] not in "-*"))
        everything = any(name[0] == "*" for name in names) or (bool(excluded) and not plain)
        return cls(plain, everything, excluded)

    @property
    def bare(self) -> bool:
        """Whether nothing but the issue's id and key is asked for: the cheap search."""
        return not self.everything and set(self.names) <= {"id", "key"}


class Printer:
    """Turns the world's objects into JSON for one reader."""

    def __init__(self, world: World, root: str, *, cloud: bool, zone: tzinfo) -> None:
        """``root`` is the API's address, such as ``https://acme.atlassian.net/rest/api/3``."""
        self.world = world
        self.root = root
        self.cloud = cloud
        self.zone = zone
        self.documents = root.endswith("/3")
        self._computed: dict[str, Callable[[State], object]] = {
            "created": lambda state: self.stamp(state.created),
            "updated": lambda state: self.stamp(state.updated),
            "resolutiondate": self._resolved,
            "parent": self._parent,
            world.epic_link.id: self._epic_link,
            world.epic_name.id: self._epic_name,
        }
        self._shown: dict[int, Json] = {}

    def stamp(self, at: int) -> str:
        """Return epoch milliseconds as Jira prints an instant: ``2026-11-22T10:00:00.123+0100``."""
        seconds, rest = divmod(at, 1000)
        shown = datetime.fromtimestamp(seconds, self.zone).isoformat()
        return f"{shown[:19]}.{rest:03}{shown[19:22]}{shown[23:]}"

    def issue(self, state: State, selection: Selection) -> Json:
        """Return an issue with the fields asked for; with nothing but its id where only that was asked for."""
        if selection.names == ("id",) and not selection.everything:
            return {"id": str(state.id)}
        document: Json = {
            "expand": _EXPAND,
            "id": str(state.id),
            "self": f"{self.root}/issue/{state.id}",
            "key": state.key,
        }
        if not selection.bare:
            document["fields"] = self._fields(state, selection)
        return document

    def _fields(self, state: State, selection: Selection) -> Json:
        names = self._every(state) if selection.everything else selection.names
        wanted = [name for name in names if name not in selection.excluded]
        cold: Json = {}
        if any(name in state.cold_keys and name not in state.values for name in wanted):
            cold = loads(zlib.decompress(state.cold))
        shown = ((name, self._field(state, name, cold)) for name in wanted)
        return {name: value for name, value in shown if value is not _ABSENT}

    def _every(self, state: State) -> list[str]:
        custom = (field.id for field in self.world.fields.values() if field.custom)
        return list(dict.fromkeys(("created", "updated", "parent", *state.values, *state.cold_keys, *custom)))

    def _field(self, state: State, name: str, cold: Json) -> object:
        if name == "issuelinks" and (links := self._links(state)):
            return links
        if name in self._computed:
            return self._computed[name](state)
        field = self.world.fields.get(name)
        if field is None and name.startswith("customfield_"):
            return _ABSENT
        if name in state.values:
            return self._text(name, self.value(state.values[name]))
        if name in cold:
            return self._text(name, cold[name])
        applies = field is not None and field.custom and field.context(state.project)
        return None if applies else _ABSENT

    def _links(self, state: State) -> list[Json]:
        found = []
        for link in self.world.links.values():
            if state.id in (link.inward, link.outward):
                other = self.world.relative(link.outward if state.id == link.inward else link.inward)
                found += [shown(link, state.id, self._relative(other), self.root)] if other else []
        return found

    def _resolved(self, state: State) -> object:
        at = state.values.get("resolutiondate", _ABSENT)
        return self.stamp(at) if isinstance(at, int) else at

    def _parent(self, state: State) -> object:
        if state.parent is None or not (self.cloud or state.type.subtask):
            return _ABSENT
        other = self.world.relative(state.parent)
        return _ABSENT if other is None else self._relative(other)

    def _relative(self, other: State | Stranger) -> Json:
        stranger = isinstance(other, Stranger)
        summary = other.summary if isinstance(other, Stranger) else other.values.get("summary")
        priority = other.priority if isinstance(other, Stranger) else other.values.get("priority")
        fields = {"summary": summary, "status": other.status, "priority": priority, "issuetype": other.type}
        shown = {key: self.value(value) for key, value in fields.items() if not (stranger and value is None)}
        return {"id": str(other.id), "key": other.key, "self": f"{self.root}/issue/{other.id}", "fields": shown}

    def _epic_name(self, state: State) -> object:
        return _ABSENT if self.cloud else state.values.get(self.world.epic_name.id)

    def _epic_link(self, state: State) -> object:
        if self.cloud:
            return _ABSENT
        other = None if state.parent is None or state.type.subtask else self.world.relative(state.parent)
        return None if other is None else other.key

    def _text(self, name: str, value: object) -> object:
        if not self.documents:
            return value
        if name in _TEXTS and isinstance(value, str):
            return value.document if isinstance(value, Rich) else to_adf(value)
        if name == "comment" and isinstance(value, dict):
            comments = [{**c, "body": to_adf(c.get("body"))} for c in value.get("comments", [])]
            return {**value, "comments": comments}
        return value

    def value(self, value: Any) -> object:  # noqa: ANN401 - a field's value is one of many kinds
        """Return a field's value as JSON."""
        if value is None or isinstance(value, str | int | float | dict):
            return value
        if isinstance(value, tuple | list):
            return [self.value(item) for item in value]
        if id(value) not in self._shown:  # one answer prints the same few people and statuses again and again
            self._shown[id(value)] = self._thing(value)
        return self._shown[id(value)]

    def _thing(self, value: object) -> Json:
        match value:
            case User():
                return self.user(value)
            case Status():
                return self.status(value)
            case IssueType():
                return self.type(value)
            case Option():
                return self.option(value)
            case Project():
                return self.project(value)
            case Priority() | Resolution() | Component():
                return self.named(value)
            case _:
                raise TypeError(f"no field holds a {type(value).__name__}")

    def user(self, user: User) -> Json:
        """Return a person: by account id on Cloud, by name and key on Data Center."""
        common = {"displayName": user.display_name, "active": user.active, "timeZone": user.time_zone}
        if self.cloud:
            address = f"{self.root}/user?accountId={user.account_id}"
            return {"self": address, "accountId": user.account_id, "accountType": "atlassian", **common}
        address = f"{self.root}/user?username={user.name}"
        return {"self": address, "name": user.name, "key": user.key, "emailAddress": user.email, **common}

    def status(self, status: Status) -> Json:
        """Return a status with its category."""
        category = status.category
        return {
            "self": f"{self.root}/status/{status.id}",
            "description": status.description,
            "iconUrl": f"{self.root.partition('/rest/')[0]}/images/icons/statuses/generic.png",
            "name": status.name,
            "id": status.id,
            "statusCategory": {
                "self": f"{self.root}/statuscategory/{category.id}",
                "id": category.id,
                "key": category.key,
                "colorName": category.color,
                "name": category.name,
            },
        }

    def type(self, kind: IssueType) -> Json:
        """Return an issue type; only Cloud prints its level in the hierarchy."""
        document: Json = {
            "self": f"{self.root}/issuetype/{kind.id}",
            "id": kind.id,
            "description": kind.description,
            "iconUrl": f"{self.root.partition('/rest/')[0]}/images/icons/issuetypes/{kind.id}.png",
            "name": kind.name,
            "subtask": kind.subtask,
        }
        return {**document, "hierarchyLevel": kind.level} if self.cloud else document

    def option(self, option: Option) -> Json:
        """Return a select field's value."""
        address = f"{self.root}/customFieldOption/{option.id}"
        document: Json = {"self": address, "value": option.value, "id": option.id}
        return document if self.cloud else {**document, "disabled": option.disabled}

    def project(self, project: Project) -> Json:
        """Return a project as issues and lists of projects show it."""
        return {
            "self": f"{self.root}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            **({"simplified": False} if self.cloud else {}),
        }

    def named(self, thing: Priority | Resolution | Component) -> Json:
        """Return a priority, a resolution or a component."""
        kind = type(thing).__name__.lower()
        document: Json = {"self": f"{self.root}/{kind}/{thing.id}", "id": thing.id, "name": thing.name}
        return {**document, "description": thing.description} if isinstance(thing, Resolution) else document

    def history(self, history: History) -> Json:
        """Return one entry of a changelog, as loaded or in the deployment's own shape."""
        items = history.raw["items"] if history.raw else [self._item(change) for change in history.changes]
        created = history.raw["created"] if history.raw else self.stamp(history.created)
        return {"id": str(history.id), "author": self.user(history.author), "created": created, "items": items}

    def _item(self, change: Change) -> Json:
        field = self.world.fields.get(change.field)
        custom = field is not None and field.custom
        item: Json = {
            "field": field.name if field and custom else _CHANGE_NAMES.get(change.field, change.field),
            "fieldtype": "custom" if custom else "jira",
            **({"fieldId": change.field} if self.cloud and field is not None else {}),
            "from": change.before[0],
            "fromString": change.before[1],
            "to": change.after[0],
            "toString": change.after[1],
        }
        return self._people(item) if change.field in ("assignee", "reporter") and self.cloud else item

    def _people(self, item: Json) -> Json:
        keys = {user.key: user.account_id for user in self.world.users.values()}
        return {**item, "from": keys.get(item["from"]), "to": keys.get(item["to"])}
