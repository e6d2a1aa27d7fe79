"""Labels: of a repository, and on its issues."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Refused, invalid
from vindaris_sync.sandbox.github.model import Document, Issue, Label, Repository
from vindaris_sync.sandbox.github.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_NAME = 50
MAX_DESCRIPTION = 100
MAX_LABELS = 100
ARCHIVED = "Repository was archived so is read-only."


class Labelling(State):
    """The acts on labels. Names are found without regard to case and keep the case they were created with."""

    def writable(self, repo: str) -> Repository:
        """Return a repository that can be written; raises ``Refused`` (403) for an archived one."""
        repository = self.repository(repo)
        if repository.archived:
            raise Refused(HTTPStatus.FORBIDDEN, ARCHIVED)
        return repository

    def add_label(self, repo: str, number: int, *names: str, actor: str) -> None:
        """Put labels on an issue, creating those the repository lacks; one bad label refuses all."""
        with self.lock:
            repository, issue = self.writable(repo), self.issue(repo, number)
            wanted = self.ensure_labels(repository, names, issue.labels)
            fresh = [label for label in wanted if label.name.casefold() not in issue.labels]
            if not fresh:
                return
            printed = [documents.label(repository, label) for label in fresh]
            self.change(issue, lambda document: document["labels"].extend(printed))
            for label, document in zip(fresh, printed, strict=True):
                self.note(issue, "labeled", actor, label={"name": label.name, "color": label.color})
                self.announce(issue, "labeled", actor, label=document)

    def remove_label(self, repo: str, number: int, name: str, *, actor: str) -> None:
        """Take a label off an issue; raises ``Refused`` (404) where it is not on it."""
        with self.lock:
            repository, issue = self.writable(repo), self.issue(repo, number)
            if name.casefold() not in issue.labels:
                raise Refused(HTTPStatus.NOT_FOUND, "Label does not exist")
            self.change(issue, lambda document: _strip(document, name))
            label = repository.labels[name.casefold()]
            self.note(issue, "unlabeled", actor, label={"name": label.name, "color": label.color})
            self.announce(issue, "unlabeled", actor, label=documents.label(repository, label))

    def create_label(self, repo: str, name: str, color: str = "ededed", description: str | None = None) -> Label:
        """Create a label; raises ``Refused`` (422) for a name taken or a bad name, colour or description."""
        with self.lock:
            repository = self.writable(repo)
            _check(name, color, description)
            if name.casefold() in repository.labels:
                raise invalid("Label", "name", "already_exists")
            label = Label(self.new_id(), name, color, description, created=self.now())
            repository.labels[name.casefold()] = label
            return label

    def rename_label(self, repo: str, name: str, new: str, *, actor: str) -> None:
        """Rename a label on every issue that has it; the issues' ``updated_at`` stays."""
        self.edit_label(repo, name, {"name": new}, actor=actor)

    def edit_label(self, repo: str, name: str, values: dict[str, str], *, actor: str) -> Label:
        """Change a label's ``name``, ``color`` or ``description``, on every issue that has it."""
        with self.lock:
            repository = self.writable(repo)
            label = self.label(repository, name)
            fresh = {"name": label.name, "color": label.color, "description": label.description, **values}
            _check(str(fresh["name"]), str(fresh["color"]), fresh["description"])
            new = str(fresh["name"]).casefold()
            if new != label.name.casefold() and new in repository.labels:
                raise invalid("Label", "name", "already_exists")
            before = label.name
            del repository.labels[before.casefold()]
            label.name, label.color, label.description = str(fresh["name"]), str(fresh["color"]), fresh["description"]
            repository.labels[new] = label
            printed = documents.label(repository, label)
            for issue in self._carrying(repository, before):
                self.change(issue, lambda document: _replace(document, label.id, before, printed), quiet=True)
            changes = {"name": {"from": before}} if before != label.name else {}
            self.emit(repository, "label", actor, {"action": "edited", "label": printed, "changes": changes})
            return label

    def delete_label(self, repo: str, name: str, *, actor: str) -> None:
        """Delete a label, and take it off every issue; no ``updated_at`` grows, no timeline gains a line."""
        with self.lock:
            repository = self.writable(repo)
            label = self.label(repository, name)
            for issue in self._carrying(repository, name):
                self.change(issue, lambda document: _strip(document, name), quiet=True)
            del repository.labels[label.name.casefold()]
            printed = documents.label(repository, label)
            self.emit(repository, "label", actor, {"action": "deleted", "label": printed})

    def label(self, repository: Repository, name: str) -> Label:
        """Return the label of that name; raises ``Refused`` (404) where there is none."""
        found = repository.labels.get(name.casefold())
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return found

    def ensure_labels(
        self, repository: Repository, names: Sequence[str], present: frozenset[str] = frozenset()
    ) -> list[Label]:
        """Return the labels of these names, created where they lack; nothing is created where one is refused."""
        distinct = {name.casefold(): name for name in names}
        for name in distinct.values():
            _check(name, "ededed", None)
        if len(present | set(distinct)) > MAX_LABELS:
            raise invalid("Issue", "labels", "custom", message=f"Issue can have at most {MAX_LABELS} labels")
        for folded, name in distinct.items():
            if folded not in repository.labels:
                repository.labels[folded] = Label(self.new_id(), name, created=self.now())
        return [repository.labels[folded] for folded in distinct]

    def adopt_labels(self, repository: Repository, printed: Iterable[Document]) -> None:
        """Make labels that a loaded issue carries the repository's own."""
        for each in printed:
            if each["name"].casefold() not in repository.labels:
                label = Label(
                    each["id"], each["name"], each["color"], each.get("description"), bool(each.get("default"))
                )
                repository.labels[label.name.casefold()] = label

    def _carrying(self, repository: Repository, name: str) -> list[Issue]:
        return [issue for issue in repository.issues.values() if name.casefold() in issue.labels]


def _strip(document: Document, name: str) -> None:
    document["labels"] = [each for each in document["labels"] if each["name"].casefold() != name.casefold()]


def _replace(document: Document, identity: int, name: str, printed: Document) -> None:
    document["labels"] = [
        printed if each["id"] == identity or each["name"].casefold() == name.casefold() else each
        for each in document["labels"]
    ]


def _check(name: str, color: str, description: str | None) -> None:
    if not name.strip() or len(name) > MAX_NAME:
        raise invalid("Label", "name", "invalid", value=name)
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", color):
        raise invalid("Label", "color")
    if description and len(description) > MAX_DESCRIPTION:
        raise invalid("Label", "description")
