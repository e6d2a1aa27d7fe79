"""The site as people see it in a browser: its issues, and one issue with its fields and history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vindaris_sync.sandbox import pages
from vindaris_sync.sandbox.jira.model import Issue, Option

if TYPE_CHECKING:
    from vindaris_sync.sandbox.jira.world import World

_LATEST = 30


def page(world: World, base: str, path: str) -> str | None:
    """Return the page at ``path``: the site's issues, or ``/browse/KEY``."""
    if path == "/":
        return _site(world, base)
    kind, _, key = path.strip("/").partition("/")
    found = next((issue for issue in _shown(world) if issue.state.key == key), None) if kind == "browse" else None
    return _issue(world, base, found) if found is not None else None


def _shown(world: World) -> list[Issue]:
    return [issue for issue in world.issues.values() if not issue.deleted]


def _site(world: World, base: str) -> str:
    newest = sorted(_shown(world), key=lambda issue: -issue.state.updated)[: pages.MOST]
    rows = (
        (
            pages.link(f"{base}/browse/{issue.state.key}", issue.state.key),
            pages.text(issue.state.values.get("summary")),
            pages.text(issue.state.status.name),
            pages.labels(issue.state.labels),
        )
        for issue in newest
    )
    return pages.document("Jira look-alike", pages.listing(("issue", "summary", "status", "labels"), rows))


def _issue(world: World, base: str, issue: Issue) -> str:
    state = issue.state
    parent = world.issues.get(state.parent) if state.parent is not None else None
    values = {
        "Type": pages.text(state.type.name),
        "Status": pages.text(state.status.name),
        "Labels": pages.labels(state.labels),
        "Parent": pages.link(f"{base}/browse/{parent.state.key}", parent.state.key) if parent else pages.text(""),
    }
    for field in world.fields.values():
        if field.custom and state.values.get(field.id) not in (None, ()):
            values[field.name] = pages.text(_said(state.values[field.id]))
    told = (
        (_at(history.created), pages.text(history.author.display_name), pages.text(_field(world, change.field)),
         pages.text(change.before[1]), pages.text(change.after[1]))
        for history in reversed(issue.histories[-_LATEST:]) for change in history.changes
    )  # fmt: skip
    title = f"{state.key} {state.values.get('summary') or ''}"
    history = pages.listing(("when", "who", "field", "from", "to"), told)
    return pages.document(title, pages.facts(values), "<h2>History</h2>", history, up=f"{base}/")


def _field(world: World, name: str) -> str:
    return world.fields[name].name if name in world.fields else name


def _said(value: Any) -> str:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, tuple | list):
        return ", ".join(map(_said, value))
    return value.value if isinstance(value, Option) else str(value)


def _at(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M:%S}"
