"""What people do in Jira while a program is not looking: acts with an actor, at the world's present instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from vindaris_sync.sandbox.jira.edit import Edit
from vindaris_sync.sandbox.jira.model import DONE, LABELS, SELECT, TO_DO, Field, Issue, Json, Option, Project, User
from vindaris_sync.sandbox.jira.world import World

P = ParamSpec("P")
R = TypeVar("R")


def _act(method: Callable[Concatenate[Person, P], R]) -> Callable[Concatenate[Person, P], R]:
    """Hold the world's lock during an act."""

    @wraps(method)
    def locked(self: Person, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.world.lock:
            return method(self, *args, **kwargs)

    return locked


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the keyboard. Issues are named by key or id, fields by name or id, options by their text.

    An act that Jira's own pages would refuse raises ``Refusal``; one that names nothing raises ``KeyError``.
    """

    world: World
    user: User

    @_act
    def create_issue(self, /, project: str, summary: str, kind: str = "Task", **fields: object) -> str:
        """Create an issue and return its key; ``labels``, ``parent`` and other fields by id, ``components`` by name."""
        place = self._project(project)
        self._ensure_components(place, fields)
        values = Edit(self.world, place).values({"fields": {"summary": summary, **_shaped(fields)}})
        return create(self.world, place, {**values, "issuetype": self.world.type(kind)}, self.user).state.key

    @_act
    def edit(self, /, ref: str, **fields: object) -> None:
        """Set fields by id: ``summary``, ``description``, ``labels``, ``assignee``, ``priority`` and so on."""
        issue = self._issue(ref)
        self._ensure_components(issue.state.project, fields)
        self._set(issue, _shaped(fields))

    @_act
    def add_label(self, ref: str, label: str) -> None:
        """Put one label on."""
        self._update(ref, "labels", {"add": label})

    @_act
    def remove_label(self, ref: str, label: str) -> None:
        """Take one label off."""
        self._update(ref, "labels", {"remove": label})

    @_act
    def set_field(self, ref: str, field: str, value: str | list[str] | None) -> None:
        """Set a custom field: a select by its option's text, several by a list, nothing by None."""
        target = self._field(field)
        self._set(self._issue(ref), {target.id: _raw(target, value)})

    @_act
    def set_parent(self, ref: str, parent: str | None) -> None:
        """Put an issue below an epic (or a sub-task below another issue), or below none."""
        self._set(self._issue(ref), {"parent": parent and {"key": parent}})

    @_act
    def transition(self, ref: str, status: str, resolution: str = "Done") -> None:
        """Move an issue to a status by its name; reaching *Done* resolves it, leaving it clears the resolution."""
        issue = self._issue(ref)
        target = next(s for s in self.world.statuses.values() if status in (s.id, s.name))
        done = target.category is DONE
        how = next((each for each in self.world.resolutions.values() if each.name == resolution), None)
        stamp = self.world.now() if done else None
        self.world.change(
            issue, self.user, {"status": target, "resolution": how if done else None, "resolutiondate": stamp}
        )

    @_act
    def close(self, ref: str, resolution: str = "Done") -> None:
        """Move an issue to the first status that means done, resolved as that transition's screen is filled in."""
        self.transition(ref, next(s.id for s in self.world.statuses.values() if s.category is DONE), resolution)

    @_act
    def reopen(self, ref: str) -> None:
        """Move an issue back to the first status that means to do."""
        self.transition(ref, next(s.id for s in self.world.statuses.values() if s.category is TO_DO))

    @_act
    def move(self, ref: str, project: str) -> str:
        """Move an issue with its sub-tasks to another project and return its new key; the old key stays an alias.

        The id stays. Components are cleared, and a custom field that the target does not have, or whose option it does
        not offer.
        """
        issue, target = self._issue(ref), self._project(project)
        for child in self._subtasks(issue):
            self._move(child, target)
        self._move(issue, target)
        return issue.state.key

    @_act
    def delete_issue(self, ref: str) -> None:
        """Delete an issue and its sub-tasks for good; an epic's children stay, without a parent."""
        issue = self._issue(ref)
        for child in self._children(issue):
            if child.state.type.subtask:
                self.world.withdraw(child, self.user, deleted=True)
            else:
                self.world.change(child, self.user, {"parent": None})
        self.world.withdraw(issue, self.user, deleted=True)

    @_act
    def archive(self, ref: str) -> None:
        """Archive an issue: no search shows it, a read of it still succeeds."""
        self.world.withdraw(self._issue(ref), deleted=False)

    @_act
    def hide_issue(self, ref: str, token: str) -> None:
        """Give an issue a security level that keeps the token's owner out."""
        self.world.accounts[token].hidden_issues.add(self._issue(ref).state.id)

    @_act
    def show_issue(self, ref: str, token: str) -> None:
        """Let the token's owner see the issue again."""
        self.world.accounts[token].hidden_issues.discard(self._issue(ref).state.id)

    @_act
    def hide_project(self, project: str, token: str) -> None:
        """Take *Browse projects* away from the token's owner."""
        self.world.accounts[token].hidden.add(self._project(project).id)

    @_act
    def show_project(self, project: str, token: str) -> None:
        """Give *Browse projects* back."""
        self.world.accounts[token].hidden.discard(self._project(project).id)

    @_act
    def lock_project(self, project: str, token: str) -> None:
        """Leave the token's owner only *Browse projects*."""
        self.world.accounts[token].read_only.add(self._project(project).id)

    @_act
    def add_option(self, field: str, value: str) -> Option:
        """Offer one more value in every context of a select field."""
        added = [self.world.add_option(context, value) for context in self._field(field).contexts]
        return added[0]

    @_act
    def rename_option(self, field: str, value: str, new: str) -> None:
        """Rename an option; every issue that shows it shows the new name, and none counts as changed."""
        for option in self._options(field, value):
            option.value = new

    @_act
    def delete_option(self, field: str, value: str) -> None:
        """Delete an option; Jira takes it off every issue without a trace in their history."""
        target = self._field(field)
        for option in self._options(field, value):
            self.world.remove_option(option)
            self._strip(partial(_without, option), target)

    @_act
    def delete_field(self, field: str) -> None:
        """Delete a custom field with all its values."""
        target = self.world.fields.pop(self._field(field).id)
        for project in self.world.projects.values():
            project.screen.discard(target.id)
        self._strip(lambda _: None, target)

    @_act
    def remove_field_from_screen(self, field: str, project: str) -> None:
        """Take a field off a project's edit screen; it keeps its values and can no longer be set there."""
        self._project(project).screen.discard(self._field(field).id)

    @_act
    def add_field_to_screen(self, field: str, project: str) -> None:
        """Put a field on a project's edit screen."""
        self._project(project).screen.add(self._field(field).id)

    def _update(self, ref: str, name: str, operation: Json) -> None:
        issue = self._issue(ref)
        edit = Edit(self.world, issue.state.project, issue.state)
        self.world.change(issue, self.user, edit.values({"update": {name: [operation]}}))

    def _set(self, issue: Issue, fields: Mapping[str, Any]) -> None:
        edit = Edit(self.world, issue.state.project, issue.state)
        self.world.change(issue, self.user, edit.values({"fields": dict(fields)}))

    def _move(self, issue: Issue, target: Project) -> None:
        self.world.change(issue, self.user, {**self._unfit(issue, target), "project": target})

    def _unfit(self, issue: Issue, target: Project) -> Json:
        unfit: Json = {
            id_: None
            for id_, value in issue.state.values.items()
            if (field := self.world.fields.get(id_)) and field.custom and not _fits(field, value, target)
        }
        return {**unfit, "components": ()} if issue.state.values.get("components") else unfit

    def _strip(self, remain: Callable[[Any], Any], target: Field) -> None:
        for issue in self.world.issues.values():
            if target.id in issue.state.values:
                self.world.rewrite(issue, {target.id: remain(issue.state.values[target.id])})

    def _children(self, issue: Issue) -> list[Issue]:
        return [i for i in self.world.issues.values() if i.state.parent == issue.state.id and not i.deleted]

    def _subtasks(self, issue: Issue) -> list[Issue]:
        return [child for child in self._children(issue) if child.state.type.subtask]

    def _issue(self, ref: str) -> Issue:
        issue = self.world.find(ref)
        if issue is None or issue.deleted:
            raise KeyError(ref)
        return issue

    def _ensure_components(self, project: Project, fields: Mapping[str, Any]) -> None:
        """Let whoever names a component first add it to the project, as its lead would."""
        for name in fields.get("components") or ():
            self.world.add_component(project, name)

    def _project(self, ref: str) -> Project:
        project = self.world.project(ref)
        if project is None:
            raise KeyError(ref)
        return project

    def _field(self, ref: str) -> Field:
        field = self.world.field(ref)
        if field is None:
            raise KeyError(ref)
        return field

    def _options(self, field: str, value: str) -> list[Option]:
        found = [o for context in self._field(field).contexts for o in context.options if o.value == value]
        if not found:
            raise KeyError(value)
        return found


def create(world: World, project: Project, values: Mapping[str, Any], actor: User) -> Issue:
    """Create an issue in its project's first status, with what Jira fills in by itself."""
    start = next(status for status in world.statuses.values() if status.category is TO_DO)
    filled = {
        "summary": None,
        "description": None,
        "labels": (),
        "components": (),
        "assignee": None,
        "priority": next((p for p in world.priorities.values() if p.name == "Medium"), None),
        "resolution": None,
        "resolutiondate": None,
        "status": start,
        **{key: value for key, value in values.items() if key not in ("parent", "project")},
    }
    return world.birth(project, values.get("parent"), filled, actor)


def _shaped(fields: Mapping[str, Any]) -> Json:
    """Return keyword arguments as Jira's JSON: a parent by its key; a person, a priority, components by their names."""
    shapes = {"parent": "key", "assignee": "name", "reporter": "name", "priority": "name"}
    shaped = {k: {shapes[k]: v} if k in shapes and v is not None else v for k, v in fields.items()}
    if "components" in shaped:
        shaped["components"] = [{"name": name} for name in shaped["components"] or ()]
    return shaped


def _raw(field: Field, value: str | list[str] | None) -> object:
    if isinstance(value, list):
        return value if field.kind == LABELS else [{"value": item} for item in value]
    return {"value": value} if field.kind == SELECT and value is not None else value


def _fits(field: Field, value: object, target: Project) -> bool:
    if field.id not in target.screen:
        return False
    context = field.context(target)
    options = value if isinstance(value, tuple) else (value,)
    offered = context.options if context else []
    return all(not isinstance(option, Option) or option in offered for option in options)


def _without(gone: Option, held: object) -> object:
    if isinstance(held, tuple):
        return tuple(option for option in held if option is not gone) or None
    return None if held is gone else held
