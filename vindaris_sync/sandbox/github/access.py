"""Who asks, what they may see and do, and how much of their hour they have used."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vindaris_sync.sandbox.github.model import Repository

HOUR = 3600
CORE_LIMIT = 5000
ANONYMOUS_LIMIT = 60
LEVELS = {"read": 1, "write": 2, "admin": 3}
EVERYTHING: Mapping[str, str] = {
    "metadata": "read", "issues": "write", "administration": "write", "organization_projects": "write",
    "issue_fields": "admin", "repository_hooks": "write",
}  # fmt: skip


class Refused(Exception):
    """A request or act that GitHub refuses: the status, the message, and for 422 what is wrong where."""

    def __init__(self, status: int, message: str, errors: list[dict[str, object]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


def invalid(resource: str, name: str, code: str = "invalid", **more: object) -> Refused:
    """Return the refusal of a field's value, in GitHub's words."""
    error = {"resource": resource, "code": code, "field": name, **more}
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", [error])


@dataclass(slots=True)
class Quota:
    """A primary limit: ``limit`` points an hour, counted in fixed windows that begin with their first request."""

    limit: int
    used: int = 0
    reset: int = 0

    def spend(self, now: datetime, points: int = 1) -> bool:
        """Count ``points``; return whether they were still there."""
        self.turn(now)
        if self.used + points > self.limit:
            return False
        self.used += points
        return True

    def turn(self, now: datetime) -> None:
        """Begin a new window where the old one has ended."""
        if now.timestamp() >= self.reset:
            self.used, self.reset = 0, int(now.timestamp()) + HOUR

    def view(self) -> dict[str, int]:
        """Return the numbers as ``/rate_limit`` prints them."""
        return {
            "limit": self.limit,
            "used": min(self.used, self.limit),
            "remaining": max(self.limit - self.used, 0),
            "reset": self.reset,
        }


@dataclass(slots=True)
class Account:
    """A credential: whose it is, what it permits, which repositories (ids) it sees, when it ends.

    ``kind`` decides headers and words: a ``classic`` token has ``scopes``, a ``fine-grained`` one and an
    ``installation`` have ``permissions``; ``anonymous`` sees public repositories and writes nothing.
    ``repositories`` ``None``: all but the ``hidden`` ones.
    """

    login: str
    kind: Literal["classic", "fine-grained", "installation", "anonymous"] = "fine-grained"
    scopes: tuple[str, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=lambda: dict(EVERYTHING))
    repositories: set[int] | None = None
    hidden: set[int] = field(default_factory=set)
    expires: datetime | None = None
    limit: int = CORE_LIMIT
    core: Quota = field(init=False)
    graphql: Quota = field(init=False)

    def __post_init__(self) -> None:
        """Open the hour."""
        self.core = Quota(self.limit)
        self.graphql = Quota(self.limit)

    def sees(self, repository: Repository) -> bool:
        """Return whether the repository exists for this account."""
        if repository.id in self.hidden or (self.kind == "anonymous" and repository.private):
            return False
        return self.repositories is None or repository.id in self.repositories

    def may(self, need: Need) -> bool:
        """Return whether the account's permissions or scopes reach ``need``."""
        if self.kind == "classic":
            return need.level == "read" or bool({"repo", "public_repo"} & set(self.scopes))
        if self.kind == "anonymous":
            return need.level == "read"
        return LEVELS.get(self.permissions.get(need.permission, ""), 0) >= LEVELS[need.level]

    def role(self) -> dict[str, bool]:
        """Return what a repository's ``permissions`` say to this account."""
        writes, rules = self.may(Need("issues", "write")), self.may(Need("administration", "write"))
        return {"admin": rules, "maintain": rules, "push": writes, "triage": writes, "pull": True}

    def refusal(self) -> Refused:
        """Return what a write without permission is told."""
        if self.kind == "anonymous":
            return Refused(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        if self.kind == "classic":
            return Refused(HTTPStatus.FORBIDDEN, "Must have admin rights to Repository.")
        whom = "integration" if self.kind == "installation" else "personal access token"
        return Refused(HTTPStatus.FORBIDDEN, f"Resource not accessible by {whom}")


class Need(NamedTuple):
    """A permission that an operation asks for."""

    permission: str = "issues"
    level: str = "read"
