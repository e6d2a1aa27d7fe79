"""Silence that people ask for: about a team, a goal or an issue, for a stated time and reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(days=366)
"""A mute that nobody renews ends: what is to be silent for ever is exempt, or has no team."""


@dataclass(frozen=True, slots=True)
class Muted:
    """What is silent: exactly one of a team (its name), a goal and an issue (their numbers)."""

    team: str | None = None
    goal: int | None = None
    issue: int | None = None

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.team, self.goal, self.issue)) != 1:
            raise ValueError("a mute is about a team, a goal or an issue")


@dataclass(frozen=True, slots=True)
class Mute:
    """One mute: what it is about notifies nobody before ``until``; it stays counted, and ends by itself."""

    id: int
    about: Muted
    at: datetime
    until: datetime
    who: str
    how: str
    why: str

    def running(self, now: datetime) -> bool:
        """Return whether it holds at ``now``."""
        return self.at <= now < self.until
