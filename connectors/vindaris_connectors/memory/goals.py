"""Goals that a memory tracker states: its issues of some types, or those with a label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from vindaris_connectors.memory.client import MemoryClient
from vindaris_sync.domain.goals import Goal, Status
from vindaris_sync.domain.models import Address, Issue, IssueRef, Seen
from vindaris_sync.sdk.goal_issues import lingering, merged
from vindaris_sync.sdk.goals import StatedGoal, Statement, TrackerGoalSettings, Unfit


class MemoryGoalSettings(TrackerGoalSettings):
    """``[goal_sources.NAME]`` with ``kind = "memory"``."""

    kind: Literal["memory"] = "memory"
    types: tuple[str, ...] = ()
    """The types of issues that are goals, as far as the tracker's own places hold them; or ``label``."""
    label: str = ""
    """What all goals are labelled with, in any place; or ``types``."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.types) == bool(self.label):
            raise ValueError('name either types = ["Goal"] or label = "goal", one of the two')
        return self

    def tracked_types(self) -> tuple[str, ...]:
        """Return the types, where they choose."""
        return self.types


def goals_of(  # noqa: PLR0913 - what is wanted, what is known, and how to ask
    client: MemoryClient,
    wanted: MemoryGoalSettings,
    last: Statement | None,
    *,
    places: Sequence[str],
    tracker: str,
    fetch: Callable[[Sequence[Address]], Iterable[Seen]],
    now: datetime,
) -> Statement:
    """Return the goals; one exchange, and one more where some are listed no more."""
    found = client.chosen(wanted.label, wanted.types, () if wanted.label else places)
    order = [issue.ref.id for issue in found]
    left = lingering(last, order, fetch, tracker, now)
    return merged(last, order, [_stated(issue, wanted, tracker) for issue in found], left)


def _stated(issue: Issue, wanted: MemoryGoalSettings, tracker: str) -> StatedGoal | Unfit:
    stamp = issue.updated.isoformat()
    if not issue.title.strip():
        return Unfit(issue.ref.id, issue.key, "the title is empty: give it one", stamp)
    status = Status.ACHIEVED if issue.closed else Status.ACTIVE
    goal = Goal(
        issue.key,
        issue.title,
        status=status,
        owner=issue.assignee or None,
        visibility=wanted.visibility,
        issue=IssueRef(tracker, issue.ref.id),
    )
    return StatedGoal(issue.ref.id, goal, issue.parent.id or issue.parent.key if issue.parent else "", stamp)
