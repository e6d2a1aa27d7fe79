"""Pure: surfaces from settings, and issues under the configured tracker's name."""

from __future__ import annotations

from dataclasses import replace

from vindaris_sync.domain.models import Address, Gone, Hidden, Issue, IssueRef, Seen, Surface, SurfaceKind
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.references import NO_REFERENCES, References
from vindaris_sync.sdk.settings import WriteBackSettings


def surfaces_of(settings: WriteBackSettings, field_name: str, field_id: str) -> tuple[Surface, ...]:
    """Return the managed surfaces: goal surfaces in the configured order, then exempt and review label.

    Raises ``ConfigError`` for a surface that this tracker does not have.
    """
    goal: list[Surface] = []
    for name in settings.surfaces:
        if name == "label":
            goal.append(Surface(SurfaceKind.LABEL, settings.label_prefix))
        elif name == f"field:{field_name}" and field_name:
            goal.append(Surface(SurfaceKind.FIELD, field_id, single=True))
        else:
            raise ConfigError(f"write_back.surfaces: this tracker has no surface {name!r}")
    if settings.mirror_fields:
        raise ConfigError("write_back: this tracker shows a goal's priority and status by labels only")
    return (
        *goal,
        *(Surface(SurfaceKind.LABEL, name, mirrors=mirrors) for mirrors, (_, name) in settings.mirrors.items()),
        Surface(SurfaceKind.EXEMPT, settings.exempt_label),
        Surface(SurfaceKind.REVIEW, settings.review_label),
    )


def named(issue: Issue, tracker: str, references: References = NO_REFERENCES) -> Issue:
    """Return ``issue`` as the configured tracker ``tracker`` knows it, under the parent that it has or names."""
    if issue.ref.tracker == tracker and not references:
        return issue
    parent = issue.parent and Address(tracker, issue.parent.id, issue.parent.key)
    parent = parent or references.parent(Address(tracker, issue.ref.id, issue.key), issue.title)
    return replace(issue, ref=IssueRef(tracker, issue.ref.id), parent=parent)


def seen_as(seen: Seen, tracker: str, references: References = NO_REFERENCES) -> Seen:
    """Return ``seen`` with its issue as the configured tracker ``tracker`` knows it."""
    if isinstance(seen, (Gone, Hidden)) or (seen.issue.ref.tracker == tracker and not references):
        return seen
    return replace(seen, issue=named(seen.issue, tracker, references))
