"""What people can do in each kind of tracker, said alike for all of them, with issues named by their immutable ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from tests.simulation.site import EXEMPT, FIELD, PREFIX, REVIEW, TrackerSite
from vindaris_sync.sandbox import github, jira
from vindaris_sync.sandbox.github.access import Refused


class Desk(Protocol):
    """One tracker as people see it. What the tracker itself refuses raises ``Impossible``."""

    site: TrackerSite

    def issues(self) -> list[str]:
        """Return all issues there are, oldest first."""
        ...

    def place(self, issue: str) -> str:
        """Return where an issue is, by the place's present name."""
        ...

    def places(self) -> list[str]:
        """Return the places in scope by their present names."""
        ...

    def closed(self, issue: str) -> bool:
        """Whether an issue is closed."""
        ...

    def labels(self, issue: str) -> list[str]:
        """Return the labels on an issue."""
        ...

    def field(self, issue: str) -> str | None:
        """Return what the goal field shows."""
        ...

    def create(self, place: str, title: str, labels: Iterable[str], parent: str) -> str:
        """Open an issue and return its id."""
        ...

    def open_pull(self, place: str, title: str) -> None:
        """Open a pull request, where there are any: it stands in lists of issues, and is none."""
        ...

    def edit(self, issue: str, title: str) -> None:
        """Change an issue's title."""
        ...

    def comment(self, issue: str, text: str) -> None:
        """Say something; in Jira, which keeps comments elsewhere, in the description."""
        ...

    def add_label(self, issue: str, label: str) -> None:
        """Put a label on."""
        ...

    def remove_label(self, issue: str, label: str) -> None:
        """Take a label off."""
        ...

    def set_field(self, issue: str, value: str | None) -> None:
        """Set or empty the goal field."""
        ...

    def move(self, issue: str, place: str) -> str:
        """Move an issue to another place; return its id there."""
        ...

    def retype(self, issue: str, kind: str) -> None:
        """Give an issue another type."""
        ...

    def set_parent(self, issue: str, parent: str) -> None:
        """Hang an issue below another, or (empty) below none."""
        ...

    def close(self, issue: str) -> None:
        """Close an issue."""
        ...

    def reopen(self, issue: str) -> None:
        """Open it again."""
        ...

    def delete(self, issue: str) -> None:
        """Delete it for good."""
        ...


Impossible = (jira.Refusal, Refused, KeyError, StopIteration)
"""What an act raises that the tracker itself refuses, or that names nothing there is."""


def ours(label: str) -> bool:
    """Whether a label is one that we manage."""
    folded = label.casefold()
    return folded in {EXEMPT, REVIEW} or folded.startswith(PREFIX)


class JiraDesk:
    """Alice at a Jira."""

    def __init__(self, site: TrackerSite) -> None:
        assert isinstance(site.world, jira.World)
        self.site, self.world = site, site.world
        self.alice = jira.Person(self.world, self.world.user("alice"))

    def issues(self) -> list[str]:
        """Return all issues there are, oldest first."""
        return [str(number) for number, issue in self.world.issues.items() if not issue.deleted]

    def place(self, issue: str) -> str:
        """Return an issue's project key."""
        return str(self._state(issue).project.key)

    def places(self) -> list[str]:
        """Return the projects in scope."""
        return list(self.site.places)

    def closed(self, issue: str) -> bool:
        """Whether an issue is done."""
        return bool(self._state(issue).status.category.key == "done")

    def labels(self, issue: str) -> list[str]:
        """Return the labels on an issue."""
        return list(self._state(issue).labels)

    def field(self, issue: str) -> str | None:
        """Return what the Goal field shows."""
        goal = self.world.field(FIELD)
        option = self._state(issue).values.get(goal.id) if goal else None
        return str(option.value) if option else None

    def create(self, place: str, title: str, labels: Iterable[str], parent: str) -> str:
        """Open an epic, or a task below an epic."""
        above: dict[str, Any] = {"parent": self._state(parent).key} if parent else {}
        key = self.alice.create_issue(place, title, "Task" if parent else "Epic", labels=list(labels), **above)
        return str(self.world.keys[key])

    def open_pull(self, place: str, title: str) -> None:
        """Do nothing: Jira has no pull requests."""

    def edit(self, issue: str, title: str) -> None:
        """Change the summary."""
        self.alice.edit(issue, summary=title)

    def comment(self, issue: str, text: str) -> None:
        """Add to the description."""
        self.alice.edit(issue, description=text)

    def add_label(self, issue: str, label: str) -> None:
        """Put a label on."""
        self.alice.add_label(issue, label)

    def remove_label(self, issue: str, label: str) -> None:
        """Take a label off."""
        self.alice.remove_label(issue, label)

    def set_field(self, issue: str, value: str | None) -> None:
        """Set or empty the Goal field."""
        self.alice.set_field(issue, FIELD, value)

    def move(self, issue: str, place: str) -> str:
        """Move it to another project: the id stays."""
        self.alice.move(issue, place)
        return issue

    def retype(self, issue: str, kind: str) -> None:
        """Give it another type; a task may have no children, an epic no parent."""
        number, state = int(issue), self._state(issue)
        has_children = any(other.state.parent == number for other in self.world.issues.values() if not other.deleted)
        if has_children or state.parent is not None:
            raise KeyError(kind)
        self.world.change(self.world.issues[number], self.alice.user, {"issuetype": self.world.type(kind)})

    def set_parent(self, issue: str, parent: str) -> None:
        """Hang it below an epic, or below none."""
        self.alice.set_parent(issue, self._state(parent).key if parent else None)

    def close(self, issue: str) -> None:
        """Move it to done."""
        self.alice.close(issue)

    def reopen(self, issue: str) -> None:
        """Move it back."""
        self.alice.reopen(issue)

    def delete(self, issue: str) -> None:
        """Delete it."""
        self.alice.delete_issue(issue)

    def _state(self, issue: str) -> Any:
        found = self.world.issues[int(issue)]
        if found.deleted:
            raise KeyError(issue)
        return found.state


