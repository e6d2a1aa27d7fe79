"""The site as people see it in a browser: repositories, their issues, and one issue with its timeline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vindaris_sync.sandbox import pages

if TYPE_CHECKING:
    from vindaris_sync.sandbox.github.model import Issue, Repository
    from vindaris_sync.sandbox.github.world import World

_PATH = re.compile(r"/(?P<name>[^/]+/[^/]+?)(?:/issues(?:/(?P<number>[0-9]{1,9}))?)?/?")
_LATEST = 30


def page(world: World, base: str, path: str) -> str | None:
    """Return the page at ``path``: all repositories, a repository's issues, or one issue."""
    if path == "/":
        rows = (
            (pages.link(f"{base}/{each.full_name}/issues", each.full_name), str(len(each.issues)))
            for each in world.repositories.values()
        )
        return pages.document("GitHub look-alike", pages.listing(("repository", "issues"), rows))
    found = _PATH.fullmatch(path)
    name = found["name"].casefold() if found else ""
    repository = next((each for each in world.repositories.values() if each.full_name.casefold() == name), None)
    if found is None or repository is None:
        return None
    if found["number"] is None:
        return _repository(base, repository)
    issue = repository.issues.get(int(found["number"]))
    return _issue(base, repository, issue) if issue is not None else None


def _repository(base: str, repository: Repository) -> str:
    newest = sorted(repository.issues.values(), key=lambda issue: issue.updated, reverse=True)[: pages.MOST]
    documents = [(issue, issue.document()) for issue in newest if not issue.pull]
    rows = (
        (
            pages.link(f"{base}/{repository.full_name}/issues/{issue.number}", f"#{issue.number}"),
            pages.text(document["title"]),
            pages.text(issue.state),
            pages.labels(label["name"] for label in document["labels"]),
        )
        for issue, document in documents
    )
    table = pages.listing(("issue", "title", "state", "labels"), rows)
    return pages.document(repository.full_name, table, up=f"{base}/")


def _issue(base: str, repository: Repository, issue: Issue) -> str:
    document = issue.document()
    values = {
        "State": pages.text(issue.state),
        "Labels": pages.labels(label["name"] for label in document["labels"]),
        "Type": pages.text((document.get("type") or {}).get("name")),
        "Milestone": pages.text((document.get("milestone") or {}).get("title")),
        "Opened by": pages.text((document.get("user") or {}).get("login")),
    }
    told = [event for event in repository.events if event.number == issue.number][-_LATEST:]
    rows = (
        (pages.text(event.created[11:19]), pages.text(event.actor), pages.text(event.kind.replace("_", " ")),
         pages.text((event.extra.get("label") or {}).get("name")))
        for event in reversed(told)
    )  # fmt: skip
    timeline = pages.listing(("when", "who", "what", "label"), rows)
    title = f"{repository.full_name}#{issue.number} {document['title']}"
    up = f"{base}/{repository.full_name}/issues"
    return pages.document(title, pages.facts(values), "<h2>Timeline</h2>", timeline, up=up)
