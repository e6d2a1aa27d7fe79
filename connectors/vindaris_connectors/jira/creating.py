"""Work born from a goal: created once, and found again by the mark it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from vindaris_connectors.jira import jql
from vindaris_connectors.jira.client import Client, Reasons, as_object
from vindaris_connectors.jira.fetching import Fetching
from vindaris_connectors.jira.permissions import CREATE, granted
from vindaris_connectors.jira.search import Query, SearchRefused
from vindaris_connectors.jira.site import Site
from vindaris_connectors.jira.surfaces import Field, Shape
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Issue, SurfaceKind
from vindaris_sync.domain.text import one_line
from vindaris_sync.sdk.creating import Made, sent_already
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Transient, Unknown
from vindaris_sync.sdk.exchange import Answer

MARK = "vindaris.draft"
"""The issue property that holds ``{"draft": id, "issue": id}``; people do not see it, and it needs no screen."""
LONGEST_SUMMARY = 255
_USUAL = "task"


_MOST_TYPES = 12  # named in a refusal


@dataclass(frozen=True, slots=True)
class Creating:
    """Creates drafts. ``made`` remembers this process's own, which a lagging index may not show yet."""

    client: Client
    fetching: Fetching
    site: Site
    made: Made

    @property
    def api(self) -> str:
        """The root of the API's paths."""
        return self.fetching.reader.api

    @property
    def _cloud(self) -> bool:
        return self.fetching.reader.cloud

    def create(self, draft: Draft) -> Issue:
        """Return the draft's issue: the one that carries its mark, else a new one.

        Raises ``IssueRejected`` where Jira refuses the draft, ``Unknown`` where the answer was lost: then the issue is
        found by its mark as soon as the index shows it. After any other error nothing was made.
        """
        id_ = self.made.once(draft, lambda: self.marked(draft.place), lambda: self._post(draft))
        try:
            issue = self.fetching.issue(id_)
        except Transient as error:
            raise sent_already(error) from error
        if issue is None:
            raise Unknown(f"the issue made for draft {draft.id} is not to be seen")
        return issue

    def marked(self, place: str, since: datetime | None = None) -> dict[str, str]:
        """Return the ids of the issues in ``place`` that carry a draft's mark, by draft, the oldest of each.

        Only our own issues are looked at, and a mark counts only on the issue it names: a clone takes it along.
        """
        reader = self.fetching.reader
        clause = jql.projects([place]) & jql.own("creator")
        query = Query(clause, "created", ("created",), reader.page, since, properties=(MARK,))
        found: dict[str, str] = {}
        try:
            for page in reader.pages(query):
                for item in page.items:
                    if draft := _mark(item):
                        found.setdefault(draft, str(item["id"]))
        except SearchRefused:
            self.project(place)  # which says that there is none
            raise
        return found

    def _post(self, draft: Draft) -> str:
        kind, mark = self.kind(draft), {"draft": draft.id}
        content = self._content(draft, kind)
        answer = self._send(content, mark)
        if answer.status == HTTPStatus.BAD_REQUEST and (off := self._off_screen(draft, answer)):
            answer = self._send({name: value for name, value in content.items() if name not in off}, mark)
        if answer.status != HTTPStatus.CREATED:
            raise self._refusal(draft, answer)
        try:
            id_ = str(as_object(answer)["id"])
            self.client.write("PUT", f"{self.api}/issue/{id_}/properties/{MARK}", {**mark, "issue": id_})
        except Transient as error:
            raise sent_already(error) from error
        return id_

    def _send(self, content: Mapping[str, Any], mark: Mapping[str, str]) -> Answer:
        body = {"fields": content, "properties": [{"key": MARK, "value": mark}]}
        return self.client.write("POST", f"{self.api}/issue", body)

    def _off_screen(self, draft: Draft, answer: Answer) -> set[str]:
        """Return the managed fields that alone stand against the draft: they are set by an edit, or told as refused."""
        named = set(Reasons.of(answer).errors or ())
        ours = {key.removeprefix(f"{SurfaceKind.FIELD}:") for key in draft.fields}
        return named if named <= ours else set()

    def _refusal(self, draft: Draft, answer: Answer) -> IssueRejected:
        place = draft.place
        if CREATE not in granted(self.client, self.api, CREATE, project=place):
            advice = f"give it the permission Create issues in {place}"
            return IssueRejected(f"the account may not create issues in {place}", advice=advice)
        reasons = Reasons.of(answer)
        advice = f"correct {', '.join(reasons.errors)}" if reasons.errors else ""
        return IssueRejected(f"Jira refuses it ({answer.status}): {reasons}", advice=advice)

    def _content(self, draft: Draft, kind: Mapping[str, Any]) -> dict[str, Any]:
        content: dict[str, Any] = {
            "project": {"key": jql.project_key(draft.place)},
            "issuetype": {"id": str(kind["id"])},
            "summary": one_line(draft.title, LONGEST_SUMMARY),
            "description": document(draft.body) if self._cloud else draft.body,
            "labels": list(draft.labels),
        }
        for key, value in draft.fields.items():
            managed = self.site.fields.usable.get(key.removeprefix(f"{SurfaceKind.FIELD}:"))
            if managed is None:
                raise TrackerUnusable(f"{key} is no managed field", reason="missing", advice="name it in surfaces")
            content[managed.id] = _shaped(managed, value)
        return {**content, **self._above(draft, kind), **self._assigned(draft)}

    def _above(self, draft: Draft, kind: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parent as the deployment takes it: Data Center hangs all but sub-tasks on a field of its own."""
        if draft.parent is None:
            return {}
        if self._cloud or kind.get("subtask") is True or not self.site.fields.epic_link:
            return {"parent": {"id": draft.parent.id} if draft.parent.id else {"key": draft.parent.key}}
        return {self.site.fields.epic_link: draft.parent.key}

    def kind(self, draft: Draft) -> Mapping[str, Any]:
        """Return the issue type that the draft names, or the project's usual one."""
        types = self.project(draft.place)["issueTypes"]
        wanted = draft.type.strip().casefold()
        found = [each for each in types if each["name"].casefold() == (wanted or _USUAL)]
        if not found and not wanted:
            found = [each for each in types if not each.get("subtask") and each.get("hierarchyLevel", 0) == 0]
        if not found:
            known = ", ".join(str(each["name"]) for each in types[:_MOST_TYPES])
            raise IssueRejected(f"{draft.place} has no issue type {draft.type!r}", advice=f"there are {known}")
        return dict(found[0])

    def project(self, place: str) -> dict[str, Any]:
        """Return a project with its issue types; raises ``IssueRejected`` where the account sees none."""
        answer = self.client.read(f"{self.api}/project/{quote(jql.project_key(place), safe='')}")
        if answer.status != HTTPStatus.OK:
            raise IssueRejected(
                f"there is no project {place}, or the account may not see it", advice="correct the project's key"
            )
        return as_object(answer)

    def _assigned(self, draft: Draft) -> dict[str, Any]:
        if not draft.assignee:
            return {}
        asked = {"query" if self._cloud else "username": draft.assignee}
        answer = self.client.read(f"{self.api}/user/assignable/search", project=draft.place, **asked)
        people = answer.json() if answer.status == HTTPStatus.OK else []
        found = [person for person in people if _is_called(person, draft.assignee)]
        if len(found) != 1:
            many = "several people are" if found else "nobody is"
            raise IssueRejected(
                f"{many} called {draft.assignee!r} and can be assigned in {draft.place}",
                advice="write an e-mail address, a full name or an account id (Data Center: a user name)",
            )
        name = "accountId" if self._cloud else "name"
        return {"assignee": {name: found[0][name]}}


def _mark(item: Any) -> str:  # noqa: ANN401 - JSON has no narrower type
    """Return the draft whose mark ``item`` carries, and as its own; empty where it carries none."""
    try:
        mark = item["properties"][MARK]
        return str(mark["draft"]) if mark.get("issue") in {None, item["id"]} else ""
    except (LookupError, TypeError, AttributeError):
        return ""


def _is_called(person: Mapping[str, Any], name: str) -> bool:
    names = (person.get(key) for key in ("accountId", "name", "key", "emailAddress", "displayName"))
    return name.casefold() in {str(each).casefold() for each in names if each}


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
