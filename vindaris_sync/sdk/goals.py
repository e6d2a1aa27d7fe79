"""Where goals come from: a source is asked for all goals at once and answers with all of them or with a refusal.

A tracker may state goals, too: as issues, milestones or items of a board. Its connector then declares the capability
``GOALS``, names in ``goal_settings`` the kinds of ``[goal_sources.NAME]`` blocks that it understands, and answers
``StatesGoals.goals``. Everything that all trackers have in common (how often, under which lock, what is believed) is
the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import Field

from vindaris_sync.domain.goals import Goal
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.sdk.material import MaterialFields
from vindaris_sync.sdk.settings import Duration, Settings, Visibility


@dataclass(frozen=True, slots=True)
class GoalsRead:
    """All goals of a source, in its order, without a problem among them.

    ``origin`` names the source for people; equal ``digest`` means that nothing was edited in between.
    """

    goals: tuple[Goal, ...]
    origin: str
    digest: str
    problems: tuple[str, ...] = ()
    """Why some of them are as they were stated last, or left out: what is stated of them now cannot be used."""


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
    """A place where goals are stated: a file, a feed, a tracker."""

    def read(self) -> GoalsRead:
        """Return all goals, or raise ``GoalsRefused``; ``Transient`` where asking again later may help."""
        ...


# --- goals that a tracker states ------------------------------------------------------------------------------------


class GoalSourceSettings(Settings):
    """What every source's block holds; ``kind`` chooses which."""

    kind: str
    material: MaterialFields | None = None
    """The fields of these goals whose change makes links suspect; default: those of ``[goals]`` (R11)."""


class TrackerGoalSettings(GoalSourceSettings):
    """What the block of every source holds whose goals a tracker states; a connector's own settings extend it."""

    tracker: str = Field(min_length=1)
    """The name of the ``[trackers.NAME]`` block whose connection, account and limits are used."""
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=10))
    """How often it is asked whether anything was edited."""
    visibility: Visibility = "private"
    """Whether the titles of these goals may be shown where everybody reads."""

    def tracked_types(self) -> tuple[str, ...]:
        """Return the types (in any case) all of whose issues, as far as they are tracked, are the goals.

        Then the store knows from the tracker's pulls what is there and what was edited, and nobody needs to ask. Empty:
        only the tracker can tell.
        """
        return ()

    def links_written(self) -> bool:
        """Return whether what is linked to these goals is linked to them at the source, too, by us."""
        return False


@dataclass(frozen=True, slots=True)
class StatedGoal:
    """A goal as a tracker states it, under what never changes there.

    ``goal`` has its present key, and ``issue`` where an issue is the goal. Parent, former keys and source are left to
    the engine.
    """

    id: str
    """The tracker's immutable id of the issue, milestone or item: the goal's identity, whatever its key becomes."""
    goal: Goal
    parent: str = ""
    """The id of what hangs above it, or its key where the tracker tells no more; it may be no goal of this source."""
    stamp: str = ""
    """Opaque: what differs once it is edited. The engine empties it where it wants to have it read again."""
    was: str = ""
    """The id under which it was stated last, where moving it has given it another one (a transfer on GitHub)."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Something that should be a goal and cannot be used. Its last good form stays in force; the others count."""

    id: str
    key: str
    reason: str
    """The place and the way out, one line: ``description, table of outcomes, row 2: Target 'abc' is no number``."""
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """All that a tracker states of goals at one moment, in its order."""

    goals: tuple[StatedGoal, ...]
    unfit: tuple[Unfit, ...] = ()
    cursor: str = ""
    """Opaque to all but the connector: what makes its next reading cheap."""

    @property
    def by_id(self) -> dict[str, StatedGoal | Unfit]:
        """What is stated, fit or not, by the tracker's ids."""
        found: dict[str, StatedGoal | Unfit] = {each.id: each for each in self.goals}
        return found | {each.id: each for each in self.unfit}


@runtime_checkable
class StatesGoals(Protocol):
    """What a connector with the capability ``GOALS`` offers beside the ``Connector`` protocol."""

    goal_settings: ClassVar[Mapping[str, type[TrackerGoalSettings]]]
    """The kinds of goal sources that it understands, each with its settings; names that no other connector uses."""

    def goals(
        self, wanted: TrackerGoalSettings, last: Statement | None, listed: Mapping[str, datetime] | None
    ) -> Statement:
        """Return all goals that the tracker states as ``wanted`` says.

        ``last`` is what was returned last (None: nothing yet). Where nothing was edited since, this costs one request
        at most. ``listed``: the issues of ``wanted.tracked_types()`` by id, with the tracker's stamps, as the last pull
        showed them; then nothing needs to be asked to know what is there.

        What ``last`` has and is not there any more is asked about, and left out only where the tracker says that it is
        gone or no goal any longer; what cannot be seen stays as it was (L6). Raises as every method of a connector, and
        ``GoalsRefused`` where a person must correct the settings: never half of the goals.
        """
        ...
