"""What people do on the sandbox's GitHub. Each act takes effect at the world's clock, under the world's lock.

The REST and GraphQL routes call the same acts with the account's login as the actor, so a change looks the same
whoever made it: ``updated_at`` grows, the timeline gains a line, webhooks are queued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Account, invalid
from vindaris_sync.sandbox.github.boards import Boards
from vindaris_sync.sandbox.github.load import parsed, renumbered
from vindaris_sync.sandbox.github.model import App, Document, Hook, Issue, Organisation, Repository
from vindaris_sync.sandbox.github.state import act

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


USUAL_TYPES = ("Task", "Bug", "Feature")
"""What every organisation has from its first day on (GitHub, *Managing issue types*)."""


class World(Boards):
    """The world and everybody's acts on it; repositories are named ``owner/name``.

    Acts raise ``Refused`` for what GitHub refuses.
    """

    @act
    def create_repository(self, name: str, *, private: bool = False, max_page: int | None = None) -> Repository:
        """Create an empty repository, below an organisation unless its owner was named as a person before."""
        owner, _, short = name.partition("/")
        if owner.casefold() not in self.users:
            self.organisations[owner.casefold()] = Organisation(owner)
        repository = self.open_repository(owner, short)
        repository.private, repository.max_page = private, max_page
        return repository

    @act
    def load(self, name: str, source: Path | str | Iterable[bytes]) -> int:
        """Load raw issues as the API prints them, from a ``.jsonl[.gz]`` file or lines; return how many.

        The repository is created where it does not exist. Ids that are taken are replaced; issues whose number is
        taken, as that of an issue transferred in from elsewhere, follow after the last one.
        """
        repository = self.repository(name) if name.casefold() in self.names else self.create_repository(name)
        fresh: list[Issue] = []
        late: list[Document] = []
        for document in parsed(source, repository.full_name):
            if document["number"] in repository.issues:
                late.append(document)
            else:
                fresh.append(self._loaded(repository, document))
        fresh += [self._loaded(repository, renumbered(each, repository.last_number + 1)) for each in late]
        repository.orders.extend(fresh)
        return len(fresh)

    def _loaded(self, repository: Repository, document: Document) -> Issue:
        if document["id"] in self.by_id or document["node_id"] in self.by_node:
            document["id"] = self.new_id()
            document["node_id"] = documents.node_id("I", repository.id, document["id"])
        issue = Issue.of(repository.id, document)
        self.index(repository, issue)
        self.adopt_labels(repository, document["labels"])
        self.adopt_milestone(repository, document.get("milestone"))
        return issue

    @act
    def create_issue(  # noqa: PLR0913 - keywords, as in GitHub's own form
        self,
        repo: str,
        title: str,
        *,
        actor: str,
        body: str | None = None,
        labels: Sequence[str] = (),
        kind: str | None = None,
        assignees: Sequence[str] = (),
        parent: tuple[str, int] | None = None,
    ) -> int:
        """Open an issue; return its number."""
        repository = self.writable(repo)
        if not title.strip():
            raise invalid("Issue", "title", "missing_field")
        chosen = self.ensure_labels(repository, labels)
        document = documents.issue(repository, repository.last_number + 1, self.new_id(), self.now())
        document |= {"title": title, "body": body, "user": documents.user(self.user(actor))}
        document["type"] = self._type(repository, kind)
        document["labels"] = [documents.label(repository, label) for label in chosen]
        people = [documents.user(self.user(login)) for login in assignees]
        document |= {"assignees": people, "assignee": people[0] if people else None}
        issue = self.insert(repository, document)
        for label in chosen:
            self.note(issue, "labeled", actor, label={"name": label.name, "color": label.color})
        self.announce(issue, "opened", actor)
        if parent is not None:
            self.set_parent(repo, issue.number, parent, actor=actor)
        return issue.number

    @act
    def convert_draft(self, board: str, item: str, repo: str, *, actor: str) -> int:
        """Make an issue of a board's draft, which stays where it is on the board; return the issue's number."""
        found = self.item(self.board(board), item)
        if found.draft is None:
            raise invalid("ProjectV2Item", "draft_issue")
        number = self.create_issue(repo, found.draft.title, actor=actor, body=found.draft.body)
        found.issue, found.draft = self.issue(repo, number).node_id, None
        return number

    @act
    def edit(self, repo: str, number: int, *, actor: str, **values: object) -> None:
        """Change ``title``, ``body``, ``kind`` (the issue type) or ``milestone`` (by title, made if need be)."""
        repository, issue = self.writable(repo), self.issue(repo, number)
        before = issue.document()
        fresh = {name: value for name, value in values.items() if name in {"title", "body"}}
        if "kind" in values:
            kind = values["kind"]
            fresh["type"] = self._type(repository, str(kind) if kind is not None else None)
        if "milestone" in values:
            fresh["milestone"] = self._milestone(repository, values["milestone"], actor)
        if "title" in fresh and not str(fresh["title"] or "").strip():
            raise invalid("Issue", "title", "missing_field")
        if all(before[name] == value for name, value in fresh.items()):
            return
        self.change(issue, lambda document: document.update(fresh))
        if "title" in fresh:
            self.note(issue, "renamed", actor, rename={"from": before["title"], "to": fresh["title"]})
        changes = {name: {"from": before[name]} for name in fresh if name in {"title", "body"}}
        self.announce(issue, "edited", actor, changes=changes)

    @act
    def close(self, repo: str, number: int, *, actor: str, reason: str = "completed") -> None:
        """Close an issue; ``reason`` is completed, not_planned or duplicate."""
        self.writable(repo)
        issue = self.issue(repo, number)
        if issue.state == "closed":
            self.change(issue, lambda document: document.update(state_reason=reason))
            return
        closed = {"state": "closed", "state_reason": reason, "closed_at": self.now()}
        closed["closed_by"] = documents.user(self.user(actor))  # type: ignore[assignment] # a document, not a text
        self.change(issue, lambda document: document.update(closed))
        self._turned(issue, "closed", actor, reason)

    @act
    def reopen(self, repo: str, number: int, *, actor: str) -> None:
        """Open a closed issue again."""
        self.writable(repo)
        issue = self.issue(repo, number)
        if issue.state == "open":
            return
        opened: Document = {"state": "open", "state_reason": "reopened", "closed_at": None, "closed_by": None}
        self.change(issue, lambda document: document.update(opened))
        self._turned(issue, "reopened", actor, "reopened")

    @act
    def comment(self, repo: str, number: int, text: str, *, actor: str) -> Document:
        """Write a comment; return its document."""
        repository, issue = self.writable(repo), self.issue(repo, number)
        document = documents.comment(repository, number, self.new_id(), self.user(actor), self.now())
        document["body"] = text
        repository.comments.setdefault(number, []).append(document)
        self.change(issue, lambda each: each.update(comments=each["comments"] + 1))
        payload = {"action": "created", "issue": issue.document(), "comment": document}
        self.emit(repository, "issue_comment", actor, payload)
        return document

    @act
    def lock_issue(self, repo: str, number: int, *, actor: str, locked: bool = True, reason: str | None = None) -> None:
        """Lock or unlock the conversation; labels and fields stay writable."""
        self.writable(repo)
        issue = self.issue(repo, number)
        self.change(issue, lambda each: each.update(locked=locked, active_lock_reason=reason if locked else None))
        self.note(issue, "locked" if locked else "unlocked", actor, lock_reason=reason)
        self.announce(issue, "locked" if locked else "unlocked", actor)

    @act
    def rename_repository(self, repo: str, name: str, *, actor: str) -> None:
        """Give a repository another name (or, with ``owner/name``, another owner); the old name redirects."""
        repository = self.repository(repo)
        before = repository.full_name
        owner, _, short = name.rpartition("/")
        repository.owner, repository.name = owner or repository.owner, short
        self.names[repository.full_name.casefold()] = repository.id
        self.rewrite(before, repository.full_name)
        changes = {"repository": {"name": {"from": before.partition("/")[2]}}}
        self.emit(repository, "repository", actor, {"action": "renamed", "changes": changes})

    @act
    def delete_repository(self, repo: str, *, actor: str) -> None:
        """Delete a repository with all its issues; its name is free for another one."""
        repository = self.repository(repo)
        for issue in list(repository.issues.values()):
            self.take_out(issue)
        del self.repositories[repository.id]
        self.names = {name: number for name, number in self.names.items() if number != repository.id}
        self.emit(repository, "repository", actor, {"action": "deleted"})

    @act
    def archive(self, repo: str, *, actor: str, archived: bool = True) -> None:
        """Make a repository read-only, or writable again."""
        repository = self.repository(repo)
        repository.archived = archived
        self.emit(repository, "repository", actor, {"action": "archived" if archived else "unarchived"})

    @act
    def grant(self, token: str, account: Account) -> Account:
        """Let ``token`` speak for ``account``; what else it may be told is in ``Account``."""
        self.tokens[token] = account
        return account

    @act
    def hide(self, token: str, repo: str, *, hidden: bool = True) -> None:
        """Let a token lose sight of a repository, or see it again."""
        change = self.tokens[token].hidden
        (change.add if hidden else change.discard)(self.repository(repo).id)

    @act
    def add_hook(self, repo: str, url: str, *, secret: str | None = None, events: Sequence[str] = ("issues",)) -> Hook:
        """Let a repository send webhooks to ``url``, signed where there is a ``secret``."""
        hook = Hook(self.new_id() % 10**9, url, secret, tuple(events), self.now())
        self.repository(repo).hooks.append(hook)
        return hook

    @act
    def install_app(
        self, slug: str, account: str, *, permissions: Mapping[str, str], repos: Sequence[str] | None = None
    ) -> App:
        """Install a GitHub App on an account; its ids are in the returned record."""
        chosen = None if repos is None else {self.repository(name).id for name in repos}
        app = App(self.new_id() % 10**7, slug, self.new_id() % 10**8, account, dict(permissions), chosen)
        self.apps[app.id] = app
        return app

    def type_names(self, repository: Repository) -> frozenset[str]:
        """Return the issue types of the repository's organisation: GitHub's own, and those that people named."""
        organisation = self.organisations.get(repository.owner.casefold())
        return frozenset(USUAL_TYPES).union(name for _, name in organisation.types) if organisation else frozenset()

    def _type(self, repository: Repository, kind: str | None) -> Document | None:
        if kind is None:
            return None
        organisation = self.organisations.get(repository.owner.casefold())
        if organisation is None:
            raise invalid("Issue", "type")
        if kind not in (names := {name: identity for identity, name in organisation.types}):
            organisation.types.append((names.setdefault(kind, self.new_id() % 10**8), kind))
        return documents.issue_type(names[kind], kind, repository.created)

    def _milestone(self, repository: Repository, title: object, actor: str) -> Document | None:
        if title is None:
            return None
        found = self.titled(repository, str(title), actor)
        return documents.milestone(repository, found, self.user(found.creator))

    def _turned(self, issue: Issue, event: str, actor: str, reason: str) -> None:
        self.note(issue, event, actor, state_reason=reason)
        self.announce(issue, event, actor)
        self.tell_parent(issue)
