"""What the configuration says of teams and people: whose issues, which channel, when they may be told, and of what."""

from __future__ import annotations

import re
from datetime import date, time, timedelta, tzinfo
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from vindaris_sync.config.lists import some
from vindaris_sync.config.times import ClockSpan, Zone
from vindaris_sync.domain.quiet import WEEKDAYS, Hours
from vindaris_sync.sdk.settings import Duration, Settings

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS = frozenset(("all", "channel", "everyone", "here", "team", "group"))

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Urgent = Literal["tracker", "goals", "backup", "missing", "held", "attention"]
"""Kinds of messages that need not wait for working hours."""


def _as_scope(scope: str) -> str:
    if not re.fullmatch(r"[^:\s]+:\S.*", scope):
        raise ValueError(f'{scope!r}: write "tracker:place", or "tracker:*" for all its places')
    return scope


def _as_mention(mention: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}", mention) or mention.casefold() in _GROUPS:
        raise ValueError(
            f"{mention!r}: write one person's id or name in the chat, without @; a group is never mentioned"
        )
    return mention


class TeamSettings(Settings):
    """Who is asked about which issues, where, and when."""

    name: str = Field(min_length=1)
    scopes: Annotated[tuple[Annotated[str, AfterValidator(_as_scope)], ...], AfterValidator(some)]
    """``tracker:place`` (project or owner/repository), or ``tracker:*`` for all that no other team names.

    Without ``tracker:*`` the tracker's first team is asked about what is in no place that a team names.
    """
    notify: str
    """The name of a ``[notify.NAME]`` block."""
    timezone: Zone | None = None
    """The team's own time zone; default the schedule's."""
    exempt_share: float | None = Field(None, ge=0, le=1)
    """The share of its open work that may be exempt, 0 to 1; more is reported, never undone. Absent: no budget."""
    working_hours: ClockSpan | None = None
    """When what notifies may be sent, local time; absent: on working days at all hours."""
    working_days: Annotated[tuple[Weekday, ...], AfterValidator(some)] | None = None
    """Days on which it may be sent; absent: Monday to Friday where hours or holidays are stated, else every day."""
    holidays: tuple[date, ...] = ()
    """Days off beside them."""
    urgent: tuple[Urgent, ...] = ("tracker", "goals", "backup")
    """Kinds that are sent at all hours."""
    digest_above: int = Field(10, ge=1)
    """So many new lists of questions within ``digest_within`` are told singly; more become one digest."""
    digest_within: Duration = Field(timedelta(hours=1), le=timedelta(days=1))
    """The time over which new messages are counted."""
    escalate_after: Duration | None = Field(None, ge=timedelta(hours=1))
    """How long a question about a goal may wait before the goal's owner hears of it, once; absent: for ever."""

    def hours(self, zone: tzinfo) -> Hours | None:
        """Return the working time in ``zone``; None where nothing is stated of it."""
        if self.working_hours is None and self.working_days is None and not self.holidays:
            return None
        days = WEEKDAYS if self.working_days is None else frozenset(map(_WEEK.index, self.working_days))
        begins, ends = self.working_hours or (time(), time())
        return Hours(zone, begins, ends, days, frozenset(self.holidays))


class PersonSettings(Settings):
    """How somebody is reached who owns goals: in a channel of their own, or by a mention in the team's."""

    name: str = Field(min_length=1)
    """As goals name their ``owner``, without regard to case."""
    notify: str | None = None
    """The name of a ``[notify.NAME]`` block; absent: the channel of the team that is asked."""
    mention: Annotated[str, AfterValidator(_as_mention)] | None = None
    """Their id in that chat (Slack: ``U012AB3CD``); absent: they are named and not mentioned."""

    @model_validator(mode="after")
    def _reached(self) -> Self:
        if self.notify is None and self.mention is None:
            raise ValueError("say how they are reached: notify, mention, or both")
        return self
