"""Goals' issues on Jira: our section in the description, and work below them as children or linked issues.

On Cloud the section is an *expand* with our title in the document; on Data Center it stands between two anchors, which
show nothing. The rest of a document is sent back as it was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from vindaris_connectors.jira.client import Client, Reasons, as_object
from vindaris_connectors.jira.site import Site
from vindaris_sync.domain.homes import Attached, Means, Page, Rewrite, Rewritten
from vindaris_sync.domain.menus import Fate
from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.errors import IssueRejected, Unknown
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.homes import same_text, section_between

TITLE = "Goal (kept by vindaris-sync)"
"""The title of the expand that is our section."""
BEGIN, END = "{anchor:vindaris-goal}", "{anchor:vindaris-goal-end}"
_WIKI = re.compile(r"([\\{}\[\]|!*_^~?+])")
_SUMMARY = 255
_DONE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}
_EDIT = "give the account Edit issues in this project, and put Description on its edit screen"
_LINK = "give the account Link issues, and switch issue linking on"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Homes:
    """Rewrites and attaches issues of one site; ``link_type`` is used where the hierarchy allows no parent."""

    client: Client
    site: Site
    link_type: str

    def rewrite(self, wanted: Rewrite) -> Rewritten:
        """Read the issue directly, and change what is ours of it in one request."""
        answer = self._read(wanted.address, "summary,description")
        if answer.status == HTTPStatus.NOT_FOUND:
            return Rewritten(Fate.REFUSED, reason="the issue cannot be seen any more", unseen=True)
        fields = _fields(answer)
        changes, kept = self._changes(fields, wanted)
        if not changes:
            return Rewritten(Fate.DONE, kept)
        told = self._sent("PUT", self._path(wanted.address), {"fields": changes})
        if isinstance(told, Unknown):
            return Rewritten(Fate.FAILED, reason=str(told))
        if told.status in _DONE:
            return Rewritten(Fate.DONE, kept)
        return Rewritten(_fate(told), kept, str(Reasons.of(told)) or f"Jira answers {told.status}", _EDIT)

    def attach(self, child: Address, parent: Address) -> Attached:
        """Set the parent (Data Center: the epic), or link the two where the hierarchy does not allow that."""
        fields = _fields(self._read(child, self._parents))
        if (now := self._parent(fields)) is not None:
            return Attached(Fate.DONE if now in (parent.id, parent.key) else Fate.STALE, reason="it has a parent")
        field = self._parent_field
        value: object = {"id": parent.id} if field == "parent" else parent.key
        told = self._sent("PUT", self._path(child), {"fields": {field: value}}) if field else None
        if isinstance(told, Unknown):
            return Attached(Fate.FAILED, reason=str(told))
        if told is not None and told.status in _DONE:
            return Attached(Fate.DONE)
        return self._link(child, parent, fields)

    def detach(self, child: Address, parent: Address) -> Attached:
        """Take the parent off if it is still this one, and our link to it."""
        fields = _fields(self._read(child, self._parents))
        told: Answer | Unknown | None = None
        if self._parent_field and self._parent(fields) in (parent.id, parent.key):
            told = self._sent("PUT", self._path(child), {"fields": {self._parent_field: None}})
        elif (link := next(self._links(fields, parent), None)) is not None:
            told = self._sent("DELETE", f"{self.site.reader.api}/issueLink/{link}", None)
        return _attached(told, Means.PARENT) if told is not None else Attached(Fate.DONE)

    def _link(self, child: Address, parent: Address, fields: Mapping[str, Any]) -> Attached:
        if any(self._links(fields, parent)):
            return Attached(Fate.DONE, Means.LINK)
        ends = {"inwardIssue": {"key": parent.key}, "outwardIssue": {"key": child.key}}
        told = self._sent("POST", f"{self.site.reader.api}/issueLink", {"type": {"name": self.link_type}, **ends})
        return _attached(told, Means.LINK)

    def _links(self, fields: Mapping[str, Any], parent: Address) -> Iterator[str]:
        """Yield the ids of the links of our type that lead to ``parent``."""
        for link in fields.get("issuelinks") or ():
            other = link.get("inwardIssue") or link.get("outwardIssue") or {}
            if link["type"]["name"] == self.link_type and str(other.get("id")) == parent.id:
                yield str(link["id"])

    @property
    def _parents(self) -> str:
        epic = self.site.fields.epic_link
        return f"parent,issuelinks,{epic}" if epic else "parent,issuelinks"

    @property
    def _parent_field(self) -> str:
        return "parent" if self.site.reader.cloud else self.site.fields.epic_link

    def _parent(self, fields: Mapping[str, Any]) -> str | None:
        """Return the id of the parent, or the epic's key; None without one."""
        if fields.get("parent"):
            return str(fields["parent"]["id"])
        epic = fields.get(self.site.fields.epic_link) if self.site.fields.epic_link else None
        return str(epic) if epic else None

    # --- the section --------------------------------------------------------------------------------------------------

    def _changes(self, fields: Mapping[str, Any], wanted: Rewrite) -> tuple[Json, tuple[str, ...]]:
        changes: Json = {}
        kept: list[str] = []
        title, before, after = str(fields.get("summary") or ""), wanted.before, wanted.after
        if title != after.title[:_SUMMARY]:
            if before is None or title == before.title[:_SUMMARY]:
                changes["summary"] = after.title[:_SUMMARY]
            else:
                kept.append("title")
        description = fields.get("description")
        if self.site.reader.cloud:
            fresh: object = document_with(description, before, after)
        else:
            fresh = text_with(str(description or ""), before, after)
        if fresh is None:
            kept.append("section")
        elif fresh != description:
            changes["description"] = fresh
        return changes, tuple(kept)

    def _read(self, address: Address, fields: str) -> Answer:
        return self.client.read(self._path(address), fields=fields)

    def _path(self, address: Address) -> str:
        return f"{self.site.reader.api}/issue/{address.id or address.key}"

    def _sent(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer | Unknown:
        quiet = {"notifyUsers": "false"} if method == "PUT" else {}
        try:
            answer = self.client.write(method, path, body or {}, **quiet)
            if quiet and answer.status == HTTPStatus.FORBIDDEN:  # only project administrators may edit without a mail
                answer = self.client.write(method, path, body or {})
        except Unknown as error:
            return error
        return answer


def document_with(document: object, before: Page | None, after: Page) -> Json | None:
    """Return the document with our section as wanted; None where a person changed the section or took it out."""
    whole: Json = document if isinstance(document, dict) else {"type": "doc", "version": 1, "content": []}
    content = list(whole.get("content") or ())
    ours = [place for place, node in enumerate(content) if _is_ours(node)]
    fresh = {"type": "expand", "attrs": {"title": TITLE}, "content": [_paragraph(line) for line in after.lines]}
    if not ours and before is None:
        return {**whole, "content": [*content, fresh]}
    if len(ours) != 1:
        return None
    text = "\n".join(_texts(content[ours[0]]))
    if same_text(text, "\n".join(after.lines)):
        return whole
    if before is None or not same_text(text, "\n".join(before.lines)):
        return None
    content[ours[0]] = fresh
    return {**whole, "content": content}


def text_with(text: str, before: Page | None, after: Page) -> str | None:
    """Return wiki text with our section as wanted, as ``document_with`` does."""
    parts, fresh = section_between(text, BEGIN, END), _section(after)
    if parts is None:
        return f"{text}\n\n{BEGIN}{fresh}{END}".lstrip() if before is None and BEGIN not in text else None
    if same_text(parts[1], fresh):
        return text
    if before is None or not same_text(parts[1], _section(before)):
        return None
    return f"{parts[0]}{BEGIN}{fresh}{END}{parts[2]}"


def _section(page: Page) -> str:
    return "\n" + "\n\n".join(_WIKI.sub(r"\\\1", line) for line in page.lines) + "\n"


def _is_ours(node: object) -> bool:
    return isinstance(node, dict) and node.get("type") == "expand" and (node.get("attrs") or {}).get("title") == TITLE


def _paragraph(line: str) -> Json:
    return {"type": "paragraph", "content": [{"type": "text", "text": line}]}


def _texts(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the text of each paragraph of a node."""
    for block in node.get("content") or ():
        yield "".join(_inline(block))


def _inline(node: Mapping[str, Any]) -> Iterator[str]:
    if node.get("type") == "text":
        yield str(node.get("text") or "")
    for part in node.get("content") or ():
        yield from _inline(part)


def _fields(answer: Answer) -> Mapping[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise IssueRejected(f"{answer.url} answered {answer.status}: {Reasons.of(answer)}")
    fields = as_object(answer).get("fields")
    return fields if isinstance(fields, dict) else {}


def _attached(told: Answer | Unknown, means: Means) -> Attached:
    if isinstance(told, Unknown):
        return Attached(Fate.FAILED, means, reason=str(told))
    if told.status in _DONE:
        return Attached(Fate.DONE, means)
    return Attached(_fate(told), means, None, str(Reasons.of(told)) or f"Jira answers {told.status}", _LINK)


def _fate(answer: Answer) -> Fate:
    refused = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    return Fate.REFUSED if answer.status in refused else Fate.FAILED
