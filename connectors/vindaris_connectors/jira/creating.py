"""Work born from a goal: created once, and found again by the mark it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.client import Client, Reasons, as_object
from vindaris_connectors.jira.fetching import Fetching
from vindaris_connectors.jira.search import Query
from vindaris_connectors.jira.surfaces import Field, Shape
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Issue, SurfaceKind
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Transient

MARK = "vindaris.draft"
"""The issue property that holds ``{"draft": id, "issue": id}``; people do not see it, and it needs no screen."""


@dataclass(frozen=True, slots=True)
class Creating:
    """Creates drafts. ``made`` remembers this process's own, which a lagging index may not show yet."""

    client: Client
    fetching: Fetching
    fields: Mapping[str, Field]
    made: dict[str, str] = field(default_factory=dict)

    def create(self, draft: Draft) -> Issue:
        """Return the draft's issue: the one that carries its mark, else a new one.

        Raises ``IssueRejected`` where Jira refuses the draft, ``Unknown`` where the answer was lost: then the issue is
        found by its mark as soon as the index shows it.
        """
        id_ = self.made.get(draft.id) or self._marked(draft) or self._post(draft)
        self.made[draft.id] = id_
        issue = self.fetching.issue(id_)
        if issue is None:
            raise Transient(f"the issue made for draft {draft.id} is not to be seen")
        return issue

    def _marked(self, draft: Draft) -> str:
        """Return the id of the issue that carries the draft's mark, empty where there is none.

        Only our own issues are looked at, and a mark counts only on the issue it names: a clone takes it along.
        """
        reader = self.fetching.reader
        clause = jql.projects([draft.place]) & jql.own("creator")
        query = Query(clause, "created", ("created",), reader.page, properties=(MARK,))
        for found in reader.pages(query):
            for item in found.items:
                if _marks(item, draft.id):
                    return str(item["id"])
        return ""

    def _post(self, draft: Draft) -> str:
        api, mark = self.fetching.reader.api, {"draft": draft.id}
        body = {"fields": self._content(draft), "properties": [{"key": MARK, "value": mark}]}
        answer = self.client.write("POST", f"{api}/issue", body)
        if answer.status == HTTPStatus.FORBIDDEN:
            raise IssueRejected(f"the account may not create issues in {draft.place}", advice="give it Create issues")
        if answer.status != HTTPStatus.CREATED:
            raise IssueRejected(f"Jira refuses draft {draft.id} ({answer.status}): {Reasons.of(answer)}")
        id_ = str(as_object(answer).get("id"))
        self.client.write("PUT", f"{api}/issue/{id_}/properties/{MARK}", {**mark, "issue": id_})
        return id_

    def _content(self, draft: Draft) -> dict[str, Any]:
        content: dict[str, Any] = {
            "project": {"key": jql.project_key(draft.place)},
            "issuetype": {"name": draft.type},
            "summary": " ".join(draft.title.split())[:255],
            "description": document(draft.body) if self.fetching.reader.cloud else draft.body,
            "labels": list(draft.labels),
        }
        for key, value in draft.fields.items():
            managed = self.fields.get(key.removeprefix(f"{SurfaceKind.FIELD}:"))
            if managed is None:
                raise TrackerUnusable(f"{key} is no managed field", reason="missing", advice="name it in surfaces")
            content[managed.id] = _shaped(managed, value)
        return content


def _marks(item: Any, draft: str) -> bool:  # noqa: ANN401 - JSON has no narrower type
    """Return whether ``item`` carries the draft's mark, and as its own."""
    try:
        mark = item["properties"][MARK]
        return mark["draft"] == draft and mark.get("issue") in {None, item["id"]}
    except (LookupError, TypeError, AttributeError):
        return False


def _shaped(managed: Field, value: str) -> object:
    one = {"value": value} if managed.shape in {Shape.OPTION, Shape.OPTIONS} else value
    return one if managed.shape.single else [one]


def document(text: str) -> dict[str, Any]:
    """Return ``text`` in the Atlassian Document Format: its paragraphs, and its lines within them."""
    return {"type": "doc", "version": 1, "content": [_paragraph(p) for p in text.split("\n\n") if p.strip()]}


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for line in filter(str.strip, text.split("\n")):
        content += [*([{"type": "hardBreak"}] if content else []), {"type": "text", "text": line}]
    return {"type": "paragraph", "content": content}
