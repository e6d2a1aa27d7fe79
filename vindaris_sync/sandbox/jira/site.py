"""What an administrator sets up: users, tokens, projects, types, statuses, fields, contexts, options and screens."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import count

from vindaris_sync.sandbox.jira.model import (
    DONE,
    EPIC_LEVEL,
    EPIC_LINK,
    EPIC_NAME,
    IN_PROGRESS,
    LABELS,
    MULTI_SELECT,
    NUMBER,
    SELECT,
    SUBTASK_LEVEL,
    TO_DO,
    Account,
    Component,
    Context,
    Field,
    IssueType,
    Option,
    Priority,
    Project,
    Resolution,
    Status,
    User,
)

SYSTEM_FIELDS = (
    ("summary", "Summary", "string", ""),
    ("description", "Description", "string", ""),
    ("issuetype", "Issue Type", "issuetype", ""),
    ("project", "Project", "project", ""),
    ("status", "Status", "status", ""),
    ("priority", "Priority", "priority", ""),
    ("resolution", "Resolution", "resolution", ""),
    ("labels", "Labels", "array", "string"),
    ("components", "Components", "array", "component"),
    ("parent", "Parent", "issuelink", ""),
    ("assignee", "Assignee", "user", ""),
    ("reporter", "Reporter", "user", ""),
    ("creator", "Creator", "user", ""),
    ("created", "Created", "datetime", ""),
    ("updated", "Updated", "datetime", ""),
    ("resolutiondate", "Resolved", "datetime", ""),
)
SCREEN = frozenset(
    {"summary", "description", "issuetype", "priority", "labels", "components", "parent", "assignee", "reporter"}
)
"""The system fields on a new project's edit screen."""

_RESOLUTIONS = (
    ("10000", "Done", "Work has been completed on this issue."),
    ("10001", "Won't Do", "This issue won't be actioned."),
    ("10002", "Duplicate", "The problem is a duplicate of an existing issue."),
    ("10003", "Cannot Reproduce", "All attempts at reproducing this issue failed."),
)
_TYPES = (("Epic", EPIC_LEVEL), ("Story", 0), ("Task", 0), ("Bug", 0), ("Sub-task", SUBTASK_LEVEL))
_SHAPES = {
    SELECT: ("option", ""),
    MULTI_SELECT: ("array", "option"),
    LABELS: ("array", "string"),
    NUMBER: ("number", ""),
    EPIC_LINK: ("any", ""),
}


