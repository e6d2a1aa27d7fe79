"""Jira's own form for a new issue, filled in by its address.

Source: Atlassian, *How to create issues using direct HTML links* (``CreateIssueDetails!init.jspa``): ``pid`` and
``issuetype`` are ids, several labels are several parameters, a select field takes its option's id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from vindaris_connectors.jira.client import as_object
from vindaris_connectors.jira.creating import LONGEST_SUMMARY, Creating
from vindaris_connectors.jira.surfaces import Field
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import SurfaceKind
from vindaris_sync.domain.text import one_line
from vindaris_sync.sdk.errors import IssueRejected

_PAGE = 200  # fields and options that are looked through; more are not filled in


def form(creating: Creating, draft: Draft, template: str = "") -> str:
    """Return the address of the create dialogue with project, type, summary, description and goal filled in.

    Raises ``IssueRejected`` where neither a label nor a field on the create screen can carry the goal.
    """
    if template:
        raise IssueRejected("a Jira form has no templates", advice="leave --template out")
    project, kind = creating.project(draft.place), creating.kind(draft)
    fields = list(_fields(creating, project, kind, draft))
    if draft.fields and not fields and not draft.labels:
        raise IssueRejected(
            f"the form of {draft.place} takes no goal: its field is not on the create screen, or has no such option",
            advice="put the field on the create screen, or add label to surfaces",
        )
    query = [
        ("pid", str(project["id"])),
        ("issuetype", str(kind["id"])),
        ("summary", one_line(draft.title, LONGEST_SUMMARY)),
        *([("description", draft.body)] if draft.body else ()),
        *(("labels", label) for label in draft.labels),
        *fields,
    ]
    return f"{creating.site.mapper.browse}/secure/CreateIssueDetails!init.jspa?{urlencode(query)}"


def _fields(
    creating: Creating, project: Mapping[str, Any], kind: Mapping[str, Any], draft: Draft
) -> Iterator[tuple[str, str]]:
    """Yield the goal fields that are on the create screen, with the ids of their options."""
    usable = creating.site.fields.usable
    wanted = {key.removeprefix(f"{SurfaceKind.FIELD}:"): value for key, value in draft.fields.items()}
    if not wanted:
        return
    screen = _screen(creating, project, kind)
    for id_, value in wanted.items():
        if id_ in usable and id_ in screen and (shown := _shown(usable[id_], screen[id_], value)):
            yield id_, shown


def _screen(creating: Creating, project: Mapping[str, Any], kind: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the create screen by id; none where Jira does not say."""
    path = f"{creating.api}/issue/createmeta/{project['id']}/issuetypes/{kind['id']}"
    answer = creating.client.read(path, maxResults=str(_PAGE))
    if answer.status != HTTPStatus.OK:
        return {}
    document = as_object(answer)
    return {str(each.get("fieldId")): each for each in document.get("fields") or document.get("values") or ()}


def _shown(field: Field, screen: Mapping[str, Any], value: str) -> str:
    if not field.shape.chosen:
        return value
    options = screen.get("allowedValues") or ()
    return next((str(each["id"]) for each in options if each.get("value") == value), "")
