"""Creates work from a goal, once: a hidden marker in the body tells an earlier attempt that got through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from vindaris_connectors.github.client import GithubClient, message_of, next_url
from vindaris_connectors.github.identity import InstallationAuth
from vindaris_connectors.github.mapping import Mapper
from vindaris_connectors.github.repositories import Repository, expected, unreachable
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Address, Issue
from vindaris_sync.sdk.creating import Made, sent_already
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Transient, Unknown
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import JsonObject, instant, masked
from vindaris_sync.sdk.secret import redact

_MARK = "<!-- vindaris:draft "
_MARKER = re.compile(re.escape(_MARK) + r"(\S+) -->")
_REFUSALS: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "give our credential Issues: write there (classic token: the scope repo)",
    HTTPStatus.NOT_FOUND: "correct the repository, or give our credential access to it",
    HTTPStatus.GONE: "switch the repository's issues on",
    HTTPStatus.UNPROCESSABLE_ENTITY: "correct the type, the labels or the assignee",
}


def marker(draft_id: str) -> str:
    """Return the comment that marks an issue created from a draft; whatever the id is, it cannot end the comment."""
    return f"{_MARK}{quote(draft_id, safe='').replace('-', '%2D')} -->"


class Creator:
    """Creates drafted issues. ``made`` knows those of this process, by their numbers in their repositories."""

    def __init__(self, client: GithubClient, mapper: Callable[[], Mapper]) -> None:
        self._client = client
        self._mapper = mapper
        self._made = Made()
        self._login = ""

    def create(self, draft: Draft) -> Issue:
        """Return the issue of that draft, created at most once; raises ``Unknown`` where it is unclear whether it was.

        Our account's own issues in the place are listed first, and after an answer that got lost: a list shows an
        issue at once where a search would lag. The parent is set by a request of its own.
        """
        number = self._made.once(draft, lambda: dict(self._own(draft.place)), lambda: self._post(draft))
        try:
            document = self._read(draft.place, number)
            if draft.parent and not document.get("parent_issue_url") and self._attach(document["id"], draft.parent):
                document = self._read(draft.place, number)
            return self._mapped(document)
        except Unknown:
            raise
        except Transient as error:
            raise sent_already(error) from error

    def drafted(self, place: str, since: datetime | None) -> frozenset[str]:
        """Return the drafts of which our account has made an issue in ``place``."""
        return self._made.note(dict(self._own(place, since)))

    def _post(self, draft: Draft) -> str:
        try:
            answer = self._client.post(f"/repos/{draft.place}/issues", self._document(draft))
        except Unknown:
            found = dict(self._own(draft.place))
            if draft.id not in found:
                raise
            return found[draft.id]
        if answer.status != HTTPStatus.CREATED:
            reason = _faults(answer) or message_of(answer) or f"it answers {int(answer.status)}"
            raise IssueRejected(
                f"{draft.place} refuses it: {reason}", advice=_REFUSALS.get(HTTPStatus(answer.status), "")
            )
        return str(answer.json()["number"])

    def _document(self, draft: Draft) -> dict[str, Any]:
        """Return what is posted; a marker that somebody wrote into the text is none."""
        body = f"{draft.body.replace(_MARK, '<!-- ')}\n\n{marker(draft.id)}".lstrip()
        document: dict[str, Any] = {"title": draft.title, "body": body, "labels": list(draft.labels)}
        if draft.type:
            document["type"] = draft.type
        if draft.assignee:
            document["assignees"] = [draft.assignee]
        fields = {field.key: field for field in self._mapper().fields}
        values = [{"field_id": fields[key].id, "value": value} for key, value in draft.fields.items() if key in fields]
        return {**document, "issue_field_values": values} if values else document

    def _read(self, place: str, number: str) -> JsonObject:
        document: JsonObject = expected(self._client.get(f"/repos/{place}/issues/{number}")).json()
        return document

    def _attach(self, id_: int, parent: Address) -> bool:
        """Hang a new issue under ``parent``; False where GitHub does not take that: then it hangs under nothing."""
        place, _, number = parent.key.rpartition("#")
        answer = self._client.post(f"/repos/{place}/issues/{number}/sub_issues", {"sub_issue_id": id_})
        return answer.status == HTTPStatus.CREATED

    def _own(self, place: str, since: datetime | None = None) -> Iterator[tuple[str, str]]:
        """Yield draft and number of our account's marked issues in ``place``, the newest first."""
        account = self._account()
        query = f"creator={quote(account, safe='')}&direction=desc&per_page=100&sort=created&state=all"
        url = f"/repos/{place}/issues?{query}"
        while url:
            answer = self._client.get(url)
            if (missing := unreachable(place, answer)) is not None:
                raise IssueRejected(f"{place}: {missing.reason}", advice=_REFUSALS[HTTPStatus.NOT_FOUND])
            items = expected(answer).json()
            for item in items:
                found = _MARKER.search(str(item.get("body") or ""))
                if found and (item.get("user") or {}).get("login") == account:
                    yield unquote(found[1]), str(item["number"])
            past = since is not None and items and instant(items[-1]["created_at"]) < since
            url = "" if past else next_url(answer)

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


def _faults(answer: Answer) -> str:
    """Return which parts of a draft GitHub takes for invalid, empty where it does not say."""
    document = answer.json() if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY else {}
    errors = document.get("errors") or [] if isinstance(document, dict) else []
    named = [(e.get("field"), e.get("value")) for e in errors if isinstance(e, dict) and e.get("field")]
    return redact("; ".join(f"{field} is invalid" + (f": {value}" if value else "") for field, value in named))[:300]


def form(url: str, repository: Repository, draft: Draft, template: str = "") -> str:
    """Return the address of GitHub's form for a new issue; raises ``IssueRejected`` where it would carry no goal.

    Source: GitHub, *Creating an issue from a URL query*: ``title``, ``body``, ``labels``, ``assignees``, ``template``.
    """
    if not draft.labels:
        raise IssueRejected("GitHub's form takes no issue field", advice='add "label" to the tracker\'s surfaces')
    given = {
        "title": draft.title,
        "body": draft.body,
        "labels": ",".join(draft.labels),
        "assignees": draft.assignee,
        "type": draft.type,
        "template": template,
    }
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{_site(url)}/{repository.full_name}/issues/new?{query}"


def _site(url: str) -> str:
    """Return the address that people use of the GitHub whose API is at ``url``."""
    parts = urlsplit(url)
    if parts.hostname == "api.github.com":
        return "https://github.com"
    return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/').removesuffix('/api/v3')}"
