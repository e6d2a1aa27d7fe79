"""The nouns of a Jira site, the same for Cloud and Data Center; how each of them prints is ``wire``'s business.

Definitions (users, types, fields, options) are shared, changeable objects, so that a rename shows everywhere at
once, as it does in Jira. What an issue shows is a ``State``: never changed, only replaced, so that a lagging search
index can go on showing an old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON object as it goes over the wire."""

SYSTEM = "com.atlassian.jira.plugin.system.customfieldtypes:"
SELECT, MULTI_SELECT = SYSTEM + "select", SYSTEM + "multiselect"
LABELS, TEXT, TEXT_AREA = SYSTEM + "labels", SYSTEM + "textfield", SYSTEM + "textarea"
NUMBER = SYSTEM + "float"
EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
EPIC_NAME = "com.pyxis.greenhopper.jira:gh-epic-label"

BASE_LEVEL, EPIC_LEVEL, SUBTASK_LEVEL = 0, 1, -1


@dataclass(slots=True, eq=False)
class User:
    """A person or bot: ``account_id`` on Cloud, ``name`` and ``key`` on Data Center."""

    account_id: str
    name: str
    key: str
    display_name: str
    email: str = ""
    time_zone: str = "Etc/UTC"
    active: bool = True


@dataclass(slots=True, eq=False)
class Category:
    """One of Jira's three status categories."""

    id: int
    key: str
    color: str
    name: str


TO_DO = Category(2, "new", "blue-gray", "To Do")
IN_PROGRESS = Category(4, "indeterminate", "yellow", "In Progress")
DONE = Category(3, "done", "green", "Done")
CATEGORIES = {category.key: category for category in (TO_DO, IN_PROGRESS, DONE)}


@dataclass(slots=True, eq=False)
class Status:
    """A workflow status."""

    id: str
    name: str
    category: Category
    description: str = ""


@dataclass(slots=True, eq=False)
class IssueType:
    """An issue type at its level of the hierarchy: 1 epic, 0 story or task, -1 sub-task."""

    id: str
    name: str
    level: int = BASE_LEVEL
    description: str = ""

    @property
    def subtask(self) -> bool:
        """Whether issues of this type live below another issue of their project."""
        return self.level == SUBTASK_LEVEL


@dataclass(slots=True, eq=False)
class Priority:
    """A priority."""

    id: str
    name: str


@dataclass(slots=True, eq=False)
class Resolution:
    """Why an issue is done."""

    id: str
    name: str
    description: str = ""


@dataclass(slots=True, eq=False)
class Option:
    """One value that a select field offers."""

    id: str
    value: str
    disabled: bool = False


@dataclass(slots=True, eq=False)
class Context:
    """Where a custom field exists and what it offers there; no projects means everywhere."""

    id: str
    name: str
    projects: set[str] = field(default_factory=set)
    options: list[Option] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Field:
    """A system or custom field; ``kind`` is the custom type's key, empty for a system field."""

    id: str
    name: str
    type: str
    kind: str = ""
    items: str = ""
    contexts: list[Context] = field(default_factory=list)

    @property
    def custom(self) -> bool:
        """Whether an administrator made it."""
        return bool(self.kind)

    def context(self, project: Project) -> Context | None:
        """Return the context that applies in ``project``: its own before the global one; None where there is none."""
        own = (context for context in self.contexts if project.id in context.projects)
        return next(own, None) or next((context for context in self.contexts if not context.projects), None)


@dataclass(slots=True, eq=False)
class Component:
    """A part of one project's product."""

    id: str
    name: str


@dataclass(slots=True, eq=False)
class Project:
    """A project, its issue types, and its edit screen as the set of the field ids on it."""

    id: str
    key: str
    name: str
    types: list[IssueType]
    screen: set[str]
    last_number: int = 0
    properties: dict[str, Any] = field(default_factory=dict)
    components: dict[str, Component] = field(default_factory=dict)
    """By their names."""


@dataclass(slots=True, eq=False)
class Account:
    """A token and what its owner may do.

    ``hidden`` and ``read_only`` hold project ids, ``hidden_issues`` the ids of issues whose security level keeps the
    owner out.
    """

    token: str
    user: User
    admin: bool = False
    bulk_change: bool = True
    expired: bool = False
    hidden: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)
    hidden_issues: set[int] = field(default_factory=set)

    def sees(self, project: Project) -> bool:
        """Whether the account has *Browse projects* there."""
        return project.id not in self.hidden

    def edits(self, project: Project) -> bool:
        """Whether the account has *Edit issues* there."""
        return self.sees(project) and project.id not in self.read_only


@dataclass(frozen=True, slots=True)
class State:
    """What one issue shows at one moment; a change makes another one. Instants are epoch milliseconds.

    ``values`` maps field ids to model objects, tuples of them, or plain JSON; an absent key is a field that the
    tracker did not print. ``cold`` holds the fields that nothing here reads, as compressed JSON.
    """

    id: int
    key: str
    number: int
    project: Project
    created: int
    updated: int
    parent: int | None
    values: Mapping[str, Any]
    cold: bytes = b""
    cold_keys: frozenset[str] = frozenset()
    listed: bool = True
    """False for an issue that no search shows: archived or deleted."""

    @property
    def type(self) -> IssueType:
        """The issue's type."""
        kind: IssueType = self.values["issuetype"]
        return kind

    @property
    def status(self) -> Status:
        """The issue's status."""
        status: Status = self.values["status"]
        return status

    @property
    def labels(self) -> tuple[str, ...]:
        """The issue's labels; empty where the tracker printed none."""
        labels: tuple[str, ...] = self.values.get("labels") or ()
        return labels


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a changelog; ``before`` and ``after`` are (id, text) as Jira prints them."""

    field: str
    before: tuple[str | None, str | None]
    after: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class History:
    """What one person changed in one go, at an instant in epoch milliseconds."""

    id: int
    author: User
    created: int
    changes: tuple[Change, ...]
    raw: Json | None = None
    """The entry as a real tracker printed it, where it was loaded."""


@dataclass(slots=True, eq=False)
class Issue:
    """An issue's present state with what belongs to it but is no field."""

    state: State
    histories: list[History] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class IssueLink:
    """A link between two issues, by their ids; ``type`` is its type's name."""

    id: str
    type: str
    inward: int
    outward: int


@dataclass(frozen=True, slots=True)
class Stranger:
    """An issue known only because another one names it as its parent."""

    id: int
    key: str
    summary: str
    type: IssueType
    status: Status | None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to an issue: what a webhook tells."""

    name: str
    actor: User
    state: State
    history: History | None = None
