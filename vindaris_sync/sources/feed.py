"""Goals stated in a JSON document at an address: the way in for any tool that holds goals (docs/goal-feed.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from vindaris_sync.config.goal_sources import FeedSettings
from vindaris_sync.config.problems import explain
from vindaris_sync.domain.goals import Goal
from vindaris_sync.sdk.errors import Transient
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused
from vindaris_sync.sdk.mapping import TooDeep, decode
from vindaris_sync.sdk.settings import Settings
from vindaris_sync.sources.address import Address
from vindaris_sync.sources.files import GoalEntry, OutcomeEntry
from vindaris_sync.sources.requirements import RequirementEntry, consistent

_LARGEST = 16 * 1024 * 1024  # bytes; ten thousand goals with long descriptions
_OPEN = ConfigDict(extra="ignore")  # a newer tool may tell more than we know


class FeedOutcome(OutcomeEntry):
    """One of ``outcomes``; values are in ``unit``, an absent or null one is unknown."""

    model_config = _OPEN


class FeedRequirement(RequirementEntry):
    """One of a goal's ``requires``."""

    model_config = _OPEN


class FeedGoal(GoalEntry):
    """One of ``goals``."""

    model_config = _OPEN

    outcome: tuple[FeedOutcome, ...] = Field((), alias="outcomes")
    requires: Annotated[tuple[FeedRequirement, ...], AfterValidator(consistent)] = ()


class Feed(Settings):
    """The whole document."""

    model_config = _OPEN

    version: Literal[1] = Field(alias="schema")
    goals: tuple[FeedGoal, ...]
    empty: bool = False
    """States on purpose that there is no goal: a list that is empty without it is refused."""


class FeedGoals:
    """A goal source over one address, asked at most once in ``settings.every``; in between the last answer counts."""

    def __init__(self, name: str, settings: FeedSettings, now: Callable[[], datetime]) -> None:
        self._name = name
        self._settings = settings
        self._now = now
        self._origin = f"{name} ({urlsplit(settings.url).hostname})"
        self._address = Address(self._origin, settings.token, _LARGEST)
        self._etag = ""
        self._read: GoalsRead | None = None
        self._failure: Exception | None = None
        self._again: datetime | None = None

    def read(self) -> GoalsRead:
        """Return the goals of the document.

        Raises ``GoalsRefused`` where it is no document of goals, ``Transient`` where asking again later may help. An
        answer that is cut off, a login page and an empty list say nothing about goals: they are refused.
        """
        if self._again is None or self._now() >= self._again:
            self._ask()
        if self._failure is not None:
            raise self._failure
        if self._read is None:
            raise Transient(f"{self._origin} says that nothing has changed, and was never read")
        return self._read

    def _ask(self) -> None:
        wait = self._settings.every
        try:
            answer = self._address.ask(self._settings.url, self._now(), etag=self._etag)
            if answer.status_code != HTTPStatus.NOT_MODIFIED:
                self._read = self._goals(answer)
                self._etag = answer.headers.get("ETag", "")
            self._failure = None
        except (GoalsRefused, Transient) as error:
            self._failure, self._etag = error, ""
            wait = max(wait, getattr(error, "retry_after", None) or wait)
        self._again = self._now() + wait

    def _goals(self, answer: httpx.Response) -> GoalsRead:
        status, body = answer.status_code, answer.content
        if status != HTTPStatus.OK:
            raise GoalsRefused([f"{self._origin}: {_ADVICE.get(status, 'it states no goals')} ({status})"])
        try:
            told = decode(body)
        except TooDeep as error:
            raise GoalsRefused([f"{self._origin}: {error}"]) from None
        except json.JSONDecodeError as error:
            raise GoalsRefused([f"{self._origin}: no JSON at byte {error.pos}"]) from None
        return GoalsRead(self._parsed(told), self._origin, sha256(body).hexdigest())

    def _parsed(self, told: object) -> tuple[Goal, ...]:
        try:
            feed = Feed.model_validate(told)
        except ValidationError as error:
            raise GoalsRefused([f"{self._origin}: {problem}" for problem in explain(error, Feed)]) from None
        if not feed.goals and not feed.empty:
            raise GoalsRefused([f'{self._origin}: no goal is stated; if that is meant, say "empty": true'])
        return tuple(entry.goal() for entry in feed.goals)


_ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "it refuses the token; check its block's token",
    HTTPStatus.FORBIDDEN: "it refuses the token; check its block's token",
    HTTPStatus.NOT_FOUND: "there is nothing; check its block's url",
    HTTPStatus.MOVED_PERMANENTLY: "it redirects us; write the new address into its block",
    HTTPStatus.FOUND: "it redirects us; write the new address into its block",
}
