"""Where goals come from: a source is asked for all goals at once and answers with all of them or with a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vindaris_sync.domain.goals import Goal
from vindaris_sync.sdk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class GoalsRead:
    """All goals of a source, in its order, without a problem among them.

    ``origin`` names the source for people; equal ``digest`` means that nothing was edited in between.
    """

    goals: tuple[Goal, ...]
    origin: str
    digest: str
    problems: tuple[str, ...] = ()
    """Why some of them are as they were stated last: their own source cannot be read now."""


class GoalsRefused(ConfigError):
    """The source cannot be used as it stands; the last good goals stay in force.

    ``problems`` are one line each and name the place (``goals.toml:12: [[goal]] GROW parent: …``); the text is all of
    them, one below the other.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(self.problems), advice="correct the goals; until then the last good ones stay in force"
        )


@runtime_checkable
class GoalSource(Protocol):
    """A place where goals are stated: a file today, a tracker or a service later."""

    def read(self) -> GoalsRead:
        """Return all goals, or raise ``GoalsRefused``; ``Transient`` where asking again later may help."""
        ...
