"""The configured repositories as GitHub knows them: their numbers, their present names, what they allow."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from vindaris_connectors.github.client import GithubClient, message_of
from vindaris_sync.sdk.errors import TrackerUnusable
from vindaris_sync.sdk.exchange import Answer
from vindaris_sync.sdk.mapping import JsonObject

_REDIRECTS = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
_UNREACHABLE = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS}
_HOPS = 3


@dataclass(frozen=True, slots=True)
class Repository:
    """What GitHub says about a repository."""

    id: int
    node_id: str
    full_name: str
    archived: bool
    has_issues: bool
    may_push: bool
    may_triage: bool
    organization: bool
    private: bool
    """False also where GitHub does not say."""

    @classmethod
    def of(cls, document: JsonObject) -> Repository:
        """Return the repository of a REST document; raises ``KeyError`` where that is none."""
        may = document.get("permissions") or {}
        return cls(
            id=document["id"],
            node_id=document["node_id"],
            full_name=document["full_name"],
            archived=bool(document.get("archived")),
            has_issues=bool(document.get("has_issues", True)),
            may_push=bool(may.get("push")),
            may_triage=bool(may.get("triage") or may.get("push")),
            organization=(document.get("owner") or {}).get("type") == "Organization",
            private=document.get("private") is True,
        )


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A repository that cannot be read, and why, in one line."""

    name: str
    reason: str


def followed(client: GithubClient, url: str) -> Answer:
    """Read ``url`` and what it redirects to (renamed repository, transferred issue); raises as ``GithubClient.get``."""
    answer = client.get(url)
    for _ in range(_HOPS):
        if answer.status not in _REDIRECTS or "Location" not in answer.headers:
            break
        answer = client.get(answer.headers["Location"])
    return answer


def unreachable(name: str, answer: Answer) -> Unreachable | None:
    """Return why the repository cannot be read, ``None`` where the answer does not say so."""
    if answer.status not in _UNREACHABLE:
        return None
    if answer.status == HTTPStatus.GONE:
        return Unreachable(name, "its issues are switched off")
    if answer.status == HTTPStatus.NOT_FOUND:
        return Unreachable(name, "it does not exist or our credential may not see it")
    return Unreachable(name, message_of(answer) or f"GitHub refuses it ({int(answer.status)})")


def expected(answer: Answer) -> Answer:
    """Return a 200; raises ``TrackerUnusable`` for an answer that this API does not give here."""
    if answer.status != HTTPStatus.OK:
        raise TrackerUnusable(
            f"{answer.url} answered {int(answer.status)}: {message_of(answer)}",
            reason="protocol",
            advice="check the tracker's url: it must be the address of GitHub's REST API",
        )
    return answer


def find(client: GithubClient, name: str, number: int = 0) -> Repository | Unreachable:
    """Return the repository with that number, else with that name, followed through renames."""
    answer = followed(client, f"/repositories/{number}" if number else f"/repos/{name}")
    missing = unreachable(name, answer)
    if missing is not None:
        return missing
    document = expected(answer).json()
    try:
        return Repository.of(document)
    except (LookupError, TypeError, AttributeError):
        raise TrackerUnusable(
            f"{answer.url} is no repository's description", reason="protocol", advice="check the tracker's url"
        ) from None
