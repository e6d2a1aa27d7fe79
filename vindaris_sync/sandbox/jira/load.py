"""Real issues, as a tracker printed them: agile-API and REST version 2 shapes, one JSON object a line.

What the world works with (status, type, people, parents, instants) becomes the world's own; every other field is kept
as it came, compressed, and printed again when it is asked for. An absent key stays absent.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from vindaris_sync.sandbox.jira.documents import dumps, loads
from vindaris_sync.sandbox.jira.model import (
    BASE_LEVEL,
    CATEGORIES,
    EPIC_LEVEL,
    SUBTASK_LEVEL,
    TEXT,
    Change,
    Field,
    History,
    IssueType,
    Json,
    Priority,
    Project,
    Resolution,
    State,
    Status,
    Stranger,
    User,
)
from vindaris_sync.sandbox.jira.world import World, millis

_LEVELS = {"Epic": EPIC_LEVEL, "Initiative": EPIC_LEVEL + 1}
_DONE_ELSEWHERE = frozenset({"created", "updated", "parent", "epic", "project", "issuetype", "status"})


def load(world: World, source: Path | str | Iterable[str | bytes]) -> int:
    """Load a ``.jsonl`` or ``.jsonl.gz`` file, or its lines; return how many issues there were.

    Projects, types, statuses, people and custom fields are made as they are met. An issue whose id is loaded already
    is replaced. Raises ``ValueError`` naming the line that is no issue.
    """
    loader = _Loader(world)
    lines = _lines(Path(source)) if isinstance(source, Path | str) else source
    with world.lock:
        count = 0
        for count, line in enumerate(lines, 1):
            try:
                loader.take(loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"line {count} is no issue: {error!r}") from error
        loader.finish()
    return count


def _lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield from file


class _Loader:
    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: dict[frozenset[str], frozenset[str]] = {}
        self._epic_names: dict[int, str] = {}
        self._people: dict[tuple[object, ...], User] = {}
        self._readers: dict[str, Callable[[Any], object]] = {
            "summary": str,
            "description": str,
            "labels": tuple,
            "components": tuple,
            "priority": self._priority,
            "resolution": self._resolution,
            "resolutiondate": _instant,
            **dict.fromkeys(("assignee", "reporter", "creator"), self._user),
        }

    def take(self, raw: Json) -> None:
        """Take in one issue."""
        fields: Json = raw["fields"]
        values: Json = {name: value for name in fields if (value := self._value(name, fields[name])) is not _COLD}
        project, kind = self._project(fields["project"]), self._type(fields["issuetype"])
        if kind not in project.types:
            project.types.append(kind)
        values |= {"project": project, "issuetype": kind, "status": self._status(fields["status"])}
        cold = {name: v for name, v in fields.items() if name not in values and name not in _DONE_ELSEWHERE}
        self._meet_fields(cold, project)
        names = frozenset(cold)
        state = State(
            int(raw["id"]),
            raw["key"],
            int(raw["key"].rpartition("-")[2]),
            project,
            _instant(fields["created"]),
            _instant(fields["updated"]),
            self._parent(fields, kind),
            values,
            zlib.compress(dumps(cold), 1),
            self._keys.setdefault(names, names),
        )
        issue = self._world.admit(state)
        issue.histories = [self._history(entry) for entry in raw.get("changelog", {}).get("histories", [])]

    def finish(self) -> None:
        """Give the epics that were loaded the names that their children gave them."""
        for id_, name in self._epic_names.items():
            issue = self._world.issues.get(id_)
            if issue is not None:
                self._world.rewrite(issue, {self._world.epic_name.id: name})

    def _value(self, name: str, raw: Any) -> object:  # noqa: ANN401 - any field's JSON
        if name not in self._readers:
            return _COLD
        return None if raw is None else self._readers[name](raw)

    def _user(self, raw: Json) -> User:
        name = str(raw.get("name") or raw.get("key") or raw.get("accountId") or raw.get("displayName"))
        shown = (name, raw.get("displayName"), raw.get("timeZone"), raw.get("active"))
        if shown not in self._people:
            self._people[shown] = self._person(name, raw)
        return self._people[shown]

    def _person(self, name: str, raw: Json) -> User:
        """Return a new person; masked dumps hold several under one name, and each stays as printed."""
        taken = name in self._world.users
        user = self._world.user(f"{name}#{len(self._people)}" if taken else name)
        user.name, user.key = name, str(raw.get("key", name))
        user.display_name = str(raw.get("displayName", name))
        user.time_zone = str(raw.get("timeZone", "Etc/UTC"))
        user.active = bool(raw.get("active", True))
        user.account_id = str(raw.get("accountId", user.account_id))
        return user

    def _priority(self, raw: Json) -> Priority:
        priority = self._world.priorities.setdefault(raw["id"], Priority(raw["id"], raw["name"]))
        priority.name = raw["name"]
        return priority

    def _resolution(self, raw: Json) -> Resolution:
        resolution = self._world.resolutions.setdefault(raw["id"], Resolution(raw["id"], raw["name"]))
        resolution.name, resolution.description = raw["name"], raw.get("description", "")
        return resolution

    def _status(self, raw: Json) -> Status:
        category = CATEGORIES.get(raw.get("statusCategory", {}).get("key"), CATEGORIES["new"])
        status = self._world.statuses.setdefault(raw["id"], Status(raw["id"], raw["name"], category))
        status.name, status.category = raw["name"], category
        status.description = raw.get("description", "")
        return status

    def _type(self, raw: Json) -> IssueType:
        if raw["id"] not in self._world.types:
            level = SUBTASK_LEVEL if raw.get("subtask") else _LEVELS.get(raw["name"], BASE_LEVEL)
            self._world.types[raw["id"]] = IssueType(raw["id"], raw["name"], level, raw.get("description", ""))
        return self._world.types[raw["id"]]

    def _project(self, raw: Json) -> Project:
        known = self._world.projects.get(raw["id"])
        if known is not None:
            return known
        return self._world.add_project(raw["key"], str(raw.get("name", raw["key"])), id_=raw["id"])

    def _parent(self, fields: Json, kind: IssueType) -> int | None:
        parent, epic = fields.get("parent"), fields.get("epic")
        if parent is not None:
            return self._stranger(parent)
        if epic is None or kind.subtask:
            return None
        id_ = int(epic["id"])
        self._epic_names[id_] = epic.get("name", "")
        done = "done" if epic.get("done") else "new"
        status = next((s for s in self._world.statuses.values() if s.category.key == done), None)
        type_ = next(t for t in self._world.types.values() if t.level == EPIC_LEVEL)
        self._world.strangers[id_] = Stranger(id_, epic["key"], epic.get("summary", ""), type_, status)
        return id_

    def _stranger(self, raw: Json) -> int:
        id_, fields = int(raw["id"]), raw.get("fields", {})
        kind = self._type(fields["issuetype"]) if "issuetype" in fields else self._world.type("Task")
        status = self._status(fields["status"]) if "status" in fields else None
        priority = self._priority(fields["priority"]) if fields.get("priority") else None
        self._world.strangers[id_] = Stranger(id_, raw["key"], fields.get("summary", ""), kind, status, priority)
        return id_

    def _meet_fields(self, cold: Json, project: Project) -> None:
        for name in cold:
            if name not in self._world.fields:
                custom = name.startswith("customfield_")
                self._world.fields[name] = Field(name, name, "any", TEXT if custom else "")
            if name.startswith("customfield_"):
                project.screen.add(name)

    def _history(self, raw: Json) -> History:
        items = [
            Change(
                str(item.get("fieldId", item.get("field"))),
                (item.get("from"), item.get("fromString")),
                (item.get("to"), item.get("toString")),
            )
            for item in raw.get("items", [])
        ]
        author = self._user(raw["author"]) if raw.get("author") else self._world.user("anonymous")
        return History(int(raw["id"]), author, _instant(raw["created"]), tuple(items), raw)


_COLD = object()


def _instant(text: str) -> int:
    return millis(datetime.fromisoformat(text))
