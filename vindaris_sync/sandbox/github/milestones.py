"""Milestones: of a repository, and on its issues."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Refused, invalid
from vindaris_sync.sandbox.github.family import Family
from vindaris_sync.sandbox.github.model import Document, Issue, Milestone, Repository
from vindaris_sync.sandbox.github.state import act

if TYPE_CHECKING:
    from collections.abc import Mapping


class Milestones(Family):
    """The acts on milestones. A number is never given twice, and a title is one open or closed milestone's."""

    @act
    def create_milestone(
        self, repo: str, title: str, *, actor: str, description: str | None = None, due_on: str | None = None
    ) -> Milestone:
        """Create an open milestone; raises ``Refused`` (422) without a title, or where the title is taken."""
        repository = self.writable(repo)
        _check(repository, title)
        number = repository.last_milestone = repository.last_milestone + 1
        fresh = Milestone(
            id=repository.id * 1000 + number,
            node_id=documents.node_id("MI", repository.id, number),
            number=number,
            title=title,
            creator=actor,
            created=self.now(),
            updated=self.now(),
            description=description,
            due_on=due_on,
        )
        repository.milestones[number] = fresh
        self._tell(repository, fresh, "created", actor)
        return fresh

    @act
    def edit_milestone(self, repo: str, number: int, *, actor: str, **values: str | None) -> Milestone:
        """Change ``title``, ``description``, ``due_on`` or ``state``; issues show it, their ``updated_at`` stays."""
        repository = self.writable(repo)
        found = self.milestone(repository, number)
        title = values.get("title", found.title)
        if title != found.title:
            _check(repository, title or "")
        for name in ("title", "description", "due_on"):
            setattr(found, name, values.get(name, getattr(found, name)))
        if (state := values.get("state")) and state != found.state:
            if state not in {"open", "closed"}:
                raise invalid("Milestone", "state")
            found.state, found.closed_at = state, self.now() if state == "closed" else None
        found.updated = max(self.now(), found.updated)
        printed = documents.milestone(repository, found, self.user(found.creator))
        for issue in self.in_milestone(repository, found):
            self.change(issue, lambda document: document.update(milestone=printed), quiet=True)
        self._tell(repository, found, "edited", actor)
        return found

    @act
    def delete_milestone(self, repo: str, number: int, *, actor: str) -> None:
        """Delete a milestone, and take its issues out of it; no ``updated_at`` grows."""
        repository = self.writable(repo)
        found = self.milestone(repository, number)
        for issue in self.in_milestone(repository, found):
            self.change(issue, lambda document: document.update(milestone=None), quiet=True)
        del repository.milestones[number]
        self._tell(repository, found, "deleted", actor)

    def milestone(self, repository: Repository, number: int) -> Milestone:
        """Return the milestone of that number; raises ``Refused`` (404) where there is none."""
        found = repository.milestones.get(number)
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return found

    def titled(self, repository: Repository, title: str, actor: str) -> Milestone:
        """Return the milestone of that title, made if need be."""
        known = (each for each in repository.milestones.values() if each.title == title)
        return next(known, None) or self.create_milestone(repository.full_name, title, actor=actor)

    def in_milestone(self, repository: Repository, milestone: Milestone) -> list[Issue]:
        """Return the issues and pull requests of a milestone."""
        return [issue for issue in repository.issues.values() if issue.milestone == milestone.number]

    def milestone_document(self, repository: Repository, milestone: Milestone) -> Document:
        """Return a milestone as its own routes print it, with how many of its issues are open and closed."""
        states = [issue.state for issue in self.in_milestone(repository, milestone)]
        counts = {"open_issues": states.count("open"), "closed_issues": states.count("closed")}
        return {**documents.milestone(repository, milestone, self.user(milestone.creator)), **counts}

    def adopt_milestone(self, repository: Repository, printed: Mapping[str, object] | None) -> None:
        """Make the milestone that a loaded issue carries the repository's own."""
        if printed and printed["number"] not in repository.milestones:
            loaded = Milestone.of(printed)
            repository.milestones[loaded.number] = loaded
            repository.last_milestone = max(repository.last_milestone, loaded.number)

    def _tell(self, repository: Repository, milestone: Milestone, action: str, actor: str) -> None:
        printed = self.milestone_document(repository, milestone)
        self.emit(repository, "milestone", actor, {"action": action, "milestone": printed})


def _check(repository: Repository, title: str) -> None:
    if not title.strip():
        raise invalid("Milestone", "title", "missing_field")
    if any(each.title == title for each in repository.milestones.values()):
        raise invalid("Milestone", "title", "already_exists")
