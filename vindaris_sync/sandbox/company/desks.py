"""What people of the company do in either tracker, in the same words; issues are named by their keys."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from vindaris_sync.sandbox.github import World as GithubWorld
from vindaris_sync.sandbox.github.access import Refused
from vindaris_sync.sandbox.jira import Person
from vindaris_sync.sandbox.jira import World as JiraWorld

PREFIX = "goal:"
FIELD = "Goal"


class Desk(Protocol):
    """People's acts in one tracker, and what it shows now. ``who`` is a person's name."""

    def open(  # noqa: PLR0913 - what a form asks for
        self, place: str, title: str, who: str, *, kind: str = "", above: str = "", labels: Sequence[str] = ()
    ) -> str:
        """Open an issue; return its key."""
        ...

    def add_label(self, key: str, label: str, who: str) -> None:
        """Put a label on."""
        ...

    def remove_label(self, key: str, label: str, who: str) -> None:
        """Take a label off."""
        ...

    def set_goal(self, key: str, goal: str, who: str) -> None:
        """State the goal as people there do: in the field, or by the label where there is none."""
        ...

    def retitle(self, key: str, title: str, who: str) -> None:
        """Change the title."""
        ...

    def close(self, key: str, who: str) -> None:
        """Finish it."""
        ...

    def hang(self, key: str, above: str, who: str) -> None:
        """Put it under another issue."""
        ...

    def move(self, key: str, place: str, who: str) -> str:
        """Move it to another project or repository; return its new key."""
        ...

    def delete(self, key: str, who: str) -> None:
        """Delete it for good."""
        ...

    def labels(self, key: str) -> frozenset[str]:
        """Return the labels it shows."""
        ...

    def goals(self, key: str) -> frozenset[str]:
        """Return the goals it shows, on whatever surface; surfaces that differ show several."""
        ...

    def title(self, key: str) -> str:
        """Return the title."""
        ...


class JiraDesk:
    """People at Jira."""

    def __init__(self, world: JiraWorld) -> None:
        self.world = world

    def _person(self, who: str) -> Person:
        return Person(self.world, self.world.user(who))

    def open(  # noqa: PLR0913 - what a form asks for
        self, place: str, title: str, who: str, *, kind: str = "", above: str = "", labels: Sequence[str] = ()
    ) -> str:
        """Open an issue, a story unless it is of another ``kind``."""
        fields = {"parent": above} if above else {}
        return self._person(who).create_issue(place, title, kind or "Story", labels=list(labels), **fields)

    def add_label(self, key: str, label: str, who: str) -> None:
        """Put a label on."""
        self._person(who).add_label(key, label)

    def remove_label(self, key: str, label: str, who: str) -> None:
        """Take a label off."""
        self._person(who).remove_label(key, label)

    def set_goal(self, key: str, goal: str, who: str) -> None:
        """Choose the goal in the field."""
        self._person(who).set_field(key, FIELD, goal or None)

    def retitle(self, key: str, title: str, who: str) -> None:
        """Change the summary."""
        self._person(who).edit(key, summary=title)

    def close(self, key: str, who: str) -> None:
        """Move it to done."""
        self._person(who).close(key)

    def hang(self, key: str, above: str, who: str) -> None:
        """Put it under another epic."""
        self._person(who).set_parent(key, above)

    def move(self, key: str, place: str, who: str) -> str:
        """Move it to another project."""
        return self._person(who).move(key, place)

    def delete(self, key: str, who: str) -> None:
        """Delete it for good."""
        self._person(who).delete_issue(key)

    def labels(self, key: str) -> frozenset[str]:
        """Return the labels it shows."""
        found = self.world.find(key)
        return frozenset(found.state.labels) if found else frozenset()

    def goals(self, key: str) -> frozenset[str]:
        """Return the goals in label and field."""
        found, field = self.world.find(key), self.world.field(FIELD)
        option = found.state.values.get(field.id) if found and field else None
        return _goals(self.labels(key)) | ({option.value} if option else set())

    def title(self, key: str) -> str:
        """Return the summary."""
        found = self.world.find(key)
        return str(found.state.values["summary"]) if found else ""


class GithubDesk:
    """People at GitHub; a key is ``owner/name#number``."""

    def __init__(self, world: GithubWorld) -> None:
        self.world = world

    def open(  # noqa: PLR0913 - what a form asks for
        self, place: str, title: str, who: str, *, kind: str = "", above: str = "", labels: Sequence[str] = ()
    ) -> str:
        """Open an issue; its ``kind`` becomes a label."""
        parent = home(above) if above else None
        shown = [*labels, kind.casefold()] if kind == "Bug" else list(labels)
        return f"{place}#{self.world.create_issue(place, title, actor=who, labels=shown, parent=parent)}"

    def open_pull(self, place: str, title: str, who: str) -> str:
        """Open a pull request."""
        number = self.world.create_issue(place, title, actor=who)
        kinds = ("diff", "html", "patch")
        urls = {f"{kind}_url": f"https://github.com/{place}/pull/{number}" for kind in kinds}
        shown = {"pull_request": {**urls, "url": f"https://api.github.com/repos/{place}/pulls/{number}"}}
        with self.world.lock:
            issue = self.world.issue(place, number)
            self.world.change(issue, lambda document: document.update(shown), quiet=True)
            issue.pull = True
        return f"{place}#{number}"

    def add_label(self, key: str, label: str, who: str) -> None:
        """Put a label on."""
        self.world.add_label(*home(key), label, actor=who)

    def remove_label(self, key: str, label: str, who: str) -> None:
        """Take a label off."""
        self.world.remove_label(*home(key), label, actor=who)

    def set_goal(self, key: str, goal: str, who: str) -> None:
        """Replace the goal's label."""
        for former in self.goals(key) - {goal}:
            self.remove_label(key, f"{PREFIX}{former}", who)
        if goal:
            self.add_label(key, f"{PREFIX}{goal}", who)

    def retitle(self, key: str, title: str, who: str) -> None:
        """Change the title."""
        self.world.edit(*home(key), actor=who, title=title)

    def close(self, key: str, who: str) -> None:
        """Close it as completed."""
        self.world.close(*home(key), actor=who)

    def hang(self, key: str, above: str, who: str) -> None:
        """Make it a sub-issue."""
        self.world.set_parent(*home(key), home(above), actor=who)

    def move(self, key: str, place: str, who: str) -> str:
        """Transfer it to another repository."""
        return f"{place}#{self.world.transfer(*home(key), place, actor=who)}"

    def delete(self, key: str, who: str) -> None:
        """Delete it for good."""
        self.world.delete_issue(*home(key), actor=who)

    def labels(self, key: str) -> frozenset[str]:
        """Return the labels it shows; none where it is not there any more."""
        with self.world.lock, suppress(Refused):
            return frozenset(label["name"] for label in self.world.issue(*home(key)).document()["labels"])
        return frozenset()

    def goals(self, key: str) -> frozenset[str]:
        """Return the goals among its labels."""
        return _goals(self.labels(key))

    def title(self, key: str) -> str:
        """Return the title."""
        with self.world.lock:
            return str(self.world.issue(*home(key)).document()["title"])


def home(key: str) -> tuple[str, int]:
    """Return repository and number of ``owner/name#number``."""
    place, _, number = key.partition("#")
    return place, int(number)


def _goals(labels: frozenset[str]) -> frozenset[str]:
    return frozenset(label.removeprefix(PREFIX) for label in labels if label.startswith(PREFIX))
