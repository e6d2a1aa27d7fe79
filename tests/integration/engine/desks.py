"""What people do and see in each tracker, said alike for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vindaris_sync.sandbox import github, jira

JIRA_TOKEN, GITHUB_TOKEN = "jira-token-123456", "github-token-123456"


class Desk(Protocol):
    """What a person does and sees in one tracker, said alike for all of them. Issues are named by their keys."""

    tracker: str
    service: str
    place: str
    other: str

    def create(self, title: str, *labels: str, place: str = "", parent: str = "") -> str:
        """Open an issue and return its key."""
        ...

    def epic(self, title: str, *labels: str) -> str:
        """Open an issue that others can hang below, and return its key."""
        ...

    def retitle(self, key: str, title: str) -> None:
        """Give an issue another title."""
        ...

    def title(self, key: str) -> str:
        """Return an issue's title."""
        ...

    def add_label(self, key: str, label: str) -> None:
        """Put a label on."""
        ...

    def remove_label(self, key: str, label: str) -> None:
        """Take a label off."""
        ...

    def labels(self, key: str) -> set[str]:
        """Return the labels on an issue."""
        ...

    def set_field(self, key: str, value: str | None) -> None:
        """Set or empty the goal field."""
        ...

    def field(self, key: str) -> str | None:
        """Return what the goal field shows."""
        ...

    def set_parent(self, key: str, parent: str | None) -> None:
        """Hang an issue below another, or below none."""
        ...

    def close(self, key: str) -> None:
        """Close an issue."""
        ...

    def reopen(self, key: str) -> None:
        """Open it again."""
        ...

    def delete(self, key: str) -> None:
        """Delete it for good."""
        ...

    def move(self, key: str, place: str) -> str:
        """Move it to another place and return its new key."""
        ...

    def hide(self, *, hidden: bool = True) -> None:
        """Take the sight of ``place`` away from us, or give it back."""
        ...

    def lock(self, *, locked: bool = True) -> None:
        """Make ``place`` read-only for us, or writable again."""
        ...

    def drop_definition(self, value: str) -> None:
        """Delete the definition of a goal's value (label, option) in the settings: every issue loses it."""
        ...


class JiraDesk:
    """Alice at Jira."""

    tracker = service = "jira"
    place, other = "APP", "OPS"

    def __init__(self, world: jira.World) -> None:
        self.world = world
        self.alice = jira.Person(world, world.user("alice"))

    def create(self, title: str, *labels: str, place: str = "", parent: str = "") -> str:
        """Open a task, below an epic where a parent is named."""
        fields: dict[str, Any] = {"labels": list(labels)} if labels else {}
        fields |= {"parent": parent} if parent else {}
        return self.alice.create_issue(place or self.place, title, **fields)

    def epic(self, title: str, *labels: str) -> str:
        """Open an epic."""
        return self.alice.create_issue(self.place, title, "Epic", labels=list(labels))

    def retitle(self, key: str, title: str) -> None:
        """Give an issue another title."""
        self.alice.edit(key, summary=title)

    def title(self, key: str) -> str:
        """Return an issue's title."""
        return str(self._values(key)["summary"])

    def add_label(self, key: str, label: str) -> None:
        """Put a label on."""
        self.alice.add_label(key, label)

    def remove_label(self, key: str, label: str) -> None:
        """Take a label off."""
        self.alice.remove_label(key, label)

    def labels(self, key: str) -> set[str]:
        """Return the labels on an issue."""
        return set(self._values(key)["labels"] or ())

    def set_field(self, key: str, value: str | None) -> None:
        """Set or empty the Goal field."""
        self.alice.set_field(key, "Goal", value)

    def field(self, key: str) -> str | None:
        """Return what the Goal field shows."""
        goal = self.world.field("Goal")
        option = self._values(key).get(goal.id) if goal else None
        return str(option.value) if option else None

    def set_parent(self, key: str, parent: str | None) -> None:
        """Hang an issue below another, or below none."""
        self.alice.set_parent(key, parent)

    def close(self, key: str) -> None:
        """Close an issue."""
        self.alice.close(key)

    def reopen(self, key: str) -> None:
        """Open it again."""
        self.alice.reopen(key)

    def delete(self, key: str) -> None:
        """Delete it for good."""
        self.alice.delete_issue(key)

    def move(self, key: str, place: str) -> str:
        """Move it to another project and return its new key."""
        return self.alice.move(key, place)

    def hide(self, *, hidden: bool = True) -> None:
        """Take *Browse projects* away from us in ``place``, or give it back."""
        (self.alice.hide_project if hidden else self.alice.show_project)(self.place, JIRA_TOKEN)

    def lock(self, *, locked: bool = True) -> None:
        """Leave us only *Browse projects* in ``place``, or more again."""
        project = self.world.project(self.place)
        assert project is not None
        read_only = self.world.accounts[JIRA_TOKEN].read_only
        (read_only.add if locked else read_only.discard)(project.id)

    def drop_definition(self, value: str) -> None:
        """Delete an option of the Goal field."""
        self.alice.delete_option("Goal", value)

    def _values(self, key: str) -> Mapping[str, Any]:
        issue = self.world.find(key)
        assert issue is not None
        return issue.state.values