class GithubDesk:
    """Mia at GitHub."""

    def __init__(self, site: TrackerSite) -> None:
        assert isinstance(site.world, github.World)
        self.site, self.world = site, site.world
        self._scope = [self.world.repository(name).id for name in site.places]

    def issues(self) -> list[str]:
        """Return all issues there are, in the order in which they came to be."""
        at = self.world.by_node.items()
        return [node for node, (number, issue) in at if not self.world.repositories[number].issues[issue].pull]

    def place(self, issue: str) -> str:
        """Return an issue's repository."""
        return self._at(issue)[0]

    def places(self) -> list[str]:
        """Return the repositories in scope by their present names."""
        return [self.world.repositories[number].full_name for number in self._scope]

    def closed(self, issue: str) -> bool:
        """Whether an issue is closed."""
        return self.world.issue(*self._at(issue)).state == "closed"

    def labels(self, issue: str) -> list[str]:
        """Return the labels on an issue."""
        return [str(each["name"]) for each in self.world.issue(*self._at(issue)).document()["labels"]]

    def field(self, issue: str) -> str | None:
        """Return what the organisation's field shows."""
        values = self.world.issue(*self._at(issue)).document().get("issue_field_values") or [{}]
        name = (values[0].get("single_select_option") or {}).get("name")
        return None if name is None else str(name)

    def create(self, place: str, title: str, labels: Iterable[str], parent: str) -> str:
        """Open an issue."""
        above = self._at(parent) if parent else None
        number = self.world.create_issue(place, title, actor="mia", labels=list(labels), parent=above)
        return self.world.issue(place, number).node_id

    def open_pull(self, place: str, title: str) -> None:
        """Open a pull request."""
        number = self.world.create_issue(place, title, actor="mia")
        url = f"https://api.github.com/repos/{place}/pulls/{number}"
        issue = self.world.issue(place, number)
        self.world.change(issue, lambda document: document.update(pull_request={"url": url}), quiet=True)
        issue.pull = True

    def edit(self, issue: str, title: str) -> None:
        """Change the title."""
        self.world.edit(*self._at(issue), actor="mia", title=title)

    def comment(self, issue: str, text: str) -> None:
        """Write a comment."""
        self.world.comment(*self._at(issue), text, actor="mia")

    def add_label(self, issue: str, label: str) -> None:
        """Put a label on."""
        self.world.add_label(*self._at(issue), label, actor="mia")

    def remove_label(self, issue: str, label: str) -> None:
        """Take a label off."""
        self.world.remove_label(*self._at(issue), label, actor="mia")

    def set_field(self, issue: str, value: str | None) -> None:
        """Set or empty the organisation's field."""
        self.world.set_field(*self._at(issue), FIELD, value, actor="mia")

    def move(self, issue: str, place: str) -> str:
        """Transfer it: it goes on under a new id."""
        number = self.world.transfer(*self._at(issue), place, actor="mia")
        return self.world.issue(place, number).node_id

    def retype(self, issue: str, kind: str) -> None:
        """Give it an issue type of the organisation."""
        self.world.edit(*self._at(issue), actor="mia", kind=kind)

    def set_parent(self, issue: str, parent: str) -> None:
        """Make it a sub-issue, or nobody's."""
        self.world.set_parent(*self._at(issue), self._at(parent) if parent else None, actor="mia")

    def close(self, issue: str) -> None:
        """Close it."""
        self.world.close(*self._at(issue), actor="mia")

    def reopen(self, issue: str) -> None:
        """Open it again."""
        self.world.reopen(*self._at(issue), actor="mia")

    def delete(self, issue: str) -> None:
        """Delete it."""
        self.world.delete_issue(*self._at(issue), actor="mia")

    def _at(self, issue: str) -> tuple[str, int]:
        repository, number = self.world.by_node[issue]
        return self.world.repositories[repository].full_name, number


def desk_of(site: TrackerSite) -> Desk:
    """Return the desk of a tracker."""
    return GithubDesk(site) if site.kind == "github" else JiraDesk(site)