class Site:
    """The site's definitions, with Jira's usual ones already there."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.accounts: dict[str, Account] = {}
        self.projects: dict[str, Project] = {}
        self.types: dict[str, IssueType] = {}
        self.statuses: dict[str, Status] = {}
        self.priorities: dict[str, Priority] = {}
        self.resolutions: dict[str, Resolution] = {}
        self.fields: dict[str, Field] = {}
        self._ids = count(10_000)
        self._field_ids = count(10_001)
        self._options: dict[str, Option] = {}
        self._usual()

    def _usual(self) -> None:
        for name, level in _TYPES:
            kind = IssueType(self.new_id(), name, level)
            self.types[kind.id] = kind
        for id_, name, category in (("1", "To Do", TO_DO), ("3", "In Progress", IN_PROGRESS), ("6", "Done", DONE)):
            self.statuses[id_] = Status(id_, name, category)
        for number, name in enumerate(("Highest", "High", "Medium", "Low", "Lowest"), 1):
            self.priorities[str(number)] = Priority(str(number), name)
        for id_, name, meaning in _RESOLUTIONS:
            self.resolutions[id_] = Resolution(id_, name, meaning)
        for id_, name, type_, items in SYSTEM_FIELDS:
            self.fields[id_] = Field(id_, name, type_, items=items)
        self.epic_link = self._field("Epic Link", EPIC_LINK, "customfield_10101")
        self.epic_name = self._field("Epic Name", EPIC_NAME, "customfield_10102")

    def new_id(self) -> str:
        """Return an id that nothing of the site has yet."""
        return str(next(self._ids))

    def user(self, name: str, *, time_zone: str = "Etc/UTC", display_name: str = "") -> User:
        """Return the user called ``name``, made on first sight; the account id follows from the name."""
        if name not in self.users:
            account_id = sha256(name.encode()).hexdigest()[:24]
            email = name if "@" in name else f"{name}@acme.example"
            self.users[name] = User(account_id, name, name, display_name or name.title(), email, time_zone)
        return self.users[name]

    def add_account(self, token: str, user: User | str, *, admin: bool = False, bulk_change: bool = True) -> Account:
        """Give ``user`` an API token (Cloud) or personal access token (Data Center)."""
        owner = user if isinstance(user, User) else self.user(user)
        return self.accounts.setdefault(token, Account(token, owner, admin=admin, bulk_change=bulk_change))

    def add_project(self, key: str, name: str = "", *, id_: str = "", types: Iterable[IssueType] = ()) -> Project:
        """Add a project with every system field and every custom field of the site on its edit screen."""
        screen = {*SCREEN, *(field.id for field in self.fields.values() if field.custom)}
        project = Project(id_ or self.new_id(), key, name or key.title(), list(types or self.types.values()), screen)
        self.projects[project.id] = project
        return project

    def add_component(self, project: Project, name: str) -> Component:
        """Return the project's component of that name, a new one where there is none."""
        if name not in project.components:
            project.components[name] = Component(self.new_id(), name)
        return project.components[name]

    def project(self, ref: str) -> Project | None:
        """Return the project with that key (in any case) or id."""
        wanted = ref.upper()
        return self.projects.get(ref) or next((p for p in self.projects.values() if p.key == wanted), None)

    def add_field(
        self, name: str, kind: str = SELECT, *, options: Iterable[str] = (), projects: Iterable[str] | None = None
    ) -> Field:
        """Add a custom field with one context (global, or for the named projects) and put it on their screens."""
        field = self._field(name, kind)
        chosen = [p for p in self.projects.values() if projects is None or p.key in set(projects)]
        context = self.add_context(field, f"Default configuration for {name}", [] if projects is None else chosen)
        for value in options:
            self.add_option(context, value)
        for project in chosen:
            project.screen.add(field.id)
        return field

    def add_context(self, field: Field, name: str, projects: Iterable[Project] = ()) -> Context:
        """Add a context to a custom field: for some projects, or for all."""
        context = Context(self.new_id(), name, {project.id for project in projects})
        field.contexts.append(context)
        return context

    def add_option(self, context: Context, value: str) -> Option:
        """Offer one more value in a context."""
        option = Option(self.new_id(), value)
        context.options.append(option)
        self._options[option.id] = option
        return option

    def option(self, id_: str) -> Option | None:
        """Return an option by its id, deleted ones excluded."""
        return self._options.get(id_)

    def remove_option(self, option: Option) -> None:
        """Stop offering ``option`` anywhere."""
        self._options.pop(option.id, None)
        for field in self.fields.values():
            for context in field.contexts:
                if option in context.options:
                    context.options.remove(option)

    def field(self, ref: str) -> Field | None:
        """Return a field by id, by name in any case, or by JQL's ``cf[10001]``."""
        if ref.lower().startswith("cf[") and ref.endswith("]"):
            ref = f"customfield_{ref[3:-1]}"
        wanted = ref.casefold()
        return self.fields.get(ref) or next((f for f in self.fields.values() if f.name.casefold() == wanted), None)

    def type(self, ref: str) -> IssueType:
        """Return an issue type by id or name; raises ``KeyError`` where there is none."""
        found = self.types.get(ref) or next((t for t in self.types.values() if t.name == ref), None)
        if found is None:
            raise KeyError(ref)
        return found

    def _field(self, name: str, kind: str, id_: str = "") -> Field:
        type_, items = _SHAPES.get(kind, ("string", ""))
        free = (f"customfield_{number}" for number in self._field_ids)
        field = Field(id_ or next(id_ for id_ in free if id_ not in self.fields), name, type_, kind, items)
        self.fields[field.id] = field
        return field
