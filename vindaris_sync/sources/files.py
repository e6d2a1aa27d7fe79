"""Goals stated in TOML, ``[[goal]]`` by ``[[goal.outcome]]``: in one file, or in a folder with one for each team."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from vindaris_sync.config.load import read_toml
from vindaris_sync.config.problems import Problem, explain, lines_in
from vindaris_sync.domain.goals import LABEL_LENGTH, Goal, Outcome, Status, problems
from vindaris_sync.sdk.goals import GoalsRead, GoalsRefused
from vindaris_sync.sdk.mapping import cleaned
from vindaris_sync.sdk.material import MaterialFields
from vindaris_sync.sdk.settings import Settings, Visibility
from vindaris_sync.sources.requirements import RequirementEntry, consistent

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
    successor: str | None = None
    """The key of the goal that takes over its open work once it is closed."""
    was: tuple[str, ...] = ()
    visibility: Visibility = "private"
    minor_revision: int | None = Field(None, ge=2, le=1_000_000)
    """The revision, made already or the next one, that is too small to ask anybody about."""
    material: MaterialFields | None = None
    """The fields whose change makes links suspect; default: its source's."""
    outcome: tuple[OutcomeEntry, ...] = ()
    requires: Annotated[tuple[RequirementEntry, ...], AfterValidator(consistent)] = ()

    def goal(self) -> Goal:
        """Return the entry as a goal."""
        stated = {name: getattr(self, name) for name in type(self).model_fields}
        stated["outcomes"] = tuple(Outcome(**dict(each)) for each in stated.pop("outcome"))
        return Goal(**{**stated, "requires": tuple(each.requirement() for each in self.requires)})


def _none_at_all(value: object) -> object:
    if value:
        raise ValueError("a goal is written [[goal]], without s; only goals = [] is written with one")
    return value


class GoalsFile(Settings):
    """The whole file."""

    goal: tuple[GoalEntry, ...] = ()
    goals: Annotated[tuple[()] | None, BeforeValidator(_none_at_all)] = None
    """``goals = []`` states on purpose that there is no goal."""


_Mark = tuple[Path, int, int, int, int]
_SETTLED = (
    2_000_000_000  # ns; a file system's stamps are coarse, so that what changed just now may change once more unseen
)


@dataclass(slots=True)
class FileGoals:
    """A goal source over a file, or over all ``*.toml`` files of a folder, by name; parsed anew only where one changed.

    ``longest`` is how many characters of a key fit beside the label prefix. Not ``alone``: parents may be stated by
    another source.
    """

    path: Path
    longest: int = LABEL_LENGTH
    alone: bool = True
    _known: tuple[list[_Mark], GoalsRead] | None = field(default=None, init=False, repr=False, compare=False)

    def read(self) -> GoalsRead:
        """Return the goals as they are stated now; ``GoalsRefused`` tells file, line and reason of each problem.

        A file that is missing, half saved or empty is refused, since none of these says that the goals are gone; a
        folder without files, too. One refused file refuses all.
        """
        paths = self._paths()
        marks = _marks(paths)
        if self._known is None or self._known[0] != marks:
            read = self._anew(paths)
            if not _settled(marks):
                self._known = None
                return read
            self._known = (marks, read)
        return self._known[1]

    def _anew(self, paths: list[Path]) -> GoalsRead:
        files = [_File(path, *_read(path)) for path in paths]
        goals = tuple(goal for file in files for goal in file.goals)
        wrong: dict[Path, list[Problem]] = {file.path: [] for file in files}
        stated = [(file, index) for file in files for index in range(len(file.goals))]
        for problem in problems(goals, self.longest, whole=self.alone):
            file, index = stated[problem.index]
            where = ("goal", index, problem.field)
            wrong[file.path].append(Problem(where, f"{problem.goal_key}: {problem.reason}"))
        if lines := [line for file in files for line in lines_in(str(file.path), file.text, wrong[file.path])]:
            raise GoalsRefused(lines)
        digest = sha256(b"\0".join(f"{file.path.name}\0{file.text}".encode() for file in files)).hexdigest()
        return GoalsRead(goals, str(self.path), digest)

    def _paths(self) -> list[Path]:
        if not self.path.is_dir():
            return [self.path]
        if not (found := sorted(path for path in self.path.glob("*.toml") if not path.name.startswith("."))):
            raise GoalsRefused([f"{self.path}: there is no *.toml file in it"])
        return found


def _marks(paths: list[Path]) -> list[_Mark]:
    """Return what tells that files are the ones read before; fewer than ``paths`` where one cannot be looked at."""
    found = []
    for path in paths:
        try:
            told = path.stat()
        except OSError:
            continue  # reading it says why
        found.append((path, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns))
    return found


def _settled(marks: list[_Mark]) -> bool:
    """Return whether the last change is long enough ago for the next one to have another stamp, by the same clock."""
    return max((changed for *_, changed in marks), default=0) < time.time_ns() - _SETTLED


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    goals: tuple[Goal, ...]


def _read(path: Path) -> tuple[str, tuple[Goal, ...]]:
    """Return a file's text and goals, each of them well-formed."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        goals, wrong = _parsed(read_toml(text))
    except OSError as error:
        raise GoalsRefused([f"{path}: {(error.strerror or str(error)).lower()}"]) from None
    except UnicodeDecodeError as error:
        raise GoalsRefused([f"{path}: no valid UTF-8 at byte {error.start}"]) from None
    except ValueError as error:
        raise GoalsRefused([f"{path}: no valid TOML: {error}"]) from None
    if wrong:
        raise GoalsRefused(lines_in(str(path), text, wrong))
    return text, goals


def _parsed(data: dict[str, Any]) -> tuple[tuple[Goal, ...], list[Problem]]:
    try:
        file = GoalsFile.model_validate(cleaned(data))
    except ValidationError as error:
        return (), list(explain(error, GoalsFile))
    if not file.goal and file.goals is None:
        return (), [Problem((), _EMPTY, whole=True)]
    return tuple(entry.goal() for entry in file.goal), []
