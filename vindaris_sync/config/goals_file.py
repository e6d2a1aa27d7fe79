"""Goals stated in a TOML file, ``[[goal]]`` by ``[[goal.outcome]]``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from vindaris_sync.config.problems import Problem, explain, lines_in
from vindaris_sync.domain.goals import LABEL_LENGTH, Goal, Outcome, Status, problems
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused
from vindaris_sync.sdk.settings import Audience, Settings

_EMPTY = "no goal is stated; if that is meant, write goals = []"


class OutcomeEntry(Settings):
    """One ``[[goal.outcome]]``; values are in ``unit``, an absent one is unknown."""

    metric: str = Field(min_length=1)
    unit: str = ""
    baseline: float | None = Field(None, allow_inf_nan=False)
    target: float | None = Field(None, allow_inf_nan=False)
    current: float | None = Field(None, allow_inf_nan=False)


class GoalEntry(Settings):
    """One ``[[goal]]``."""

    key: str
    title: str
    description: str = ""
    parent: str | None = None
    priority: str | None = None
    status: Status = Status.ACTIVE
    period: str | None = None
    owner: str | None = None
    was: tuple[str, ...] = ()
    audience: Audience = "internal"
    minor: bool = False
    outcome: tuple[OutcomeEntry, ...] = ()

    def goal(self) -> Goal:
        """Return the entry as a goal."""
        stated = {name: getattr(self, name) for name in type(self).model_fields if name != "outcome"}
        return Goal(**stated, outcomes=tuple(Outcome(**dict(each)) for each in self.outcome))


def _none_at_all(value: object) -> object:
    if value:
        raise ValueError("a goal is written [[goal]], without s; only goals = [] is written with one")
    return value


class GoalsFile(Settings):
    """The whole file."""

    goal: tuple[GoalEntry, ...] = ()
    goals: Annotated[tuple[()] | None, BeforeValidator(_none_at_all)] = None
    """``goals = []`` states on purpose that there is no goal."""


@dataclass(frozen=True, slots=True)
class FileGoals:
    """A goal source over one file. ``longest`` is how many characters of a key fit beside the label prefix."""

    path: Path
    longest: int = LABEL_LENGTH

    def read(self) -> GoalsRead:
        """Return the goals of the file as it is now; ``GoalsRefused`` tells file, line and reason of each problem.

        A file that is missing, half saved or empty is refused, since none of these says that the goals are gone.
        """
        content = self._content()
        try:
            text = content.decode("utf-8-sig")
            data = tomllib.loads(text)
        except UnicodeDecodeError as error:
            raise GoalsRefused([f"{self.path}: no valid UTF-8 at byte {error.start}"]) from None
        except tomllib.TOMLDecodeError as error:
            raise GoalsRefused([f"{self.path}: no valid TOML: {error}"]) from None
        goals, wrong = _parsed(data)
        if wrong := wrong or list(_named(goals, self.longest)):
            raise GoalsRefused(lines_in(str(self.path), text, wrong))
        return GoalsRead(goals, str(self.path), sha256(content).hexdigest())

    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise GoalsRefused([f"{self.path}: {(error.strerror or str(error)).lower()}"]) from None


def _parsed(data: dict[str, Any]) -> tuple[tuple[Goal, ...], list[Problem]]:
    try:
        file = GoalsFile.model_validate(data)
    except ValidationError as error:
        return (), list(explain(error, GoalsFile))
    if not file.goal and file.goals is None:
        return (), [Problem((), _EMPTY, whole=True)]
    return tuple(entry.goal() for entry in file.goal), []


def _named(goals: tuple[Goal, ...], longest: int) -> Iterator[Problem]:
    for problem in problems(goals, longest):
        yield Problem(("goal", problem.index, problem.field), f"{problem.goal_key}: {problem.reason}")
