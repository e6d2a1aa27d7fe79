"""Parents, sub-issues, and what becomes of them when an issue moves or goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import invalid
from vindaris_sync.sandbox.github.fields import Fields
from vindaris_sync.sandbox.github.state import act

if TYPE_CHECKING:
    from vindaris_sync.sandbox.github.model import Document, Issue, Repository

MAX_CHILDREN = 100


class Family(Fields):
    """The acts that change which issue is where, and below which."""

    @act
    def set_parent(self, repo: str, number: int, parent: tuple[str, int] | None, *, actor: str) -> None:
        """Make an issue a sub-issue of ``parent`` (repository, number), or of nothing."""
        self.writable(repo)
        child = self.issue(repo, number)
        above = self.issue(*parent) if parent else None
        if above and (above.id == child.id or above.id in self._descendants(child)):
            message = "Issue may not contain duplicate sub-issues and cannot be its own ancestor"
            raise invalid("Issue", "sub_issue", "custom", message=message)
        if above and len(above.children) >= MAX_CHILDREN:
            raise invalid(
                "Issue", "sub_issue", "custom", message=f"Parent cannot have more than {MAX_CHILDREN} sub-issues"
            )
        before = self.located(self.by_id.get(child.parent or 0))
        if (above and above.id) == child.parent:
            return
        if before:
            before.children = tuple(each for each in before.children if each != child.id)
            self._tell_family(before, child, "removed", actor)
        child.parent = above.id if above else None
        if above:
            above.children = (*above.children, child.id)
            self._tell_family(above, child, "added", actor)
        self._point_at_parent(child)

    @act
    def transfer(self, repo: str, number: int, target: str, *, actor: str) -> int:
        """Move an issue to another repository; return its number there.

        It gets a new id, node id and number; labels and a milestone that the target does not have are lost; the old
        place redirects.
        """
        source, destination = self.writable(repo), self.writable(target)
        issue = self.issue(repo, number)
        old = issue.document()
        fresh = documents.issue(destination, destination.last_number + 1, self.new_id(), issue.created)
        urls = {name for name in fresh if name == "url" or name.endswith("_url")} | {"id", "node_id", "number"}
        kept = {name: value for name, value in old.items() if name not in urls | {"reactions", "parent_issue_url"}}
        names = [label["name"] for label in old["labels"] if label["name"].casefold() in destination.labels]
        kept["labels"] = [documents.label(destination, destination.labels[name.casefold()]) for name in names]
        kept["milestone"] = self._matching(destination, old.get("milestone"))
        family = (issue.parent, issue.children)
        self.take_out(issue)
        moved = self.insert(destination, {**fresh, **kept, "updated_at": self.now()})
        source.moved[number] = (destination.id, moved.number)
        destination.comments[moved.number] = source.comments.pop(number, [])
        self._rejoin(moved, issue.id, family)
        self.note(moved, "transferred", actor)
        owner = self.user(destination.owner)
        changes = {"new_issue": moved.document(), "new_repository": documents.repository(destination, owner, {})}
        self.emit(source, "issues", actor, {"action": "transferred", "issue": old, "changes": changes})
        self.announce(moved, "opened", actor, changes={"old_issue": old})
        return moved.number

    @act
    def delete_issue(self, repo: str, number: int, *, actor: str) -> None:
        """Delete an issue for good; it answers 410 from now on, and its sub-issues lose their parent."""
        repository, issue = self.writable(repo), self.issue(repo, number)
        for identity in issue.children:
            if child := self.located(self.by_id.get(identity)):
                child.parent = None
                self._point_at_parent(child)
        if above := self.located(self.by_id.get(issue.parent or 0)):
            above.children = tuple(each for each in above.children if each != issue.id)
            self._count_children(above)
        self.announce(issue, "deleted", actor)
        self.take_out(issue)
        repository.deleted.add(number)

    def tell_parent(self, child: Issue) -> None:
        """Let the parent count its sub-issues anew, after one was closed or reopened."""
        if above := self.located(self.by_id.get(child.parent or 0)):
            self._count_children(above)

    def _matching(self, repository: Repository, milestone: Document | None) -> Document | None:
        """Return the repository's own milestone of the same title."""
        title = milestone["title"] if milestone else None
        found = next((each for each in repository.milestones.values() if each.title == title), None)
        return documents.milestone(repository, found, self.user(found.creator)) if found else None

    def _descendants(self, issue: Issue) -> set[int]:
        below = set(issue.children)
        for identity in issue.children:
            if child := self.located(self.by_id.get(identity)):
                below |= self._descendants(child)
        return below

    def _tell_family(self, above: Issue, child: Issue, verb: str, actor: str) -> None:
        self._count_children(above, quiet=False)
        self.note(above, f"sub_issue_{verb}", actor, sub_issue=self._reference(child))
        self.note(child, f"parent_issue_{verb}", actor, parent_issue=self._reference(above))
        payload = {"sub_issue": child.document(), "parent_issue": above.document(), "sub_issue_id": child.id}
        self.emit(self.home(above), "sub_issues", actor, {"action": f"sub_issue_{verb}", **payload})

    def _reference(self, issue: Issue) -> Document:
        repository = self.home(issue)
        owner = self.user(repository.owner)
        return documents.reference(issue, documents.repository(repository, owner, {}))

    def _count_children(self, above: Issue, *, quiet: bool = True) -> None:
        children = [child for identity in above.children if (child := self.located(self.by_id.get(identity)))]
        done = sum(child.state == "closed" for child in children)
        percent = 100 * done // len(children) if children else 0
        summary = {"total": len(children), "completed": done, "percent_completed": percent}
        self.change(above, lambda document: document.update(sub_issues_summary=summary), quiet=quiet)

    def _point_at_parent(self, child: Issue) -> None:
        above = self.located(self.by_id.get(child.parent or 0))

        def edit(document: Document) -> None:
            document.pop("parent_issue_url", None)
            if above:
                document["parent_issue_url"] = above.document()["url"]

        self.change(child, edit)

    def _rejoin(self, moved: Issue, old_id: int, family: tuple[int | None, tuple[int, ...]]) -> None:
        parent, children = family
        moved.parent, moved.children = parent, children
        if above := self.located(self.by_id.get(parent or 0)):
            above.children = tuple(moved.id if each == old_id else each for each in above.children)
        for identity in children:
            if child := self.located(self.by_id.get(identity)):
                child.parent = moved.id
                self._point_at_parent(child)
        if parent:
            self._point_at_parent(moved)
