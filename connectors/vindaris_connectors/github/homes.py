"""Goals' issues on GitHub: our section between two comments in the body, and work below them as sub-issues."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_connectors.github.repositories import followed
from vindaris_sync.domain.homes import Attached, Page, Rewrite, Rewritten
from vindaris_sync.domain.menus import Fate
from vindaris_sync.domain.models import Address
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.errors import IssueRejected, Unknown
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.homes import same_text, section_between
from vindaris_sync.sdk.mapping import JsonObject

BEGIN, END = "<!-- vindaris:goal -->", "<!-- /vindaris:goal -->"
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>|~$!&])")
_LIVE = re.compile(r"([@#]|(?:https?:|www\.|GH-))", re.IGNORECASE)
_LEADING = re.compile(r"^([+\-=]|\d+[.)])")
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_OK = {HTTPStatus.OK, HTTPStatus.CREATED}
_FULL = "100 sub-issues"
_WRITE = "give our credential Issues: write in this repository (classic token: the scope repo)"


def escaped(line: str) -> str:
    """Return a line that Markdown shows as it is: no markup, no mention, no reference, no link."""
    return _LIVE.sub("\\1\u2060", _LEADING.sub(r"\\\1", _MARKUP.sub(r"\\\1", line)))


def section(page: Page) -> str:
    """Return our section's text: a line each, with what may break a line between them."""
    return "\n" + "\n\n".join(map(escaped, page.lines)) + "\n"


class Homes:
    """Rewrites and attaches issues of one GitHub."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client

    def rewrite(self, wanted: Rewrite) -> Rewritten:
        """Read the issue directly, and change what is ours of it in one request."""
        answer = self._read(wanted.address)
        if answer.status in _GONE:
            return Rewritten(Fate.REFUSED, reason="the issue cannot be seen any more", unseen=True)
        document: JsonObject = answer.json()
        changes, kept = _changes(document, wanted)
        if not changes:
            return Rewritten(Fate.DONE, kept)
        try:
            told = self._client.patch(_path(document), changes)
        except Unknown as error:
            return Rewritten(Fate.FAILED, reason=str(error))
        if told.status in _OK:
            return Rewritten(Fate.DONE, kept)
        return Rewritten(_fate(told), kept, message_of(told), _WRITE)

    def attach(self, child: Address, parent: Address) -> Attached:
        """Make ``child`` a sub-issue; GitHub refuses by itself where it is one already."""
        below, above = self._documents(child, parent)
        if _is_parent(below, above):
            return Attached(Fate.DONE)
        if below.get("parent_issue_url"):
            return Attached(Fate.STALE, reason="it has a parent")
        return self._sent("POST", f"{_path(above)}/sub_issues", below)

    def detach(self, child: Address, parent: Address) -> Attached:
        """Make ``child`` nobody's sub-issue, if it is ``parent``'s."""
        below, above = self._documents(child, parent)
        if not _is_parent(below, above):
            return Attached(Fate.DONE)
        return self._sent("DELETE", f"{_path(above)}/sub_issue", below)

    def _sent(self, verb: str, path: str, below: JsonObject) -> Attached:
        document = {"sub_issue_id": below["id"]}
        try:
            send = self._client.post if verb == "POST" else self._client.delete
            answer = send(path, document)
        except Unknown as error:
            return Attached(Fate.FAILED, reason=str(error))
        said = message_of(answer)
        return Attached(Fate.DONE if answer.status in _OK else _fate(answer), reason=said, full=_FULL in said)

    def _documents(self, child: Address, parent: Address) -> tuple[JsonObject, JsonObject]:
        answers = self._read(child), self._read(parent)
        for address, answer in zip((child, parent), answers, strict=True):
            if answer.status != HTTPStatus.OK:
                raise IssueRejected(f"{address.key} cannot be read: {message_of(answer)}")
        return answers[0].json(), answers[1].json()

    def _read(self, address: Address) -> Answer:
        place, _, number = address.key.rpartition("#")
        return followed(self._client, f"/repos/{place}/issues/{number}")


def _changes(document: JsonObject, wanted: Rewrite) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what is to be changed in the issue, and what a person keeps."""
    changes: dict[str, Any] = {}
    kept: list[str] = []
    title, before, after = clean(str(document["title"])), wanted.before, wanted.after
    if title != after.title:
        if before is None or title == before.title:
            changes["title"] = after.title
        else:
            kept.append("title")
    body = str(document.get("body") or "")
    parts, fresh = section_between(body, BEGIN, END), section(after)
    if parts is None and before is None and BEGIN not in body:
        changes["body"] = f"{body}\n\n{BEGIN}{fresh}{END}".lstrip()
    elif parts is None or not (same_text(parts[1], fresh) or (before and same_text(parts[1], section(before)))):
        kept.append("section")
    elif not same_text(parts[1], fresh):
        changes["body"] = f"{parts[0]}{BEGIN}{fresh}{END}{parts[2]}"
    return changes, tuple(kept)


def _is_parent(below: JsonObject, above: JsonObject) -> bool:
    return bool(below.get("parent_issue_url")) and below["parent_issue_url"] == above["url"]


def _path(document: JsonObject) -> str:
    return f"/repos/{document['repository_url'].partition('/repos/')[2]}/issues/{document['number']}"


def _fate(answer: Answer) -> Fate:
    refused = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY}
    return Fate.REFUSED if answer.status in refused else Fate.FAILED