class GithubDesk:
    """Mia at GitHub."""

    tracker = service = "github"
    place, other = "acme/web", "acme/api"

    def __init__(self, world: github.World) -> None:
        self.world = world

    def create(self, title: str, *labels: str, place: str = "", parent: str = "") -> str:
        """Open an issue."""
        place = place or self.place
        above = self._at(parent) if parent else None
        return f"{place}#{self.world.create_issue(place, title, actor='mia', labels=labels, parent=above)}"

    def epic(self, title: str, *labels: str) -> str:
        """Open an issue: any may have sub-issues."""
        return self.create(title, *labels)

    def retitle(self, key: str, title: str) -> None:
        """Give an issue another title."""
        place, number = self._at(key)
        self.world.edit(place, number, actor="mia", title=title)

    def title(self, key: str) -> str:
        """Return an issue's title."""
        return str(self.world.issue(*self._at(key)).document()["title"])

    def add_label(self, key: str, label: str) -> None:
        """Put a label on."""
        self.world.add_label(*self._at(key), label, actor="mia")

    def remove_label(self, key: str, label: str) -> None:
        """Take a label off."""
        self.world.remove_label(*self._at(key), label, actor="mia")

    def labels(self, key: str) -> set[str]:
        """Return the labels on an issue."""
        return {each["name"] for each in self.world.issue(*self._at(key)).document()["labels"]}

    def set_field(self, key: str, value: str | None) -> None:
        """Set or empty the organisation's issue field."""
        self.world.set_field(*self._at(key), "Goal", value, actor="mia")

    def field(self, key: str) -> str | None:
        """Return what the issue field shows."""
        values = self.world.issue(*self._at(key)).document().get("issue_field_values") or [{}]
        shown = values[0].get("single_select_option") or {}
        name = shown.get("name")
        return None if name is None else str(name)

    def set_parent(self, key: str, parent: str | None) -> None:
        """Make an issue another's sub-issue, or nobody's."""
        self.world.set_parent(*self._at(key), self._at(parent) if parent else None, actor="mia")

    def close(self, key: str) -> None:
        """Close an issue."""
        self.world.close(*self._at(key), actor="mia")

    def reopen(self, key: str) -> None:
        """Open it again."""
        self.world.reopen(*self._at(key), actor="mia")

    def delete(self, key: str) -> None:
        """Delete it for good."""
        self.world.delete_issue(*self._at(key), actor="mia")

    def move(self, key: str, place: str) -> str:
        """Transfer it to another repository and return its new key."""
        return f"{place}#{self.world.transfer(*self._at(key), place, actor='mia')}"

    def hide(self, *, hidden: bool = True) -> None:
        """Take the sight of ``place`` away from us, or give it back."""
        self.world.hide(GITHUB_TOKEN, self.place, hidden=hidden)

    def lock(self, *, locked: bool = True) -> None:
        """Archive the repository, or bring it back."""
        self.world.archive(self.place, actor="mia", archived=locked)

    def drop_definition(self, value: str) -> None:
        """Delete a goal's label in the repository's settings."""
        self.world.delete_label(self.place, f"goal:{value}", actor="mia")

    @staticmethod
    def _at(key: str) -> tuple[str, int]:
        place, _, number = key.rpartition("#")
        return place, int(number)
