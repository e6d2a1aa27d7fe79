"""The types of links between issues, and how a link is printed at either end."""

from __future__ import annotations

from vindaris_sync.sandbox.jira.model import IssueLink, Json

TYPES = {"Relates": ("relates to", "relates to"), "Blocks": ("is blocked by", "blocks")}
"""Names of the types of links, with what is said at the inward and at the outward end."""


def shown(link: IssueLink, issue: int, other: Json, root: str) -> Json:
    """Return a link as ``issue`` shows it; ``other`` is the issue at its other end, as parents are printed."""
    inward, outward = TYPES[link.type]
    kind = {"id": str(10_000 + list(TYPES).index(link.type)), "name": link.type, "inward": inward, "outward": outward}
    end = "outwardIssue" if issue == link.inward else "inwardIssue"
    return {"id": link.id, "self": f"{root}/issueLink/{link.id}", "type": kind, end: other}
