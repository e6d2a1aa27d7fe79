"""Creates work from a goal, once: a hidden marker in the body tells an earlier attempt that got through."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from vindaris_connectors.github.client import GithubClient, message_of, next_url
from vindaris_connectors.github.identity import InstallationAuth
from vindaris_connectors.github.mapping import Mapper
from vindaris_connectors.github.repositories import expected
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Issue
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Unknown
from vindaris_sync.sdk.mapping import JsonObject, masked


def marker(draft_id: str) -> str:
    """Return the comment that marks an issue created from a draft; whatever the id is, it cannot end the comment."""
    return f"<!-- vindaris:draft {quote(draft_id, safe='').replace('-', '%2D')} -->"


class Creator:
    """Creates drafted issues."""

    def __init__(self, client: GithubClient, mapper: Callable[[], Mapper]) -> None:
        self._client = client
        self._mapper = mapper
        self._login = ""

    def create(self, draft: Draft) -> Issue:
        """Return the issue of that draft, created at most once; raises ``Unknown`` where it is unclear whether it was.

        Our account's own issues in the place are listed first, and after an answer that got lost: a list shows an
        issue at once where a search would lag.
        """
        found = self._found(draft)
        if found is not None:
            return found
        try:
            answer = self._client.post(f"/repos/{draft.place}/issues", self._document(draft))
        except Unknown:
            found = self._found(draft)
            if found is None:
                raise
            return found
        if answer.status != HTTPStatus.CREATED:
            raise IssueRejected(f"{draft.place} does not take the draft {draft.id!r}: {message_of(answer)}")
        return self._mapped(answer.json())

    def _document(self, draft: Draft) -> dict[str, Any]:
        body = f"{draft.body}\n\n{marker(draft.id)}"
        document: dict[str, Any] = {"title": draft.title, "body": body, "labels": list(draft.labels)}
        if draft.type:
            document["type"] = draft.type
        fields = {field.key: field for field in self._mapper().fields}
        values = [{"field_id": fields[key].id, "value": value} for key, value in draft.fields.items() if key in fields]
        return {**document, "issue_field_values": values} if values else document

    def _found(self, draft: Draft) -> Issue | None:
        mark = marker(draft.id)
        query = f"creator={quote(self._account(), safe='')}&direction=desc&per_page=100&sort=created&state=all"
        url = f"/repos/{draft.place}/issues?{query}"
        while url:
            answer = expected(self._client.get(url))
            for item in answer.json():
                if mark in str(item.get("body") or "") and (item.get("user") or {}).get("login") == self._account():
                    return self._mapped(item)
            url = next_url(answer)
        return None

    def _mapped(self, document: JsonObject) -> Issue:
        issue = self._mapper().from_rest(document)
        if issue is None:
            raise IssueRejected("the draft became a pull request")
        return masked(issue)

    def _account(self) -> str:
        """Return the login our issues are created under: a person's, or the App's with ``[bot]``."""
        if self._login:
            return self._login
        if isinstance(self._client.auth, InstallationAuth):
            self._login = f"{expected(self._client.get_as_app('/app')).json()['slug']}[bot]"
            return self._login
        answer = self._client.get("/user")
        if answer.status != HTTPStatus.OK:
            raise TrackerUnusable(
                f"GitHub does not say whose the token is: {message_of(answer)}",
                reason="credentials",
                advice="use a personal access token or an App",
            )
        self._login = str(answer.json()["login"])
        return self._login
